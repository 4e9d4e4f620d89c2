"""How often a person may hear from the shop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

WEEK: Final = 7
MONTH: Final = 30


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
    return fits(days, day, WEEK, caps.per_7_days) and fits(days, day, MONTH, caps.per_30_days)


def fits(days: Sequence[date], day: date, length: int, most: int) -> bool:
    """May one more count on `day`, with at most `most` in any `length` consecutive days?"""
    near = [taken for taken in days if abs((taken - day).days) < length]
    if len(near) < most:
        return True
    for back in range(length):
        first = day - timedelta(days=back)
        last = first + timedelta(days=length - 1)
        if sum(first <= taken <= last for taken in near) >= most:
            return False
    return True


def counted(days: Sequence[date], day: date, length: int) -> int:
    """How many count in the `length` days that end with `day`, and in those that begin with it."""
    return sum(abs((taken - day).days) < length for taken in days)


def next_day(caps: Caps, taken: Sequence[date], today: date) -> date | None:
    """The first day from `today` on at which one more may count, if nothing else does until then.

    None where there is none: a cap of 0.
    """
    if caps.per_7_days == 0 or caps.per_30_days == 0:
        return None
    day = today
    while not allows(caps, taken, day):
        day += timedelta(days=1)
    return day
