"""Who reads the log of a day knows what somebody did at the keyboard in it, and reads of nobody there."""

import logging
from datetime import datetime, timedelta

import pytest
from log_read import complaints

from agent.by_hand import TOLD, tell_by_hand, write_down
from models import Cursor, JobRun

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def told(heard: pytest.LogCaptureFixture) -> list[str]:
    """What was told since the last time that somebody asked."""
    assert complaints(heard.records) == []
    found = [one.fields for one in heard.records if one.message == "by_hand.done"]  # type: ignore[attr-defined]
    heard.clear()
    return [f"{one['command']}: {one['counts']}" for one in found]


def test_it_is_told_once_in_the_order_in_which_it_was_done(
    now: datetime, heard: pytest.LogCaptureFixture
) -> None:
    write_down("contact merge", {"orders": 3, "messages": 0, "names": 2}, begun=now, now=now)
    JobRun.write("poll", started_at=now, ended_at=now, outcome="ok", result={"orders": 1})
    write_down("pause", {}, begun=now, now=now)
    tell_by_hand(now=now)
    assert told(heard) == ["contact merge: names 2, orders 3", "pause: none"]
    tell_by_hand(now=now + HOUR)
    assert told(heard) == []
    write_down("pause", {}, begun=now, now=now)
    tell_by_hand(now=now + HOUR)
    assert told(heard) == ["pause: none"]


def test_what_was_done_while_the_daemon_was_off_for_a_month_is_told_with_its_moment(
    now: datetime, heard: pytest.LogCaptureFixture
) -> None:
    write_down("pause", {}, begun=now, now=now)
    tell_by_hand(now=now)
    told(heard)
    write_down("resume", {"lifted": 1}, begun=now + DAY, now=now + DAY)
    tell_by_hand(now=now + 30 * DAY)
    [line] = [one for one in heard.records if one.message == "by_hand.done"]
    assert line.fields["at"] == now + DAY  # type: ignore[attr-defined]


def test_a_database_of_before_tells_of_the_last_day_and_not_of_years(
    now: datetime, heard: pytest.LogCaptureFixture
) -> None:
    write_down("message cancel", {"messages": 9}, begun=now, now=now)
    write_down("db vacuum", {}, begun=now + 2 * DAY, now=now + 2 * DAY)
    tell_by_hand(now=now + 2 * DAY + HOUR)
    assert told(heard) == ["db vacuum: none"]
    assert Cursor.get_by_id(TOLD).last_id == JobRun.select().order_by(JobRun.id.desc()).get().id


def test_old_runs_that_go_let_nothing_be_told_twice_or_never(
    now: datetime, heard: pytest.LogCaptureFixture
) -> None:
    write_down("pause", {}, begun=now, now=now)
    tell_by_hand(now=now)
    told(heard)
    JobRun.forget_before(now + DAY)
    write_down("pause", {}, begun=now + DAY, now=now + DAY)
    tell_by_hand(now=now + DAY)
    assert told(heard) == ["pause: none"]
