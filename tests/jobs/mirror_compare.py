"""The mirror and the sandbox shop, compared in full: every row, every field that both have.

The shop's side is read from its own tables, not through its API, and the mirror's expectations are
written down here, not taken from the code that copies.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from html import unescape
from typing import Any

from agent.sandbox.shop.prices import shown_price
from agent.sandbox.shop.rows import Customer as ShopCustomer
from agent.sandbox.shop.rows import Order as ShopOrder
from agent.sandbox.shop.rows import Product as ShopProduct
from agent.sandbox.shop.shop import Shop
from models import Customer, Order, OrderLine, Product, Refund

Rows = Mapping[int, Mapping[str, Any]]


def differences(shop: Shop) -> list[str]:
    """What is not the same, a line each; nothing when the mirror is exact."""
    with shop.lock:
        return [
            *_compare("orders", _mirrored(Order), {o.id: _order(shop, o) for o in shop.orders}),
            *_compare("lines", _mirrored(OrderLine), dict(_lines(shop))),
            *_compare("refunds", _mirrored(Refund), dict(_refunds(shop))),
            *_compare("products", _mirrored(Product), dict(_goods(shop))),
            *_compare(
                "customers", _mirrored(Customer), {c.id: _account(c) for c in shop.customers}
            ),
        ]


def _mirrored(table: Any) -> Rows:
    return {row["woo_id"]: row for row in table.select().dicts()}


def _compare(kind: str, ours: Rows, theirs: Rows) -> Iterator[str]:
    for number in sorted(theirs.keys() - ours.keys()):
        yield f"{kind} {number} is missing"
    for number in sorted(ours.keys() - theirs.keys()):
        yield f"{kind} {number} is no more"
    for number in sorted(ours.keys() & theirs.keys()):
        for name, value in theirs[number].items():
            if ours[number][name] != value:
                yield f"{kind} {number} {name}: {ours[number][name]!r}, not {value!r}"


def _order(shop: Shop, order: ShopOrder) -> dict[str, Any]:
    return {
        "status": order.status,
        "currency": shop.currency,
        "total": _minor(order.total),
        "shipping": _minor(order.shipping_total),
        "customer_id": order.customer_id,
        "email": order.billing["email"].lower(),
        "phone": order.billing["phone"],
        "country": order.billing["country"],
        "first_name": unescape(order.billing["first_name"]),
        "created_at": order.created,
        "modified_at": order.modified,
        "paid_at": order.paid,
    }


def _lines(shop: Shop) -> Iterable[tuple[int, dict[str, Any]]]:
    for order in shop.orders:
        for line in order.lines:
            yield (
                line.id,
                {
                    "order_id": order.id,
                    "product_id": line.product_id,
                    "variation_id": line.variation_id,
                    "quantity": line.quantity,
                    "total": _minor(line.total),
                },
            )


def _refunds(shop: Shop) -> Iterable[tuple[int, dict[str, Any]]]:
    for refund in shop.refunds:
        yield (
            refund.id,
            {
                "order_id": refund.order_id,
                "amount": _minor(refund.amount),
                "created_at": refund.created,
            },
        )


def _goods(shop: Shop) -> Iterable[tuple[int, dict[str, Any]]]:
    """Products of every status, and variations that are not in the trash with their product."""
    for row in shop.products:
        yield row.id, _product(shop, row)
    for row in shop.variations:
        if row.status != "trash":
            yield row.id, _product(shop, row)


def _product(shop: Shop, row: ShopProduct) -> dict[str, Any]:
    return {
        "parent_id": row.parent_id,
        "status": row.status,
        "price": _price(shown_price(row, shop.now())),
        "regular_price": _price(row.regular_price),
        "stock_status": row.stock_status,
        "stock_quantity": row.stock,
        "categories": [one for one in row.categories if shop.categories.get(one)],
        "created_at": row.created,
        "modified_at": row.modified,
        "sale_from": row.sale_from,
        "sale_to": row.sale_to,
    }


def _account(row: ShopCustomer) -> dict[str, Any]:
    return {
        "email": row.email.lower(),
        "first_name": row.first_name or row.billing["first_name"],
        "role": row.role,
        "phone": row.billing["phone"],
        "country": row.billing["country"],
        "created_at": row.created,
        "modified_at": row.modified,
    }


def _minor(amount: Decimal) -> int:
    return int(amount * 100)


def _price(text: str) -> int | None:
    return _minor(Decimal(text)) if text else None
