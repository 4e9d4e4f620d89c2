"""How far each walk is, what ran when, and who is alive."""

from datetime import datetime, timedelta

import pytest
from table_rows import NOON, SECOND

from models import Cursor, Heartbeat, JobRun


def ran(job: str, began: datetime, outcome: str = "ok", **columns: object) -> None:
    row: dict[str, object] = {"started_at": began, "ended_at": began + SECOND, "outcome": outcome}
    JobRun.write(job, **(row | columns))


def left() -> list[tuple[str, datetime, str]]:
    runs = JobRun.select().order_by(JobRun.id)
    return [(run.job, run.started_at, run.outcome) for run in runs]


def test_a_cursor_begins_at_nothing() -> None:
    cursor = Cursor.named("orders")
    assert (cursor.since, cursor.walk_began, cursor.polled_at) == (None, None, None)
    assert (cursor.walked, cursor.last_id, cursor.total) == (0, 0, 0)


def test_a_cursor_is_where_it_was_left() -> None:
    cursor = Cursor.named("orders")
    cursor.since, cursor.last_id = NOON, 17
    cursor.save()
    assert (Cursor.named("orders").since, Cursor.named("orders").last_id) == (NOON, 17)
    assert Cursor.named("products").since is None
    assert Cursor.select().count() == 2


def test_when_each_job_last_began_a_run_that_came_through() -> None:
    assert JobRun.last_succeeded() == {}
    ran("poll", NOON)
    ran("poll", NOON + SECOND)
    ran("poll", NOON + 2 * SECOND, "failed")
    ran("send", NOON + 3 * SECOND)
    ran("stock", NOON, "stopped")
    assert JobRun.last_succeeded() == {"poll": NOON + SECOND, "send": NOON + 3 * SECOND}


def test_the_last_success_is_the_latest_start_whatever_was_written_last() -> None:
    ran("poll", NOON)
    ran("poll", NOON - timedelta(hours=1))  # the clock was set back
    assert JobRun.last_succeeded() == {"poll": NOON}


def test_the_newest_run_that_came_through() -> None:
    assert JobRun.newest("campaigns") is None
    ran("campaigns", NOON, "failed")
    assert JobRun.newest("campaigns") is None
    ran("campaigns", NOON, result={"chosen": 3})
    ran("campaigns", NOON + SECOND, "failed")
    ran("poll", NOON + SECOND)
    newest = JobRun.newest("campaigns")
    assert newest is not None
    assert newest.result == {"chosen": 3}


def test_the_latest_run_of_each_job_whatever_its_outcome() -> None:
    assert JobRun.latest() == []
    ran("send", NOON, "failed", trouble="no route")
    ran("poll", NOON)
    ran("poll", NOON + SECOND, "failed")
    found = [(run.job, run.started_at, run.outcome, run.trouble) for run in JobRun.latest()]
    assert found == [
        ("poll", NOON + SECOND, "failed", ""),
        ("send", NOON, "failed", "no route"),
    ]


def test_a_run_without_counts_has_none() -> None:
    ran("poll", NOON)
    assert JobRun.get().result == {}


@pytest.mark.parametrize(("ended", "dropped"), [(-SECOND, 1), (timedelta(0), 0), (SECOND, 0)])
def test_runs_that_ended_before_a_moment_are_dropped(ended: timedelta, dropped: int) -> None:
    long_ago = NOON - timedelta(days=1)
    ran("poll", long_ago, ended_at=NOON + ended)
    ran("poll", NOON + timedelta(days=1))
    assert JobRun.forget_before(NOON) == dropped
    assert len(left()) == 2 - dropped


def test_the_newest_run_of_each_job_stays_however_old_it_is() -> None:
    ran("poll", NOON)
    ran("poll", NOON + SECOND)
    ran("tidy", NOON)
    assert JobRun.forget_before(NOON + timedelta(days=90)) == 1
    assert left() == [("poll", NOON + SECOND, "ok"), ("tidy", NOON, "ok")]


def test_a_job_that_fails_for_long_still_knows_when_it_last_worked() -> None:
    ran("poll", NOON)
    for minute in range(1, 4):
        ran("poll", NOON + timedelta(minutes=minute), "failed")
    JobRun.forget_before(NOON + timedelta(days=90))
    assert JobRun.last_succeeded() == {"poll": NOON}
    assert left() == [("poll", NOON, "ok"), ("poll", NOON + timedelta(minutes=3), "failed")]


def test_a_second_beat_overwrites_the_first() -> None:
    Heartbeat.beat(
        pid=1, version="0.1.0", started_at=NOON, beat_at=NOON, listening="127.0.0.1:8087"
    )
    Heartbeat.beat(
        pid=2, version="0.1.0", started_at=NOON, beat_at=NOON + SECOND, stopped_at=NOON + SECOND
    )
    beat = Heartbeat.get()
    assert Heartbeat.select().count() == 1
    assert (beat.pid, beat.beat_at, beat.stopped_at) == (2, NOON + SECOND, NOON + SECOND)
    # what the second did not say stays
    assert beat.listening == "127.0.0.1:8087"


def test_a_beat_may_take_back_that_the_daemon_stopped() -> None:
    Heartbeat.beat(pid=1, version="0.1.0", started_at=NOON, beat_at=NOON, stopped_at=NOON)
    Heartbeat.beat(pid=1, version="0.1.0", started_at=NOON, beat_at=NOON, stopped_at=None)
    assert Heartbeat.get().stopped_at is None
