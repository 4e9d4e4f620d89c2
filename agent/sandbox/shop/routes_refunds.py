"""wc/v3: what hangs on orders: their refunds and notes, and the list of all refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import (
    DATE_RULES,
    LIST_RULES,
    answer,
    order_dates,
    paged,
    pick,
)
from agent.sandbox.shop.orders import RefundRefused
from agent.sandbox.shop.params import Rule, between, boolean, one_of, text
from agent.sandbox.shop.render_orders import ORDER_REFUND, REFUND, note_fields
from agent.sandbox.shop.routes_orders import ORDER_BY, with_decimals
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Order
    from agent.sandbox.shop.shop import Shop


def refund_routes(shop: Shop) -> Blueprint:
    api = Blueprint("refunds", __name__)
    rules: dict[str, Rule] = {
        **LIST_RULES,
        **DATE_RULES,
        "orderby": one_of(*ORDER_BY),
        "dp": between(0),
    }

    def listed(*, among: list[int] | None = None) -> Response:
        exchange = current()
        params = exchange.params(rules)
        exchange.need_key()
        by = params.text("orderby", "date")
        with shop.lock:
            tests = order_dates(params, shop.zone)
            rows = pick(
                shop.refunds,
                params,
                [*tests, (lambda row: row.id in among) if among is not None else (lambda _: True)],
                among=among or (),
                key={
                    "date": lambda row: (row.created, row.id),
                    "modified": lambda row: (row.modified, row.id),
                }.get(by),
                descending=params.text("order") != "asc",
            )
            page = paged(params, rows)
            return answer(
                page if page.rows else paged(params, []),
                REFUND if among is None else ORDER_REFUND,
                params,
                resource="refunds",
                view=with_decimals(params),
                extra=[("dp", str(shop.decimals))] if page.rows else [],
            )

    @api.get("/refunds")
    def list_refunds() -> Response:
        return listed()

    @api.get("/orders/<int:number>/refunds")
    def list_order_refunds(number: int) -> Response:
        with shop.lock:
            return listed(among=list(_parent(shop, number).refunds))

    @api.get("/orders/<int:number>/refunds/<int:refund>")
    def show_refund(number: int, refund: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = found(shop.refunds.get(refund), "refund")
            found(row if row.order_id == number else None, "refund")
            shown = ORDER_REFUND.render(exchange.view, [row], exchange.fields, alone=True)[0]
            return reply(shown)

    @api.post("/orders/<int:number>/refunds")
    def create_refund(number: int) -> Response:
        exchange = current()
        sent = exchange.body({"amount": text, "reason": text, "api_refund": boolean})
        exchange.may_create()
        with shop.lock:
            order = _parent(shop, number)
            if sent.get("api_refund") is not False:
                # TRAP: true is the default, no gateway here gives money back, and it says 500
                raise _no_refund(
                    "The payment gateway for this order does not support automatic refunds."
                )
            try:
                made = shop.refund(
                    order.id, sent.text("amount", "0").replace(",", "."), sent.text("reason")
                )
            except (RefundRefused, ArithmeticError) as refusal:
                raise _no_refund("Invalid refund amount.") from refusal
            exchange.work = written("refunds", exchange.fields, writes=True)
            shown = ORDER_REFUND.render(exchange.view, [shop.refunds[made]])[0]
        # the pattern stands in the address unfilled, as it does in WooCommerce
        place = exchange.view.url("orders/(?P<order_id>[\\d]+)/refunds", made)
        return reply(shown, status=201, headers={"Location": place})

    @api.delete("/orders/<int:number>/refunds/<int:refund>")
    def delete_refund(number: int, refund: int) -> Response:
        exchange = current()
        exchange.may_delete()
        exchange.forced("Refunds", trash=False)
        with shop.lock:
            row = found(shop.refunds.get(refund), "refund")
            found(row if row.order_id == number else None, "refund")
            shown = ORDER_REFUND.render(exchange.view, [row])[0]
            exchange.work = written("refunds", None, writes=True)
            shop.delete_refund(refund)
        return reply(shown)

    return api


def _no_refund(message: str) -> WooError:
    # a refusal, though it looks like a fault of the server: 500, and `data` is a bare number
    return WooError("woocommerce_rest_cannot_create_order_refund", message, 500, 500)


def note_routes(shop: Shop) -> Blueprint:
    api = Blueprint("notes", __name__)

    @api.get("/orders/<int:number>/notes")
    def list_notes(number: int) -> Response:
        exchange = current()
        exchange.need_key()
        with shop.lock:
            order = _parent(shop, number)
            notes = sorted(order.notes, key=lambda note: note.id, reverse=True)
            shown = note_fields(order).render(exchange.view, notes, exchange.fields)
            return reply(shown)  # all of them, without paging headers

    @api.post("/orders/<int:number>/notes")
    def create_note(number: int) -> Response:
        exchange = current()
        sent = exchange.body({"note": text, "customer_note": boolean})
        exchange.may_create()
        with shop.lock:
            order = _parent(shop, number)
            made = shop.add_note(number, sent.text("note"), for_customer=sent.flag("customer_note"))
            exchange.work = written("notes", None, writes=True)
            shown = note_fields(order).render(exchange.view, order.notes[-1:])[0]
        place = exchange.view.url("orders", number, "notes", made)
        return reply(shown, status=201, headers={"Location": place})

    return api


def _parent(shop: Shop, number: int) -> Order:
    order = shop.orders.get(number)
    if order is None:
        raise WooError("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404)
    return order
