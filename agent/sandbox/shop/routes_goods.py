"""wc/v3 and wc-analytics: products, variations and categories."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError, no_route
from agent.sandbox.shop.exchange import current, found, reply
from agent.sandbox.shop.lists import (
    DATE_RULES,
    LIST_RULES,
    answer,
    by_include,
    loosely_sorted,
    paged,
    pick,
    post_dates,
)
from agent.sandbox.shop.params import (
    Params,
    Rule,
    array,
    boolean,
    list_of,
    one_of,
    text,
    whole,
)
from agent.sandbox.shop.render_goods import (
    ANALYTICS_VARIATION,
    CATEGORY,
    PRODUCT,
    VARIATION,
    edited_product,
)
from agent.sandbox.shop.writes import merge_meta, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.sandbox.shop.rows import Category, Product
    from agent.sandbox.shop.shop import Shop

    Test = Callable[[Product], bool]

PRODUCT_TYPES = ("simple", "grouped", "external", "variable")
POST_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
STOCK_STATUSES = ("instock", "outofstock", "onbackorder")
ALL_VARIATIONS_SINCE = (10, 3)  # wc/v3/variations
FILTERS = ("status", "type", "sku", "search_sku", "stock_status", "category", "parent", "on_sale")


def _price(row: Product) -> Decimal:
    try:
        return Decimal(row.price or 0)
    except InvalidOperation:
        return Decimal(0)


SORTS: dict[str, Callable[[Product], Any]] = {  # whatever can be compared
    "date": lambda row: row.created,
    "modified": lambda row: row.modified,
    "title": lambda row: row.name.casefold(),
    "slug": lambda row: row.slug,
    "price": _price,
    "popularity": lambda row: row.total_sales,
    "rating": lambda _: 0,
    "menu_order": lambda _: 0,
}
RULES: dict[str, Rule] = {
    **LIST_RULES,
    **DATE_RULES,
    "orderby": one_of("date", "id", "include", *list(SORTS)[1:]),
    "status": one_of(*POST_STATUSES),
    "type": one_of(*PRODUCT_TYPES),
    "sku": text,
    "search_sku": text,
    "stock_status": one_of(*STOCK_STATUSES),
    "category": text,
    "parent": list_of(whole),
    "on_sale": boolean,
}
WRITE_RULES: dict[str, Rule] = {
    "name": text,
    "status": one_of(*POST_STATUSES[3:], "draft"),
    "sku": text,
    "regular_price": text,
    "sale_price": text,
    "manage_stock": boolean,
    "stock_quantity": whole,
    "stock_status": one_of(*STOCK_STATUSES),
    "backorders": one_of("no", "notify", "yes"),
    "catalog_visibility": one_of("visible", "catalog", "search", "hidden"),
    "meta_data": array,
}


def _status_test(params: Params) -> Test:
    status = params.text("status", "any")
    if status == "any":
        return lambda row: row.status != "trash"
    return lambda row: row.status == status


def _tests(shop: Shop, params: Params) -> list[Test]:
    tests = [_status_test(params)]
    if kind := params.text("type"):
        tests.append(lambda row: row.type == kind)
    if status := params.text("stock_status"):
        tests.append(lambda row: row.stock_status == status)
    if skus := {sku.strip() for sku in params.text("sku").split(",") if sku.strip()}:
        tests.append(lambda row: row.sku in skus)
    if part := params.text("search_sku").casefold():
        tests.append(lambda row: part in row.sku.casefold())
    if words := params.text("search").casefold():
        tests.append(lambda row: words in row.name.casefold() or words in row.sku.casefold())
    if categories := {int(one) for one in params.text("category").split(",") if one.isdigit()}:
        tests.append(lambda row: not categories.isdisjoint(row.categories))
    if any(params.numbers("parent")):
        tests.append(lambda _: False)  # TRAP: not even a variable product's variations
    if "on_sale" in params:
        sale = params.flag("on_sale")
        tests.append(lambda row: bool(row.sale_price) == sale)
    return [*tests, *post_dates(params, shop.zone)]


def _sorted(params: Params, rows: Sequence[Product]) -> Sequence[Product]:
    by = params.text("orderby", "date")
    if by == "include":
        return by_include(params, rows)
    descending = params.text("order") != "asc"
    if by == "id":
        return rows[::-1] if descending else rows
    return loosely_sorted(params, rows, SORTS[by], descending=descending)


def goods_routes(shop: Shop) -> Blueprint:
    """For both namespaces: they differ in the variations, not in the products."""
    api = Blueprint("goods", __name__)

    @api.get("/products")
    def list_products() -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        with shop.lock:
            tests = _tests(shop, params)
            rows = pick(shop.products, params, tests, *FILTERS)
            if "sku" in params or "search_sku" in params:
                # TRAP: a search by SKU also finds variations, and nothing else does
                rows = rows + pick(shop.variations, params, tests, *FILTERS)
            listed = paged(params, _sorted(params, rows))
            return answer(listed, PRODUCT, params, resource="products", view=exchange.view)

    @api.get("/products/<int:number>")
    def show_product(number: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = shop.products.get(number) or shop.variations.get(number)
            fields = exchange.fields
            exchange.work = written("products", fields, writes=False)
            shown = PRODUCT.render(exchange.view, [found(row, "product")], fields, alone=True)
            return reply(shown[0])

    @api.route("/products/<int:number>", methods=["PUT", "PATCH", "POST"])
    def update_product(number: int) -> Response:
        exchange = current()
        sent = exchange.body(WRITE_RULES)
        exchange.may_edit()
        with shop.lock:
            row = found(shop.products.get(number), "product", 400)
            _update(shop, row, sent)
            exchange.work = written("products", None)
            return reply(edited_product(exchange.view, row))

    @api.delete("/products/<int:number>")
    def delete_product(number: int) -> Response:
        exchange = current()
        force = exchange.forced("Products")
        exchange.may_delete()
        with shop.lock:
            row = found(shop.products.get(number), "product")
            if row.status == "trash" and not force:
                message = "The Product has already been deleted."
                raise WooError("woocommerce_rest_already_trashed", message, 410)
            exchange.work = written("products", None)
            response = reply(edited_product(exchange.view, row))  # as it was
            (shop.delete_product if force else shop.trash_product)(number)
        return response

    @api.get("/products/categories")
    def list_categories() -> Response:
        exchange = current()
        rules = {**LIST_RULES, "parent": whole, "hide_empty": boolean}
        params = exchange.params(rules | {"orderby": one_of("id", "include", "name", "slug")})
        exchange.need_key()
        with shop.lock:
            rows = pick(shop.categories, params, _category_tests(params), "parent")
            if params.flag("hide_empty"):
                rows = [row for row in rows if shop.in_category(row.id)]
            if params.text("orderby", "name") in {"name", "slug"}:
                rows = sorted(rows, key=lambda row: (row.name.casefold(), row.id))
            if params.text("order") == "desc":
                rows = rows[::-1]
            listed = paged(params, rows)
            return answer(listed, CATEGORY, params, resource="categories", view=exchange.view)

    _variation_routes(api, shop)
    return api


def _category_tests(params: Params) -> list[Callable[[Category], bool]]:
    tests: list[Callable[[Category], bool]] = [lambda _: True]
    if "parent" in params:
        parent = params.number("parent")
        tests.append(lambda row: row.parent == parent)
    if words := params.text("search").casefold():
        tests.append(lambda row: words in row.name.casefold())
    return tests


def _update(shop: Shop, row: Product, sent: Params) -> None:
    """Write what was sent. `date_modified` moves, also if that was nothing."""
    row.name, row.sku = sent.text("name", row.name), sent.text("sku", row.sku)
    row.status = sent.text("status", row.status)
    row.regular_price = sent.text("regular_price", row.regular_price)
    row.sale_price = sent.text("sale_price", row.sale_price)
    row.backorders = sent.text("backorders", row.backorders)
    row.catalog_visibility = sent.text("catalog_visibility", row.catalog_visibility)
    if sent.get("manage_stock") is False:
        row.stock = None
    elif "stock_quantity" in sent and (row.stock is not None or sent.flag("manage_stock")):
        row.stock = sent.number("stock_quantity")
    elif sent.flag("manage_stock") and row.stock is None:
        row.stock = 0
    row.stock_status = sent.text("stock_status", row.stock_status)
    merge_meta(shop, row.meta, sent)
    shop.save_product(row)


def _variation_routes(api: Blueprint, shop: Shop) -> None:
    @api.get("/products/<int:number>/variations")
    def list_variations(number: int) -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        with shop.lock:
            parent = shop.products.get(number)
            children = set(parent.variations) if parent else set()
            tests = [lambda row: row.id in children, *_tests(shop, params)]
            rows = pick(shop.variations, params, tests, *FILTERS)
            listed = paged(params, _sorted(params, rows))
            return answer(listed, VARIATION, params, resource="variations", view=exchange.view)

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
            _update(shop, row, sent)
            exchange.work = written("variations", None)
            return reply(VARIATION.render(exchange.view, [row])[0])

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
            tests += [_status_test(params), *post_dates(params, shop.zone)]
            listed = paged(params, _sorted(params, pick(shop.variations, params, tests, *FILTERS)))
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


def _child(shop: Shop, number: int, variation: int) -> Product | None:
    row = shop.variations.get(variation)
    return row if row is not None and row.parent_id == number else None
