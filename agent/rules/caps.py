"""How often a person may hear from the shop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many marketing messages in any 7 and in any 30 consecutive days."""

    per_7_days: int
    per_30_days: int


def allows(caps: Caps, taken: Iterable[date], day: date) -> bool:
    """May one more message count on `day`, given the local dates that count already?

    Whole dates, not hours: with one message in 7 days, a run at 09:00 may write again at 09:00 seven
    days later, however many seconds the runs differ. Every window that holds `day` is looked at, also
    those that reach past it, so that dates written out of order cannot break a cap either.
    """
    days = list(taken)
    return _fits(days, day, 7, caps.per_7_days) and _fits(days, day, 30, caps.per_30_days)


def _fits(days: list[date], day: date, length: int, most: int) -> bool:
    near = [taken for taken in days if abs((taken - day).days) < length]
    if len(near) < most:
        return True
    for back in range(length):
        first = day - timedelta(days=back)
        last = first + timedelta(days=length - 1)
        if sum(first <= taken <= last for taken in near) >= most:
            return False
    return True
