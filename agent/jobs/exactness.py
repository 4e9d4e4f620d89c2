"""How exact the mirror is, from what the database knows; for the metrics and `winback status`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from agent.rules.intervals import wilson
from models import (
    Category,
    Cursor,
    Customer,
    Found,
    Hint,
    Order,
    OrderLine,
    Product,
    Refund,
    Sample,
)
from models.base import tuples

LINES = "lines"
WINDOW = timedelta(days=7)  # for what was compared and found


@dataclass(frozen=True, slots=True)
class Exactness:
    """Of rows that were compared with the shop, those that were equal in every field."""

    equal: int
    compared: int

    @property
    def differing(self) -> int:
        return self.compared - self.equal

    @property
    def ratio(self) -> float | None:
        """None where nothing was compared."""
        return self.equal / self.compared if self.compared else None

    @property
    def interval(self) -> tuple[float, float]:
        """What the ratio of all rows may be: Wilson's interval of 95 %."""
        return wilson(self.equal, self.compared)


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one kind that are in the mirror."""

    rows: int
    oldest_read: timedelta | None  # how long ago the one was read that was read longest ago


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStatus:
    """A look at the mirror, at one moment. Each mapping is by kind (orders, products, ...)."""

    held: Mapping[str, Held]
    exactness: Mapping[str, Exactness]  # of the last WINDOW; kinds that were compared
    found: Mapping[tuple[str, str], int]  # (kind, means) -> changed rows, in 7 days with today
    hints: Mapping[str, int]  # rows that wait to be read again
    polled: timedelta | None  # how long ago the orders were asked for by change

    @property
    def overall(self) -> Exactness:
        """All kinds together, as many of each as were compared."""
        parts = self.exactness.values()
        return Exactness(sum(one.equal for one in parts), sum(one.compared for one in parts))

    @property
    def longest_unseen(self) -> tuple[str, timedelta] | None:
        """The kind and the age of the oldest change that may be unseen, though it moved no date.

        Nothing older than the last read of a row can be. None while the mirror is empty. The lines of
        orders, which hardly ever change by themselves, have their own age.
        """
        ages = [
            (one.oldest_read, kind)
            for kind, one in self.held.items()
            if one.oldest_read is not None and kind != LINES
        ]
        if not ages:
            return None
        age, kind = max(ages)
        return kind, age


def look_at_mirror(now: datetime) -> MirrorStatus:
    """Gather it: one statement a table. Reads only."""
    orders = Cursor.get_or_none(Cursor.name == "orders")
    waiting = Hint.select(Hint.kind, fn.COUNT(Hint.woo_id)).group_by(Hint.kind)
    return MirrorStatus(
        held=_held(now),
        exactness={kind: Exactness(*both) for kind, both in Sample.exactness(now - WINDOW).items()},
        found=Found.since(now.date() - WINDOW + timedelta(days=1)),
        hints=dict(tuples(waiting)),
        polled=_age(orders.polled_at, now) if orders is not None else None,
    )


def _held(now: datetime) -> dict[str, Held]:
    of_a_product = Product.parent_id != 0
    goods = Product.select(of_a_product, *_figures(Product)).group_by(of_a_product)
    by_kind: dict[str, tuple[int, datetime | None]] = {
        "products": (0, None),
        "variations": (0, None),
    }
    for is_variation, rows, read_at in tuples(goods):
        by_kind["variations" if is_variation else "products"] = (rows, read_at)
    for kind, table in {
        "orders": Order,
        "customers": Customer,
        "refunds": Refund,
        "categories": Category,
    }.items():
        [by_kind[kind]] = tuples(table.select(*_figures(table)))
    [(lines,)] = tuples(OrderLine.select(fn.COUNT(OrderLine.woo_id)))
    [(lines_at,)] = tuples(Order.select(fn.MIN(Order.lines_at)))
    by_kind[LINES] = lines, lines_at
    return {kind: Held(rows, _age(read_at, now)) for kind, (rows, read_at) in by_kind.items()}


def _figures(table: Any) -> tuple[Any, Any]:
    return fn.COUNT(table.woo_id), fn.MIN(table.read_at)


def _age(moment: datetime | None, now: datetime) -> timedelta | None:
    """Not below zero: `read_at` is by the shop's clock, which may be ahead of ours."""
    return None if moment is None else max(now - moment, timedelta(0))
