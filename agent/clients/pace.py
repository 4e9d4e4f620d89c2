"""How many requests to the shop may be under way, and from when on: decisions only.

No clock, lock or network: `now` is any clock in seconds that never goes back.
"""

from dataclasses import dataclass

from agent.retry import LONGEST_WAIT

GOOD_RUN = 10  # good answers in a row that end a trouble
SLOW = 2.0  # times the norm; a shop that takes this long has more to do than it can
LEAST_DELAY = 0.1  # seconds above the norm; 20 ms instead of 5 is noise, not a shop in trouble
FIRST_ANSWERS = 5  # of a kind, before its norm is one
WEIGHT = 0.05  # of one answer in the norm: it follows a shop that stays slower in about 20


@dataclass(slots=True)
class _Norm:
    """How long answers of one kind take, slow-moving."""

    seconds: float = 0.0
    answers: int = 0

    def exceeded_by(self, seconds: float) -> bool:
        return (
            self.answers >= FIRST_ANSWERS
            and seconds > SLOW * self.seconds
            and seconds >= self.seconds + LEAST_DELAY
        )

    def follow(self, seconds: float) -> None:
        """One answer that hung for a minute must not hide the next ones that are slow."""
        if self.answers >= FIRST_ANSWERS:
            seconds = min(seconds, SLOW * self.seconds + LEAST_DELAY)
        self.answers += 1
        self.seconds += (seconds - self.seconds) * max(WEIGHT, 1 / self.answers)


class Pace:
    """As many requests as the owner allows, one while the shop is in trouble, none while it asked
    to be left alone.
    """

    def __init__(self, parallel: int) -> None:
        """`parallel`: how many may be under way when all is well; at least 1."""
        self.parallel = parallel
        self.held_until = float("-inf")  # nothing begins before
        self._good_to_come = 0  # answers until the trouble is over; 0: there is none
        self._norms: dict[str, _Norm] = {}

    @property
    def in_trouble(self) -> bool:
        return self._good_to_come > 0

    @property
    def at_once(self) -> int:
        """How many requests may be under way now."""
        return 1 if self.in_trouble else self.parallel

    def may_begin(self, now: float, under_way: int) -> bool:
        """Whether one more request may begin beside those that are under way."""
        return now >= self.held_until and under_way < self.at_once

    def answered(self, kind: str, seconds: float) -> None:
        """A good answer came. `kind`: requests that should take about as long as each other."""
        norm = self._norms.setdefault(kind, _Norm())
        slow = norm.exceeded_by(seconds)
        norm.follow(seconds)
        if slow:
            self.trouble()
        elif self.in_trouble:
            self._good_to_come -= 1

    def trouble(self) -> None:
        """The shop has too much to do, or something is wrong with it: one at a time from here on."""
        self._good_to_come = GOOD_RUN

    def hold(self, now: float, seconds: float) -> None:
        """The shop named a time (its Retry-After). Of more than LONGEST_WAIT only that is kept."""
        self.held_until = max(self.held_until, now + min(seconds, LONGEST_WAIT))
