"""What the shop last told us. Every row is a copy; nothing here is ours to edit.

Instants come from the shop's `*_gmt` fields only, money is in minor units of its currency. `read_at`
is the shop's own clock when the read that brought the row began: an answer that set out earlier never
overwrites a later one, and a shop restored to an older state still can be mirrored.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    CharField,
    IntegerField,
    TextField,
)

from models.base import JsonField, Table, UtcField, among, transaction, tuples
from models.copies import Copy
from models.insight import Stale
from models.marking import Changes, mark_lines, mark_orders, mark_products, mark_refunds

ROWS_A_STATEMENT = 100

# statuses of what never became an order
NOT_ORDERS = ("failed", "cancelled", "trash", "checkout-draft", "auto-draft", "draft")


class Customer(Copy):
    """A registered customer of the shop."""

    woo_id = BigIntegerField(primary_key=True)
    email = CharField(default="", index=True)
    first_name = CharField(default="")
    last_name = CharField(default="")
    role = CharField(default="")
    phone = CharField(default="")  # as the person typed it
    country = CharField(default="")
    contact_id = IntegerField(null=True, index=True)
    consent = CharField(default="")  # what its consent field says: yes, no or nothing
    consent_rule = CharField(default="")  # fingerprint of the config by which that was read
    news_consent = CharField(default="")  # as `consent`, for order news
    created_at = UtcField(null=True)
    modified_at = UtcField(null=True)
    read_at = UtcField()


class Product(Copy):
    """A product, or a variation of one (then `parent_id` is not 0)."""

    STANDS_ON = ("categories",)

    woo_id = BigIntegerField(primary_key=True)
    parent_id = BigIntegerField(default=0, index=True)
    name = TextField(default="")
    sku = CharField(default="", index=True)
    type = CharField(default="")
    status = CharField(default="")
    visibility = CharField(default="")
    price = BigIntegerField(null=True)  # minor units; null where the shop has none
    regular_price = BigIntegerField(null=True)
    stock_status = CharField(default="")
    stock_quantity = IntegerField(null=True)  # null where the shop does not count it
    permalink = TextField(default="")
    categories = JsonField(default=list)
    created_at = UtcField(null=True, index=True)
    modified_at = UtcField(null=True, index=True)
    read_at = UtcField()
    sale_from = UtcField(null=True, index=True)  # a scheduled sale begins: no date moves then
    sale_to = UtcField(null=True, index=True)

    @classmethod
    def forget(cls, ids: Sequence[int]) -> int:
        """With their variations."""
        with transaction():
            cls.delete().where(among(cls.parent_id, ids)).execute()
            return super().forget(ids)

    @classmethod
    def mark(cls, of: Changes) -> None:
        mark_products(of)


class Order(Copy):
    """An order's header. Its lines come later: they cost the shop eight times as much."""

    KEPT = frozenset({"lines_at", "holder_id"})
    STANDS_ON = (
        "status", "currency", "total", "customer_id", "contact_id", "email", "created_at", "paid_at",
    )  # fmt: skip

    woo_id = BigIntegerField(primary_key=True)
    number = CharField(default="")
    status = CharField(default="")
    currency = CharField(default="")
    total = BigIntegerField(default=0)  # minor units, as charged: refunds are not taken off
    tax = BigIntegerField(default=0)
    shipping = BigIntegerField(default=0)
    customer_id = BigIntegerField(default=0, index=True)  # 0: a guest
    contact_id = IntegerField(null=True, index=True)
    email = CharField(default="", index=True)
    phone = CharField(default="")
    country = CharField(default="")
    first_name = CharField(default="")
    last_name = CharField(default="")
    consent = CharField(default="")
    consent_rule = CharField(default="")
    created_at = UtcField(null=True, index=True)
    paid_at = UtcField(null=True)
    modified_at = UtcField(null=True, index=True)
    lines_at = UtcField(null=True, index=True)  # the shop's clock when its lines were read
    coupons = JsonField(null=True)  # codes used; known once the lines are
    read_at = UtcField()
    language = CharField(default="")  # of the customer, as a plugin noted it: pt_BR
    holder_id = IntegerField(null=True)  # the contact whose order it is now; below 0: was erased
    details = JsonField(default=dict)  # what only its news need: see rules/order_details.py
    details_rule = CharField(default="")  # fingerprint of the config by which they were read
    news_consent = CharField(default="")  # as `consent`, for order news

    class Meta:
        table_name = "shop_order"  # ORDER is a word of SQL
        indexes = ((("holder_id", "created_at"), False),)

    @classmethod
    def forget(cls, ids: Sequence[int]) -> int:
        """With their lines and refunds."""
        with transaction():
            OrderLine.replace_for(ids, ())
            Refund.delete().where(among(Refund.order_id, ids)).execute()
            return super().forget(ids)

    @classmethod
    def mark(cls, of: Changes) -> None:
        mark_orders(of)

    @classmethod
    def without_lines(cls, limit: int, until: datetime | None = None) -> list[int]:
        """Ids of orders whose lines were never read, or may have changed since; last changed first.

        Lines read within the second of a change are read again: the shop's dates have no fractions.
        A date after `until`, the shop's present, says nothing: an import may write any.
        """
        newest = (cls.modified_at.desc(), cls.woo_id.desc())
        stale = cls.select(cls.woo_id).where(_STALE_LINES).order_by(*newest)
        if until is not None:
            stale = stale.where(cls.lines_at.is_null() | (cls.modified_at <= until))
        return [number for (number,) in tuples(stale.limit(limit))]

    @classmethod
    def never_read_lines(cls, before: datetime) -> bool:
        """Is there an order of before `before` whose lines we have never seen?"""
        query = cls.select().where(cls.lines_at.is_null(), cls.created_at < before)
        return bool(query.exists())

    @classmethod
    def lines_read(cls, coupons: Mapping[int, list[str]], at: datetime) -> None:
        """The lines of these orders are in; `coupons` has the codes each one used."""
        cls.update(lines_at=at, coupons=[]).where(among(cls.woo_id, coupons)).execute()
        for woo_id, codes in coupons.items():
            if codes:  # few orders use one
                cls.update(coupons=codes).where(cls.woo_id == woo_id).execute()

    @classmethod
    def lines_tried(cls, orders: Iterable[int], at: datetime) -> None:
        """The lines of these orders were asked for, and could not be had."""
        cls.update(lines_at=at).where(among(cls.woo_id, orders)).execute()


_STALE_LINES = Order.lines_at.is_null() | (Order.lines_at <= Order.modified_at)
Order.add_index(
    Order.modified_at.desc(), Order.woo_id.desc(), where=_STALE_LINES, name="shop_order_stale"
)

WAS_MOVED = Order.contact_id != Order.holder_id
"""The orders of people who have another number now."""

USED_COUPONS = Order.coupons.is_null(False) & (Order.coupons != SQL("'[]'"))
"""The orders that used coupons. In so many words, or SQLite does not use the index."""

Order.add_index(Order.holder_id, Order.contact_id, where=WAS_MOVED, name="shop_order_moved")
Order.add_index(Order.coupons, where=USED_COUPONS, name="shop_order_coupons")


class OrderLine(Table):
    """One article of an order."""

    woo_id = BigIntegerField(primary_key=True)
    order_id = BigIntegerField(index=True)
    product_id = BigIntegerField(index=True)
    variation_id = BigIntegerField(default=0)
    name = TextField(default="")
    quantity = IntegerField(default=0)
    total = BigIntegerField(default=0)

    @classmethod
    def replace_for(cls, orders: Iterable[int], rows: Iterable[Mapping[str, Any]]) -> None:
        """The lines of `orders` are now exactly `rows`."""
        orders, rows = list(orders), list(rows)
        with transaction():
            if Stale.kept():
                names = ("order_id", "product_id", "quantity")
                query = cls.select(*(getattr(cls, name) for name in names))
                before = tuples(query.where(among(cls.order_id, orders)))
                mark_lines(before, [tuple(row[name] for name in names) for row in rows])
            cls.delete().where(among(cls.order_id, orders)).execute()
            cls.write_each(rows, lambda insert: insert.on_conflict_replace())


class Category(Copy):
    """A category of products."""

    woo_id = BigIntegerField(primary_key=True)
    parent_id = BigIntegerField(default=0)
    name = TextField(default="")
    slug = CharField(default="")
    read_at = UtcField()


class ShopCoupon(Copy):
    """A coupon that we made, as the shop has it now."""

    woo_id = BigIntegerField(primary_key=True)
    code = CharField(default="", index=True)  # lower case: WooCommerce does not tell them apart
    status = CharField(default="")
    usage_count = IntegerField(default=0)
    expires_at = UtcField(null=True)
    modified_at = UtcField(null=True)
    read_at = UtcField()

    class Meta:
        table_name = "shop_coupon"


class Refund(Copy):
    """Money given back on an order."""

    STANDS_ON = ("order_id", "amount")

    woo_id = BigIntegerField(primary_key=True)
    order_id = BigIntegerField(index=True)
    amount = BigIntegerField(default=0)  # minor units, positive
    created_at = UtcField(null=True)
    read_at = UtcField()

    @classmethod
    def mark(cls, of: Changes) -> None:
        mark_refunds(of)


__all__ = [
    "Category", "Copy", "Customer", "Order", "OrderLine", "Product", "Refund", "ShopCoupon",
]  # fmt: skip
