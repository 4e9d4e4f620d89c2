"""A job that somebody has called: for a webhook, or for whoever waits at the keyboard (`winback once`)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from agent.errors import WinbackError
from agent.guard import Beat, Job, Postponed
from agent.rules.cadence import Daily, Every
from agent.service import Stopping
from models import Asking, JobCall

WHEN_CALLED = Every(timedelta(seconds=10))  # at once, but not for each of many webhooks
AT_ONCE = Every(timedelta(microseconds=1))  # for whoever waits at the keyboard


def answering(job: Job, times: int) -> Job:
    """The same job for a call: it is due at once, and the call is answered when it has come through."""

    def work(beat: Beat) -> Mapping[str, int]:
        done = job.work(beat)
        JobCall.answered(job.name, times)
        return done

    return replace(job, cadence=WHEN_CALLED, work=work)


def at_the_keyboard(job: Job, number: int, now: Callable[[], datetime], *, is_known: bool) -> Job:
    """The same job for somebody who waits at the keyboard: due at once, and they are told what came of it.

    `is_known`: we know in which zone the shop is.
    """

    def work(beat: Beat) -> Mapping[str, int]:
        if not Asking.begin(number, now()):
            return {}
        try:
            _require_zone(job, is_known=is_known)
            done = job.work(beat)
        except Postponed as waiting:
            Asking.end(number, "postponed", now(), trouble=str(waiting))
            raise
        except Stopping:
            Asking.end(number, "stopped", now())
            raise
        except WinbackError as error:
            Asking.end(number, "failed", now(), trouble=error.what, fix=error.fix)
            raise
        except Exception as error:  # who waits is told; the guard has it next
            Asking.end(number, "failed", now(), trouble=f"{type(error).__name__}: {error}")
            raise
        Asking.end(number, "ok", now(), result=dict(done))
        return done

    return replace(job, cadence=AT_ONCE, work=work, frequent=False, asked=True)


def _require_zone(job: Job, *, is_known: bool) -> None:
    """Raises Postponed where the job's day is that of the shop, and nobody knows it yet."""
    if isinstance(job.cadence, Daily) and not is_known:
        raise Postponed("the first answer of the shop: in which zone it is")
