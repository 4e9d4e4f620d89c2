"""Sample sizes and visible effects: the figures that others published, and those that the README gives."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.experiment import (
    SUSPICIOUS,
    chance_of,
    people_needed,
    sample_size,
    smallest_effect,
)


@pytest.mark.parametrize(
    ("first", "second", "people"),
    [(0.12, 0.135, 7761), (0.02, 0.03, 3826), (0.03, 0.04, 5301)],
)
def test_published_sample_sizes(first: float, second: float, people: int) -> None:
    assert sample_size(first, second) == people
    assert sample_size(second, first) == people


def test_more_power_takes_more_people() -> None:
    assert sample_size(0.02, 0.03, power=0.9) > sample_size(0.02, 0.03)
    assert sample_size(0.02, 0.03, significance=0.01) > sample_size(0.02, 0.03)


def test_equal_shares_can_never_be_told_apart() -> None:
    with pytest.raises(ValueError, match="never be told apart"):
        sample_size(0.02, 0.02)


@pytest.mark.parametrize(
    ("people", "points"), [(2_000, 3.56), (5_000, 2.25), (20_000, 1.13), (100_000, 0.50)]
)
def test_what_can_be_seen_with_a_tenth_held_out_where_3_percent_buy(
    people: int, points: float
) -> None:
    seen = smallest_effect(people * 9 // 10, people // 10, 0.03)
    assert seen is not None
    assert round(seen * 100, 2) == points
    # and so many people it takes to see that
    assert people_needed(seen, 0.03, 0.1) == pytest.approx(people, abs=1)
    assert people_needed(-seen, 0.03, 0.1) == people_needed(seen, 0.03, 0.1)


@pytest.mark.parametrize(
    ("treated", "control", "base"),
    [(0, 10, 0.03), (10, 0, 0.03), (10, 10, 0.0), (10, 10, 1.0)],
)
def test_where_nothing_is_known_nothing_can_be_said(
    treated: int, control: int, base: float
) -> None:
    assert smallest_effect(treated, control, base) is None


@pytest.mark.parametrize(("effect", "share"), [(0.0, 0.1), (0.01, 0.0), (0.01, 1.0)])
def test_no_number_of_people_shows_nothing(effect: float, share: float) -> None:
    with pytest.raises(ValueError, match="nothing tells"):
        people_needed(effect, 0.03, share)


# the sample ratio


@pytest.mark.parametrize(
    ("control", "people", "share", "chance"),
    [
        # chi-square with one degree of freedom: 3.8415 has 0.05, 10.828 has 0.001
        (10_000, 100_000, 0.1, 1.0),
        (10_186, 100_000, 0.1, 0.05),
        (9_814, 100_000, 0.1, 0.05),
        (10_312, 100_000, 0.1, 0.001),
        (90_312, 100_000, 0.9, 0.001),
    ],
)
def test_groups_that_are_too_large_or_too_small_are_unlikely(
    control: int, people: int, share: float, chance: float
) -> None:
    assert chance_of(control, people, share) == pytest.approx(chance, rel=0.02)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_few_people_are_counted_exactly(both: tuple[int, int]) -> None:
    control, people = both
    chances = [comb(people, k) * 0.1**k * 0.9 ** (people - k) for k in range(people + 1)]
    exact = 2 * min(sum(chances[: control + 1]), sum(chances[control:]))
    assert chance_of(control, people, 0.1) == pytest.approx(min(exact, 1.0), abs=1e-9)


def test_nobody_held_out_of_few_is_no_wonder_and_of_many_it_is() -> None:
    assert chance_of(0, 20, 0.1) > SUSPICIOUS
    assert chance_of(0, 100, 0.1) < SUSPICIOUS
    assert chance_of(0, 100_000, 0.1) < SUSPICIOUS
    assert chance_of(8, 20, 0.1) < SUSPICIOUS


@given(st.integers(100, 5_000), st.floats(0.01, 0.5))
def test_a_chance_is_a_chance(people: int, share: float) -> None:
    expected = round(people * share)
    likely, unlikely = chance_of(expected, people, share), chance_of(people, people, share)
    assert 0 <= unlikely < likely <= 1
