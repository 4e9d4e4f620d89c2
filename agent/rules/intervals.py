"""How far a figure that was counted on a sample may be from the true one."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z_95 = NormalDist().inv_cdf(0.975)  # standard deviations: 95 % of a normal distribution lie within


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """The lowest and highest share that goes well with `successes` of `trials`; (0, 1) of none.

    Wilson's score interval: unlike the textbook's it stays within 0 and 1, and says something true
    of samples that are small or without a failure.

    Raises ValueError when there are more successes than trials, or fewer than none.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z
    centre = share + square / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    # rounding may leave the ends a hair outside of what is possible
    low = 0.0 if not successes else (centre - spread) / whole
    high = 1.0 if successes == trials else (centre + spread) / whole
    return low, high


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger one figure is than the other, and between what that may truly be."""

    value: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Is it certain (at the 95 % of the interval) that there is a difference at all?"""
        return self.low > 0 or self.high < 0


def newcombe(first: tuple[int, int], second: tuple[int, int], z: float = Z_95) -> Difference:
    """The difference of two shares, each of them (successes, trials).

    Newcombe's hybrid score interval (Newcombe 1998, method 10): Wilson's intervals of both, put
    together. Of a group without anybody nothing is known: its share is taken for 0, within (0, 1).
    """
    share, other = (part / whole if whole else 0.0 for part, whole in (first, second))
    low, high = wilson(*first, z=z)
    other_low, other_high = wilson(*second, z=z)
    value = share - other
    return Difference(
        value,
        value - sqrt((share - low) ** 2 + (other_high - other) ** 2),
        value + sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """What people came to, all of them: how many, the sum, and the sum of the squares.

    Whole numbers (minor units of money), so nothing is lost before the end.
    """

    people: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        return self.total / self.people if self.people else 0.0

    @property
    def variance_of_mean(self) -> float:
        """The square of the mean's standard error; 0 of fewer than two people."""
        n = self.people
        if n < 2:
            return 0.0
        return (n * self.squares - self.total**2) / (n * n * (n - 1))


def welch(first: Sums, second: Sums, z: float = Z_95) -> Difference | None:
    """The difference of two means, without the assumption that both groups vary alike.

    The normal distribution stands in for Welch's t: the groups are hundreds of people, or the
    interval is too wide to say anything. None where a group has fewer than two people.
    """
    if min(first.people, second.people) < 2:
        return None
    value = first.mean - second.mean
    spread = z * sqrt(first.variance_of_mean + second.variance_of_mean)
    return Difference(value, value - spread, value + spread)
