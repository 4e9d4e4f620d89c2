"""Is a job due? From how often it runs, the shop's zone and when it last started, nothing else.

So a restart, a missed run, a clock that was set and the change to summer time need no memory.
Instants are aware; UTC comes out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.rules.wall_clock import instants


@dataclass(frozen=True, slots=True)
class Every:
    """As soon as `interval` has passed since the last start. Raises ValueError unless positive."""

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval <= timedelta(0):
            raise ValueError(f"the interval must be positive, not {self.interval}")

    def due(self, *, now: datetime, zone: ZoneInfo, last_started: datetime | None) -> bool:
        return self.next_due(now=now, zone=zone, last_started=last_started) <= now

    def next_due(
        self,
        *,
        now: datetime,
        zone: ZoneInfo,  # noqa: ARG002 - a cadence is asked without knowing which
        last_started: datetime | None,
    ) -> datetime:
        """The earliest instant from `now` on at which the job is due.

        A start that lies in the future (the clock was set back) is waited for, but not if it is
        more than an interval ahead: then the clock was wrong when it was written down.
        """
        if last_started is None or last_started > now + self.interval:
            return now.astimezone(UTC)
        return max(now, last_started + self.interval).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a date of the shop, at `at` or, after a stop, later, but before `until` the same day.

    A time that spring leaves out is the first instant after the gap; of one that autumn repeats the
    first counts. Raises ValueError if `until` is not after `at`.
    """

    at: time
    until: time

    def __post_init__(self) -> None:
        if self.until <= self.at:
            raise ValueError(f"until {self.until} must be later in the day than at {self.at}")

    def due(self, *, now: datetime, zone: ZoneInfo, last_started: datetime | None) -> bool:
        return self.next_due(now=now, zone=zone, last_started=last_started) <= now

    def next_due(self, *, now: datetime, zone: ZoneInfo, last_started: datetime | None) -> datetime:
        """The earliest instant from `now` on at which the job is due.

        The date of the last start is done, so is every earlier one: a clock set back by up to a day
        runs nothing twice. A start later than tomorrow was written down by a clock that was wrong,
        and does not count: the job must not wait for that date.
        """
        day = now.astimezone(zone).date()
        if last_started is not None:
            done = last_started.astimezone(zone).date()
            if done <= day + timedelta(days=1):
                day = max(day, done + timedelta(days=1))
        while True:
            start, end = instants(day, self.at, zone)[0], instants(day, self.until, zone)[0]
            if end <= start:  # one gap swallows both; the job still has its time
                end = start + (datetime.combine(day, self.until) - datetime.combine(day, self.at))
            is_left_out = start.astimezone(zone).date() != day
            if now < end and not is_left_out:
                return max(now, start).astimezone(UTC)
            day += timedelta(days=1)
