"""wc/v3: customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError, missing_params
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
from agent.sandbox.shop.params import Params, Rule, array, email, mapping, one_of, text
from agent.sandbox.shop.people import ROLES
from agent.sandbox.shop.render_people import CUSTOMER
from agent.sandbox.shop.writes import merge_meta, texts_of, written

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


WRITE_RULES: dict[str, Rule] = {
    "email": email,
    "first_name": text,
    "last_name": text,
    "billing": mapping,
    "shipping": mapping,
    "meta_data": array,
}


def _write(shop: Shop, row: Customer, sent: Params) -> None:
    """The account's own names are not those of its addresses; each is written by itself."""
    row.email = sent.text("email", row.email)
    row.first_name = sent.text("first_name", row.first_name)
    row.last_name = sent.text("last_name", row.last_name)
    row.billing.update(texts_of(sent, "billing", row.billing))
    row.shipping.update(texts_of(sent, "shipping", row.shipping))
    merge_meta(shop, row.meta, sent)


def _tests(params: Params) -> list[Callable[[Customer], bool]]:
    role = params.text("role", "customer")
    tests: list[Callable[[Customer], bool]] = [lambda row: role in {"all", row.role}]
    if address := params.text("email").casefold():
        tests.append(lambda row: row.email.casefold() == address)
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

    @api.post("/customers")
    def create_customer() -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        if "email" not in sent:
            raise missing_params("email")
        exchange.may_create()
        with shop.lock:
            if shop.customer_by_email(sent.text("email")) is not None:
                message = "An account is already registered with your email address."
                raise WooError("registration-error-email-exists", message, 400)
            number = shop.add_customer(
                first_name=sent.text("first_name"),
                last_name=sent.text("last_name"),
                email=sent.text("email"),
            )
            row = shop.customer(number)
            row.billing = dict.fromkeys(row.billing, "")
            _write(shop, row, sent)
            exchange.work = written("customers", None)
            place = {"Location": exchange.view.url("customers", number)}
            shown = CUSTOMER.render(exchange.view, [row])[0]
        return reply(shown, status=201, headers=place)

    @api.route("/customers/<int:number>", methods=["PUT", "PATCH", "POST"])
    def update_customer(number: int) -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_edit()
        with shop.lock:
            row = found(shop.customers.get(number), "customer", 400)
            taken = shop.customer_by_email(sent.text("email", row.email))
            if taken is not None and taken is not row:
                message = "Email address is invalid."
                raise WooError("woocommerce_rest_customer_invalid_email", message, 400)
            _write(shop, row, sent)
            shop.save_customer(row)
            exchange.work = written("customers", None)
            return reply(CUSTOMER.render(exchange.view, [row])[0])

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
