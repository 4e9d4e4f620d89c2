"""Who may be chosen now, found in sets: temporary tables of one run of a decision.

Temporary tables keyed by integers, because SQLite joins a subquery of this size by scanning it once
for every contact. What is found here is never too few: the rules look at each of them again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import (
    JOIN,
    BigIntegerField,
    BooleanField,
    Case,
    IntegerField,
    fn,
)

from models.base import Table, UtcField, among, instant, raw, tuples
from models.contacts import UNREACHABLE, Contact
from models.delivery import Epoch
from models.insight import History, Taste
from models.outbox import UNCOUNTED, Message
from models.outbox_indexes import TRIED

GAVE_UP = ("failed", "refused")
CALLED_OFF = ("cancelled", "expired")  # these were no attempt: see TRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What narrows the people down, in the words of SQL."""

    quiet_before: datetime  # whose last order is not later is quiet
    today: date  # of the shop
    per_7_days: int
    per_30_days: int
    rest_after_failure: timedelta
    attempts: int
    excluded_regions: Sequence[str]
    excluded_contacts: Sequence[int]


class Temporary(Table):
    """A table of this connection alone, in memory."""

    class Meta:
        temporary = True

    @classmethod
    def begin(cls) -> None:
        cls.drop_table(safe=True)
        cls.create_table()


class Lately(Temporary):
    """Who must rest: under the caps, or because a message to them failed, or because all would."""

    contact_id = IntegerField(primary_key=True)
    capped = BooleanField()

    @classmethod
    def work_out(cls, bounds: Bounds) -> None:
        cls.begin()
        if _all_rest(bounds):
            cls.insert_from(
                Contact.select(Contact.id, True), (cls.contact_id, cls.capped)
            ).execute()
            return
        capped, failed = _of_late(bounds)
        # Not the column itself: SQLite would go through all messages in its order to save a sort.
        contact = Message.contact_id + 0
        cls.insert_from(
            Message.select(contact, capped)
            .where(Message.cap_day >= _month(bounds), Message.kind == "marketing")
            .group_by(contact)
            .having(capped | failed),
            (cls.contact_id, cls.capped),
        ).execute()
        cls.insert_from(
            Contact.select(Contact.id, False).where(UNREACHABLE), (cls.contact_id, cls.capped)
        ).on_conflict_ignore().execute()


def must_rest(bounds: Bounds) -> Any:
    """The condition that a contact of Contact would be one of Lately, where few of them are looked at."""
    if _all_rest(bounds):
        return Contact.id.is_null(False)
    capped, failed = _of_late(bounds)
    written_to = fn.EXISTS(
        Message.select(Message.contact_id)
        .where(
            Message.contact_id == Contact.id,
            Message.cap_day.concat("") >= _month(bounds),  # by the contact, not by the day
            Message.kind == "marketing",
        )
        .group_by(Message.contact_id)
        .having(capped | failed)
    )
    return UNREACHABLE | written_to


def _of_late(bounds: Bounds) -> tuple[Any, Any]:
    """(is a contact capped, did a message to them fail of late) of their marketing messages of the month."""
    week = (bounds.today - timedelta(days=6)).isoformat()
    rest = bounds.today - bounds.rest_after_failure  # that day itself is over
    counts = Message.state.not_in(UNCOUNTED)
    in_week = fn.SUM(Case(None, [(counts & (Message.cap_day >= week), 1)], 0))
    in_month = fn.SUM(Case(None, [(counts, 1)], 0))
    failed = fn.SUM(
        Case(None, [(Message.state.in_(GAVE_UP) & (Message.cap_day > rest.isoformat()), 1)], 0)
    )
    more_in_week, more_in_month = _more_since_restored(bounds)
    capped = (in_week + more_in_week >= bounds.per_7_days) | (
        in_month + more_in_month >= bounds.per_30_days
    )
    return capped, failed > 0


def _all_rest(bounds: Bounds) -> bool:
    more_in_week, more_in_month = _more_since_restored(bounds)
    return bool(
        (more_in_week and bounds.per_7_days <= 1) or (more_in_month and bounds.per_30_days <= 1)
    )


def _more_since_restored(bounds: Bounds) -> tuple[int, int]:
    """Messages of 7 and of 30 days that nobody knows of, because the database was put back."""
    restored = Epoch.restored_day()
    if restored is None:
        return 0, 0
    return int(restored >= bounds.today - timedelta(days=6)), int(
        restored.isoformat() >= _month(bounds)
    )


def _month(bounds: Bounds) -> str:
    return (bounds.today - timedelta(days=29)).isoformat()


class Tried(Temporary):
    """Whom we have tried to win back often enough since their last order."""

    contact_id = IntegerField(primary_key=True)

    @classmethod
    def work_out(cls, bounds: Bounds) -> None:
        cls.begin()
        cls.insert_from(
            Message.select(Message.contact_id)
            .join(History, JOIN.CROSS)  # in this order: there are fewer of these messages
            .where(
                TRIED,
                History.contact_id == Message.contact_id,
                Message.created_at > History.last_order_at,
            )
            .group_by(Message.contact_id)
            .having(fn.COUNT(Message.id) >= bounds.attempts),
            (cls.contact_id,),
        ).execute()


class LeftOut(Temporary):
    """Whom the settings leave out by a role or an e-mail."""

    contact_id = IntegerField(primary_key=True)

    @classmethod
    def work_out(cls, bounds: Bounds) -> None:
        cls.begin()
        cls.write_each(
            ({"contact_id": contact} for contact in sorted(bounds.excluded_contacts)),
            lambda insert: insert,
        )


class Seen(Temporary):
    """Who was looked at one by one in this run."""

    contact_id = IntegerField(primary_key=True)

    @classmethod
    def add(cls, contacts: Iterable[int]) -> None:
        cls.write_each(
            ({"contact_id": contact} for contact in contacts),
            lambda insert: insert.on_conflict_ignore(),
        )

    @classmethod
    def among(cls, contacts: Iterable[int]) -> set[int]:
        """Those of these who were."""
        query = cls.select(cls.contact_id).where(among(cls.contact_id, contacts))
        return {contact for (contact,) in tuples(query)}


def next_quiet(
    bounds: Bounds, suits: Any, after: tuple[datetime, int] | None, *, again: bool, limit: int
) -> list[tuple[int, datetime]]:
    """The next people to win back, the most recently quiet first: (contact, newest order).

    `again`: those who were tried since their last order, or those who were not. `after` is the last
    of the page before. `suits`: what a campaign asks of them, or True.
    """
    tried = fn.EXISTS(
        Message.select(Message.id).where(
            TRIED,
            Message.contact_id == History.contact_id,
            Message.created_at > History.last_order_at,
        )
    )
    query = (
        History.select(History.contact_id, History.last_order_at)
        .join(Contact, JOIN.CROSS)  # in this order: by date, and no further than is asked for
        .switch(History)
        .join(Lately, JOIN.LEFT_OUTER, on=(Lately.contact_id == History.contact_id))
        .switch(History)
        .join(Tried, JOIN.LEFT_OUTER, on=(Tried.contact_id == History.contact_id))
        .switch(History)
        .join(LeftOut, JOIN.LEFT_OUTER, on=(LeftOut.contact_id == History.contact_id))
        .where(
            History.last_order_at <= bounds.quiet_before,
            History.bought > 0,
            Contact.id == History.contact_id,
            Contact.marketing == "yes",
            Contact.region.not_in(list(bounds.excluded_regions)),
            Lately.contact_id.is_null(),
            Tried.contact_id.is_null(),
            tried if again else ~tried,
            LeftOut.contact_id.is_null(),
            suits,
        )
        .order_by(History.last_order_at.desc(), History.contact_id.desc())
        .limit(limit)
    )
    if after is not None:
        moment, contact = after
        query = query.where(
            (History.last_order_at < moment)
            | ((History.last_order_at == moment) & (History.contact_id < contact))
        )
    return [(contact, instant(moment)) for contact, moment in raw(query)]


class NewestArrival(Temporary):
    """When the newest product of each category was published."""

    category_id = BigIntegerField(primary_key=True)
    published_at = UtcField()

    @classmethod
    def fill(cls, newest: Mapping[int, datetime]) -> None:
        cls.begin()
        cls.write_each(
            ({"category_id": category, "published_at": at} for category, at in newest.items()),
            lambda insert: insert,
        )


def has_something_new() -> Any:
    """The condition that there is something newer than the newest order of a contact of History, in a
    category in which they bought."""
    return fn.EXISTS(
        Taste.select(Taste.contact_id)
        .join(NewestArrival, on=(NewestArrival.category_id == Taste.category_id))
        .where(
            Taste.contact_id == History.contact_id,
            NewestArrival.published_at > History.last_order_at,
        )
    )
