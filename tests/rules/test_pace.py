"""No more messages a second than agreed, and no fewer than could leave."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.pace import AHEAD, ONE_ANSWER, SLOWED, SLOWEST, Pace


def test_the_first_leaves_at_once_and_the_others_evenly_behind_it() -> None:
    assert Pace(10).moments(1000.0, 3) == pytest.approx([1000.0, 1000.1, 1000.2])


def test_no_more_are_given_out_than_leave_until_the_next_looks() -> None:
    assert len(Pace(80).moments(0.0, 1000)) == 80 * AHEAD + 1


@pytest.mark.parametrize("rate", [0.5, 1, 4])
def test_a_slow_pace_begins_with_one(rate: float) -> None:
    assert len(Pace(rate).moments(0.0, 10)) in {1, 2}


def test_moments_that_were_taken_are_not_given_out_again() -> None:
    pace = Pace(10)
    pace.take(pace.moments(0.0, 2))
    assert pace.moments(0.0, 10) == pytest.approx([0.2])
    assert pace.moments(0.15, 10) == pytest.approx([0.2, 0.3, 0.4])


def test_looking_takes_nothing() -> None:
    pace = Pace(80)
    assert pace.moments(0.0, 5) == pace.moments(0.0, 5)
    pace.take([])
    assert pace.moments(0.0, 1) == [0.0]


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(80)
    pace.take(pace.moments(0.0, 1))
    assert pace.moments(3600.0, 2) == pytest.approx([3600.0, 3600.0125])


def test_a_clock_that_steps_back_earns_nothing() -> None:
    pace = Pace(10)
    pace.take(pace.moments(100.0, 1))
    assert pace.moments(99.0, 10) == []


def heeded(too_fast: list[float], now: float) -> float:
    """What is left of the rate at `now`, worked out anew from all that WhatsApp ever said."""
    share, until, last = 1.0, float("-inf"), float("-inf")
    for at in too_fast:
        share = 1.0 if at >= until else share
        if at - last >= ONE_ANSWER:
            share, last = max(share / 2, SLOWEST), at
        until = at + SLOWED
    return share if now < until else 1.0


@given(
    rate=st.integers(1, 1000),
    steps=st.lists(
        st.tuples(st.floats(0, 15), st.integers(0, 50), st.booleans()), min_size=1, max_size=60
    ),
    began=st.floats(0, 1e6),
)
def test_no_second_sees_more_than_the_rate_and_less_after_too_fast(
    rate: int, steps: list[tuple[float, int, bool]], began: float
) -> None:
    """Whenever it is asked, however much waits, and whatever WhatsApp says: a model that counts."""
    pace, now = Pace(float(rate)), began
    left, too_fast = list[float](), list[float]()
    for pause, waiting, is_too_fast in steps:
        now += pause
        if is_too_fast:
            pace.slow_down(now)
            too_fast.append(now)
        moments = pace.moments(now, waiting)
        assert all(moment >= now for moment in moments)
        slowed = rate * heeded(too_fast, now)
        assert all(b - a >= (1 - 1e-6) / slowed for a, b in pairwise(moments))
        pace.take(moments)
        left += moments
    assert left == sorted(left)
    for first in range(len(left)):
        within = sum(1 for at in left[first:] if at < left[first] + 1 - 1e-6)
        assert within <= rate


@given(rate=st.integers(1, 1000), seed=st.integers(0, 1000), workers=st.integers(1, 512))
@settings(max_examples=50)
def test_under_load_the_rate_is_reached(rate: int, seed: int, workers: int) -> None:
    """A minute of looks up to a fifth of a second apart: within a hundredth and one message, unless
    fewer workers are free than messages leave between two looks."""
    pace, sent, now, random = Pace(float(rate)), 0, 0.0, Random(seed)
    while now < 60:
        moments = pace.moments(now, workers)
        pace.take(moments)
        sent += len(moments)
        now += random.uniform(0.03, 0.2)
    assert sent <= rate * (60 + AHEAD) + 1
    if workers > rate * 0.2 + 1:
        assert sent >= 0.99 * rate * 60 - 1


def test_too_fast_is_heeded_for_a_minute_and_then_forgotten() -> None:
    pace = Pace(80)
    pace.slow_down(100.0)
    pace.slow_down(100.2)  # the same burst: its other answers
    assert pace.moments(100.3, 2) == pytest.approx([100.3, 100.325])
    pace.slow_down(115.0)
    assert pace.moments(115.0, 2) == pytest.approx([115.0, 115.05])
    assert pace.moments(174.9, 2) == pytest.approx([174.9, 174.95])
    assert pace.moments(175.0, 2) == pytest.approx([175.0, 175.0125])


def test_it_never_stops_altogether() -> None:
    pace = Pace(4)
    for at in range(0, 400, 20):
        pace.slow_down(float(at))
    assert pace.share == SLOWEST
    assert pace.moments(401.0, 10) == [401.0]
