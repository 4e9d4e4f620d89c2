from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from agent.sandbox.clock import MovedClock, WallClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_moved_clock_stands_still_until_it_is_moved() -> None:
    clock = MovedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(hours=3))
    assert clock.now() == NOON + timedelta(hours=3)
    clock.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_time_never_goes_backward() -> None:
    clock = MovedClock(NOON)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.set(NOON - timedelta(seconds=1))
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))
    assert clock.now() == NOON


def test_setting_the_present_moment_is_allowed() -> None:
    clock = MovedClock(NOON)
    clock.set(NOON)
    clock.advance(timedelta(0))
    assert clock.now() == NOON


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        MovedClock(NOON.replace(tzinfo=None))


def test_what_a_clock_says_is_in_utc() -> None:
    there = timezone(timedelta(hours=-3))
    clock = MovedClock(NOON.astimezone(there))
    assert clock.now().utcoffset() == timedelta(0)
    assert WallClock().now().utcoffset() == timedelta(0)


def test_the_wall_clock_runs() -> None:
    first = WallClock().now()
    assert abs(first - datetime.now(UTC)) < timedelta(seconds=5)
