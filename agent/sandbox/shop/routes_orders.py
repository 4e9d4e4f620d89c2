"""wc/v3: orders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import (
    DATE_RULES,
    LIST_RULES,
    answer,
    by_include,
    order_dates,
    paged,
    pick,
)
from agent.sandbox.shop.orders import HIDDEN_STATUSES
from agent.sandbox.shop.params import Params, Rule, between, list_of, one_of, whole
from agent.sandbox.shop.render_orders import ORDER
from agent.sandbox.shop.write_orders import place, write_order, write_rules
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.shop.rows import Order
    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.shop.view import View

ORDER_BY = ("date", "id", "include", "title", "slug", "modified")
SEARCHED = ("first_name", "last_name", "company", "email", "phone", "address_1", "city")


def with_decimals(params: Params) -> View:
    """The shop as the parameter `dp` wants amounts: with so many decimals."""
    view = current().view
    decimals = params.number("dp", view.decimals)
    return replace(view, decimals=decimals)


def _list_rules(shop: Shop) -> dict[str, Rule]:
    return {
        **LIST_RULES,
        **DATE_RULES,
        "orderby": one_of(*ORDER_BY),
        "status": list_of(one_of("any", *HIDDEN_STATUSES, *shop.statuses)),
        "customer": whole,
        "parent": list_of(whole),
        "product": whole,
        "dp": between(0),
    }


def _tests(shop: Shop, params: Params) -> list[Callable[[Order], bool]]:
    asked = set(params.texts("status"))
    tests: list[Callable[[Order], bool]] = []
    if not asked or "any" in asked:  # `any` also swallows a `trash` beside it
        known = frozenset(shop.statuses)
        tests.append(lambda order: order.status in known)
    else:
        asked.discard("auto-draft")  # accepted, and never shown
        tests.append(lambda order: order.status in asked)
    if "customer" in params:
        customer = params.number("customer")
        tests.append(lambda order: order.customer_id == customer)
    if any(params.numbers("parent")):
        tests.append(lambda _: False)  # only refunds have a parent
    if product := params.number("product"):
        tests.append(lambda order: any(line.product_id == product for line in order.lines))
    if words := params.text("search").casefold():
        tests.append(lambda order: _mentions(order, words))
    return [*order_dates(params, shop.zone), *tests]  # the dates leave the fewest


def _mentions(order: Order, words: str) -> bool:
    """The order's number, its addresses (also the phone), or what was bought."""
    if words == str(order.id):
        return True
    places = [order.billing[name] for name in SEARCHED] + [line.name for line in order.lines]
    return any(words in place.casefold() for place in places)


def order_routes(shop: Shop) -> Blueprint:
    api = Blueprint("orders", __name__)

    @api.get("/orders")
    def list_orders() -> Response:
        exchange = current()
        params = exchange.params(_list_rules(shop))
        exchange.need_key()
        by = params.text("orderby", "date")
        descending = params.text("order") != "asc"
        keys: dict[str, Callable[[Order], object]] = {
            "date": lambda order: (order.created, order.id),
            "modified": lambda order: (order.modified, order.id),
        }
        with shop.lock:
            rows = pick(
                shop.orders,
                params,
                _tests(shop, params),
                "status",
                "customer",
                "parent",
                "product",
                key=keys.get(by),
                descending=descending,
            )
            listed = paged(params, by_include(params, rows) if by == "include" else rows)
            asked = params.texts("status") or ("any",)
            extra = [(f"status[{place}]", status) for place, status in enumerate(asked)]
            if listed.rows:
                extra += [("dp", str(shop.decimals)), ("context", "view")]
            else:
                listed = paged(params, [])  # TRAP: past the end, orders say that there are none
            return answer(
                listed,
                ORDER,
                params,
                resource="orders",
                view=with_decimals(params),
                extra=extra,
                skip="status",
            )

    @api.get("/orders/<int:number>")
    def show_order(number: int) -> Response:
        exchange = current()
        params = exchange.params({"dp": between(0)})
        exchange.may_see()
        with shop.lock:
            return _one(found(shop.orders.get(number), "order"), with_decimals(params))

    @api.post("/orders")
    def create_order() -> Response:
        exchange = current()
        sent = exchange.body(write_rules(shop))
        exchange.may_create()
        with shop.lock:
            number = place(shop, sent)
            response = _one(shop.orders[number], exchange.view, writes=True)
        response.headers["Location"] = exchange.view.url("orders", number)
        response.status_code = 201
        return response

    @api.route("/orders/<int:number>", methods=["PUT", "PATCH", "POST"])
    def update_order(number: int) -> Response:
        exchange = current()
        sent = exchange.body(write_rules(shop))
        exchange.may_edit()
        with shop.lock:
            order = found(shop.orders.get(number), "order", 400)
            write_order(shop, order, sent)
            if status := sent.text("status", "processing" if sent.flag("set_paid") else ""):
                shop.set_status(number, status)
            return _one(order, exchange.view, writes=True)

    @api.delete("/orders/<int:number>")
    def delete_order(number: int) -> Response:
        exchange = current()
        force = exchange.forced("Orders")
        exchange.may_delete()
        with shop.lock:
            order = found(shop.orders.get(number), "order")
            if order.status == "trash" and not force:
                message = "The Order has already been deleted."
                raise WooError("woocommerce_rest_already_trashed", message, 410)
            response = _one(order, exchange.view, writes=True)  # the order as it was
            shop.delete_order(number, force)
        return response

    return api


def _one(order: Order, view: View, *, writes: bool = False) -> Response:
    exchange = current()
    exchange.work = written("orders", exchange.fields, writes=writes)
    return reply(ORDER.render(view, [order], exchange.fields, alone=True)[0])
