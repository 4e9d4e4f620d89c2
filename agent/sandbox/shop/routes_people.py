"""wc/v3: customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import (
    LIST_RULES,
    Listed,
    answer,
    by_include,
    loosely_sorted,
    paged,
    pick,
)
from agent.sandbox.shop.params import Params, Rule, one_of, text
from agent.sandbox.shop.people import ROLES
from agent.sandbox.shop.render_people import CUSTOMER
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.sandbox.shop.rows import Customer
    from agent.sandbox.shop.shop import Shop

# TRAP: modified_after is not among them, and what is not known is ignored
RULES: dict[str, Rule] = {
    **LIST_RULES,
    "orderby": one_of("id", "include", "name", "registered_date"),
    "role": one_of("all", *ROLES),
    "email": text,
}


def _tests(params: Params) -> list[Callable[[Customer], bool]]:
    role = params.text("role", "customer")
    tests: list[Callable[[Customer], bool]] = [lambda row: role in {"all", row.role}]
    if email := params.text("email").casefold():
        tests.append(lambda row: row.email.casefold() == email)
    if words := params.text("search").casefold():
        # names, not phones
        tests.append(
            lambda row: (
                words in f"{row.first_name} {row.last_name} {row.username} {row.email}".casefold()
            )
        )
    return tests


def _sorted(params: Params, rows: Sequence[Customer]) -> Sequence[Customer]:
    by = params.text("orderby", "name")
    descending = params.text("order") == "desc"
    if by == "include":
        return by_include(params, rows)
    if by == "id":
        return rows[::-1] if descending else rows
    if by == "registered_date":
        return loosely_sorted(params, rows, lambda row: row.created, descending=descending)
    return loosely_sorted(
        params,
        rows,
        lambda row: f"{row.first_name} {row.last_name}".casefold(),
        descending=descending,
    )


def people_routes(shop: Shop) -> Blueprint:
    api = Blueprint("people", __name__)

    @api.get("/customers")
    def list_customers() -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        with shop.lock:
            rows = pick(shop.customers, params, _tests(params), "role", "email")
            listed = paged(params, _sorted(params, rows))
            if "offset" in params:  # customers find their page in the offset; others do not
                page = params.number("offset") // listed.per_page + 1
                listed = Listed(listed.rows, listed.total, page, listed.per_page)
            return answer(listed, CUSTOMER, params, resource="customers", view=exchange.view)

    @api.get("/customers/<int:number>")
    def show_customer(number: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = found(shop.customers.get(number), "customer")
            exchange.work = written("customers", exchange.fields, writes=False)
            shown = CUSTOMER.render(exchange.view, [row], exchange.fields, alone=True)
            return reply(shown[0])

    @api.delete("/customers/<int:number>")
    def delete_customer(number: int) -> Response:
        exchange = current()
        exchange.may_delete()
        with shop.lock:
            row = found(shop.customers.get(number), "customer")
            exchange.forced("Customers", trash=False)
            exchange.work = written("customers", None)
            shown = CUSTOMER.render(exchange.view, [row])[0]
            shop.delete_customer(number)
        return reply(shown)

    return api
