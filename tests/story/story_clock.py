"""The time of a story: moved by hand, and waits that take none of ours."""

from datetime import datetime

from agent.sandbox.clock import MovedClock
from agent.service import Service

REAL = 0.0005  # seconds that a wait really takes, so that the threads who are waited for get on


class StoryClock(MovedClock):
    """Agent and sandbox share it. What somebody sleeps passes on the monotonic clock only, so that
    all that happens in one moment bears its date."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._start = start
        self._slept = 0.0

    def monotonic(self) -> float:
        return (self.now() - self._start).total_seconds() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += max(0.0, seconds)


class StoryService(Service):
    """A process whose waits are over at once."""

    def __init__(self, clock: StoryClock) -> None:
        super().__init__(clock)
        self._story = clock

    def sleep(self, seconds: float) -> None:
        self.check()
        self._story.sleep(seconds)
        self._stop.wait(min(seconds, REAL))
        self.check()
