"""New templates go out in batches, and stop when one of them goes badly."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.canary import (
    FEWEST,
    Limits,
    Progress,
    Step,
    Tally,
    allowance,
    first_batch,
    judge,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(batches=(20, 200, 1000), wait=HOUR, failures=10, opt_outs=3, held=50)


def step(progress: Progress, batch: Tally, whole: Tally | None = None) -> Step:
    return judge(LIMITS, progress, batch=batch, whole=whole or batch, now=NOW).step


@pytest.mark.parametrize(
    ("accepted", "batch"), [(0, 0), (19, 0), (20, 1), (300, 2), (999, 2), (1000, 3), (9999, 3)]
)
def test_what_was_sent_before_there_were_trials_counts(accepted: int, batch: int) -> None:
    assert first_batch(LIMITS.batches, accepted) == batch


@pytest.mark.parametrize(
    ("batch", "left", "more"), [(0, 0, 20), (0, 19, 1), (0, 25, 0), (1, 0, 200)]
)
def test_no_more_leave_than_the_batch_has(batch: int, left: int, more: int) -> None:
    assert allowance(LIMITS.batches, Progress(batch=batch), left) == more


def test_none_leaves_while_a_batch_is_watched() -> None:
    assert allowance(LIMITS.batches, Progress(batch=0, filled_at=NOW), 0) == 0


@pytest.mark.parametrize(("left", "becomes"), [(0, Step.WAIT), (19, Step.WAIT), (20, Step.FILLED)])
def test_a_batch_is_watched_from_the_moment_all_of_it_has_left(left: int, becomes: Step) -> None:
    assert step(Progress(batch=0), Tally(left)) is becomes


@pytest.mark.parametrize(
    ("batch", "filled_at", "becomes"),
    [
        (0, NOW - HOUR + timedelta(seconds=1), Step.WAIT),
        (0, NOW - HOUR, Step.NEXT),
        (1, NOW - HOUR, Step.NEXT),
        (2, NOW - HOUR, Step.PASSED),
    ],
)
def test_the_next_batch_comes_after_the_wait(
    batch: int, filled_at: datetime, becomes: Step
) -> None:
    progress = Progress(batch=batch, filled_at=filled_at)
    assert step(progress, Tally(LIMITS.batches[batch])) is becomes


@pytest.mark.parametrize(
    ("tally", "reason"),
    [
        (Tally(20, failed=3), "3 of 20 messages failed (more than 10 %)"),
        (Tally(20, opt_outs=3), "3 of 20 people said STOP (more than 3 %)"),
        (Tally(200, opt_outs=7), "7 of 200 people said STOP (more than 3 %)"),
        (Tally(200, failed=21), "21 of 200 messages failed (more than 10 %)"),
    ],
)
def test_too_many_bad_ones_stop_it_at_any_time(tally: Tally, reason: str) -> None:
    for filled_at in (None, NOW, NOW - 9 * HOUR):
        progress = Progress(batch=1, filled_at=filled_at)
        found = judge(LIMITS, progress, batch=tally, whole=tally, now=NOW)
        assert (found.step, found.reason) == (Step.STOP, reason)


@pytest.mark.parametrize(
    "tally",
    [
        Tally(3, failed=1),  # a third, of three
        Tally(20, failed=2),  # ten percent are allowed
        Tally(20, opt_outs=2),
        Tally(200, failed=20),
        Tally(200, opt_outs=6),
        Tally(20, failed=2, opt_outs=2, held=2),
    ],
)
def test_as_many_as_are_allowed_do_not(tally: Tally) -> None:
    assert step(Progress(batch=0, filled_at=NOW), tally) is Step.WAIT


def test_what_is_told_late_of_an_earlier_batch_stops_the_next() -> None:
    batch, whole = Tally(50), Tally(70, opt_outs=3)
    assert step(Progress(batch=1), batch, whole) is Step.STOP


def test_held_messages_are_only_a_sign_when_they_are_still_held_after_the_wait() -> None:
    tally = Tally(20, held=11)
    assert step(Progress(batch=0, filled_at=NOW), tally) is Step.WAIT
    found = judge(
        LIMITS, Progress(batch=0, filled_at=NOW - HOUR), batch=tally, whole=tally, now=NOW
    )
    assert found.step is Step.STOP
    assert "11 of 20 are still held by Meta" in found.reason
    assert step(Progress(batch=0, filled_at=NOW - HOUR), Tally(20, held=10)) is Step.NEXT


@given(
    left=st.integers(0, 2000),
    failed=st.integers(0, FEWEST - 1),
    opt_outs=st.integers(0, FEWEST - 1),
    held=st.integers(0, FEWEST - 1),
    waited=st.booleans(),
)
def test_a_few_never_stop_a_campaign(
    left: int, failed: int, opt_outs: int, held: int, *, waited: bool
) -> None:
    progress = Progress(batch=1, filled_at=NOW - HOUR if waited else None)
    assert step(progress, Tally(left, failed, opt_outs, held)) is not Step.STOP
