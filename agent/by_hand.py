"""What a person did at the keyboard: it stands on the ledger of runs beside what the jobs did, and the
daemon tells it in its log, once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from agent.log import Log
from models import Cursor, JobRun

log = Log(__name__)

BY_HAND: Final = "by hand: "
TOLD: Final = "told by hand"  # the cursor whose `last_id` is the last run that was told
OF_LATE: Final = timedelta(days=1)  # what a database of before there was this cursor still tells


def write_down(what: str, counts: Mapping[str, int], *, begun: datetime, now: datetime) -> None:
    """`what` is the command without its arguments: those may name people. `counts` of what: units of its
    own, and nothing personal either."""
    told = {word: count for word, count in counts.items() if count}
    JobRun.write(f"{BY_HAND}{what}", started_at=begun, ended_at=now, outcome="ok", result=told)


def tell_by_hand(*, now: datetime) -> None:
    """Tell what was done since the last look, also while the daemon was off.

    A kill between the line and the cursor has it told once more.
    """
    cursor = Cursor.get_or_none(Cursor.name == TOLD)
    new = JobRun.ended_at > now - OF_LATE if cursor is None else JobRun.id > cursor.last_id
    done = list(JobRun.select().where(JobRun.job.startswith(BY_HAND), new).order_by(JobRun.id))
    for run in done:
        counts = ", ".join(f"{word} {count}" for word, count in run.result.items())
        log.info(
            "by_hand.done", command=run.job.removeprefix(BY_HAND), at=run.ended_at,
            counts=counts or "none",
        )  # fmt: skip
    if done:
        Cursor.named(TOLD)
        Cursor.update(last_id=done[-1].id).where(Cursor.name == TOLD).execute()
