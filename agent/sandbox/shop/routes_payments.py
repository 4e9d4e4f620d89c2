"""wc/v3: the ways to pay. All of them come at once, whatever page is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.exchange import current, reply
from agent.sandbox.shop.payments import GATEWAY

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop


def payment_routes(shop: Shop) -> Blueprint:
    api = Blueprint("payments", __name__)

    @api.get("/payment_gateways")
    def list_gateways() -> Response:
        exchange = current()
        exchange.need_key()
        with shop.lock:
            gateways = list(shop.gateways.values())
            shown = GATEWAY.render(exchange.view, gateways, exchange.fields)
        total = {"X-WP-Total": str(len(shown)), "X-WP-TotalPages": "1"}
        return reply(shown, headers=total)

    return api
