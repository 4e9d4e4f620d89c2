"""What may be written to a product or variation over the API, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sandbox.shop.catalog import settle_price
from agent.sandbox.shop.params import Params, Rule, array, boolean, one_of, text, whole
from agent.sandbox.shop.writes import entries, merge_meta, moment_of

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Product
    from agent.sandbox.shop.shop import Shop

POST_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
STOCK_STATUSES = ("instock", "outofstock", "onbackorder")
SALE_DATES = ("date_on_sale_from", "date_on_sale_to")


def _date(name: str, value: object) -> object:
    """WooCommerce checks no date here; null is as good as not sent."""
    return "" if value is None else text(name, value)


WRITE_RULES: dict[str, Rule] = {
    "name": text,
    "status": one_of(*POST_STATUSES[3:], "draft"),
    "sku": text,
    "regular_price": text,
    "sale_price": text,
    **dict.fromkeys(SALE_DATES, _date),
    **{f"{name}_gmt": _date for name in SALE_DATES},
    "manage_stock": boolean,
    "stock_quantity": whole,
    "stock_status": one_of(*STOCK_STATUSES),
    "backorders": one_of("no", "notify", "yes"),
    "catalog_visibility": one_of("visible", "catalog", "search", "hidden"),
    "categories": array,
    "meta_data": array,
}


def write_product(shop: Shop, row: Product, sent: Params) -> None:
    """Write what was sent. `date_modified` moves, also if that was nothing."""
    row.name, row.sku = sent.text("name", row.name), sent.text("sku", row.sku)
    row.status = sent.text("status", row.status)
    row.backorders = sent.text("backorders", row.backorders)
    row.catalog_visibility = sent.text("catalog_visibility", row.catalog_visibility)
    if sent.get("manage_stock") is False:
        row.stock = None
    elif "stock_quantity" in sent and (row.stock is not None or sent.flag("manage_stock")):
        row.stock = sent.number("stock_quantity")
    elif sent.flag("manage_stock") and row.stock is None:
        row.stock = 0
    row.stock_status = sent.text("stock_status", row.stock_status)
    if "categories" in sent and not row.parent_id:
        shop.set_categories(row, _categories(shop, sent))
    _write_prices(shop, row, sent)
    merge_meta(shop, row.meta, sent)
    shop.save_product(row)


def _write_prices(shop: Shop, row: Product, sent: Params) -> None:
    """The stored price follows only if one of these is another now, as in WooCommerce."""
    if row.type == "variable":
        return
    before = (row.regular_price, row.sale_price, row.sale_from, row.sale_to)
    row.regular_price = sent.text("regular_price", row.regular_price)
    row.sale_price = sent.text("sale_price", row.sale_price)
    for name, zone in (("", shop.zone), ("_gmt", None)):
        if f"date_on_sale_from{name}" in sent:
            row.sale_from = moment_of(sent.text(f"date_on_sale_from{name}"), zone)
        if f"date_on_sale_to{name}" in sent:
            row.sale_to = moment_of(sent.text(f"date_on_sale_to{name}"), zone)
    if before != (row.regular_price, row.sale_price, row.sale_from, row.sale_to):
        settle_price(row, shop.now())


def _categories(shop: Shop, sent: Params) -> list[int]:
    """The shelves that were sent by their ids; one that does not exist is left out."""
    asked = (Params({"id": whole}, one).number("id") for one in entries(sent, "categories"))
    return [number for number in asked if shop.categories.get(number) is not None]
