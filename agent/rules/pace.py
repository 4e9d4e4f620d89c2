"""When the next messages may leave."""

from dataclasses import dataclass

AHEAD = 0.25  # seconds for which moments are given out: more than between two looks of the sender
SLOWED = 60.0  # seconds for which WhatsApp's "too fast" (130429, 4, 80007) is heeded
ONE_ANSWER = 10.0  # seconds in which several of them say the same: they were under way together
SLOWEST = 1 / 16  # of the rate


@dataclass(slots=True)
class Pace:
    """Moments at which messages leave, evenly spaced: no second ever sees more than `rate` of them.

    Times are monotonic seconds, `rate` is messages a second. A pause is not made up for, so nothing
    leaves in a burst; and as moments are given out a little ahead, none is lost while it is busy.
    """

    rate: float  # may be changed at any time
    next_at: float = float("-inf")
    slow_until: float = float("-inf")
    slowed_at: float = float("-inf")
    share: float = 1.0  # of the rate, while it is slowed

    def moments(self, now: float, most: int) -> list[float]:
        """When up to `most` messages may leave, the first of them not before `now`."""
        first, step = max(self.next_at, now), self._step(now)
        count = int((now + AHEAD - first) / step) + 1 if first <= now + AHEAD else 0
        return [first + step * number for number in range(min(count, most))]

    def take(self, moments: list[float]) -> None:
        """Messages leave at these; the next a step after the last."""
        if moments:
            self.next_at = moments[-1] + self._step(moments[0])

    def slow_down(self, now: float) -> None:
        """WhatsApp said that this was too fast: half of it for a minute, and half again each time."""
        self._forget(now)
        if now - self.slowed_at >= ONE_ANSWER:
            self.share = max(self.share / 2, SLOWEST)
            self.slowed_at = now
        self.slow_until = now + SLOWED

    def _step(self, now: float) -> float:
        self._forget(now)
        return 1 / (self.rate * self.share)

    def _forget(self, now: float) -> None:
        if now >= self.slow_until:
            self.share = 1.0
