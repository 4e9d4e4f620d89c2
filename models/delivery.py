"""What keeps messages from leaving: pauses, canaries, and a database that is older than it seems."""

from datetime import date, datetime
from typing import Any

from peewee import (
    EXCLUDED,
    AutoField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
    fn,
)

from models.base import JsonField, Table, UtcField, tuples

EVERYTHING = "*"
MARKETING = "marketing"


class Pause(Table):
    """Why messages do not leave. `scope` is EVERYTHING, MARKETING, or a campaign's name.

    One of each `source` at a time, and all that there are must be over before anything leaves:

        operator     somebody said so
        account      the number as it was last read: over when it is well again
        restriction  Meta announced it, and no reading shows its end: over at its time, or by a person
        error        WhatsApp answered that the account may not send: over after a while
        canary       a template that was tried out did badly
        restore      the database is older than it seems: see agent/epoch.py
    """

    scope = CharField()
    source = CharField()
    reason = TextField(default="")
    since = UtcField()
    until = UtcField(null=True)  # it is over by itself then

    class Meta:
        primary_key = CompositeKey("scope", "source")

    @classmethod
    def put(
        cls, scope: str, source: str, reason: str, *, now: datetime, until: datetime | None = None
    ) -> bool:
        """Pause. Returns whether it is new; one that stands already keeps its beginning, and its end
        where that is later."""
        over = cls.until.is_null(False) & (cls.until <= now)
        cls.delete().where(cls.scope == scope, cls.source == source, over).execute()
        new = not cls.select().where(cls.scope == scope, cls.source == source).exists()
        cls.insert(scope=scope, source=source, reason=reason, since=now, until=until).on_conflict(
            conflict_target=[cls.scope, cls.source],
            preserve=[cls.reason, cls.until],
            where=EXCLUDED.until.is_null() | (cls.until <= EXCLUDED.until),
        ).execute()
        return new

    @classmethod
    def lift(cls, scope: str, *sources: str) -> int:
        """End it; all sources if none is named. Returns how many there were."""
        query = cls.delete().where(cls.scope == scope)
        if sources:
            query = query.where(cls.source.in_(sources))
        return int(query.execute())

    @classmethod
    def in_force(cls, now: datetime) -> list["Pause"]:
        """Those that are not over, in the order in which they began."""
        standing = cls.until.is_null() | (cls.until > now)
        return list(cls.select().where(standing).order_by(cls.since, cls.scope, cls.source))

    @classmethod
    def scopes(cls, now: datetime) -> set[str]:
        standing = cls.until.is_null() | (cls.until > now)
        return {scope for (scope,) in tuples(cls.select(cls.scope).where(standing))}

    @classmethod
    def lets_out(cls, scopes: set[str], message: Any) -> Any:
        """The condition on `message` (the table) that none of these scopes holds it back."""
        if EVERYTHING in scopes:
            return message.id.is_null()
        allowed = message.campaign.not_in(sorted(scopes))
        return allowed & (message.kind != MARKETING) if MARKETING in scopes else allowed


class Canary(Table):
    """How far a campaign's template has been tried out: in growing batches, each watched for a while."""

    campaign = CharField(primary_key=True)
    template = CharField()  # Meta's id of it, and its text: another one is tried out anew
    batch = IntegerField(default=0)  # which one leaves, or is watched: from 0
    tried_since = UtcField()  # the first batch
    began_at = UtcField()  # this batch
    filled_at = UtcField(null=True)  # all of it has left, and it is watched
    passed_at = UtcField(null=True)  # all batches were well

    @classmethod
    def put(cls, campaign: str, template: str, *, batch: int, now: datetime, passed: bool) -> None:
        """Try this template out from `batch` on, or write down that it needs no trial."""
        query = cls.insert(
            campaign=campaign,
            template=template,
            batch=batch,
            tried_since=now,
            began_at=now,
            filled_at=None,
            passed_at=now if passed else None,
        )
        query.on_conflict_replace().execute()

    @classmethod
    def try_again(cls, campaign: str, now: datetime) -> None:
        """The batch that did badly is tried once more; what went before counts no longer."""
        cls.update(tried_since=now, began_at=now, filled_at=None).where(
            cls.campaign == campaign, cls.passed_at.is_null()
        ).execute()


class JobCall(Table):
    """A job that is to run at once, because what it reads has changed."""

    job = CharField(primary_key=True)
    times = IntegerField(default=1)  # so that a call that comes while it runs is not lost

    @classmethod
    def put(cls, job: str) -> None:
        cls.insert(job=job).on_conflict(
            conflict_target=[cls.job], update={cls.times: cls.times + 1}
        ).execute()

    @classmethod
    def all(cls) -> dict[str, int]:
        """Job -> how often it was called."""
        return dict(tuples(cls.select(cls.job, cls.times)))

    @classmethod
    def answered(cls, job: str, times: int) -> None:
        """It ran after it had been called so often."""
        cls.delete().where(cls.job == job, cls.times == times).execute()


class Asking(Table):
    """Somebody asks at the keyboard for a run of a job now, and is told here what came of it."""

    id = AutoField()
    job = CharField()
    asked_at = UtcField()
    begun_at = UtcField(null=True)
    ended_at = UtcField(null=True, index=True)
    outcome = CharField(default="")  # ok, failed, postponed, stopped
    result = JsonField(default=dict)  # counts
    trouble = TextField(default="")
    fix = TextField(default="")

    class Meta:
        table_name = "asking"

    @classmethod
    def put(cls, job: str, now: datetime) -> int:
        """Returns its number."""
        return int(cls.insert(job=job, asked_at=now).execute())

    @classmethod
    def waiting(cls) -> dict[str, int]:
        """Job -> the oldest that nobody has begun."""
        query = cls.select(cls.job, fn.MIN(cls.id)).where(
            cls.ended_at.is_null(), cls.begun_at.is_null()
        )
        return dict(tuples(query.group_by(cls.job)))

    @classmethod
    def begin(cls, number: int, now: datetime) -> bool:
        """Returns whether it was still wanted."""
        wanted = (cls.id == number) & cls.begun_at.is_null() & cls.ended_at.is_null()
        return bool(cls.update(begun_at=now).where(wanted).execute())

    @classmethod
    def end(cls, number: int, outcome: str, now: datetime, **columns: Any) -> None:
        query = cls.update(outcome=outcome, ended_at=now, **columns)
        query.where(cls.id == number, cls.ended_at.is_null()).execute()

    @classmethod
    def leave(cls, now: datetime) -> None:
        """Those of a process that has ended, and of whoever waited for it."""
        cls.update(outcome="stopped", ended_at=now).where(cls.ended_at.is_null()).execute()


class Epoch(Table):
    """Which life of the database this is. The same stands in a file beside it: see agent/epoch.py."""

    id = IntegerField(primary_key=True, default=1)
    mark = CharField(default="")  # random, and renewed all the time
    restored_on = CharField(default="")  # ISO date in the shop: everybody counts as written to then
    known_until = UtcField(null=True)  # of what came later, until it was put back, nothing is known
    suspected = BooleanField(default=False)  # perhaps it was put back: the operator is asked

    @classmethod
    def put(cls, **columns: Any) -> None:
        """Write these columns of the one row; the others stay."""
        cls.insert(id=1, **columns).on_conflict(
            conflict_target=[cls.id], update={getattr(cls, k): v for k, v in columns.items()}
        ).execute()

    @classmethod
    def restored_day(cls) -> date | None:
        """The date on which everybody counts as written to, whatever the messages say."""
        found = tuples(cls.select(cls.restored_on).where(cls.restored_on != ""))
        return date.fromisoformat(found[0][0]) if found else None
