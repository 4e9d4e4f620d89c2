"""Wilson's interval: the figures of a table, and what holds for all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.intervals import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (1000, 1000, 0.9962, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_known_figures(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=0.00005)


@given(st.integers(0, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_and_stays_within_what_is_possible(both: tuple[int, int]) -> None:
    successes, trials = both
    low, high = wilson(successes, trials)
    assert 0 <= low <= high <= 1
    if trials:
        assert low <= successes / trials <= high
    # and is symmetric: what is not a success is one of the others
    assert wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_trials_make_it_narrower(successes: int, trials: int) -> None:
    few, trials = sorted((successes, successes + trials)), successes + trials
    low, high = wilson(few[0], trials)
    closer_low, closer_high = wilson(10 * few[0], 10 * trials)
    assert closer_high - closer_low < high - low


def test_an_interval_for_less_certainty_is_narrower() -> None:
    low, high = wilson(81, 263, z=1.0)
    assert 0.2553 < low < 81 / 263 < high < 0.3662


@pytest.mark.parametrize(("successes", "trials"), [(2, 1), (-1, 5), (0, -1)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(successes, trials)
