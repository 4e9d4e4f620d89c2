"""How many messages may leave now."""

from dataclasses import dataclass

GLANCE = 0.1  # seconds between two looks of the sender


@dataclass(slots=True)
class Pace:
    """A token bucket. Times are monotonic seconds; `rate` is messages a second."""

    rate: float  # may be changed at any time
    level: float = 0.0
    at: float | None = None

    def allowance(self, now: float) -> int:
        """How many may leave at `now`."""
        if self.at is None:
            self.level = self.most
        else:
            earned = max(0.0, now - self.at) * self.rate
            self.level = min(self.level + earned, self.most)
        self.at = now
        return int(self.level)

    @property
    def most(self) -> float:
        """What is saved up in a pause: what two glances earn, and where that is less than one message,
        one and what a glance earns, so that a slow pace loses nothing between two looks."""
        earned = self.rate * GLANCE
        return max(1.0, earned) + earned

    def spend(self, count: int) -> None:
        """`count` messages have left."""
        self.level -= count
