"""What is still to happen in the sandbox shop, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = timedelta(seconds=1)


class Agenda:
    """Things to do at their moments, in whole seconds. Not for several threads at once."""

    def __init__(self, start: datetime, seed: str) -> None:
        """`start` (aware) is the present; nothing can be planned for a moment up to it."""
        self.now = start.astimezone(UTC)
        self._seed = seed
        self._entries: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._serial = 0  # keeps what falls into one second in the order of planning

    def at(self, moment: datetime, happen: Callable[[datetime], None]) -> None:
        """Plan it for `moment`, or for the next second if that is over."""
        soonest = self.now.replace(microsecond=0) + SECOND
        self._serial += 1
        heappush(self._entries, (max(moment.replace(microsecond=0), soonest), self._serial, happen))

    def run_until(self, moment: datetime) -> None:
        """Do what is due up to `moment`, also what comes up meanwhile. `now` follows."""
        while self._entries and self._entries[0][0] <= moment:
            self.now, _, happen = heappop(self._entries)
            happen(self.now)
        self.now = moment.astimezone(UTC)

    def dice(self, *what: object) -> Random:
        """Chance that depends on what it is for, and not on what else happened before."""
        return Random(":".join((self._seed, *map(str, what))))
