"""winback once: one job of the timetable now, beside the daemon or without it."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from agent import log
from agent.commands.options import config_option
from agent.config import Settings, load
from agent.consequences import look_again
from agent.daemon import make_tools
from agent.database import owned, require_there, shared, trouble
from agent.epoch import Life
from agent.errors import AlreadyRunning, BadInput, WinbackError
from agent.guard import Guard, Job
from agent.jobs.health import look_at_daemon
from agent.jobs.send import what_waits
from agent.jobs.status import zone_of_the_shop
from agent.jobs.templates import judge_again
from agent.rules.cadence import Daily
from agent.service import Service, Stopping, WallClock
from agent.timetable import Timetable
from models import Asking, JobRun, Message

LOOK = 0.2  # seconds between two looks at how far it is
PATIENCE = 60.0  # seconds without a question whether the daemon is there
LAST_WORK = 18.0  # seconds to finish what is in hand, when we must stop
EXIT_CODES = {"ok": 0, "failed": 1, "postponed": 75, "stopped": 130}


@click.command
@click.argument("job", required=False)
@click.option("--list", "listing", is_flag=True, help="Name the jobs, and how often each runs.")
@config_option
def command(job: str | None, listing: bool, config: Path) -> None:
    """Run JOB of the daemon now, and wait for its end. A running daemon does it itself.

    Pauses, caps, quiet hours and budgets hold as ever, and no campaign runs on an old mirror. The exit
    code is 0, 1 if it failed, and 75 if it cannot run yet; then it says what for.

    \b
    Examples:
      winback once --list
      winback once attribution
      winback once poll && winback once campaigns
    """
    if listing == (job is not None):
        raise click.UsageError("name a job, or say --list")
    settings = load(config.expanduser().absolute(), environ=os.environ)
    service = Service(WallClock())
    require_there(settings.database.path)
    if job is None:
        with shared(settings.database.path):
            _list(_timetable(settings, service))
        return
    try:
        with owned(settings.database.path):
            _require_known(job, _timetable(settings, service))
            done = _alone(job, settings, service)
            waiting = _waiting(done, settings, service)
    except AlreadyRunning as another:
        with shared(settings.database.path):
            _require_known(job, _timetable(settings, service))
            done = _beside(job, service, another)
            waiting = _waiting(done, settings, service)
    _tell(done, waiting)
    sys.exit(EXIT_CODES["postponed" if _was_not_begun(done) else done.outcome])


def _was_not_begun(done: Asking) -> bool:
    """Who was at work here ended first: a daemon that was stopped, or another `winback once`."""
    return done.outcome == "stopped" and done.begun_at is None


def _timetable(settings: Settings, service: Service, guard: Guard | None = None) -> Timetable:
    path = settings.database.path
    guard = guard or Guard(service, explain=lambda error: trouble(error, path))
    return Timetable(service, guard, make_tools(settings, service))


def _require_known(job: str, timetable: Timetable) -> None:
    names = [one.name for one in timetable.jobs()]
    if job not in names:
        raise BadInput(f"there is no job {job!r}", fix=f"one of: {', '.join(names)}")


def _beside(job: str, service: Service, another: WinbackError) -> Asking:
    """Ask the daemon, and wait for what it says. Who is stopped meanwhile takes the question back."""
    number = Asking.put(job, service.clock.now())
    service.listen_to_signals()
    try:
        return wait_for(job, number, service, another)
    except Stopping:
        click.echo("stopped waiting: what the daemon has begun it ends", err=True)
        sys.exit(EXIT_CODES["stopped"])


def wait_for(job: str, number: int, service: Service, another: WinbackError) -> Asking:
    """What came of a question. Raises AlreadyRunning where nobody is there any more who could answer it,
    and Stopping; a question that nobody has begun is taken back then."""
    now = service.clock.now
    until = service.clock.monotonic() + PATIENCE
    try:
        while (found := Asking.get_by_id(number)).ended_at is None:
            if service.clock.monotonic() > until and not _is_there(now()):
                _give_up(job, found, another, now())
            service.sleep(LOOK)
    finally:
        if Asking.begin(number, now()):  # nobody had, so nobody will
            Asking.end(number, "stopped", now())
    return found


def _is_there(now: datetime) -> bool:
    """A daemon that could: it may still run the same job, and begins anew after that."""
    return look_at_daemon(now).runs


def _give_up(job: str, asked: Asking, another: WinbackError, now: datetime) -> None:
    """Raises AlreadyRunning."""
    if asked.begun_at is None:
        raise AlreadyRunning(
            f"{another.what}, and does not begin {job}",
            fix="it is no daemon, or it hangs: winback status",
        )
    Asking.end(asked.id, "stopped", now)
    raise AlreadyRunning(
        f"the daemon ended before {job} came through, or hangs",
        fix="what it has done stands, and the next run goes on there: winback status",
    )


def _alone(job: str, settings: Settings, service: Service) -> Asking:
    """As the daemon would: what an earlier process left behind is looked at first."""
    log.set_up(style=settings.log.format, level=settings.log.level)
    path, begun = settings.database.path, service.clock.now()
    service.listen_to_signals()
    Asking.leave(begun)
    Message.orphaned()
    life = Life(path)
    life.begin(begun)
    judge_again(settings, begun)
    look_again()
    guard = Guard(service, explain=lambda error: trouble(error, path))
    timetable = _timetable(settings, service, guard)
    number = Asking.put(job, begun)
    try:
        timetable.answer()
        while guard.running():
            service.sleep(LOOK)
    except Stopping:
        service.stop()
        guard.wait_until_resting(LAST_WORK)
    finally:
        Message.orphaned()
        Asking.leave(service.clock.now())
        life.renew()
    return Asking.get_by_id(number)


def _waiting(done: Asking, settings: Settings, service: Service) -> list[str]:
    """After a run that sends: what the messages that are still queued wait for, a line each."""
    if done.job != "send" or done.outcome != "ok":
        return []
    zone, clock = zone_of_the_shop(), service.clock
    found = what_waits(settings, clock.now(), zone, clock.monotonic)
    return [one.in_words(zone) for one in found]


def _tell(done: Asking, waiting: Sequence[str]) -> None:
    seconds = round((done.ended_at - (done.begun_at or done.asked_at)).total_seconds(), 1)
    counts = ", ".join(f"{word}: {count:,}" for word, count in dict(done.result).items())
    match done.outcome:
        case "ok":
            nothing = "none could leave" if waiting else "there was nothing to do"
            click.echo(f"{done.job}: done in {seconds} s; {counts or nothing}")
            for line in waiting:
                click.echo(f"  {line}")
        case "postponed":
            click.echo(f"{done.job}: cannot run yet, it waits for {done.trouble}", err=True)
        case "failed":
            click.echo(f"{done.job}: failed: {done.trouble}", err=True)
            if done.fix:
                click.echo(f"  -> {done.fix}", err=True)
        case _ if _was_not_begun(done):
            click.echo(
                f"{done.job}: not begun: the winback that was at work here ended before it came to it\n"
                f"  -> winback once {done.job}",
                err=True,
            )
        case _:
            click.echo(f"{done.job}: stopped before its end", err=True)


def _list(timetable: Timetable) -> None:
    last = JobRun.last_succeeded()
    width = max(len(job.name) for job in timetable.jobs())
    for job in timetable.jobs():
        ran = last.get(job.name)
        when = f"last {ran:%Y-%m-%d %H:%M} UTC" if ran else "nothing to tell of yet"
        click.echo(f"{job.name:{width}}  {_often(job):24}  {when}")


def _often(job: Job) -> str:
    if isinstance(job.cadence, Daily):
        return f"once a day from {job.cadence.at:%H:%M}"
    seconds = round(job.cadence.interval.total_seconds())
    return f"every {seconds // 60} min" if seconds >= 60 else f"every {seconds} s"
