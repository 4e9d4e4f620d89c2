"""How many people it takes to see what the messages bring, and whether the two groups can be compared."""

from math import ceil, erfc, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

POWER: Final = 0.8  # how surely a difference that is there is seen
SIGNIFICANCE: Final = 0.05  # how often one is seen that is not there, two-sided
SUSPICIOUS: Final = (
    0.001  # groups of sizes that are less likely than this were not drawn as they should
)
WORTH_KNOWING: Final = (
    0.1  # a difference smaller than this share of the base rate is not worth people
)

_SMALL = 100  # people expected in the smaller group: up to here chances are added up one by one


def sample_size(
    first: float, second: float, *, power: float = POWER, significance: float = SIGNIFICANCE
) -> int:
    """People in each of two equal groups, to tell the shares `first` and `second` (0 to 1) apart.

    Fleiss' formula without correction for continuity. Raises ValueError for equal shares.
    """
    if first == second:
        raise ValueError(f"{first} and {second} can never be told apart")
    level, reach = _quantiles(power, significance)
    both = (first + second) / 2
    spread = level * sqrt(2 * both * (1 - both)) + reach * sqrt(
        first * (1 - first) + second * (1 - second)
    )
    return ceil((spread / (first - second)) ** 2)


def smallest_effect(
    treated: int,
    control: int,
    base: float,
    *,
    power: float = POWER,
    significance: float = SIGNIFICANCE,
) -> float | None:
    """The smallest difference of shares that can be seen with groups of these sizes, where `base` (0 to
    1) buy without a message. None where a group is empty, or where nobody or everybody buys: then
    nothing is known of how much it varies.
    """
    if min(treated, control) < 1 or not 0 < base < 1:
        return None
    return sum(_quantiles(power, significance)) * sqrt(
        base * (1 - base) * (1 / treated + 1 / control)
    )


def people_needed(effect: float, base: float, share: float) -> int:
    """People in all, a `share` (between 0 and 1) of them held out, to see a difference of `effect`
    where `base` buy without a message: `smallest_effect` the other way round.

    Raises ValueError for no effect, and for shares that leave a group empty.
    """
    if not effect or not 0 < share < 1:
        raise ValueError(f"nothing tells {effect} from 0 with {share} held out")
    reach = sum(_quantiles(POWER, SIGNIFICANCE)) / effect
    return ceil(reach**2 * base * (1 - base) * (1 / share + 1 / (1 - share)))


def chance_of(control: int, people: int, share: float) -> float:
    """How likely it is that so many or so few of `people` are held out, or even more or fewer, where
    each is with a chance of `share` (between 0 and 1): the sample ratio check, two-sided.

    Where few are expected, the chances of the binomial distribution are added up; else chi-square.
    """
    expected = people * share
    if min(expected, people - expected) <= _SMALL:
        fewer = sum(_binomial(k, people, share) for k in range(control))
        just_so = _binomial(control, people, share)
        more = max(1 - fewer - just_so, 0.0)  # rounding may leave a hair less than nothing
        return min(1.0, 2 * (min(fewer, more) + just_so))
    square = (control - expected) ** 2 / (expected * (1 - share))
    return erfc(sqrt(square / 2))


def _binomial(successes: int, trials: int, share: float) -> float:
    ways = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(trials - successes + 1)
    return exp(ways + successes * log(share) + (trials - successes) * log(1 - share))


def _quantiles(power: float, significance: float) -> tuple[float, float]:
    normal = NormalDist()
    return normal.inv_cdf(1 - significance / 2), normal.inv_cdf(power)
