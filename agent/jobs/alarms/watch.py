"""What is known -> the table of alarms: each is written when it begins and when it is over, and told once each."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from agent.config import Settings
from agent.jobs.alarms.facts import Told, gather, look_at_budget
from agent.log import Log
from agent.rules.alarm_kinds import CRITICAL, Standing
from agent.rules.alarms import gone_for, judge_alarms
from models import Alarm, Telling
from models.alarms import BEGINS, OVER
from models.base import transaction

log = Log(__name__)

EMAIL: Final = "email"
WEBHOOK: Final = "webhook"
DAY: Final = timedelta(days=1)
BUDGET_EVERY: Final = timedelta(minutes=10)  # it reads a month of messages


def ways(settings: Settings) -> tuple[str, ...]:
    """How alarms are told beside the log and the status."""
    wanted = settings.alarms
    named = ((EMAIL, bool(wanted.email_to)), (WEBHOOK, bool(wanted.webhook_url)))
    return tuple(way for way, is_set in named if is_set)


class AlarmWatch:
    """`running_since`: nothing that should have happened before is anybody's fault."""

    def __init__(self, running_since: datetime, monotonic: Callable[[], float]) -> None:
        self._running_since, self._monotonic = running_since, monotonic
        self._settings: Settings | None = None
        self._budget: Told = (None, None)
        self._budget_at = running_since

    def look(
        self, settings: Settings, *, now: datetime, hung: Sequence[str], steady: datetime
    ) -> dict[str, int]:
        """Judge, and write down what is new. Returns how many began and how many are over.

        `steady`: since when the clock has not jumped. A machine that slept was not running.
        """
        facts = gather(
            settings,
            now,
            running_since=max(self._running_since, steady),
            hung=hung,
            monotonic=self._monotonic,
            budget=self._ask_the_budget(settings, now),
        )
        return write_down(judge_alarms(facts), ways(settings), now)

    def _ask_the_budget(self, settings: Settings, now: datetime) -> Told:
        passed = now - self._budget_at
        if settings is not self._settings or not timedelta(0) <= passed < BUDGET_EVERY:
            self._budget = look_at_budget(settings, now)
            self._settings, self._budget_at = settings, now
        return self._budget


def write_down(found: Sequence[Standing], told_by: Sequence[str], now: datetime) -> dict[str, int]:
    """Bring the table in line with what stands, in one transaction with what is to be told of it."""
    tally: Counter[str] = Counter()
    new = {one.key: one for one in found}
    if not new and not Alarm.standing():  # the usual case, and no reason to wait for other writers
        return {}
    with transaction():
        for alarm in Alarm.standing():
            seen = new.pop((alarm.kind, alarm.subject), None)
            if seen is not None:
                words = {"what": seen.what, "fix": seen.fix, "last_at": now}
                Alarm.update(words).where(Alarm.id == alarm.id).execute()
            elif _is_over(alarm, now):
                _end(alarm, told_by, now)
                tally["over"] += 1
        for one in new.values():
            _begin(one, told_by, now)
            tally["begun"] += 1
    return dict(tally)


def _is_over(alarm: Alarm, now: datetime) -> bool:
    """A clock that was set back ends it as well: else it would stand until the old time comes."""
    ended = Alarm.ended_since(now - DAY).get((alarm.kind, alarm.subject), 0)
    unseen: timedelta = now - alarm.last_at
    return not timedelta(0) <= unseen < gone_for(ended)


def _begin(one: Standing, told_by: Sequence[str], now: datetime) -> None:
    since = min(one.since or now, now)
    alarm: Any = Alarm.create(
        kind=one.kind, subject=one.subject, severity=one.severity,
        what=one.what, fix=one.fix, since=since, last_at=now,
    )  # fmt: skip
    Telling.put(alarm, told_by, BEGINS, now)
    tell = log.error if one.severity == CRITICAL else log.warning
    tell(
        "alarm.begins", alarm=one.kind, subject=one.subject or "-", since=since,
        what=one.what, fix=one.fix,
    )  # fmt: skip


def _end(alarm: Alarm, told_by: Sequence[str], now: datetime) -> None:
    """Who was not told yet that it began is told nothing of it any more."""
    Alarm.update(ended_at=now).where(Alarm.id == alarm.id).execute()
    unheard = Telling.delete().where(Telling.alarm_id == alarm.id).returning(Telling.way).execute()
    missed = {one.way for one in unheard}
    Telling.put(alarm, [way for way in told_by if way not in missed], OVER, now)
    log.info(
        "alarm.over", alarm=alarm.kind, subject=alarm.subject or "-", since=alarm.since,
        seen_until=alarm.last_at,
    )  # fmt: skip
