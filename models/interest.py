"""What people looked at, wished for and left in carts; what changed in stock and price."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    Case,
    CharField,
    IntegerField,
    chunked,
    fn,
)

from models.base import Table, UtcField, among, among_pairs, carry_out_each, transaction, tuples
from models.looked_at import SOLD_OUT, LookedAt
from models.mirror import Order, OrderLine, Product
from models.newer_number import newer_numbers
from models.past import InterestWas

OBSERVED = ("stock_quantity", "stock_status", "price")
KINDS = ("view", "wishlist", "cart")
CARTS = ("checkout-draft", "pending", "failed")  # statuses of orders that nobody has paid
SHOP = "shop"  # the source of interest that follows the shop's unpaid orders

# While these are worked on nobody else can write, and webhooks do not wait for long.
ROWS_A_DELETE = 5_000
PRODUCTS_A_SUM = 100


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
    source = CharField()  # whatsapp, events, import, shop, bridge; told: by a message of ours

    class Meta:
        table_name = "interest"
        indexes = (
            (("contact_id", "product_id", "variation_id", "kind", "first_at", "source"), True),
            (("product_id", "variation_id", "seen_at"), False),
        )

    @classmethod
    def write_each(cls, rows: Iterable[Mapping[str, Any]], finish: Callable[[Any], Any]) -> int:
        rows = list(rows)
        with transaction():
            LookedAt.note(rows)
            written = super().write_each(rows, finish)
            # the shop's carts follow its orders
            told = {row["contact_id"] for row in rows if row["source"] != SHOP}
            if told and (newer := newer_numbers(told)):
                cls.move(newer)
            return written

    @classmethod
    def move(cls, newer: Mapping[int, int], *, now: datetime | None = None) -> None:
        """What these contacts want is that of others from now on: older -> newer number.

        What the older one was told, the newer one knows, as if seen; what it is still to be told is
        called off. The shop's carts follow its orders by themselves.
        """
        moment = cls.seen_at.db_value(now)
        pairs = [(new, old) for old, new in newer.items()]
        with transaction():
            carry_out_each(
                "UPDATE message SET state = 'cancelled', ended_at = ?, "
                "detail = 'has a newer number' "
                "WHERE contact_id = ? AND state = 'queued' AND product_id IS NOT NULL",
                [(moment, old) for _, old in pairs],
            )
            carry_out_each(
                "INSERT OR IGNORE INTO interest (contact_id, product_id, variation_id, kind, price, "
                "stock_status, first_at, seen_at, source) "
                "SELECT ?, m.product_id, m.variation_id, 'view', m.price, 'instock', m.created_at, "
                "m.created_at, 'told' FROM message AS m "
                "WHERE m.contact_id = ? AND m.product_id IS NOT NULL "
                "AND m.state NOT IN ('cancelled', 'expired', 'refused', 'failed') "
                "AND EXISTS (SELECT 1 FROM interest AS i WHERE i.contact_id = m.contact_id "
                "AND i.product_id = m.product_id AND i.variation_id = m.variation_id "
                "AND i.source <> 'shop')",
                pairs,
            )
            if now is not None:  # else it was told under the older number in this moment
                InterestWas.keep_moved(newer, now)
            carry_out_each(
                "UPDATE OR IGNORE interest SET contact_id = ? "
                "WHERE contact_id = ? AND source <> 'shop'",
                pairs,
            )
            carry_out_each(
                "DELETE FROM interest WHERE contact_id = ? AND source <> 'shop'",
                [(old,) for _, old in pairs],
            )

    @classmethod
    def forget_prices(cls) -> None:
        """They are in another currency than the shop's."""
        with transaction():
            cls.update(price=None).where(cls.price.is_null(False)).execute()
            LookedAt.update(dearest=None).where(LookedAt.dearest.is_null(False)).execute()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> list["Interest"]:
        """All interest of these pairs of a contact and a product, shop's carts left out."""
        whose = among_pairs((cls.contact_id, cls.product_id), pairs)
        return list(cls.select().where(whose, cls.source != SHOP))

    @classmethod
    def change(cls, rows: Mapping[int, Mapping[str, Any]]) -> int:
        """Overwrite rows, each by its id, in all that may change; returns how many there were."""
        names = ("price", "stock_status", "first_at", "seen_at", "source")
        fields = [cls._meta.fields[name] for name in names]
        update = cls.update(dict.fromkeys(fields)).where(cls.id == 0)
        values = [
            (*(field.db_value(row[field.name]) for field in fields), number)
            for number, row in rows.items()
        ]
        with transaction():
            InterestWas.keep_changed(rows)
            written = carry_out_each(update.sql()[0], values)
            names = ("product_id", "variation_id", "price", "stock_status", "seen_at")
            changed = cls.select(*(getattr(cls, name) for name in names)).where(among(cls.id, rows))
            LookedAt.note(dict(zip(names, row, strict=True)) for row in tuples(changed))
        return written

    @classmethod
    def unwish(cls, wishes: Iterable[tuple[int, int, int, datetime]]) -> int:
        """Take (contact, product, variation, until when) off the wishlists.

        A wish that was made again later stays. Without a variation, those of all variations go. What
        is still to be told of something in which no other interest stands is called off.
        """
        wishes = list(wishes)
        values = [
            (contact, product, cls.seen_at.db_value(until), variation, variation)
            for contact, product, variation, until in wishes
        ]
        with transaction():
            InterestWas.keep_unwished(wishes)
            removed = carry_out_each(
                "DELETE FROM interest WHERE contact_id = ? AND product_id = ? AND kind = 'wishlist' "
                "AND seen_at <= ? AND (variation_id = ? OR ? = 0)",
                values,
            )
            carry_out_each(
                "UPDATE message SET state = 'cancelled', detail = 'taken off the wishlist', "
                "ended_at = ? WHERE contact_id = ? AND product_id = ? AND state = 'queued' "
                "AND (variation_id = ? OR ? = 0) AND NOT EXISTS (SELECT 1 FROM interest AS i "
                "WHERE i.contact_id = message.contact_id AND i.product_id = message.product_id "
                "AND i.variation_id = message.variation_id AND (message.campaign != 'back_in_stock' "
                "OR i.kind != 'view' OR i.stock_status = 'outofstock'))",
                [(until, contact, product, *of) for contact, product, until, *of in values],
            )
        return removed

    @classmethod
    def sum_up(cls) -> int:
        """Write anew what is known of each article that somebody looked at, some products at a time.

        Returns how many articles there are.
        """
        sold_out = fn.MAX(Case(None, [(cls.stock_status == SOLD_OUT, cls.seen_at)]))
        seen = cls.select(cls.product_id, cls.variation_id, fn.MAX(cls.price), sold_out)
        columns = (
            LookedAt.product_id,
            LookedAt.variation_id,
            LookedAt.dearest,
            LookedAt.sold_out_at,
        )
        still = cls.select().where(cls.product_id == LookedAt.product_id)
        LookedAt.delete().where(~fn.EXISTS(still)).execute()
        products = tuples(cls.select(cls.product_id).distinct().order_by(cls.product_id))
        for part in chunked((number for (number,) in products), PRODUCTS_A_SUM):
            with transaction():
                LookedAt.delete().where(among(LookedAt.product_id, part)).execute()
                LookedAt.insert_from(
                    seen.where(among(cls.product_id, part)).group_by(
                        cls.product_id, cls.variation_id
                    ),
                    columns,
                ).execute()
        return int(LookedAt.select().count())

    @classmethod
    def forget_before(cls, moment: datetime) -> int:
        """Remove what was last seen before `moment`, a part at a time. Returns how many rows."""
        old = cls.select(cls.id).where(cls.seen_at < moment).limit(ROWS_A_DELETE)
        removed = 0
        while part := int(cls.delete().where(cls.id.in_(old)).execute()):
            removed += part
        return removed


# SQLite uses such an index only where a statement says the same in so many words, not as parameters.
IS_CART = Order.status.in_(SQL("('checkout-draft', 'pending', 'failed')"))
_MET_SOLD_OUT = Interest.stock_status == SQL("'outofstock'")
_STANDS = Interest.kind != SQL("'view'")  # a wish or a cart
FROM_SHOP = Interest.source == SQL("'shop'")

Order.add_index(Order.modified_at, where=IS_CART, name="shop_order_carts")
_ARTICLE_SINCE = (Interest.product_id, Interest.variation_id, Interest.seen_at)
Interest.add_index(
    Interest.product_id, Interest.variation_id, Interest.first_at, Interest.contact_id,
    name="interest_waited",
)  # fmt: skip
Interest.add_index(*_ARTICLE_SINCE, where=_MET_SOLD_OUT, name="interest_sold_out")
Interest.add_index(*_ARTICLE_SINCE, where=_STANDS, name="interest_stands")
Interest.add_index(
    Interest.contact_id, Interest.product_id, Interest.variation_id, Interest.first_at, Interest.seen_at,
    where=FROM_SHOP, name="interest_shop",
)  # fmt: skip


def waited_for(since: datetime, read_before: datetime, limit: int) -> list[tuple[int, int]]:
    """(id, parent id) of what somebody waits for since `since`, and was not read since `read_before`.

    What lies in the shop's carts takes turns with the rest, so that neither waits for the other: what is
    on a wishlist or in another cart, and what was looked at and is sold out, or was then. Of each, what
    was read longest ago comes first.
    """
    of_variable = OrderLine.variation_id > 0
    carts = (
        OrderLine.select(OrderLine.product_id, OrderLine.variation_id)
        .join(Order, on=(Order.woo_id == OrderLine.order_id))
        .where(IS_CART, Order.modified_at > since)
    )
    in_carts = Product.woo_id.in_(
        carts.select(OrderLine.product_id).where(~of_variable)
        | carts.select(OrderLine.variation_id).where(of_variable)
    )
    product = Case(None, [(Product.parent_id > 0, Product.parent_id)], Product.woo_id)
    variation = Case(None, [(Product.parent_id > 0, Product.woo_id)], 0)
    interest = Interest.select(SQL("1")).where(
        Interest.product_id == product, Interest.seen_at > since
    )
    this_one = Interest.variation_id == variation
    # who looked at a product and chose no variation may wait for each
    looked_at = (Product.stock_status == SOLD_OUT) & fn.EXISTS(
        interest.where(Interest.variation_id.in_((0, variation)))
    )
    wished = fn.EXISTS(interest.where(this_one, _STANDS)) | fn.EXISTS(
        interest.where(this_one, _MET_SOLD_OUT)
    )
    wanted = Product.select(
        Product.woo_id, Product.parent_id, Product.read_at, in_carts.alias("in_cart")
    ).where(Product.read_at < read_before, in_carts | looked_at | wished)
    oldest_first = (wanted.c.read_at, wanted.c.woo_id)
    turn = fn.ROW_NUMBER().over(partition_by=[wanted.c.in_cart], order_by=oldest_first)
    query = (
        wanted.select_from(wanted.c.woo_id, wanted.c.parent_id)
        .order_by(turn, wanted.c.in_cart.desc())
        .limit(limit)
    )
    return [(number, parent) for number, parent in tuples(query)]
