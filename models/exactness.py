"""How exact the mirror is: what pointed at changes, by which means they were found, samples."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from peewee import AutoField, BigIntegerField, CharField, CompositeKey, IntegerField, fn

from models.base import JsonField, Table, UtcField, among, carry_out_each, tuples


class Hint(Table):
    """A row of the shop that should be read again soon, and why. What it says is never data.

    It is written in the transaction that gave the reason and taken away when the row has been read,
    so nothing is forgotten when the process ends in between.
    """

    # orders, products, customers, coupons, categories; variations and refunds: of the parent woo_id;
    # lines: of an order that the shop broke on when it was asked for them
    kind = CharField()
    woo_id = BigIntegerField()
    means = CharField()  # what gave the hint: order, sale, watch, sweep, webhook, ...
    noted_at = UtcField()

    class Meta:
        primary_key = CompositeKey("kind", "woo_id")

    @classmethod
    def note(cls, kind: str, ids: Iterable[int], means: str, now: datetime) -> None:
        """Ask for these rows to be read again. One that is asked for already keeps its reason."""
        rows = [
            {"kind": kind, "woo_id": number, "means": means, "noted_at": now}
            for number in sorted(set(ids))
        ]
        cls.write_each(
            rows,
            lambda insert: insert.on_conflict(
                conflict_target=[cls.kind, cls.woo_id], preserve=[cls.noted_at]
            ),
        )

    @classmethod
    def waiting(cls, kind: str, limit: int) -> list["Hint"]:
        """The oldest first."""
        query = cls.select().where(cls.kind == kind).order_by(cls.noted_at, cls.woo_id)
        return list(query.limit(limit))

    @classmethod
    def ask(cls, kind: str, ids: Iterable[int], means: str, now: datetime) -> None:
        """Ask for those of these rows that nobody has asked for yet."""
        wanted = set(ids)
        if not wanted:
            return
        asked = tuples(cls.select(cls.woo_id).where(cls.kind == kind, among(cls.woo_id, wanted)))
        cls.note(kind, wanted - {number for (number,) in asked}, means, now)

    @classmethod
    def unanswered(cls, kind: str, ids: Iterable[int], since: datetime) -> bool:
        """Was one of these rows asked for by then, and has not come?"""
        asked = (cls.kind == kind) & among(cls.woo_id, list(ids)) & (cls.noted_at <= since)
        return bool(cls.select().where(asked).exists())

    @classmethod
    def settle(cls, hints: Iterable["Hint"]) -> None:
        """These have been read. One that was noted anew meanwhile, at another time, stays."""
        hints = list(hints)
        if hints:
            first, moment = hints[0], cls.noted_at.db_value
            one = cls.delete().where(
                cls.kind == first.kind, cls.woo_id == first.woo_id, cls.noted_at == first.noted_at
            )
            carry_out_each(one.sql()[0], [(h.kind, h.woo_id, moment(h.noted_at)) for h in hints])

    @classmethod
    def kinds(cls) -> set[str]:
        """The kinds of which something waits."""
        return {kind for (kind,) in tuples(cls.select(cls.kind).distinct())}


class Found(Table):
    """How many changed rows of a kind each means brought in on a day."""

    day = CharField()  # ISO date, UTC
    kind = CharField()
    means = CharField()
    rows = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("day", "kind", "means")

    @classmethod
    def add(cls, kind: str, means: str, rows: int, day: date) -> None:
        if not rows:
            return
        cls.insert(day=day.isoformat(), kind=kind, means=means, rows=rows).on_conflict(
            conflict_target=[cls.day, cls.kind, cls.means], update={cls.rows: cls.rows + rows}
        ).execute()

    @classmethod
    def since(cls, day: date) -> dict[tuple[str, str], int]:
        """(kind, means) -> rows, from `day` on."""
        query = (
            cls.select(cls.kind, cls.means, fn.SUM(cls.rows))
            .where(cls.day >= day.isoformat())
            .group_by(cls.kind, cls.means)
        )
        return {(kind, means): int(rows) for kind, means, rows in tuples(query)}

    @classmethod
    def forget_before(cls, day: date) -> int:
        return int(cls.delete().where(cls.day < day.isoformat()).execute())


class Sample(Table):
    """One comparison of random rows of the mirror with the shop."""

    id = AutoField()
    kind = CharField()
    taken_at = UtcField(index=True)
    compared = IntegerField()
    differing = IntegerField()
    fields = JsonField(default=dict)  # field -> rows in which it differed

    @classmethod
    def exactness(cls, since: datetime) -> Mapping[str, tuple[int, int]]:
        """kind -> (rows that were equal, rows compared), of the samples since `since`."""
        query = (
            cls.select(cls.kind, fn.SUM(cls.compared), fn.SUM(cls.differing))
            .where(cls.taken_at >= since)
            .group_by(cls.kind)
        )
        return {kind: (int(all_) - int(bad), int(all_)) for kind, all_, bad in tuples(query)}
