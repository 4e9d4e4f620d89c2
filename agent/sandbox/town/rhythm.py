"""When people buy: the hours of a day, the days of a week, the seasons of a year."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random
    from zoneinfo import ZoneInfo

# Shares of a day's orders by local hour: hardly any at night, more at lunch, most in the evening.
HOURS = (8, 4, 2, 1, 1, 2, 6, 14, 26, 38, 46, 52, 68, 64, 48, 44, 44, 46, 54, 66, 82, 84, 58, 26)
_HOURS_SO_FAR = tuple(accumulate(HOURS))

WEEKDAYS = (1.12, 1.08, 1.04, 1.02, 1.00, 0.84, 0.90)  # from Monday
# Mother's day in May, Black Friday in November, Christmas; nobody has money in January.
MONTHS = (0.78, 0.80, 0.90, 0.94, 1.14, 1.04, 0.94, 1.02, 0.94, 1.00, 1.36, 1.32)


def weight(day: date) -> float:
    """How many orders `day` gets, as a multiple of an average day."""
    return MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * (2.4 if _black_friday(day) else 1.0)


def moment_on(day: date, zone: ZoneInfo, random: Random) -> datetime:
    """A moment (UTC, whole seconds) on the local `day`, at an hour when people buy."""
    # A draw out of the hours' sum, looked up, costs half of what Random.choices does.
    hour = bisect_right(_HOURS_SO_FAR, random.random() * _HOURS_SO_FAR[-1])
    second = int(random.random() * 3600)
    local = datetime(day.year, day.month, day.day, hour, second // 60, second % 60, tzinfo=zone)
    return local.astimezone(UTC)


class Season:
    """The days of a span, from which busy ones are drawn more often."""

    def __init__(self, first: date, last: date) -> None:
        """Both ends belong to the span. ValueError if it is empty."""
        if last < first:
            raise ValueError(f"no day lies between {first} and {last}")
        self.first = first
        self.last = last
        days = (last - first).days + 1
        self._so_far = tuple(accumulate(weight(first + timedelta(days=n)) for n in range(days)))

    def day(self, random: Random, since: date | None = None, until: date | None = None) -> date:
        """A day from `since` to `until` (both within; the span's ends if not given)."""
        low = max(0, (since - self.first).days) if since else 0
        high = min(len(self._so_far), (until - self.first).days + 1) if until else len(self._so_far)
        floor = self._so_far[low - 1] if low else 0.0
        target = floor + random.random() * (self._so_far[high - 1] - floor)
        found = bisect_right(self._so_far, target, low, high - 1)
        return self.first + timedelta(days=found)


def _black_friday(day: date) -> bool:
    """The Friday after November's fourth Thursday, and the weekend behind it."""
    return any(
        candidate.month == 11 and candidate.weekday() == 4 and 23 <= candidate.day <= 29
        for candidate in (day - timedelta(days=back) for back in range(3))
    )
