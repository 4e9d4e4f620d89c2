"""wc/v3 and wc-analytics: products and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from agent.sandbox.shop.errors import WooError
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
    boolean,
    list_of,
    one_of,
    text,
    whole,
)
from agent.sandbox.shop.prices import number_of, sale_is_stored
from agent.sandbox.shop.render_goods import CATEGORY, PRODUCT, edited_product
from agent.sandbox.shop.write_goods import POST_STATUSES, STOCK_STATUSES, WRITE_RULES, write_product
from agent.sandbox.shop.writes import written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.sandbox.shop.rows import Category, Product
    from agent.sandbox.shop.shop import Shop

    Test = Callable[[Product], bool]

PRODUCT_TYPES = ("simple", "grouped", "external", "variable")
FILTERS = ("status", "type", "sku", "search_sku", "stock_status", "category", "parent", "on_sale")


SORTS: dict[str, Callable[[Product], Any]] = {  # whatever can be compared
    "date": lambda row: row.created,
    "modified": lambda row: row.modified,
    "title": lambda row: row.name.casefold(),
    "slug": lambda row: row.slug,
    "price": lambda row: number_of(row.price),
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


def status_test(params: Params) -> Test:
    status = params.text("status", "any")
    if status == "any":
        return lambda row: row.status != "trash"
    return lambda row: row.status == status


def goods_tests(shop: Shop, params: Params) -> list[Test]:
    """What products and variations are asked by alike."""
    tests = [status_test(params)]
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
    if "on_sale" in params:
        sale = params.flag("on_sale")
        tests.append(lambda row: sale_is_stored(row) == sale)
    return [*tests, *post_dates(params, shop.zone)]


def sorted_goods(params: Params, rows: Sequence[Product]) -> Sequence[Product]:
    by = params.text("orderby", "date")
    if by == "include":
        return by_include(params, rows)
    descending = params.text("order") != "asc"
    if by == "id":
        return rows[::-1] if descending else rows
    return loosely_sorted(params, rows, SORTS[by], descending=descending)


def goods_routes(shop: Shop) -> Blueprint:
    """Products and categories, the same in both namespaces."""
    api = Blueprint("goods", __name__)

    @api.get("/products")
    def list_products() -> Response:
        exchange = current()
        params = exchange.params(RULES)
        exchange.need_key()
        with shop.lock:
            tests = goods_tests(shop, params)
            if any(params.numbers("parent")):
                tests.append(lambda _: False)  # TRAP: not even a variable product's variations
            rows = pick(shop.products, params, tests, *FILTERS)
            if "sku" in params or "search_sku" in params:
                # TRAP: a search by SKU also finds variations, and nothing else does
                rows = rows + pick(shop.variations, params, tests, *FILTERS)
            listed = paged(params, sorted_goods(params, rows))
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
            write_product(shop, row, sent)
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

    _category_routes(api, shop)
    return api


def _category_routes(api: Blueprint, shop: Shop) -> None:
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

    @api.get("/products/categories/<int:number>")
    def show_category(number: int) -> Response:
        exchange = current()
        exchange.may_see()
        with shop.lock:
            row = found(shop.categories.get(number), "category")
            return reply(CATEGORY.render(exchange.view, [row], exchange.fields, alone=True)[0])


def _category_tests(params: Params) -> list[Callable[[Category], bool]]:
    tests: list[Callable[[Category], bool]] = [lambda _: True]
    if "parent" in params:
        parent = params.number("parent")
        tests.append(lambda row: row.parent == parent)
    if words := params.text("search").casefold():
        tests.append(lambda row: words in row.name.casefold())
    return tests
