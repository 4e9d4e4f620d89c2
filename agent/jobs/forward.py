"""Replies -> the shop's own address, in the order in which each person wrote them.

At least once: what was taken, and of which that could not be written down, is told again under the same
`id`. A receiver in trouble is asked again after growing pauses, all replies together, for a day.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from agent.clients.receiver import Answer, Receiver
from agent.config import Settings
from agent.log import Log
from models import Forward
from models.base import transaction

log = Log(__name__)

GIVEN_UP: Final = timedelta(hours=24)
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=15)
A_RUN: Final = 200  # replies; then the next run goes on
AT_A_TIME: Final = 20
FIX: Final = "see that forward_url of [conversations] answers with 200"


def forward_replies(
    settings: Settings, *, now: Callable[[], datetime], beat: Callable[[], None]
) -> dict[str, int]:
    """Tell of what is due. Returns how many were taken, put off or given up."""
    if not Forward.select(Forward.id).exists():
        return {}
    where = settings.conversations
    if not where.forward_url:
        dropped = Forward.delete().execute()
        log.info("forward.dropped", replies=dropped, reason="no forward_url is set any more")
        return {"dropped": dropped}
    tally: Counter[str] = Counter()
    tally["given up"] += _give_up(now())
    with Receiver(where.forward_url, where.forward_secret) as receiver:
        for _ in range(A_RUN // AT_A_TIME):
            due = Forward.due(now(), AT_A_TIME)
            for one in due:
                beat()
                if not _file(one, receiver.tell(one.body), now(), tally):
                    return _counts(tally)
            if not due:
                break
    return _counts(tally)


def _file(one: Forward, answer: Answer, now: datetime, tally: Counter[str]) -> bool:
    """Write down what came of it. Returns whether others may be told of now."""
    with transaction():
        if answer.taken:
            Forward.delete().where(Forward.id == one.id).execute()
            tally["taken"] += 1
            if Forward.update(trouble="").where(Forward.trouble != "").execute() or one.trouble:
                log.info("forward.works", waiting=Forward.select().count())
            return True
        if answer.gone:
            Forward.delete().where(Forward.id == one.id).execute()
            tally["given up"] += 1
            log.warning("forward.given_up", reply=one.event, reason=answer.reason)
            return True
        tally["put off"] += 1
        if answer.of_all:
            _all_wait(one, answer, now)
        else:
            _waits(one, answer, now)
    return not answer.of_all


def _all_wait(one: Forward, answer: Answer, now: datetime) -> None:
    """The receiver is in trouble, which is told once, and not for each reply that waits for it."""
    if not Forward.select().where(Forward.trouble != "").exists():
        log.warning("forward.failed", reason=answer.reason, asked_again_for=GIVEN_UP, fix=FIX)
    when = _next_try(one, now)
    Forward.update(attempts=Forward.attempts + 1).where(Forward.id == one.id).execute()
    Forward.update(trouble=answer.reason).execute()
    Forward.update(not_before=when).where(Forward.not_before < when).execute()


def _waits(one: Forward, answer: Answer, now: datetime) -> None:
    """Something is wrong with this reply alone: those of its person wait behind it."""
    if one.attempts == 0:
        log.warning("forward.refused", reply=one.event, reason=answer.reason, fix=FIX)
    Forward.update(attempts=Forward.attempts + 1, not_before=_next_try(one, now)).where(
        Forward.id == one.id
    ).execute()


def _next_try(one: Forward, now: datetime) -> datetime:
    doublings: int = min(one.attempts, 10)
    pause: timedelta = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    return now + pause


def _give_up(now: datetime) -> int:
    """What was not tried yet is, however old: it is not the receiver's fault that we were off."""
    tried = (Forward.attempts > 0) | (Forward.trouble != "")
    old = Forward.created_at <= now - GIVEN_UP
    given_up = Forward.delete().where(old, tried).execute()
    if given_up:
        log.error("forward.given_up", replies=given_up, tried_for=GIVEN_UP, fix=FIX)
    return int(given_up)


def _counts(tally: Counter[str]) -> dict[str, int]:
    return {what: count for what, count in tally.items() if count}
