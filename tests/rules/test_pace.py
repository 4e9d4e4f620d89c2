"""No more messages a second than agreed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.pace import Pace


def test_at_first_a_fifth_of_a_second_may_leave() -> None:
    assert Pace(80).allowance(1000.0) == 16


@pytest.mark.parametrize("rate", [0.5, 1, 4, 5])
def test_a_slow_pace_still_begins_with_one(rate: float) -> None:
    pace = Pace(rate)
    assert pace.allowance(0.0) == 1


def test_what_was_spent_comes_back_with_time() -> None:
    pace = Pace(10)
    pace.spend(pace.allowance(0.0))
    assert pace.allowance(0.0) == 0
    assert pace.allowance(0.09) == 0
    assert pace.allowance(0.1) == 1


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(80)
    pace.spend(pace.allowance(0.0))
    assert pace.allowance(3600.0) == 16


def test_looking_does_not_spend() -> None:
    pace = Pace(80)
    assert [pace.allowance(0.0) for _ in range(3)] == [16, 16, 16]


def test_half_a_message_is_kept_for_the_next_look() -> None:
    pace = Pace(1)
    pace.spend(pace.allowance(0.0))
    assert [pace.allowance(at) for at in (0.25, 0.5, 0.75, 1.0)] == [0, 0, 0, 1]


def test_a_clock_that_steps_back_earns_nothing() -> None:
    pace = Pace(10)
    pace.spend(pace.allowance(100.0))
    assert pace.allowance(99.0) == 0


@given(
    rate=st.floats(0.5, 1000),
    pauses=st.lists(st.floats(0, 2), max_size=40),
    began=st.floats(0, 1e6),
)
def test_no_stretch_of_time_sees_more_than_its_rate_and_one_burst(
    rate: float, pauses: list[float], began: float
) -> None:
    pace, now = Pace(rate), began
    left: list[tuple[float, int]] = []
    for pause in [0.0, *pauses]:
        now += pause
        count = pace.allowance(now)
        assert count >= 0
        pace.spend(count)
        left.append((now, count))
    burst = Pace(rate).most
    for first in range(len(left)):
        total = 0
        for at, count in left[first:]:
            total += count
            assert total <= burst + rate * (at - left[first][0]) + 1e-3


@given(rate=st.floats(0.5, 1000))
def test_a_steady_sender_reaches_the_rate(rate: float) -> None:
    pace, sent = Pace(rate), 0
    for tick in range(101):  # ten seconds, a look every tenth of a second as the sender does
        count = pace.allowance(tick / 10)
        pace.spend(count)
        sent += count
    assert sent >= rate * 10 - 1
