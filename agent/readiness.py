"""Whether the mirror is such that something may be decided on it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from agent.config import Settings
from agent.rules.selection import ALERTS
from models import Cursor, Order, ShopFact

RECENT: Final = timedelta(hours=1)
"""Lines of orders come some minutes after their headers."""

_BY_LINES: Final = frozenset({*ALERTS, "new_arrivals"})
_NAMES_BOUGHT: Final = frozenset(
    {"last_product", "review_url", "recommended_list", "recommended_1"}
)


def mirror_waits_for(settings: Settings, *, now: datetime, lines_before: datetime | None) -> str:
    """What is missing, in words; "" where nothing is. Nothing is decided on half a mirror, or an old one.

    `lines_before`: the lines of all orders before are needed.
    """
    orders = Cursor.get_or_none(Cursor.name == "orders")
    if orders is None or orders.since is None:
        return "all orders to be in the mirror"
    if orders.polled_at is None or now - orders.polled_at > settings.timetable.stale_after:
        return "a fresh answer of the shop"
    if lines_before is not None and Order.never_read_lines(before=lines_before):
        return "the order lines: they tell who bought what"
    # it was known, and this machine knows that zone no more
    return "" if "zone" in ShopFact.all() else "the shop to say in which time zone it is"


def lines_needed(settings: Settings, now: datetime, names: Collection[str]) -> datetime | None:
    """Before when the lines of all orders have to be known for these campaigns; None: they need none.

    Those that stand on what people bought, or name it.
    """
    needed = any(
        name in _BY_LINES or _NAMES_BOUGHT & set(settings.campaigns[name].placeholders)
        for name in names
    )
    return now - settings.audience.inactive_after if needed else None
