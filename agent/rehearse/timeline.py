"""What shop and people did, brought into the copy up to a moment: what was seen of it until then."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from agent.config import Settings
from agent.jobs.interest.carts import follow_carts
from agent.rehearse import looks, people, shop, writing
from agent.rehearse.events import (
    ACCOUNT,
    CONTACT,
    ERASED,
    INTEREST,
    ORDER,
    OTHER,
    PRODUCT,
    REFUND,
    STATEMENT,
    events_after,
)
from agent.rehearse.known import Known
from models import ShopFact
from models.base import UtcField, instant, transaction
from models.interest import CARTS
from models.refresh import nothing, refresh

A_DAY: Final = timedelta(days=1)


class Timeline:
    """All that comes after `began`; `advance` brings it in, a step at a time."""

    def __init__(self, known: Known, began: datetime, settings: Settings) -> None:
        self._settings = settings
        self._at = _text(began)
        self._events = sorted(events_after(known, self._at, settings), key=lambda event: event.at)
        self._stirs = [event.at for event in self._events if event.stirs]
        self._place = 0
        self._carts_at: datetime | None = None

    def stirs(self, until: datetime) -> bool:
        """Comes there anything until then for which somebody may have to be told of an article?"""
        place = bisect_right(self._stirs, self._at)
        return place < len(self._stirs) and self._stirs[place] <= _text(until)

    def advance(self, until: datetime) -> None:
        """Whatever came until then, `until` with it."""
        after, at = self._at, _text(until)
        if at <= after:
            return
        place = bisect_right(self._events, at, lo=self._place, key=lambda event: event.at)
        came: Mapping[str, set[Any]] = defaultdict(set)
        for event in self._events[self._place : place]:
            came[event.what].add(event.key)
        self._place, self._at = place, at
        carts_moved = False
        if came:
            with transaction():
                carts_moved = _bring(came, after, at)
        self._follow_carts(until, anew=carts_moved)

    def _follow_carts(self, now: datetime, *, anew: bool) -> None:
        """As often as it may matter: one moved, or the old ones of a day are over."""
        if not anew and self._carts_at is not None and now - self._carts_at < A_DAY:
            return
        self._carts_at = now
        refresh(self._settings.audience.paid_statuses, ShopFact.all()["currency"])
        follow_carts(now - self._settings.interest.kept, beat=nothing)


def _text(moment: datetime) -> str:
    return UtcField().db_value(moment) or ""


def _bring(came: Mapping[str, Collection[Any]], after: str, at: str) -> bool:
    """Whom a row names is there before it. Returns whether any order was a cart, or is one now."""
    carts_moved = False
    if PRODUCT in came:
        shop.put_changes_of_products(after, at)
        shop.put_products(came[PRODUCT], at)
    if CONTACT in came:
        people.put_contacts(came[CONTACT], at)
    if STATEMENT in came:
        people.put_statements(came[STATEMENT])
    if ERASED in came:
        people.put_erased(came[ERASED])
    if ACCOUNT in came:
        people.put_names_of(shop.put_accounts(came[ACCOUNT]), at)
    if ORDER in came:
        rows = shop.orders_as_they_were(came[ORDER], at)
        carts_moved = shop.has_carts(came[ORDER]) or any(row["status"] in CARTS for row in rows)
        people.put_names_of(shop.put_orders(rows), at)
    if REFUND in came:
        shop.put_refunds(came[REFUND])
    if INTEREST in came:
        looks.put_interest(came[INTEREST], at)
    if OTHER in came:
        writing.put_others(instant(after), instant(at))
    return carts_moved
