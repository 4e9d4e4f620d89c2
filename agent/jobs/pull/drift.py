"""The drift meter: random rows are read again in full and compared with the mirror, field by field.

It runs right after a poll. A row that the shop has changed since carries a later date: the next poll
would bring it, so it says nothing about how exact the mirror is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from peewee import fn

from agent.clients.shop import Shop
from agent.config import Settings
from agent.jobs.pull.cycle import filled, follow_up, poll
from agent.jobs.pull.filing import GONE, Filing, News
from agent.jobs.pull.kinds import ORDERS, Kind
from agent.jobs.pull.lines import read_lines_of
from agent.jobs.pull.refunds import read_refunds_of
from agent.jobs.pull.reread import LISTS, read_again
from agent.jobs.pull.variations import read_variations_of
from agent.log import Log
from models import Cursor, Order, Product, Sample
from models.base import tuples

log = Log(__name__)

FEWER_PARENTS = 10  # a product brings all of its variations
NEW = ("new",)


def measure_drift(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """Compare, repair what differs, and note how much did. Returns compared and differing rows."""
    poll(shop, settings, now=now, beat=beat)
    filing = replace(Filing.from_settings(settings, now), means="drift")
    if not filled(filing):
        return {}
    follow_up(shop, filing, beat=beat)
    size, meter = settings.mirror.drift_sample, _Meter(filing)
    for name in ("orders", "products", "customers"):
        kind = LISTS[name][0]
        ids = _some(kind.held(filing), size)
        news, _ = read_again(shop, LISTS[name], filing, ids, beat)
        meter.note(kind, name, len(ids), news)
    orders = _some(Order.select(Order.woo_id).where(Order.lines_at > Order.modified_at), size)
    if orders:
        meter.note(None, "lines", len(orders), read_lines_of(shop, filing, orders, beat))
        news, _ = read_refunds_of(shop, filing, orders, beat)
        meter.note(None, "refunds", len(orders), news)
    parents = _some(
        Product.select(Product.parent_id).where(Product.parent_id > 0).distinct(),
        max(1, size // FEWER_PARENTS),
    )
    if parents:
        compared = Product.select().where(Product.parent_id.in_(parents)).count()
        news, _ = read_variations_of(shop, filing, parents, beat)
        meter.note(LISTS["products"][0], "variations", compared, news)
    follow_up(shop, filing, beat=beat)
    return dict(meter.totals)


class _Meter:
    """Tells and keeps what was compared."""

    def __init__(self, filing: Filing) -> None:
        self._now = filing.now
        self._polled = Cursor.named(ORDERS.name).since or filing.now
        self.totals: Counter[str] = Counter()

    def note(self, kind: Kind | None, name: str, compared: int, news: News) -> None:
        """`kind` is where the rows have a date of change; the others only have their order's."""
        later = _changed_since(kind, news, self._polled) if kind else set()
        differs = {number: names or NEW for number, names in news.items() if number not in later}
        fields = Counter(field for names in differs.values() for field in names)
        for number, names in differs.items():
            log.warning(
                "mirror.drift",
                kind=name,
                id=number,
                fields=",".join(names),
                fix="it is repaired; if it happens again, lower sweep_hours of [mirror]",
            )
        if compared:
            Sample.insert(
                kind=name,
                taken_at=self._now,
                compared=compared,
                differing=len(differs),
                fields=dict(fields),
            ).execute()
        self.totals.update({"compared": compared, "differing": len(differs)})


def _changed_since(kind: Kind, news: News, polled: datetime) -> set[int]:
    columns: Any = kind.table
    ids = [number for number, names in news.items() if names != GONE]
    changed = kind.table.select(columns.woo_id).where(
        columns.woo_id.in_(ids), columns.modified_at >= polled
    )
    return {number for (number,) in tuples(changed)}


def _some(ids: Any, size: int) -> Sequence[int]:
    return [number for (number,) in tuples(ids.order_by(fn.RANDOM()).limit(size))]
