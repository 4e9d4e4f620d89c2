"""Products, variations and categories as wc/v3 and wc-analytics show them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from agent.sandbox.shop.currencies import currency_entities
from agent.sandbox.shop.ground import slug_of
from agent.sandbox.shop.prices import number_of, on_sale, sale_is_stored, shown_price
from agent.sandbox.shop.rows import Category, Product
from agent.sandbox.shop.view import Fields, JsonObject, View, gmt, metas

if TYPE_CHECKING:
    from agent.sandbox.shop.view import Maker

RELATED = 5  # related products shown


def permalink(view: View, row: Product) -> str:
    if row.status == "trash":
        return f"{view.home}/?post_type=product&p={row.id}"
    if not row.parent_id:
        return f"{view.home}/product/{row.slug}/"
    chosen = "&".join(
        f"attribute_{slug_of(name)}={quote(value)}" for name, value in row.attributes.items()
    )
    return f"{permalink(view, view.shop.products[row.parent_id])}?{chosen}"


def _slug(row: Product) -> str:
    return f"{row.slug}__trashed" if row.status == "trash" else row.slug


def _price_html(view: View, row: Product) -> str:
    def amount(price: str) -> str:
        shown = f"{view.shop.money(number_of(price)):,}".translate(str.maketrans(",.", ".,"))
        symbol = currency_entities(view.shop.currency)
        return (
            '<span class="woocommerce-Price-amount amount"><bdi>'
            f'<span class="woocommerce-Price-currencySymbol">{symbol}</span>&nbsp;{shown}'
            "</bdi></span>"
        )

    price = _price(view, row)
    if not price:
        return ""
    if row.variations:
        prices = [view.shop.variations[number].price for number in row.variations]
        dearest = max(filter(None, prices), key=number_of, default=price)
        if number_of(dearest) != number_of(price):
            return f"{amount(price)} &ndash; {amount(dearest)}"
    if on_sale(row, view.shop.now()):
        return (
            f'<del aria-hidden="true">{amount(row.regular_price)}</del> <ins>{amount(price)}</ins>'
        )
    return amount(price)


def _attributes(view: View, row: Product) -> list[JsonObject]:
    """A variation's own choice, or all choices that a variable product offers."""
    if row.parent_id:
        return [
            {"id": 0, "name": name, "slug": slug_of(name), "option": value}
            for name, value in row.attributes.items()
        ]
    offered: dict[str, list[str]] = {}
    for number in row.variations:
        for name, value in view.shop.variations[number].attributes.items():
            if value not in offered.setdefault(name, []):
                offered[name].append(value)
    return [
        {
            "id": 0,
            "name": name,
            "slug": name,
            "position": position,
            "visible": True,
            "variation": True,
            "options": values,
        }
        for position, (name, values) in enumerate(offered.items())
    ]


def _categories(view: View, row: Product) -> list[JsonObject]:
    found = (view.shop.categories.get(number) for number in row.categories)
    return [{"id": one.id, "name": one.name, "slug": one.slug} for one in found if one is not None]


def _related(view: View, row: Product) -> list[int]:
    near = (other.id for number in row.categories for other in view.shop.in_category(number))
    return [number for number in dict.fromkeys(near) if number != row.id][:RELATED]


def _on_sale(view: View, row: Product) -> bool:
    """By the clock; of a variable product by its variations' stored prices, for those are cached."""
    if not row.variations:
        return on_sale(row, view.shop.now())
    return any(sale_is_stored(view.shop.variations[number]) for number in row.variations)


def _price(view: View, row: Product) -> str:
    return shown_price(row, view.shop.now())


def _product_links(view: View, row: Product) -> JsonObject:
    up = view.url("products", row.parent_id) if row.parent_id else None
    return view.links("products", row.id, up=up)


_DATES: dict[str, Maker[Product]] = {
    "date_created": lambda view, row: view.local(row.created),
    "date_created_gmt": lambda _, row: gmt(row.created),
    "date_modified": lambda view, row: view.local(row.modified),
    "date_modified_gmt": lambda _, row: gmt(row.modified),
}
_PRICES: dict[str, Maker[Product]] = {
    "price": _price,
    "regular_price": lambda _, row: row.regular_price,
    "sale_price": lambda _, row: row.sale_price,
    "date_on_sale_from": lambda view, row: view.local(row.sale_from),
    "date_on_sale_from_gmt": lambda _, row: gmt(row.sale_from),
    "date_on_sale_to": lambda view, row: view.local(row.sale_to),
    "date_on_sale_to_gmt": lambda _, row: gmt(row.sale_to),
    "on_sale": _on_sale,
}
_DOWNLOADS: dict[str, Maker[Product]] = {
    "virtual": lambda *_: False,
    "downloadable": lambda *_: False,
    "downloads": lambda *_: [],
    "download_limit": lambda *_: -1,
    "download_expiry": lambda *_: -1,
}
_STOCK: dict[str, Maker[Product]] = {
    "tax_status": lambda *_: "taxable",
    "tax_class": lambda *_: "",
    "manage_stock": lambda _, row: row.stock is not None,
    "stock_quantity": lambda _, row: row.stock,
}
_BACKORDERS: dict[str, Maker[Product]] = {
    "backorders": lambda _, row: row.backorders,
    "backorders_allowed": lambda _, row: row.backorders != "no",
    "backordered": lambda _, row: row.stock_status == "onbackorder",
    "low_stock_amount": lambda *_: None,
}
_MEASURES: dict[str, Maker[Product]] = {
    "weight": lambda *_: "",
    "dimensions": lambda *_: {"length": "", "width": "", "height": ""},
}

PRODUCT = Fields[Product](
    {
        "id": lambda _, row: row.id,
        "name": lambda _, row: row.name,
        "slug": lambda _, row: _slug(row),
        "permalink": permalink,
        **_DATES,
        "type": lambda _, row: row.type,
        "status": lambda _, row: row.status,
        "featured": lambda *_: False,
        "catalog_visibility": lambda _, row: row.catalog_visibility,
        "description": lambda *_: "",
        "short_description": lambda *_: "",
        "sku": lambda _, row: row.sku,
        **_PRICES,
        "purchasable": lambda view, row: _price(view, row) != "" and row.status == "publish",
        # a variation looked at as a product says it in text
        "total_sales": lambda _, row: str(row.total_sales) if row.parent_id else row.total_sales,
        **_DOWNLOADS,
        "external_url": lambda *_: "",
        "button_text": lambda *_: "",
        **_STOCK,
        **_BACKORDERS,
        "sold_individually": lambda *_: False,
        **_MEASURES,
        "shipping_required": lambda *_: True,
        "shipping_taxable": lambda *_: True,
        "shipping_class": lambda *_: "",
        "shipping_class_id": lambda *_: 0,
        "reviews_allowed": lambda _, row: not row.parent_id,
        "average_rating": lambda *_: "0.00",
        "rating_count": lambda *_: 0,
        "upsell_ids": lambda *_: [],
        "cross_sell_ids": lambda *_: [],
        "parent_id": lambda _, row: row.parent_id,
        "purchase_note": lambda *_: "",
        "categories": _categories,
        "brands": lambda *_: [],
        "tags": lambda *_: [],
        "images": lambda *_: [],
        "attributes": _attributes,
        "default_attributes": lambda *_: [],
        "variations": lambda view, row: [
            number for number in row.variations if view.shop.variations[number].status != "trash"
        ],
        "grouped_products": lambda *_: [],
        "menu_order": lambda *_: 0,
        "price_html": _price_html,
        "related_ids": _related,
        "meta_data": lambda _, row: metas(row.meta),
        "stock_status": lambda _, row: row.stock_status,
        "has_options": lambda _, row: row.type == "variable",
        "post_password": lambda *_: "",
        "global_unique_id": lambda *_: "",
        "_links": _product_links,
    }
)


def edited_product(view: View, row: Product) -> JsonObject:
    """A product as the answer to a write shows it."""
    shown = PRODUCT.render(view, [row])[0]
    links = shown.pop("_links")
    shown["permalink_template"] = f"{view.home}/product/%pagename%/"
    shown["generated_slug"] = row.slug
    return shown | {"_links": links}


def _variation_fields(name: Maker[Product], links: Maker[Product]) -> Fields[Product]:
    return Fields[Product](
        {
            "id": lambda _, row: row.id,
            "type": lambda _, row: row.type,
            **_DATES,
            "description": lambda *_: "",
            "permalink": permalink,
            "sku": lambda _, row: row.sku,
            "global_unique_id": lambda *_: "",
            **_PRICES,
            "status": lambda _, row: row.status,
            "purchasable": lambda view, row: _price(view, row) != "" and row.status == "publish",
            **_DOWNLOADS,
            **_STOCK,
            "stock_status": lambda _, row: row.stock_status,
            **_BACKORDERS,
            **_MEASURES,
            "shipping_class": lambda *_: "",
            "shipping_class_id": lambda *_: 0,
            "image": lambda *_: None,
            "attributes": _attributes,
            "menu_order": lambda *_: 0,
            "meta_data": lambda _, row: metas(row.meta),
            "name": name,
            "parent_id": lambda _, row: row.parent_id,
            "_links": links,
        }
    )


VARIATION = _variation_fields(
    lambda _, row: ", ".join(row.attributes.values()),
    lambda view, row: view.links(
        "products",
        row.parent_id,
        "variations",
        row.id,
        up=view.url("products", row.parent_id),
    ),
)

# the analytics list does not know the parent when it writes its links, and gives whole names
ANALYTICS_VARIATION = _variation_fields(
    lambda _, row: row.name,
    lambda view, row: view.links(
        "products", 0, "variations", row.id, methods=None, up=view.url("products", 0)
    ),
)


def _category_links(view: View, row: Category) -> JsonObject:
    up = view.url("products/categories", row.parent) if row.parent else None
    return view.links("products/categories", row.id, up=up)


CATEGORY = Fields[Category](
    {
        "id": lambda _, row: row.id,
        "name": lambda _, row: row.name,
        "slug": lambda _, row: row.slug,
        "parent": lambda _, row: row.parent,
        "description": lambda *_: "",
        "display": lambda *_: "default",
        "image": lambda *_: None,
        "menu_order": lambda *_: 0,
        "count": lambda view, row: len(view.shop.in_category(row.id)),
        "_links": _category_links,
    }
)
