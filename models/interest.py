"""What people looked at, wished for and left in carts; what changed in stock and price."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import AutoField, BigIntegerField, CharField, IntegerField, TextField

from models.base import Table, UtcField, tuples
from models.mirror import Order, OrderLine, Product

OBSERVED = ("stock_quantity", "stock_status", "price")
KINDS = ("view", "wishlist", "cart")
CARTS = ("checkout-draft", "pending", "failed")  # statuses of orders that nobody has paid


class ProductChange(Table):
    """One observed change of a product or variation. The first reading of a product is none.

    `was` and `became` are as in the mirror: units, a stock status, or a price in minor units; null
    where the shop has none.
    """

    id = AutoField()
    product_id = BigIntegerField()
    field = CharField()  # one of OBSERVED
    was = CharField(null=True)
    became = CharField(null=True)
    seen_at = UtcField(index=True)  # the shop's clock
    means = CharField()  # how it was found: poll, order, sale, watch, sweep, webhook, drift

    class Meta:
        table_name = "product_change"
        indexes = ((("product_id", "field", "seen_at"), False),)

    @classmethod
    def add(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        return cls.write_each(rows, lambda insert: insert)


class Interest(Table):
    """One person's interest in one product: a view, a wishlist entry or a cart.

    Views of one product by one person within an hour are one row, with the newest price. What the
    person saw is as in the mirror: minor units of the shop's currency, a stock status; null and ''
    where it is not known.
    """

    id = AutoField()
    contact_id = IntegerField()
    product_id = BigIntegerField()  # of a variation, its parent
    variation_id = BigIntegerField(default=0)  # 0: no certain one
    kind = CharField()  # one of KINDS
    price = BigIntegerField(null=True)
    stock_status = CharField(default="")
    first_at = UtcField()  # since when: the place in the queue
    seen_at = UtcField(index=True)
    source = CharField()  # whatsapp, events, import, shop, bridge

    class Meta:
        table_name = "interest"
        indexes = (
            (("contact_id", "product_id", "variation_id", "kind", "first_at"), True),
            # every column that tells which products are cheaper than somebody saw them
            (("product_id", "variation_id", "seen_at", "price"), False),
        )


Interest.add_index(
    Interest.product_id,
    Interest.seen_at,
    where=(Interest.stock_status == "outofstock"),
    name="interest_sold_out",
)


class UnsettledEvent(Table):
    """An event whose person or product is not known yet: kept until it is, or too old to matter."""

    id = AutoField()
    said = TextField(unique=True)  # the event as JSON, in the agent's own words
    reason = CharField()  # what is not known
    happened_at = UtcField(index=True)
    source = CharField()

    class Meta:
        table_name = "unsettled_event"


def waited_for(since: datetime, read_before: datetime, limit: int) -> list[tuple[int, int]]:
    """(id, parent id) of what lies in carts that were filled since `since`, and was not read again
    since `read_before`; what was read longest ago comes first.
    """
    of_variable = OrderLine.variation_id > 0
    carts = (
        OrderLine.select(OrderLine.product_id, OrderLine.variation_id)
        .join(Order, on=(Order.woo_id == OrderLine.order_id))
        .where(Order.status.in_(CARTS), Order.modified_at > since)
    )
    wanted = carts.select(OrderLine.product_id).where(~of_variable) | carts.select(
        OrderLine.variation_id
    ).where(of_variable)
    query = (
        Product.select(Product.woo_id, Product.parent_id)
        .where(Product.woo_id.in_(wanted), Product.read_at < read_before)
        .order_by(Product.read_at, Product.woo_id)
        .limit(limit)
    )
    return [(number, parent) for number, parent in tuples(query)]
