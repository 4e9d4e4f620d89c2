"""Intervals: the figures that others published, and what holds for all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.intervals import Difference, Sums, newcombe, welch, wilson


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


# differences


def test_newcombes_published_figures() -> None:
    # Fagerland, Lydersen, Laake 2015: 7/34 against 1/34
    found = newcombe((7, 34), (1, 34))
    assert found.value == pytest.approx(6 / 34)
    assert (round(found.low, 3), round(found.high, 2)) == (0.019, 0.34)
    assert found.is_certain


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_more_of_newcombes_own(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = newcombe(first, second)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.00005)


shares = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(shares, shares)
def test_a_difference_holds_itself_and_turns_its_sign_with_its_sides(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found, turned = newcombe(first, second), newcombe(second, first)
    assert -1 - 1e-9 <= found.low <= found.value <= found.high <= 1 + 1e-9
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


def test_nothing_is_known_of_a_group_without_anybody() -> None:
    assert newcombe((0, 0), (0, 0)) == Difference(0.0, -1.0, 1.0)
    assert not newcombe((5, 10), (0, 0)).is_certain


@pytest.mark.parametrize(
    ("low", "high", "certain"), [(-1, 1, False), (0, 1, False), (0.1, 1, True), (-1, -0.1, True)]
)
def test_what_is_certain_does_not_hold_zero(low: float, high: float, certain: bool) -> None:
    assert Difference(0.0, low, high).is_certain is certain


def test_the_difference_of_two_means() -> None:
    # given 4 people who came to 0, 0, 10 and 30, and 5 who came to 0, 0, 0, 5 and 5
    found = welch(Sums(4, 40, 1000), Sums(5, 10, 50))
    # then the variances of the means are 200 / 4 and 7.5 / 5
    assert found is not None
    assert found.value == pytest.approx(8.0)
    assert found.high - found.value == pytest.approx(1.959964 * (200 / 4 + 7.5 / 5) ** 0.5)
    assert found.value - found.low == pytest.approx(found.high - found.value)


@pytest.mark.parametrize("people", [0, 1])
def test_of_hardly_anybody_no_mean_can_be_compared(people: int) -> None:
    assert welch(Sums(people, 0, 0), Sums(5, 10, 50)) is None
    assert welch(Sums(5, 10, 50), Sums(people, 0, 0)) is None
    assert Sums(people, 0, 0).mean == 0
    assert Sums(people, 0, 0).variance_of_mean == 0
