"""Which message earned which order, and how much of the order counts as earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class View(StrEnum):
    """By which of the messages before an order the report counts it."""

    LAST = "last"  # a used coupon's, else the last one: the headline
    FIRST = "first"  # the first one: what began it. The same orders, shared out differently
    COUPON = "coupon"  # only orders that used a coupon which was made for a message


@dataclass(frozen=True, slots=True)
class Touch:
    """A message that WhatsApp took, and the coupon it carried, if any (lower case)."""

    message_id: int
    campaign: str
    accepted_at: datetime
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that counts as bought. `net` is what of it counts as earned, in minor units."""

    order_id: int
    ordered_at: datetime
    net: int
    currency: str
    coupons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Credit:
    """One order, earned by one message: `touch`, and by the first message of the time `first`."""

    order: Bought
    touch: Touch
    first: Touch
    by_coupon: bool

    def by(self, view: View) -> Touch | None:
        """The message that has the order in this view, if any has."""
        if view is View.COUPON:
            return self.touch if self.by_coupon else None
        return self.first if view is View.FIRST else self.touch


def credit(orders: Iterable[Bought], touches: Sequence[Touch], window: timedelta) -> list[Credit]:
    """Credit each order of one person to at most one of the messages to that person.

    A coupon that was made for a message beats the clock, and has no window. Else the newest message
    accepted before the order, at most `window` earlier (both ends count). The first message is the
    oldest within the window, whatever coupon was used; where there is none, the coupon's.
    """
    by_coupon = {touch.coupon: touch for touch in touches if touch.coupon}
    oldest_first = sorted(touches, key=lambda touch: (touch.accepted_at, touch.message_id))
    earned: list[Credit] = []
    for order in orders:
        used = next((by_coupon[code] for code in sorted(order.coupons) if code in by_coupon), None)
        before = [
            touch
            for touch in oldest_first
            if timedelta(0) <= order.ordered_at - touch.accepted_at <= window
        ]
        if used is not None or before:
            last = used or before[-1]
            first = before[0] if before else last
            earned.append(Credit(order, last, first, by_coupon=used is not None))
    return earned


def earned_of(
    total: int, given_back: int, *, tax: int, shipping: int, with_tax: bool, with_shipping: bool
) -> int:
    """What of an order counts as earned, all in minor units of its currency.

    `tax` is all that is on the order, also on its shipping; `shipping` is without tax. Refunds are
    known as totals only, so they take from all parts alike: the share of `total` that counts is the
    share of what is left of it. Half a unit is rounded up; nothing is below 0.
    """
    counts = total - (0 if with_tax else tax) - (0 if with_shipping else shipping)
    left = total - given_back
    if total <= 0 or counts <= 0 or left <= 0:
        return 0
    return (2 * counts * left + total) // (2 * total)
