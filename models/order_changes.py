"""What we saw orders do since winback was installed: what the order news stand on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import AutoField, BigIntegerField, CharField, TextField, fn

from models.base import Table, UtcField, among, tuples

STATUS, SHIPMENTS, REFUND, TOTAL = "status", "shipments", "refund", "total"


class OrderChange(Table):
    """One thing that an order did. Orders of the first fill have none: they did it before us.

    `was` is '' where the order is new. Of shipments the tracking numbers are kept, of a refund its
    amount in minor units, and so of the total.
    """

    id = AutoField()
    order_id = BigIntegerField(index=True)
    what = CharField()  # status, shipments, refund, total
    was = TextField(default="")
    became = TextField(default="")
    changed_at = UtcField(index=True)  # by the shop
    seen_at = UtcField()  # by our own clock
    decided_at = UtcField(null=True)
    outcome = TextField(default="")  # which news it came to, or why to none

    class Meta:
        table_name = "order_change"

    @classmethod
    def add(cls, rows: Iterable[Mapping[str, Any]]) -> None:
        cls.write_each(list(rows), lambda insert: insert)

    @classmethod
    def settled(cls, before: datetime) -> dict[int, datetime]:
        """Orders with changes that nobody has decided on, none of which was seen after `before`; in the
        order in which they were first seen to change. With each the moment of the first of these, by the
        shop's clock."""
        query = (
            cls.select(cls.order_id, fn.MIN(cls.changed_at))
            .where(cls.decided_at.is_null())
            .group_by(cls.order_id)
            .having(fn.MAX(cls.seen_at) <= before)
            .order_by(fn.MIN(cls.id))
        )
        return dict(tuples(query))

    @classmethod
    def seen_by(cls, now: datetime) -> int:
        """Our clock was ahead when some were seen, and was set right: they count as seen now, or they
        would not come to rest until it is as late again."""
        query = cls.update(seen_at=now).where(cls.decided_at.is_null(), cls.seen_at > now)
        return int(query.execute())

    @classmethod
    def undecided(cls, orders: Iterable[int]) -> dict[int, list["OrderChange"]]:
        """order -> what it did that nobody has decided on, in the order in which we saw it."""
        found: dict[int, list[OrderChange]] = {}
        query = cls.select().where(among(cls.order_id, list(orders)), cls.decided_at.is_null())
        for one in query.order_by(cls.id):
            found.setdefault(one.order_id, []).append(one)
        return found

    @classmethod
    def newest_moments(cls, since: datetime) -> list[datetime]:
        """When each order last changed, of those that did since then; by the shop's clock."""
        newest = fn.MAX(cls.changed_at)
        # by a sum, or SQLite would go through all changes there are by the index of orders
        of_order = cls.order_id + 0
        query = cls.select(newest).where(cls.changed_at >= since).group_by(of_order)
        return [moment for (moment,) in tuples(query)]

    @classmethod
    def outcomes(cls, orders: Iterable[int], ending: str) -> list[tuple[int, str]]:
        """(order, outcome) of what these orders did that came to something which ends like this."""
        query = cls.select(cls.order_id, cls.outcome).where(
            among(cls.order_id, list(orders)), cls.outcome.endswith(ending)
        )
        return [(order, outcome) for order, outcome in tuples(query)]

    @classmethod
    def decide(cls, ids: Iterable[int], outcome: str, now: datetime) -> None:
        """These came to `outcome`."""
        query = cls.update(decided_at=now, outcome=outcome)
        query.where(among(cls.id, list(ids)), cls.decided_at.is_null()).execute()


OrderChange.add_index(
    OrderChange.order_id, OrderChange.seen_at, where=OrderChange.decided_at.is_null(),
    name="order_change_undecided",
)  # fmt: skip
