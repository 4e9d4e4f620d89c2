"""How far a share that was counted on a sample may be from the true one."""

from math import sqrt

Z_95 = 1.96  # standard deviations that 95 % of a normal distribution lie within


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
