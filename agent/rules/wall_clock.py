"""When is it 09:00 there? Local times as instants, also on the days when the clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def instants(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the clocks of `zone` show `at` on `day`, in UTC, earliest first.

    One instant; two in the hour that autumn repeats. A time that spring leaves out has one: the
    first instant after the gap, whose local time is later (on another day, if the gap is that long).
    """
    shown = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    first, second = shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)
    if first == second:
        return (first,)
    if first < second:
        return (first, second)
    # Python reads a time in a gap with the offset of before (fold 0) or after it (fold 1), which
    # gives an instant on either side of the change, the later one first.
    return (clock_change(second, first, zone),)


@lru_cache(maxsize=1024)
def clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks were changed between two instants with different offsets, to the second."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
