"""How many messages a run may queue, so that all of them can leave before they expire.

An approximation on the safe side. It takes the quiet hours to be the shop's for everybody, which is
right for a day's length wherever people live; of the pace it counts on SHARE only; and who was written
to in the last 24 hours counts whole until the 24 hours are over for all of them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from agent.rules.hours import next_allowed
from agent.rules.wall_clock import instants

SHARE: Final = Fraction(3, 4)  # the rest is for retries, holds, and people with fewer hours
ROLLING: Final = timedelta(hours=24)  # Meta's window for an account's limit
_CLOCK_CHANGE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The shop's quiet hours, on its own clocks. Two equal times mean none."""

    zone: ZoneInfo
    quiet_from: time
    quiet_until: time

    def open(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans between two instants in which messages leave, in their order."""
        if self.quiet_from == self.quiet_until:
            if begin < end:
                yield begin, end
            return
        while begin < end:
            opens = next_allowed(
                begin,
                zones=(),
                shop_zone=self.zone,
                quiet_from=self.quiet_from,
                quiet_until=self.quiet_until,
            )
            closes = self._next_evening(opens)
            if opens < end:
                yield opens, min(closes, end)
            begin = closes

    def _next_evening(self, after: datetime) -> datetime:
        today = after.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in range(-1, 4))
        begins = (one for day in days for one in instants(day, self.quiet_from, self.zone))
        return min(one for one in begins if one > after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What WhatsApp lets the account do: so many different people in any 24 hours; None is no limit.

    `recent`: how many were written to in the last 24 hours.
    """

    people_a_day: int | None = None
    recent: int = 0


def room(
    now: datetime,
    expires_after: timedelta,
    *,
    per_second: int,
    waiting: int,
    hours: Hours,
    account: Account,
) -> int:
    """How many more may be queued at `now`, behind the `waiting`, if they expire after that long."""
    spans = list(hours.open(now, now + expires_after))
    if not spans:
        return 0
    seconds = sum((end - begin for begin, end in spans), timedelta()) // timedelta(seconds=1)
    pace = per_second * SHARE
    leave = int(seconds * pace)
    if account.people_a_day is not None:
        leave = min(leave, _people(account, spans[0][0], spans[-1][1], pace))
    return max(leave - waiting, 0)


def _people(account: Account, first: datetime, last: datetime, pace: Fraction) -> int:
    """How many different people can be reached from `first` to `last`: who has room now, and a whole
    day's worth each time that 24 hours have passed and there is still time to send it."""
    daily = account.people_a_day or 0
    sending = timedelta(seconds=float(daily / pace))
    days = max((last - first - sending - _CLOCK_CHANGE) // ROLLING, 0)
    return max(daily - account.recent, 0) + daily * days


def people_a_day(tier: str) -> int | None:
    """What Meta's word for an account's limit means: TIER_250, TIER_2K, TIER_100K. None for an account
    without one, and for a word that we do not know."""
    found = re.fullmatch(r"TIER_([0-9]{1,7})(K?)", tier)
    return int(found[1]) * (1000 if found[2] else 1) if found else None


class Room:
    """The room of one run while it plans: each message that is planned takes its place.

    The queue is sent in the order of priorities, the lowest number first: what has a higher number
    than a message is not in its way, and may have to wait longer, or expire, because of it.
    """

    def __init__(
        self,
        now: datetime,
        *,
        per_second: int,
        waiting: Mapping[int, int],
        hours: Hours,
        account: Account,
    ) -> None:
        """`waiting`: priority -> how many messages of it are queued."""
        self._now, self._per_second = now, per_second
        self._hours, self._account = hours, account
        self._whole: dict[timedelta, int] = {}
        self._queued = Counter(waiting)

    def left(self, expires_after: timedelta, priority: int) -> int:
        """How many more messages of this priority that expire after so long can still leave in time.

        All of the same or a lower number that is queued or was planned goes before them, also what
        has more time.
        """
        if expires_after not in self._whole:
            self._whole[expires_after] = room(
                self._now,
                expires_after,
                per_second=self._per_second,
                waiting=0,
                hours=self._hours,
                account=self._account,
            )
        before = sum(count for number, count in self._queued.items() if number <= priority)
        return max(self._whole[expires_after] - before, 0)

    def take(self, expires_after: timedelta, priority: int) -> bool:
        """Plan one more message of this priority that expires after so long, if it can leave in time."""
        if not self.left(expires_after, priority):
            return False
        self._queued[priority] += 1
        return True
