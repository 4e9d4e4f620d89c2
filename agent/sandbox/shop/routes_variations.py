"""wc/v3 and wc-analytics: the variations of one product, and those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError, no_route
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import answer, paged, pick
from agent.sandbox.shop.render_goods import ANALYTICS_VARIATION, VARIATION
from agent.sandbox.shop.routes_goods import FILTERS, RULES, goods_tests, sorted_goods
from agent.sandbox.shop.write_goods import WRITE_RULES, write_product
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Product
    from agent.sandbox.shop.shop import Shop

ALL_VARIATIONS_SINCE = (10, 3)  # wc/v3/variations


def variation_routes(shop: Shop) -> Blueprint:
    """For both namespaces: in wc-analytics, the list of all has other names and links."""
    api = Blueprint("variations", __name__)

    @api.get("/products/<int:number>/variations")
    def list_variations(number: int) -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        with shop.lock:
            parent = shop.products.get(number)
            children = set(parent.variations) if parent else set()
            # `parent=` is not looked at: WordPress prefers the one parent in the address
            tests = [lambda row: row.id in children, *goods_tests(shop, params)]
            rows = pick(shop.variations, params, tests, *FILTERS, among=children or (0,))
            listed = paged(params, sorted_goods(params, rows))
            return answer(
                listed,
                VARIATION,
                params,
                resource="variations",
                view=exchange.view,
                below_parent=True,
            )

    @api.get("/products/<int:number>/variations/<int:variation>")
    def show_variation(number: int, variation: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = found(_child(shop, number, variation), "variation")
            exchange.work = written("variations", exchange.fields, writes=False)
            shown = VARIATION.render(exchange.view, [row], exchange.fields, alone=True)
            return reply(shown[0])

    @api.route(
        "/products/<int:number>/variations/<int:variation>", methods=["PUT", "PATCH", "POST"]
    )
    def update_variation(number: int, variation: int) -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_edit()
        with shop.lock:
            row = found(_child(shop, number, variation), "variation", 400)
            write_product(shop, row, sent)
            exchange.work = written("variations", None)
            return reply(VARIATION.render(exchange.view, [row])[0])

    @api.delete("/products/<int:number>/variations/<int:variation>")
    def delete_variation(number: int, variation: int) -> Response:
        exchange = current()
        force = exchange.forced("Variations")
        exchange.may_delete()
        with shop.lock:
            row = found(_child(shop, number, variation), "variation")
            if row.status == "trash" and not force:
                message = "The product_variation has already been deleted."
                raise WooError("woocommerce_rest_already_trashed", message, 410)
            exchange.work = written("variations", None)
            response = reply(VARIATION.render(exchange.view, [row])[0])  # as it was
            (shop.delete_product if force else shop.trash_product)(variation)
        return response

    @api.get("/variations")
    def list_all_variations() -> Response:
        exchange = current()
        analytics = exchange.view.space == "wc-analytics"
        if not analytics and shop.release < ALL_VARIATIONS_SINCE:
            raise no_route()
        params = exchange.params(RULES)
        exchange.need_key()
        parents = set(params.numbers("parent"))
        with shop.lock:
            tests = [lambda row: not parents or row.parent_id in parents]
            tests += goods_tests(shop, params)
            rows = pick(shop.variations, params, tests, *FILTERS)
            listed = paged(params, sorted_goods(params, rows))
            # TRAP: its Link headers point to a pattern and not to an address
            pattern = exchange.view.url("products/(?P<product_id>%5B\\d%5D")
            return answer(
                listed,
                ANALYTICS_VARIATION if analytics else VARIATION,
                params,
                resource="variations",
                view=exchange.view,
                base=pattern if analytics else "",
            )

    return api


def _child(shop: Shop, number: int, variation: int) -> Product | None:
    row = shop.variations.get(variation)
    return row if row is not None and row.parent_id == number else None
