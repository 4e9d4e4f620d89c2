"""The queue of a rehearsal: what is due leaves, looked at once more as before a request, and arrives.

There is no request. WhatsApp takes every message, and every message is delivered in the same moment.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from peewee import fn

from agent.canary import allowances
from agent.config import Settings
from agent.jobs.canary import watch_canaries
from agent.jobs.send.recheck import Verdict, recheck
from agent.room import Places
from agent.rules.states import State
from models import Coupon, Message, Pause
from models.base import transaction
from models.delivery import MARKETING

A_LOOK: Final = 500  # messages that are looked at together
LATER: Final = timedelta(minutes=15)  # what is held by a limit or a trial is looked at again then


class Queue:
    """`left` counts what became of the messages."""

    def __init__(self, settings: Settings, zone: ZoneInfo) -> None:
        self.left: Counter[str] = Counter()
        self._settings, self._zone = settings, zone
        self._held_until: datetime | None = None

    def next_look(self, now: datetime) -> datetime | None:
        """When something may leave; None while nothing waits."""
        first: datetime | None = (
            Message.select(fn.MIN(Message.not_before)).where(Message.state == State.QUEUED).scalar()
        )
        if first is None:
            return None
        return max(first, self._held_until or first, now)

    def leave(self, now: datetime) -> bool:
        """Let out what is due. Returns whether any was called off, or too late: then there is a place again."""
        gone = Message.expire(now)
        before = self.left.total()
        watch_canaries(self._settings, now=now)
        self._make_coupons(now)
        places = Places(lambda: now, lambda: 0.0)
        while self._step(now, places):
            pass
        waits = Message.select().where(Message.state == State.QUEUED, Message.not_before <= now)
        self._held_until = now + LATER if waits.exists() else None
        return bool(gone) or self.left.total() > before

    def _make_coupons(self, now: datetime) -> None:
        """The shop makes each of them: nobody asks it."""
        Coupon.update(woo_id=0, made_at=now).where(Coupon.woo_id.is_null()).execute()

    def _step(self, now: datetime, places: Places) -> bool:
        settings = self._settings
        with transaction():
            free = places.within(A_LOOK, settings, self._zone)
            trials = allowances(settings, now)
            full = [name for name, left in trials.items() if left <= 0]
            due = Message.due(now, free, without=full) if free > 0 else []
            verdict = recheck(due, settings, now=now, zone=self._zone)
            self._drop(verdict, now)
            leaving: list[Message] = []
            for message in verdict.send:
                if trials.get(message.campaign, 1) > 0:
                    leaving.append(message)
                    if message.campaign in trials:
                        trials[message.campaign] -= 1
            self._deliver(leaving, now)
            places.spend(len(leaving))
        return bool(due)

    def _drop(self, verdict: Verdict, now: datetime) -> None:
        for reason, ids in verdict.cancel.items():
            Message.end(ids, (State.QUEUED,), State.CANCELLED, detail=reason, ended_at=now)
            self.left[reason] += len(ids)
        for held in (verdict.hold, verdict.too_soon, verdict.later):
            for moment, ids in held.items():
                Message.move(ids, (State.QUEUED,), State.QUEUED, not_before=moment)

    def _deliver(self, messages: list[Message], now: datetime) -> None:
        ids = [message.id for message in messages]
        claimed = Message.claim(ids, now=now, day=now.astimezone(self._zone).date())
        Message.move(
            claimed,
            (State.CLAIMED,),
            State.DELIVERED,
            accepted_at=now,
            sent_at=now,
            delivered_at=now,
            ended_at=now,
        )


def clear(began: datetime) -> None:
    """What held messages back, and order news that wait, are none of a rehearsal's."""
    Pause.delete().execute()
    waits = (Message.state == State.QUEUED) & (Message.kind != MARKETING)
    Message.update(state=State.CANCELLED, ended_at=began).where(waits).execute()
