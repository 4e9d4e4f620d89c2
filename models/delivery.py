"""What keeps messages from leaving: pauses, canaries, and a database that is older than it seems."""

from datetime import datetime
from typing import Any

from peewee import CharField, CompositeKey, IntegerField, TextField

from models.base import Table, UtcField, tuples

EVERYTHING = "*"
MARKETING = "marketing"


class Pause(Table):
    """Why messages do not leave. `scope` is EVERYTHING, MARKETING, or a campaign's name.

    One of each `source` at a time: operator, account, canary, restore. All that there are must be
    over before anything leaves.
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
        """Pause. Returns whether it is new; one that stands already keeps its beginning."""
        new = not cls.select().where(cls.scope == scope, cls.source == source).exists()
        cls.insert(scope=scope, source=source, reason=reason, since=now, until=until).on_conflict(
            conflict_target=[cls.scope, cls.source], preserve=[cls.reason, cls.until]
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
    began_at = UtcField()  # this batch
    filled_at = UtcField(null=True)  # all of it has left, and it is watched
    passed_at = UtcField(null=True)  # all batches were well


class Epoch(Table):
    """Which life of the database this is. The same stands in a file beside it: see agent/epoch.py."""

    id = IntegerField(primary_key=True, default=1)
    mark = CharField()  # random, renewed with each start
    restored_on = CharField(default="")  # ISO date in the shop: everybody counts as written to then
