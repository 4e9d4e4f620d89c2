"""What is around every job: when it runs, that it never runs twice at once, and what a failure costs."""

import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import peewee
import pytest
from sending_world import wait_until

from agent.database import trouble
from agent.errors import Retryable, ShopAway
from agent.guard import FIRST_PAUSE, LONGEST_PAUSE, Beat, Guard, Job, Postponed
from agent.rules.cadence import Daily, Every
from agent.service import Service
from models import JobRun
from models.base import database as handle
from models.base import wait_for_writers

LONDON = ZoneInfo("Europe/London")
OFTEN = Every(timedelta(seconds=2))
AT_NINE = Daily(time(9), time(18))
NOTHING: Mapping[str, int] = {}


class HandClock:
    """Both kinds of time, moved by hand, backward as well."""

    def __init__(self, moment: datetime) -> None:
        self.moment, self._seconds = moment, 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, **step: float) -> None:
        self.moment += timedelta(**step)
        self._seconds += timedelta(**step).total_seconds()


class Bench:
    """A guard over the test's database, and its clock."""

    def __init__(self, clock: HandClock, path: Path) -> None:
        self.clock, self.path = clock, path
        self.service = Service(clock)
        self.restart()

    def restart(self) -> None:
        """A new process would make a new guard over the same ledger."""
        self.guard = Guard(self.service, explain=lambda error: trouble(error, self.path))

    def look(self, *jobs: Job, zone: ZoneInfo | None = LONDON) -> None:
        """One round of the timetable, and wait for what it started."""
        for job in jobs:
            self.guard.look(job, zone)
        assert self.guard.wait_until_resting(10)


@pytest.fixture
def bench(database: Path, now: datetime) -> Bench:
    return Bench(HandClock(now), database)


class Work:
    """What a job does, and how often it was done. `result` may be something to raise."""

    def __init__(
        self, result: Mapping[str, int] | BaseException | type[BaseException] = NOTHING
    ) -> None:
        self.result, self.runs = result, 0

    def __call__(self, beat: Beat) -> Mapping[str, int]:
        self.runs += 1
        beat()
        if isinstance(self.result, Mapping):
            return self.result
        raise self.result


def _told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The fields of each log line of `event`."""
    return [vars(one)["fields"] for one in caplog.records if one.getMessage() == event]


OUT_OF_REACH = Retryable("the shop does not answer", fix="see that it is up")


def test_a_job_that_is_due_runs_and_is_written_down(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    work = Work({"late orders": 3})
    bench.look(Job("poll", OFTEN, work))
    [run] = JobRun.select()
    assert (run.job, run.outcome, run.result, run.trouble) == ("poll", "ok", {"late orders": 3}, "")
    assert (run.started_at, run.ended_at) == (bench.clock.now(), bench.clock.now())
    assert _told(caplog, "job.done") == [{"job": "poll", "seconds": 0.0, "late_orders": 3}]


def test_a_job_runs_again_when_it_is_due_again_and_not_before(bench: Bench) -> None:
    job = Job("poll", OFTEN, work := Work())
    bench.look(job)
    bench.clock.advance(seconds=1.9)
    bench.look(job)
    assert work.runs == 1
    bench.clock.advance(seconds=0.1)
    bench.look(job)
    assert work.runs == 2


def test_a_job_never_runs_twice_at_once_however_long_it_takes(bench: Bench) -> None:
    # given a job that is at work
    begun, gate = threading.Event(), threading.Event()
    at_once, most = Counter[str](), Counter[str]()

    def work(_: Beat) -> Mapping[str, int]:
        begun.set()
        at_once["now"] += 1
        most["ever"] = max(most["ever"], at_once["now"])
        most["runs"] += 1
        gate.wait(10)
        at_once["now"] -= 1
        return {}

    job = Job("poll", OFTEN, work)
    bench.guard.look(job, LONDON)
    assert begun.wait(10)
    # when it becomes due again and again, and again after a change of the config
    for _ in range(20):
        bench.clock.advance(seconds=5)
        bench.guard.look(job, LONDON)
        bench.guard.look(Job("poll", OFTEN, work), LONDON)
    assert bench.guard.running() == ["poll"]
    gate.set()
    assert bench.guard.wait_until_resting(10)
    # then it ran once; what was missed is made up once
    assert (most["ever"], most["runs"]) == (1, 1)
    bench.look(job)
    assert (most["ever"], most["runs"]) == (1, 2)


def test_a_long_job_does_not_hold_up_the_others(bench: Bench) -> None:
    gate = threading.Event()

    def long(_: Beat) -> Mapping[str, int]:
        gate.wait(10)
        return {}

    send = Work()
    bench.guard.look(Job("poll", OFTEN, long), LONDON)
    for _ in range(3):
        bench.guard.look(Job("send", OFTEN, send), LONDON)
        wait_until(lambda: bench.guard.running() == ["poll"])
        bench.clock.advance(seconds=2)
    assert send.runs == 3
    gate.set()
    assert bench.guard.wait_until_resting(10)


def test_a_job_without_news_that_runs_often_is_not_written_down(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.look(Job("send", OFTEN, Work(), frequent=True))
    assert JobRun.select().count() == 0
    assert caplog.records == []
    bench.clock.advance(seconds=2)
    bench.look(Job("send", OFTEN, Work({"accepted": 1}), frequent=True))
    assert [run.result for run in JobRun.select()] == [{"accepted": 1}]


# failures


def test_a_failure_is_told_with_its_remedy_and_without_a_traceback(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.look(Job("poll", OFTEN, Work(OUT_OF_REACH)))
    [line] = _told(caplog, "job.failed")
    assert line == {
        "job": "poll",
        "what": "the shop does not answer",
        "fix": "see that it is up",
    }
    assert [record.exc_info for record in caplog.records] == [None]
    [run] = JobRun.select()
    assert (run.outcome, run.trouble) == ("failed", "the shop does not answer")


def test_a_failing_job_comes_back_later_and_later_and_at_last_every_quarter_of_an_hour(
    bench: Bench,
) -> None:
    job = Job("poll", OFTEN, work := Work(OUT_OF_REACH))
    tried_at = []
    for _ in range(6 * 60 * 2):
        runs = work.runs
        bench.look(job)
        tried_at += [bench.clock.now()] * (work.runs - runs)
        bench.clock.advance(seconds=10)
    pauses = [later - earlier for earlier, later in pairwise(tried_at)]
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert set(pauses[7:]) == {LONGEST_PAUSE}


def test_a_frequent_job_that_recovers_is_written_down_though_it_did_nothing(bench: Bench) -> None:
    """Else the status would go on showing the failure until there is something to do."""
    job = Job("poll", OFTEN, work := Work(OUT_OF_REACH), frequent=True)
    bench.look(job)
    bench.clock.advance(minutes=5)
    work.result = {}
    bench.look(job)
    assert [run.outcome for run in JobRun.select().order_by(JobRun.id)] == ["failed", "ok"]
    bench.clock.advance(minutes=5)
    bench.look(job)
    assert JobRun.select().count() == 2


def test_a_job_that_recovers_says_so_and_keeps_its_old_pace(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = Job("poll", OFTEN, work := Work(OUT_OF_REACH))
    for _ in range(3):
        bench.look(job)
        bench.clock.advance(minutes=5)
    work.result = {}
    bench.look(job)
    assert _told(caplog, "job.recovered") == [{"job": "poll", "failures": 3}]
    bench.clock.advance(seconds=2)
    bench.look(job)
    assert work.runs == 5
    # and the next failure begins with the shortest pause again
    work.result = OUT_OF_REACH
    bench.clock.advance(seconds=2)
    bench.look(job)
    bench.clock.advance(seconds=10)
    bench.look(job)
    assert work.runs == 7


AWAY = ShopAway("connection refused", fix="see that it is up", after=45)


def test_a_shop_that_is_away_is_told_by_its_client_and_not_by_every_job(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    jobs = [Job(name, OFTEN, Work(AWAY)) for name in ("poll", "lines", "stock")]
    for _ in range(6 * 60 * 3):  # three hours
        bench.look(*jobs)
        bench.clock.advance(seconds=10)
    assert [one for one in caplog.records if one.levelno > logging.DEBUG] == []
    assert len(_told(caplog, "job.failed")) == 3 * 6 * 60 * 3
    # what the status shows of them is written down once each
    assert [
        (run.job, run.outcome, run.trouble) for run in JobRun.select().order_by(JobRun.job)
    ] == [(name, "failed", "connection refused") for name in ("lines", "poll", "stock")]


def test_when_the_shop_is_back_its_jobs_are_too_however_long_it_was_away(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = Job("poll", OFTEN, work := Work(AWAY))
    for _ in range(100):
        bench.look(job)
        bench.clock.advance(minutes=5)
    work.result, runs = {"orders": 1}, work.runs
    bench.look(job)
    bench.clock.advance(seconds=10)
    bench.look(job)
    assert work.runs == runs + 2
    assert [one.message for one in caplog.records] == ["job.done", "job.done"]
    # and an absence makes no later failure longer
    work.result = OUT_OF_REACH
    bench.clock.advance(seconds=2)
    bench.look(job)
    bench.clock.advance(seconds=10)
    bench.look(job)
    assert work.runs == runs + 4


def test_a_failure_that_was_told_as_the_shops_is_not_told_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    error = Retryable("the shop answered 500", fix="see its log")
    error.told = True  # by the client, when another request failed too
    bench.look(Job("poll", OFTEN, Work(error)))
    assert caplog.records == []


def test_a_fault_of_ours_has_its_traceback_once_and_the_others_go_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = Job("poll", OFTEN, bad := Work(KeyError("zone"))), Job("send", OFTEN, Work())
    bench.look(broken, fine)
    [record] = [one for one in caplog.records if one.exc_info]
    assert record.getMessage() == "job.broke"
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError
    runs = {run.job: run.outcome for run in JobRun.select()}
    assert runs == {"poll": "failed", "send": "ok"}
    # and the broken one comes back too: its thread is still there
    bad.result = {}
    bench.clock.advance(seconds=10)
    bench.look(broken, fine)
    assert bad.runs == 2


def test_trouble_with_the_database_is_explained(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_: Beat) -> Mapping[str, int]:
        raise peewee.OperationalError("database or disk is full")

    bench.look(Job("poll", OFTEN, work))
    [line] = _told(caplog, "job.failed")
    assert str(bench.path) in line["what"]
    assert "make room" in line["fix"]


def test_a_run_that_cannot_be_written_down_has_happened_all_the_same(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    # given somebody who takes the database while the job is at work, and a job that waits for nobody
    other = sqlite3.connect(bench.path, isolation_level=None, check_same_thread=False)

    def work(_: Beat) -> Mapping[str, int]:
        wait_for_writers(0.02)
        other.execute("BEGIN IMMEDIATE")
        return {"orders": 1}

    job = Job("poll", OFTEN, work)
    bench.look(job)
    other.close()
    [line] = _told(caplog, "job.unrecorded")
    assert "locked" in line["what"]
    assert JobRun.select().count() == 0
    # then it is not due again at once
    bench.clock.advance(seconds=1)
    bench.guard.look(job, LONDON)
    assert bench.guard.running() == []


def test_a_clock_that_is_set_back_does_not_stretch_the_pause_after_a_failure(bench: Bench) -> None:
    job = Job("poll", OFTEN, work := Work(OUT_OF_REACH))
    bench.look(job)
    bench.clock.moment -= timedelta(days=2)
    bench.look(job)
    assert work.runs == 2


# waiting


def test_a_job_that_has_to_wait_says_for_what_once_and_is_asked_again_soon(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = Job("campaigns", AT_NINE, work := Work(Postponed("a fresh answer of the shop")))
    for _ in range(4):
        bench.look(job)
        bench.clock.advance(seconds=5)
    assert work.runs == 2
    assert _told(caplog, "job.waits") == [
        {"job": "campaigns", "waits_for": work.result},
    ]
    # it is neither a failure nor a run
    assert JobRun.select().count() == 0
    work.result = {"chosen": 1}
    bench.clock.advance(seconds=10)
    bench.look(job)
    assert [run.outcome for run in JobRun.select()] == ["ok"]


# the day's jobs


@pytest.mark.parametrize(
    ("hour", "runs"),
    [(8, 0), (9, 1), (17, 1), (18, 0)],
    ids=["early", "at nine", "late", "too late"],
)
def test_a_daily_job_runs_between_its_times(bench: Bench, hour: int, runs: int) -> None:
    bench.clock.moment = datetime(2026, 3, 2, hour, 0, tzinfo=UTC)
    bench.look(Job("campaigns", AT_NINE, work := Work()))
    assert work.runs == runs


def test_a_daily_job_runs_once_a_day(bench: Bench) -> None:
    job = Job("campaigns", AT_NINE, work := Work())
    for _ in range(3 * 24):  # from noon, so that four mornings and evenings are seen
        bench.look(job)
        bench.clock.advance(hours=1)
    assert work.runs == 4


def test_a_daily_job_that_failed_runs_again_the_same_day(bench: Bench) -> None:
    job = Job("campaigns", AT_NINE, work := Work(OUT_OF_REACH))
    bench.look(job)
    work.result = {"chosen": 5}
    bench.clock.advance(seconds=10)
    bench.look(job)
    bench.clock.advance(hours=1)
    bench.look(job)
    assert [run.outcome for run in JobRun.select().order_by(JobRun.id)] == ["failed", "ok"]


def test_without_the_shops_time_zone_no_daily_job_is_due(bench: Bench) -> None:
    daily, poll = Work(), Work()
    bench.look(Job("campaigns", AT_NINE, daily), Job("poll", OFTEN, poll), zone=None)
    assert (daily.runs, poll.runs) == (0, 1)


# restarts


def test_after_a_restart_the_ledger_knows_what_ran_today(bench: Bench) -> None:
    job = Job("campaigns", AT_NINE, work := Work({"chosen": 5}))
    bench.look(job)
    bench.restart()
    bench.clock.advance(hours=1)
    bench.look(job)
    assert work.runs == 1
    bench.clock.advance(hours=23)
    bench.look(job)
    assert work.runs == 2


def test_after_a_restart_what_failed_or_was_stopped_runs_again(bench: Bench) -> None:
    failing = Job("templates", Every(timedelta(hours=1)), Work(OUT_OF_REACH))
    bench.look(failing)
    bench.service.stop()
    stopped = Job("campaigns", AT_NINE, work := Work())
    bench.look(stopped)
    outcomes = {run.job: run.outcome for run in JobRun.select()}
    assert outcomes == {"templates": "failed", "campaigns": "stopped"}
    # when a new process begins
    bench.service = Service(bench.clock)
    bench.restart()
    bench.clock.advance(seconds=1)
    bench.look(failing, stopped)
    assert work.runs == 2
    assert JobRun.select().where(JobRun.outcome == "ok").count() == 1


# hanging


def test_a_job_hangs_when_it_makes_no_progress_for_longer_than_its_patience(bench: Bench) -> None:
    # given a job that beats when we tell it
    steps: list[threading.Event] = [threading.Event() for _ in range(2)]
    beaten = threading.Event()

    def work(beat: Callable[[], None]) -> Mapping[str, int]:
        steps[0].wait(10)
        beat()
        beaten.set()
        steps[1].wait(10)
        return {}

    bench.guard.look(Job("poll", OFTEN, work, patience=timedelta(minutes=1)), LONDON)
    bench.clock.advance(seconds=60)
    assert bench.guard.hung() == []
    bench.clock.advance(seconds=1)
    assert bench.guard.hung() == ["poll"]
    # a beat is progress, however long the whole takes
    steps[0].set()
    assert beaten.wait(10)
    assert bench.guard.hung() == []
    bench.clock.advance(seconds=61)
    assert bench.guard.hung() == ["poll"]
    # and what has ended does not hang
    steps[1].set()
    assert bench.guard.wait_until_resting(10)
    bench.clock.advance(hours=1)
    assert bench.guard.hung() == []


def test_waiting_for_rest_ends_when_patience_does(bench: Bench) -> None:
    gate = threading.Event()

    def work(_: Beat) -> Mapping[str, int]:
        gate.wait(10)
        return {}

    bench.guard.look(Job("poll", OFTEN, work), LONDON)
    assert not bench.guard.wait_until_resting(0.05)
    gate.set()
    assert bench.guard.wait_until_resting(10)


# several writers


def test_jobs_that_all_write_at_once_wait_for_each_other(bench: Bench) -> None:
    """SQLite has one writer at a time, and a read that becomes a write must not fail over it."""

    def work(_: Beat) -> Mapping[str, int]:
        for _ in range(25):
            with handle.atomic():
                seen = JobRun.select().where(JobRun.job == "tally").count()
                JobRun.write(
                    "tally", started_at=bench.clock.now(), ended_at=bench.clock.now(),
                    outcome="ok", result={"seen": seen},
                )  # fmt: skip
        return {}

    bench.look(*(Job(f"writer {number}", OFTEN, work) for number in range(6)))
    outcomes = Counter(run.outcome for run in JobRun.select().where(JobRun.job != "tally"))
    assert outcomes == {"ok": 6}
    # and none saw what was out of date by the time it wrote
    seen = [run.result["seen"] for run in JobRun.select().where(JobRun.job == "tally")]
    assert sorted(seen) == list(range(150))


def test_what_one_job_wrote_the_next_look_of_another_sees(bench: Bench) -> None:
    """No connection keeps an old view of the database open between two looks."""
    wrote, seen = threading.Semaphore(0), list[int]()

    def reader(_: Beat) -> Mapping[str, int]:
        for _ in range(5):
            assert wrote.acquire(timeout=10)
            JobRun.newest("note")
            seen.append(JobRun.select().where(JobRun.job == "note").count())
            done.release()
        return {}

    done = threading.Semaphore(0)
    bench.guard.look(Job("reader", OFTEN, reader), LONDON)
    for _ in range(5):
        JobRun.write("note", started_at=bench.clock.now(), ended_at=bench.clock.now(), outcome="ok")
        wrote.release()
        assert done.acquire(timeout=10)
    assert bench.guard.wait_until_resting(10)
    assert seen == [1, 2, 3, 4, 5]
