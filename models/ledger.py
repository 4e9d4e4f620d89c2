"""How far each walk is, what ran when, who is alive, and which message earned which order."""

from datetime import datetime, timedelta
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
    fn,
)

from models.base import JsonField, Table, UtcField, transaction, tuples


class Cursor(Table):
    """How far the mirror of one kind of row is.

    `since` is null until the first full walk is through. While a walk is under way, `walked` rows of
    it are in and `last_id` is the last of them, so that a walk cut short goes on where it was.
    """

    name = CharField(primary_key=True)
    since = UtcField(null=True)  # the shop's clock: all changes up to here are in
    walk_began = UtcField(null=True)  # the shop's clock when the walk under way began
    walked = IntegerField(default=0)
    last_id = BigIntegerField(default=0)
    total = IntegerField(default=0)
    polled_at = UtcField(null=True)  # our clock: the last walk that came through
    hurry = BooleanField(default=False)  # a sweep that goes on at once, not spread over its time
    beyond = IntegerField(default=0)  # rows that the shop counts and cannot give us

    @classmethod
    def named(cls, name: str) -> "Cursor":
        cls.insert(name=name).on_conflict_ignore().execute()
        return cls.get_by_id(name)

    @classmethod
    def by_name(cls) -> dict[str, "Cursor"]:
        """All that there are; a list that was never walked has none."""
        return {cursor.name: cursor for cursor in cls.select()}

    @classmethod
    def shops_clock(cls, moment: datetime) -> datetime:
        """A moment of our clock as the shop's shows it, by the newest poll: copies carry its times."""
        orders = cls.named("orders")
        if orders.since is None or orders.polled_at is None:
            return moment
        apart: timedelta = orders.since - orders.polled_at
        return moment + apart

    @classmethod
    def hasten(cls, name: str) -> None:
        """Let this sweep begin anew and go through at once."""
        cls.named(name)
        cls.update(hurry=True, walked=0, last_id=0, walk_began=None).where(
            cls.name == name, ~cls.hurry
        ).execute()


class JobRun(Table):
    """One run of one job of the timetable."""

    id = AutoField()
    job = CharField()
    started_at = UtcField()
    ended_at = UtcField()
    outcome = CharField()  # ok, failed, stopped
    result = JsonField(default=dict)  # counts, for the status and the report
    trouble = TextField(default="")
    failure = CharField(default="")  # its class in agent/errors.py, or another exception's name
    fix = TextField(default="")

    class Meta:
        indexes = ((("job", "id"), False),)

    @classmethod
    def write(cls, job: str, *, outcome: str, **columns: Any) -> None:
        """Write it down, and count it: the counts stay when old runs are dropped."""
        with transaction():
            cls.insert(job=job, outcome=outcome, **columns).execute()
            JobCount.add(job, outcome)

    @classmethod
    def last_succeeded(cls) -> dict[str, datetime]:
        """When each job last began a run that came through."""
        query = cls.select(cls.job, fn.MAX(cls.started_at)).where(cls.outcome == "ok")
        return dict(tuples(query.group_by(cls.job)))

    @classmethod
    def newest(cls, job: str) -> "JobRun | None":
        """The newest run of `job` that came through."""
        runs = cls.select().where(cls.job == job, cls.outcome == "ok").order_by(cls.id.desc())
        found: JobRun | None = runs.first()
        return found

    @classmethod
    def latest(cls) -> list["JobRun"]:
        """The newest run of each job."""
        return list(cls.select().where(cls.id.in_(_newest_ids("job"))).order_by(cls.job))

    @classmethod
    def forget_before(cls, moment: datetime) -> int:
        """Drop runs that ended before `moment`.

        The newest of each job stays, and the newest that came through: a job that has been failing
        for long still knows when it last worked.
        """
        query = cls.delete().where(
            cls.ended_at < moment, cls.id.not_in(_newest_ids("job", "outcome"))
        )
        return int(query.execute())


class JobCount(Table):
    """How many runs of a job ever ended how, of those that were written down."""

    job = CharField()
    outcome = CharField()
    runs = IntegerField(default=1)

    class Meta:
        primary_key = CompositeKey("job", "outcome")

    @classmethod
    def add(cls, job: str, outcome: str) -> None:
        cls.insert(job=job, outcome=outcome).on_conflict(
            conflict_target=[cls.job, cls.outcome], update={cls.runs: cls.runs + 1}
        ).execute()

    @classmethod
    def failures(cls) -> dict[str, int]:
        """job -> runs that failed, of all jobs that ever ran."""
        failed = fn.SUM(Case(None, [(cls.outcome == "failed", cls.runs)], 0))
        return dict(tuples(cls.select(cls.job, failed).group_by(cls.job).order_by(cls.job)))


def _newest_ids(*of_each: str) -> Any:
    other = JobRun.alias()
    columns = [getattr(other, name) for name in of_each]
    return other.select(fn.MAX(other.id)).group_by(*columns)


class Heartbeat(Table):
    """The daemon that works on this database, and how it is."""

    id = IntegerField(primary_key=True, default=1)
    pid = IntegerField()
    version = CharField()
    started_at = UtcField()
    beat_at = UtcField()
    stopped_at = UtcField(null=True)
    listening = CharField(default="")

    @classmethod
    def beat(cls, **columns: Any) -> None:
        cls.insert(id=1, **columns).on_conflict(
            conflict_target=[cls.id], update={getattr(cls, k): v for k, v in columns.items()}
        ).execute()


class Conversion(Table):
    """An order that a message earned: whose coupon it used, else the last one that its person got in
    the time before it. The first one of that time is kept beside it."""

    order_id = BigIntegerField(primary_key=True)
    message_id = IntegerField(index=True)
    contact_id = IntegerField()
    campaign = CharField()
    by_coupon = BooleanField(default=False)
    ordered_at = UtcField(index=True)
    revenue = (
        BigIntegerField()
    )  # minor units, net of refunds; by [attribution] without tax, shipping
    currency = CharField()
    period = CharField(default="", index=True)  # of that message: the local date of its decision
    template = CharField(default="")  # of that message
    language = CharField(default="")  # of that message
    first_message_id = IntegerField(default=0)
