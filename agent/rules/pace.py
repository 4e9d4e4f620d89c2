"""How many messages may leave now."""

from dataclasses import dataclass

BURST = 0.2  # seconds' worth that may leave at once after a pause


@dataclass(slots=True)
class Pace:
    """A token bucket. Times are monotonic seconds; `rate` is messages a second."""

    rate: float
    level: float = 0.0
    at: float | None = None

    def allowance(self, now: float) -> int:
        """How many may leave at `now`; never more than a fifth of a second's worth, at least one."""
        if self.at is None:
            self.level = max(1.0, self.rate * BURST)
        else:
            earned = max(0.0, now - self.at) * self.rate
            self.level = min(self.level + earned, max(1.0, self.rate * BURST))
        self.at = now
        return int(self.level)

    def spend(self, count: int) -> None:
        """`count` messages have left."""
        self.level -= count
