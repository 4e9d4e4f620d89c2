"""Replies -> the shop's own address, in the order in which each person wrote them.

At least once: what was taken, and of which that could not be written down, is told again under the same
`id`. A receiver in trouble is asked again after growing pauses, all replies together, for a day. It may
be one reply alone that breaks it: then the others go on.
"""

import json
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
GIVEN_UP_TOLD: Final = f"{GIVEN_UP // timedelta(hours=1)}h"
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
        turn = _Turn(receiver, now, tally)
        for _ in range(A_RUN // AT_A_TIME):
            due = [one for one in Forward.due(now(), AT_A_TIME) if not turn.suspects(one)]
            for one in due:
                beat()
                if not turn.tell(one):
                    return _counts(tally)
            if not due:
                break
        turn.end()
    return _counts(tally)


class _Turn:
    """One run. A reply that the receiver broke on is suspect until we know whether it takes another."""

    def __init__(
        self, receiver: Receiver, now: Callable[[], datetime], tally: Counter[str]
    ) -> None:
        self._receiver, self._now, self._tally = receiver, now, tally
        self._suspect: tuple[Forward, Answer] | None = None

    def suspects(self, one: Forward) -> bool:
        return self._suspect is not None and self._suspect[0].id == one.id

    def tell(self, one: Forward) -> bool:
        """Returns whether others may be told of now."""
        answer = self._receiver.tell(one.body)
        if self._suspect is None:
            if answer.of_all and _may_be_to_blame(one):
                self._suspect = one, answer
                return True
        elif answer.of_all:  # it is the receiver after all
            return _file(*self._suspect, self._now(), self._tally)
        elif answer.taken:
            _blame(*self._suspect, self._now(), self._tally)
            self._suspect = None
        return _file(one, answer, self._now(), self._tally)

    def end(self) -> None:
        """Where there was no other to ask with, what it was the last time is what it is."""
        if self._suspect is not None:
            judge = _file if self._suspect[0].trouble else _blame
            judge(*self._suspect, self._now(), self._tally)


def _may_be_to_blame(one: Forward) -> bool:
    """Each third time we ask whether the receiver takes another; and where it has taken others since."""
    tried: int = one.attempts
    return tried > 0 and (one.trouble == "" or tried % 3 == 2)


def _blame(one: Forward, answer: Answer, now: datetime, tally: Counter[str]) -> None:
    """The receiver takes others, or has since this one failed."""
    with transaction():
        _waits(one, answer, now, is_new=one.trouble != "")
    tally["put off"] += 1


def _file(one: Forward, answer: Answer, now: datetime, tally: Counter[str]) -> bool:
    """Write down what came of it. Returns whether others may be told of now."""
    with transaction():
        if answer.taken:
            # what the rows say now: `one` was read with others, before the first of them was taken
            was_in_trouble = Forward.update(trouble="").where(Forward.trouble != "").execute()
            Forward.delete().where(Forward.id == one.id).execute()
            tally["taken"] += 1
            if was_in_trouble:
                log.info("forward.works", waiting=Forward.select().count())
            return True
        if answer.gone:
            Forward.delete().where(Forward.id == one.id).execute()
            tally["given up"] += 1
            log.warning(
                "forward.given_up", written_at=_written_at(one), reason=answer.reason,
                fix="the address wants it no more: see winback replies",
            )  # fmt: skip
            return True
        tally["put off"] += 1
        if answer.of_all:
            _all_wait(one, answer, now)
        else:
            _waits(one, answer, now, is_new=one.attempts == 0)
    return not answer.of_all


def _all_wait(one: Forward, answer: Answer, now: datetime) -> None:
    """The receiver is in trouble, which is told once, and not for each reply that waits for it."""
    if not Forward.select().where(Forward.trouble != "").exists():
        log.warning("forward.failed", reason=answer.reason, asked_again_for=GIVEN_UP_TOLD, fix=FIX)
    when = _next_try(one, now)
    Forward.update(attempts=Forward.attempts + 1).where(Forward.id == one.id).execute()
    Forward.update(trouble=answer.reason).execute()
    Forward.update(not_before=when).where(Forward.not_before < when).execute()


def _waits(one: Forward, answer: Answer, now: datetime, *, is_new: bool) -> None:
    """Something is wrong with this reply alone: those of its person wait behind it."""
    if is_new:
        written_at = _written_at(one)
        log.warning("forward.refused", written_at=written_at, reason=answer.reason, fix=FIX)
    Forward.update(attempts=Forward.attempts + 1, not_before=_next_try(one, now)).where(
        Forward.id == one.id
    ).execute()


def _written_at(one: Forward) -> str:
    """By this `winback replies` finds it. Its id does not go to the log: it has the number in it."""
    return str(json.loads(one.body)["at"])


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
        log.error("forward.given_up", replies=given_up, tried_for=GIVEN_UP_TOLD, fix=FIX)
    return int(given_up)


def _counts(tally: Counter[str]) -> dict[str, int]:
    return {what: count for what, count in tally.items() if count}
