"""Nobody hears from the shop more often than the caps say."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.caps import Caps, allows

DAY = date(2026, 3, 2)
CAPS = Caps(per_7_days=1, per_30_days=4)


def days_before(*distances: int) -> list[date]:
    return [DAY - timedelta(days=distance) for distance in distances]


def most_within(days: list[date], length: int) -> int:
    """The fullest of all windows of `length` days. One of the fullest begins with a message."""
    return max((sum(0 <= (day - first).days < length for day in days) for first in days), default=0)


def test_the_first_message_is_allowed() -> None:
    assert allows(CAPS, [], DAY)


@pytest.mark.parametrize(
    ("distance", "allowed"), [(0, False), (1, False), (6, False), (7, True), (8, True)]
)
def test_a_week_later_is_late_enough(distance: int, allowed: bool) -> None:
    assert allows(CAPS, days_before(distance), DAY) is allowed


@pytest.mark.parametrize("distance", [1, 6])
def test_a_message_that_counts_on_a_later_day_is_seen_too(distance: int) -> None:
    # given a message that is reserved for a day after the one asked about
    assert not allows(CAPS, days_before(-distance), DAY)
    assert allows(CAPS, days_before(-7), DAY)


@pytest.mark.parametrize(
    ("distances", "allowed"),
    [
        ((7, 14, 21), True),
        ((7, 14, 21, 28), False),
        ((7, 14, 21, 29), False),
        ((7, 14, 21, 30), True),
    ],
)
def test_thirty_days_hold_four(distances: tuple[int, ...], allowed: bool) -> None:
    assert allows(CAPS, days_before(*distances), DAY) is allowed


def test_a_window_that_lies_on_both_sides_of_the_day_counts() -> None:
    # given two messages before and two after, 29 days from first to last
    taken = days_before(15, 8, -7, -13)
    assert not allows(CAPS, taken, DAY)
    # when the last is a day further away, no window of 30 days holds all five
    assert allows(CAPS, days_before(15, 8, -7, -15), DAY)


def test_a_cap_of_two_a_week_takes_two_on_one_day() -> None:
    assert allows(Caps(2, 4), days_before(0), DAY)
    assert not allows(Caps(2, 4), days_before(0, 0), DAY)


def test_a_cap_of_none_allows_nothing() -> None:
    assert not allows(Caps(0, 4), [], DAY)
    assert not allows(Caps(1, 0), [], DAY)


@given(
    asked=st.lists(st.integers(0, 90), max_size=60),
    per_7=st.integers(0, 3),
    per_30=st.integers(0, 6),
)
def test_no_window_is_ever_over_a_cap_whatever_the_order_of_the_dates(
    asked: list[int], per_7: int, per_30: int
) -> None:
    caps = Caps(per_7, per_30)
    taken: list[date] = []
    for distance in asked:
        day = DAY + timedelta(days=distance)
        before = list(taken)
        if allows(caps, taken, day):
            taken.append(day)
        else:
            # a refusal has its reason: with this message some window would be over
            with_it = [*before, day]
            assert most_within(with_it, 7) > per_7 or most_within(with_it, 30) > per_30
    assert most_within(taken, 7) <= per_7
    assert most_within(taken, 30) <= per_30


@given(taken=st.lists(st.integers(-40, 40), max_size=8), shuffled=st.randoms())
def test_the_order_of_what_is_taken_makes_no_difference(taken: list[int], shuffled: Random) -> None:
    days = days_before(*taken)
    mixed = list(days)
    shuffled.shuffle(mixed)
    assert allows(CAPS, days, DAY) is allows(CAPS, mixed, DAY)
