"""Which message earned which order: the last one that its person got in the time before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Touch:
    """A message that WhatsApp took, and the coupon it carried, if any (lower case)."""

    message_id: int
    campaign: str
    accepted_at: datetime
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that counts as bought. `net` is in minor units, refunds taken off."""

    order_id: int
    ordered_at: datetime
    net: int
    currency: str
    coupons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Credit:
    """One order, earned by one message."""

    order: Bought
    touch: Touch
    by_coupon: bool


def last_touch(
    orders: Iterable[Bought], touches: Sequence[Touch], window: timedelta
) -> list[Credit]:
    """Credit each order of one person to at most one of the messages to that person.

    A coupon that was made for a message beats the clock, and has no window. Else the newest message
    accepted before the order, at most `window` earlier (both ends count).
    """
    by_coupon = {touch.coupon: touch for touch in touches if touch.coupon}
    newest_first = sorted(touches, key=lambda t: (t.accepted_at, t.message_id), reverse=True)
    earned: list[Credit] = []
    for order in orders:
        used = next((by_coupon[code] for code in sorted(order.coupons) if code in by_coupon), None)
        touch = used or next(
            (
                touch
                for touch in newest_first
                if timedelta(0) <= order.ordered_at - touch.accepted_at <= window
            ),
            None,
        )
        if touch is not None:
            earned.append(Credit(order, touch, by_coupon=used is not None))
    return earned
