"""Quiet hours: when may we write to somebody whose time we only guess from a phone number."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.rules.wall_clock import clock_change, instants

FEWEST_MINUTES: Final = (
    4 * 60
)  # a day; what a number's zones leave together must be worth waiting for


def next_allowed(
    now: datetime,
    *,
    zones: Sequence[str],
    shop_zone: ZoneInfo,
    quiet_from: time,
    quiet_until: time,
) -> datetime:
    """The earliest instant from `now` on that is outside the quiet hours; `now` itself if it is.

    `zones` are the zones that the number may be in; names that are unknown here do not count. If
    the shop's is among them, it decides. Else it has to be allowed in all of them, and if that
    leaves under FEWEST_MINUTES a day, or there are none, the shop's decides after all.

    Quiet is `quiet_from` <= local time < `quiet_until`, over midnight if they are that way round,
    never if they are equal. Aware in, UTC out (`now` comes back as it is).
    """
    if quiet_from == quiet_until:
        return now
    asked: tuple[ZoneInfo, ...] = (shop_zone,)
    if zones and shop_zone.key not in zones:
        today = now.astimezone(UTC).date()
        asked = _deciding(tuple(zones), shop_zone, quiet_from, quiet_until, today)
    allowed = now
    while quiet := [zone for zone in asked if _is_quiet(allowed, zone, quiet_from, quiet_until)]:
        # each step ends the quiet of one zone at least, and they have hours in common
        allowed = max(_end_of_quiet(allowed, z, quiet_from, quiet_until) for z in quiet)
    return allowed


@lru_cache(maxsize=1024)
def _deciding(
    names: tuple[str, ...], shop_zone: ZoneInfo, quiet_from: time, quiet_until: time, day: date
) -> tuple[ZoneInfo, ...]:
    """The zones that are asked on `day`; changes of the clocks make it differ between days."""
    zones = tuple(zone for name in names if (zone := _zone(name)) is not None)
    noon = datetime.combine(day, time(12), UTC)
    common = sum(
        not any(_is_quiet(noon + timedelta(minutes=m), z, quiet_from, quiet_until) for z in zones)
        for m in range(24 * 60)
    )
    return zones if zones and common >= FEWEST_MINUTES else (shop_zone,)


def known_zone(names: Sequence[str], shop_zone: ZoneInfo) -> ZoneInfo:
    """The zone in which this person reads a date: the shop's if their number may be in it, or in none."""
    if shop_zone.key in names:
        return shop_zone
    return next((zone for name in names if (zone := _zone(name)) is not None), shop_zone)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not even a name, or a folder's
        return None


def _is_quiet(instant: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    local = instant.astimezone(zone).time()
    if quiet_from < quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def _end_of_quiet(
    instant: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> datetime:
    """The first instant after a quiet one at which it may be over."""
    today = instant.astimezone(zone).date()
    ends: list[datetime] = []
    for days in range(-1, 3):  # yesterday's hour may come again, and a whole day may be left out
        day = today + timedelta(days=days)
        ends += instants(day, quiet_until, zone)
        begins = instants(day, quiet_from, zone)
        if len(begins) == 2:  # the clocks go back over quiet_from: it is before it once more
            ends.append(clock_change(*begins, zone))
    return min(end for end in ends if end > instant)
