"""What time it is in the sandbox: the real time, or a time that a demo or a test moves by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """The present moment: aware, in UTC."""
        ...


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovedClock:
    """A clock that stands still until someone moves it forward. Safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        """`start` must be aware; ValueError otherwise."""
        self._moment = _in_utc(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._moment

    def set(self, moment: datetime) -> None:
        """Jump to `moment` (aware). ValueError if that lies in the past: time never goes backward."""
        target = _in_utc(moment)
        with self._lock:
            if target < self._moment:
                raise ValueError(
                    f"the clock stands at {self._moment} and cannot go back to {target}"
                )
            self._moment = target

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`. ValueError if `step` is negative."""
        if step < timedelta(0):
            raise ValueError(f"the clock cannot go back by {-step}")
        with self._lock:
            self._moment += step


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a clock needs an aware moment, not the naive {moment}")
    return moment.astimezone(UTC)
