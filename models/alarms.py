"""What needs a person: alarms from their beginning to their end, and whom they are still to be told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from peewee import AutoField, CharField, IntegerField, TextField, fn

from models.base import Table, UtcField, tuples

BEGINS = "begins"
OVER = "is over"
GONE_AFTER = timedelta(minutes=3)  # it is looked for every minute


class Alarm(Table):
    """Something that a person has to look after. One of each kind and subject stands at a time."""

    id = AutoField()
    kind = CharField()  # of agent/rules/alarms.py
    subject = CharField(default="")  # a campaign, a job; "" where there is only one of its kind
    severity = CharField()  # critical: messages do not leave, or data is at stake; else warning
    what = TextField()  # a sentence, as it was last seen
    fix = TextField()
    since = UtcField()
    last_at = UtcField()  # when it was last seen
    ended_at = UtcField(null=True, index=True)

    class Meta:
        indexes = ((("kind", "subject", "since"), False),)

    def is_gone(self, now: datetime) -> bool:
        """Was it not there any more at the last looks? It is over if it stays so."""
        seen: datetime = self.last_at
        return seen < now - GONE_AFTER

    @classmethod
    def standing(cls) -> list["Alarm"]:
        """Those that are not over: the critical ones first, then in the order in which they began."""
        query = cls.select().where(cls.ended_at.is_null())
        return list(query.order_by(cls.severity, cls.since, cls.id))  # "critical" < "warning"

    @classmethod
    def recent(cls, since: datetime, limit: int = 50) -> list["Alarm"]:
        """Those that ended after `since`, the last first."""
        query = cls.select().where(cls.ended_at > since)
        return list(query.order_by(cls.ended_at.desc(), cls.id.desc()).limit(limit))

    @classmethod
    def ended_since(cls, moment: datetime) -> Mapping[tuple[str, str], int]:
        """(kind, subject) -> how often it ended after `moment`."""
        query = cls.select(cls.kind, cls.subject, fn.COUNT(cls.id)).where(cls.ended_at > moment)
        return {
            (kind, subject): count
            for kind, subject, count in tuples(query.group_by(cls.kind, cls.subject))
        }


class Telling(Table):
    """That an alarm began, or is over, and that somebody is to be told so. It is deleted when they were."""

    id = AutoField()
    alarm_id = IntegerField()
    way = CharField()  # email, webhook
    news = CharField()  # BEGINS, OVER
    created_at = UtcField()
    attempts = IntegerField(default=0)
    not_before = UtcField()
    trouble = TextField(default="")  # of the last try

    class Meta:
        indexes = ((("alarm_id", "way", "news"), True),)

    @classmethod
    def put(cls, alarm: Alarm, ways: Iterable[str], news: str, now: datetime) -> None:
        for way in ways:
            cls.insert(
                alarm_id=alarm.id, way=way, news=news, created_at=now, not_before=now
            ).on_conflict_ignore().execute()

    @classmethod
    def due(cls, way: str, now: datetime, limit: int, *, longest: timedelta) -> Sequence["Telling"]:
        """The oldest first. What waits `longest` or more was put off by a clock that was ahead."""
        is_due = (cls.not_before <= now) | (cls.not_before > now + longest)
        query = cls.select().where(cls.way == way, is_due)
        return list(query.order_by(cls.id).limit(limit))
