"""What is around every job: one thread of its own, never twice at once, every failure accounted for."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from zoneinfo import ZoneInfo

import peewee

from agent.errors import WinbackError
from agent.log import Log
from agent.rules.cadence import Daily, Every
from agent.service import Service, Stopping
from models import JobRun

log = Log(__name__)

Beat = Callable[[], None]
FIRST_PAUSE = timedelta(seconds=10)  # after a failure; doubled each time, up to:
LONGEST_PAUSE = timedelta(minutes=15)
REPORT = "a fault of winback's, tried again later: send its authors this line and those below it"


class Postponed(Exception):
    """A job cannot run yet; it is asked again soon. The text says what it waits for."""


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the timetable.

    `work` gets a `beat` to call between units of work, and returns counts. `patience` is how long it
    may go without a beat before we count as hung. A `frequent` job is written down only when it did
    something, or failed.
    """

    name: str
    cadence: Every | Daily
    work: Callable[[Beat], Mapping[str, int]]
    patience: timedelta = timedelta(minutes=15)
    frequent: bool = False
    quiet: bool = False  # what it did is only told at the level debug
    steady: bool = False  # its counts say how something is: told when they differ from the last
    asked: bool = False  # by a person, who does not wait until the pause after a failure is over


@dataclass(slots=True)
class Lane:
    """Where one job runs, and how it has been going. `begun` is None while it rests."""

    wake: SimpleQueue[Job] = field(default_factory=SimpleQueue)
    begun: datetime | None = None
    beat_at: float = 0.0
    patience: timedelta = timedelta(0)
    last_ok: datetime | None = None
    last_result: Mapping[str, int] | None = None
    not_before: datetime | None = None
    failures: int = 0
    waits_for: str = ""
    told: bool = False  # its last run failed of what the log tells elsewhere
    failed_before: bool = False  # its last run in the life of the process before
    thread: threading.Thread | None = None


@dataclass(slots=True)
class _Run:
    """One run of a job, and what became of it."""

    begun: datetime
    outcome: str = "ok"
    result: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    fix: str = ""
    failure: str = ""  # the name of the error's class
    told: bool = False  # of its trouble the log has a line already

    def fail(self, error: Exception, trouble: str, fix: str = "", *, told: bool = False) -> None:
        self.outcome, self.trouble, self.fix, self.told = "failed", trouble, fix, told
        self.failure = type(error).__name__


class Guard:
    """Starts what is due and keeps account of it."""

    def __init__(
        self, service: Service, *, explain: Callable[[peewee.DatabaseError], WinbackError]
    ) -> None:
        self._service, self._explain = service, explain
        self._lanes: dict[str, Lane] = {}
        self._resting = threading.Condition()
        self._last_ok = JobRun.last_succeeded()
        self._failed = {run.job for run in JobRun.latest() if run.outcome == "failed"}

    def look(self, job: Job, zone: ZoneInfo | None) -> None:
        """Start `job` if it is due and not running. Without the shop's zone no daily job is due."""
        lane = self._lane(job)
        now = self._service.clock.now()
        if lane.begun is not None or (_pauses(lane, now) and not job.asked):
            return
        if zone is None and isinstance(job.cadence, Daily):
            return
        if job.cadence.due(now=now, zone=zone or ZoneInfo("UTC"), last_started=lane.last_ok):
            lane.begun, lane.patience = now, job.patience
            lane.beat_at = self._service.clock.monotonic()
            lane.wake.put(job)

    def hung(self) -> list[str]:
        """Running jobs that made no progress for longer than their patience."""
        now = self._service.clock.monotonic()
        return [
            name
            for name, lane in self._lanes.items()
            if lane.begun is not None and now - lane.beat_at > lane.patience.total_seconds()
        ]

    def running(self) -> list[str]:
        return [name for name, lane in self._lanes.items() if lane.begun is not None]

    def wait_until_resting(self, timeout: float) -> bool:
        """Wait until no job runs; False when that took longer than `timeout` seconds."""
        with self._resting:
            return self._resting.wait_for(lambda: not self.running(), timeout)

    def _lane(self, job: Job) -> Lane:
        if job.name not in self._lanes:
            lane = self._lanes[job.name] = Lane(
                last_ok=self._last_ok.get(job.name), failed_before=job.name in self._failed
            )
            lane.thread = threading.Thread(
                target=self._serve, args=(lane,), name=job.name, daemon=True
            )
            lane.thread.start()
        return self._lanes[job.name]

    def _serve(self, lane: Lane) -> None:
        while True:
            job = lane.wake.get()
            try:
                self._run(job, lane)
            finally:
                with self._resting:
                    lane.begun = None
                    self._resting.notify_all()

    def _run(self, job: Job, lane: Lane) -> None:
        run = _Run(self._service.clock.now())

        def beat() -> None:
            self._service.check()
            lane.beat_at = self._service.clock.monotonic()

        try:
            run.result = job.work(beat)
        except Stopping:
            run.outcome = "stopped"
        except Postponed as waiting:
            if lane.waits_for != str(waiting):
                log.info("job.waits", job=job.name, waits_for=waiting)
            lane.waits_for = str(waiting)
            lane.not_before = run.begun + FIRST_PAUSE
            return
        except WinbackError as error:
            run.fail(error, error.what, error.fix, told=error.told)
            tell = log.debug if error.told else log.warning
            tell("job.failed", job=job.name, what=error.what, fix=error.fix)
        except peewee.DatabaseError as error:
            said = self._explain(error)
            run.fail(said, said.what, said.fix)
            log.warning("job.failed", job=job.name, what=said.what, fix=said.fix)
        except Exception as error:  # noqa: BLE001 - one broken job must not take the others down
            run.fail(error, f"{type(error).__name__}: {error}")
            log.error("job.broke", error=error, job=job.name, fix=REPORT)
        self._account(job, lane, run)

    def _account(self, job: Job, lane: Lane, run: _Run) -> None:
        now = self._service.clock.now()
        known = run.told and lane.told  # nothing new since the last run
        recovered = run.outcome == "ok" and (lane.told or lane.failures > 0 or lane.failed_before)
        lane.waits_for, lane.told = "", run.told
        if run.told:  # a shop that is away is asked seldom, whoever comes: so we may come often
            lane.not_before = now + FIRST_PAUSE
        elif run.outcome == "failed":
            lane.failures += 1
            pause = min(FIRST_PAUSE * 2 ** min(lane.failures - 1, 10), LONGEST_PAUSE)
            lane.not_before = now + pause
        else:
            if run.outcome == "ok" and lane.failures:
                log.info("job.recovered", job=job.name, failures=lane.failures)
            lane.failures, lane.not_before = 0, None
        if run.outcome == "ok":
            lane.last_ok, lane.failed_before = run.begun, False
            if run.result or not job.frequent:
                seconds = round((now - run.begun).total_seconds(), 1)
                fields = {word.replace(" ", "_"): count for word, count in run.result.items()}
                tell = log.debug if _is_no_news(job, lane, run) else log.info
                tell("job.done", job=job.name, seconds=seconds, **fields)
                lane.last_result = run.result
        nothing_done = run.outcome == "ok" and job.frequent and not run.result
        if known or (nothing_done and not recovered):
            return
        try:
            JobRun.write(
                job.name, started_at=run.begun, ended_at=now,
                outcome=run.outcome, result=dict(run.result),
                trouble=run.trouble, fix=run.fix, failure=run.failure,
            )  # fmt: skip
        except peewee.DatabaseError as error:  # the run stands; only its line is missing
            said = self._explain(error)
            log.warning("job.unrecorded", job=job.name, what=said.what, fix=said.fix)


def _is_no_news(job: Job, lane: Lane, run: _Run) -> bool:
    """Did it do nothing that anybody wants to read of? That a daily job has run is news in itself."""
    same = job.steady and run.result == lane.last_result
    idle = not run.result and isinstance(job.cadence, Every)
    return job.quiet or same or idle


def _pauses(lane: Lane, now: datetime) -> bool:
    """Is it too early after a failure? A pause longer than any of ours: the clock was set back."""
    return lane.not_before is not None and now < lane.not_before <= now + LONGEST_PAUSE
