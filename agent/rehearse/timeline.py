"""What shop and people did, brought into the copy up to a moment: what was seen of it until then."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from agent.config import Settings
from agent.jobs.interest.carts import follow_carts
from agent.rehearse import people, shop, writing
from agent.rehearse.known import Known
from models import ShopFact
from models.base import UtcField, instant, transaction
from models.refresh import nothing, refresh

CONTACT, STATEMENT, ERASED, ACCOUNT, ORDER, REFUND, PRODUCT, INTEREST = (
    "contact", "statement", "erased", "account", "order", "refund", "product", "interest",
)  # fmt: skip
A_DAY: Final = timedelta(days=1)

Event = tuple[str, str, int]
"""When, what, and which row."""


class Timeline:
    """All that comes after `began`; `advance` brings it in, a step at a time."""

    def __init__(self, known: Known, began: datetime, settings: Settings) -> None:
        self._settings = settings
        self._at = _text(began)
        self._events = sorted(_events(known, self._at))
        self._place = 0
        self._carts_at: datetime | None = None

    def advance(self, until: datetime) -> bool:
        """Whatever came until then, `until` with it. Returns whether anything did."""
        after, at = self._at, _text(until)
        if at <= after:
            return False
        place = bisect_right(self._events, at, lo=self._place, key=lambda event: event[0])
        came: Mapping[str, set[int]] = defaultdict(set)
        for _, what, number in self._events[self._place : place]:
            came[what].add(number)
        self._place, self._at = place, at
        with transaction():
            moved = _bring(came, after, at)
        self._follow_carts(until, anew=bool(came[ORDER]))
        return moved or bool(came)

    def _follow_carts(self, now: datetime, *, anew: bool) -> None:
        """As often as it may matter: an order moved, or the old ones of a day are over."""
        if not anew and self._carts_at is not None and now - self._carts_at < A_DAY:
            return
        self._carts_at = now
        refresh(self._settings.audience.paid_statuses, ShopFact.all()["currency"])
        follow_carts(now - self._settings.interest.kept, beat=nothing)


def _text(moment: datetime) -> str:
    return UtcField().db_value(moment) or ""


def _events(known: Known, after: str) -> Iterable[Event]:
    for what, since in (
        (CONTACT, known.contacts),
        (STATEMENT, known.statements),
        (ERASED, known.erased),
        (ACCOUNT, known.customers),
        (ORDER, known.orders),
        (REFUND, known.refunds),
        (PRODUCT, known.products),
    ):
        yield from ((at, what, number) for number, at in since.items() if at > after)
    yield from (
        (at, ORDER, number)
        for at, number in shop.moments_of_orders()
        if at > after and at >= known.orders.get(number, at)
    )
    yield from ((at, INTEREST, number) for at, number in people.moments_of_interest(after))


def _bring(came: Mapping[str, Collection[int]], after: str, at: str) -> bool:
    """Whom a row names is there before it."""
    changed = shop.put_changes_of_products(after, at)
    shop.put_products(came[PRODUCT], at)
    shop.put_products_back(changed, at)
    orders = {*came[ORDER], *shop.put_changes_of_orders(after, at)}
    people.put_contacts(came[CONTACT], at)
    people.put_statements(came[STATEMENT])
    people.put_erased(came[ERASED])
    people.put_names_of(shop.put_accounts(came[ACCOUNT]), at)
    if orders:
        rows = shop.orders_as_they_were(orders, at)
        shop.put_orders(rows)
        people.put_names_of(rows, at)
    shop.put_refunds(came[REFUND])
    people.put_interest(came[INTEREST], at)
    others = writing.put_others(instant(after), instant(at))
    return bool(changed or orders or others)
