"""Webhooks as they came, stored before they are acknowledged; and what they said."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from peewee import (
    EXCLUDED,
    SQL,
    AutoField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
    fn,
)

from models.base import Table, UtcField, transaction, tuples


class Webhook(Table):
    """One verified request, byte for byte. `done_at` is null until it has been worked off."""

    id = AutoField()
    source = CharField()  # whatsapp
    received_at = UtcField(index=True)
    urgent = BooleanField(default=True)  # may hold a refusal: nothing is sent while it waits
    body = BlobField()
    done_at = UtcField(null=True)

    @classmethod
    def keep(cls, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store these, which have the same columns; all or none.

        By one statement for all: carried out for each, it would ask for Python's lock once a row, while
        many threads that answer requests hold it.
        """
        cls.insert_many(rows).execute()

    @classmethod
    def waiting(cls, most: int, most_bytes: int) -> list["Webhook"]:
        """The oldest that have not been worked off, at most so many, and so large together; one at the
        least, however large it is."""
        queue = cls.select(cls.id, fn.LENGTH(cls.body)).where(cls.done_at.is_null())
        ids: list[int] = []
        for number, size in tuples(queue.order_by(cls.id).limit(most)):
            most_bytes -= size
            if ids and most_bytes < 0:
                break
            ids.append(number)
        return list(cls.select().where(cls.id.in_(ids)).order_by(cls.id)) if ids else []

    @classmethod
    def newest_at(cls) -> datetime | None:
        """When the newest came."""
        newest: datetime | None = cls.select(fn.MAX(cls.received_at)).scalar()
        return newest

    @classmethod
    def refusal_may_wait(cls) -> bool:
        """Whether something waits that may be a person's no."""
        return bool(cls.select(cls.id).where(cls.done_at.is_null() & cls.urgent).exists())


Webhook.add_index(Webhook.id, where=Webhook.done_at.is_null(), name="webhook_waiting")
Webhook.add_index(
    Webhook.id, where=(Webhook.done_at.is_null() & Webhook.urgent), name="webhook_urgent"
)


class SetAside(Table):
    """An element of a webhook that could not be read or worked off, for a person to see.

    It stays until it was worked off after all, or dropped; and its webhook with it.
    """

    id = AutoField()
    webhook_id = IntegerField()
    place = CharField()  # in the webhook: entry/change/list/element, each from 0; "" is all of it
    reason = TextField()
    at = UtcField()  # when it was last tried
    tries = IntegerField(default=1)

    class Meta:
        indexes = ((("webhook_id", "place"), True),)

    @classmethod
    def put(cls, webhook_id: int, places: Iterable[tuple[str, str]], now: datetime) -> None:
        """Set aside what stands at these (place, reason). What is there already was tried once more."""
        for place, reason in places:
            cls.insert(webhook_id=webhook_id, place=place, reason=reason, at=now).on_conflict(
                conflict_target=[cls.webhook_id, cls.place],
                preserve=[cls.reason, cls.at],
                update={cls.tries: cls.tries + 1},
            ).execute()


class Received(Table):
    """How often something of a kind came in, by day (UTC). A day that is forgotten stays in the sum,
    whose day is ""."""

    day = CharField()
    kind = CharField()  # "status read", "message text", "field security", ...
    count = IntegerField()

    class Meta:
        primary_key = CompositeKey("day", "kind")

    @classmethod
    def add(cls, counts: Mapping[str, int], day: date) -> None:
        rows = [
            {"day": day.isoformat(), "kind": kind, "count": number}
            for kind, number in counts.items()
        ]
        cls.write_each(
            rows,
            lambda insert: insert.on_conflict(
                conflict_target=[cls.day, cls.kind],
                update={cls.count: cls.count + EXCLUDED.count},
            ),
        )

    @classmethod
    def totals(cls) -> dict[str, int]:
        """By kind, ever since."""
        query = cls.select(cls.kind, fn.SUM(cls.count)).group_by(cls.kind).order_by(cls.kind)
        return dict(tuples(query))

    @classmethod
    def since(cls, day: date) -> dict[str, int]:
        """By kind, from that day on; the most frequent first."""
        count = fn.SUM(cls.count)
        query = cls.select(cls.kind, count).where(cls.day >= day.isoformat()).group_by(cls.kind)
        return dict(tuples(query.order_by(count.desc(), cls.kind)))

    @classmethod
    def forget_before(cls, day: date) -> None:
        """Days before that one go into the sum."""
        old = (cls.day != "") & (cls.day < day.isoformat())
        with transaction():
            for kind, number in tuples(
                cls.select(cls.kind, fn.SUM(cls.count)).where(old).group_by(cls.kind)
            ):
                cls.insert(day="", kind=kind, count=number).on_conflict(
                    conflict_target=[cls.day, cls.kind],
                    update={cls.count: cls.count + EXCLUDED.count},
                ).execute()
            cls.delete().where(old).execute()


class Status(Table):
    """What WhatsApp said became of a message. Doubles fall on the key."""

    wamid = CharField()
    status = CharField()  # sent, delivered, read, failed
    uid = CharField(default="", index=True)  # our own id, where the webhook carries it
    at = UtcField()
    code = IntegerField(null=True)
    detail = TextField(default="")
    category = CharField(default="")  # what it was charged as, or would have been
    message_id = IntegerField(null=True, index=True)
    pricing = CharField(default="")  # regular, or why it was free

    class Meta:
        primary_key = CompositeKey("wamid", "status")


class Reply(Table):
    """A message from a person to the shop."""

    wamid = CharField(primary_key=True)
    contact_id = IntegerField(null=True, index=True)
    sender = CharField(default="")  # the phone or user id, as WhatsApp gave it
    kind = CharField(default="")
    text = TextField(default="")
    in_reply_to = CharField(default="")  # wamid of the message it answers
    at = UtcField(index=True)


NOTES = Reply.kind == SQL("'system'")
"""What WhatsApp itself wrote: changes of numbers. In so many words, or SQLite does not use the index."""

Reply.add_index(Reply.sender, Reply.at, where=NOTES, name="reply_notes")
