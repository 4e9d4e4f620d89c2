"""What follows from what people write: a STOP is confirmed, and a reply is passed on to the shop."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import AutoField, CharField, IntegerField, TextField, fn

from models.base import Table, UtcField


class Confirmation(Table):
    """The one answer to a STOP. Its row is written with the refusal, and claimed before it is sent.

    waiting -> claimed -> sent | refused | unsure; waiting -> expired | cancelled. What is claimed and of
    which no answer was written is unsure, and never sent again.
    """

    wamid = CharField(primary_key=True)  # of the STOP
    uid = CharField(unique=True)  # random; travels as biz_opaque_callback_data
    contact_id = IntegerField(null=True, index=True)
    recipient = CharField(index=True)  # +1202..., or a user id of WhatsApp's
    text = TextField()
    language = CharField()
    state = CharField(default="waiting", index=True)
    said_at = UtcField()  # the STOP
    not_before = UtcField()
    attempts = IntegerField(default=0)
    claimed_at = UtcField(null=True)
    ended_at = UtcField(null=True)
    sent_as = CharField(default="")  # the wamid of the answer
    detail = TextField(default="")

    @classmethod
    def move(cls, wamid: str, from_state: str, state: str, **columns: Any) -> bool:
        """Move it if it is still in `from_state`. Returns whether it was."""
        query = cls.update(state=state, **columns)
        return bool(query.where(cls.wamid == wamid, cls.state == from_state).execute())

    @classmethod
    def end_all(cls, from_state: str, state: str, detail: str, now: datetime) -> int:
        """End whatever is in `from_state`; returns how many there were."""
        query = cls.update(state=state, detail=detail, ended_at=now)
        return int(query.where(cls.state == from_state).execute())


class Forward(Table):
    """A reply that the shop's own address is to be told of. It is deleted when that has taken it."""

    id = AutoField()
    event = CharField(unique=True)  # the wamid of the reply: the receiver drops doubles by it
    person = CharField(index=True)  # whose replies stay in their order
    body = TextField()  # JSON
    created_at = UtcField()
    attempts = IntegerField(default=0)
    not_before = UtcField()
    trouble = TextField(default="")  # of the receiver: all wait

    @classmethod
    def due(cls, now: datetime, limit: int) -> Sequence["Forward"]:
        """The oldest of each person, where nothing keeps it waiting."""
        earlier = cls.alias()
        waits = earlier.select(earlier.id).where(earlier.person == cls.person, earlier.id < cls.id)
        query = cls.select().where(cls.not_before <= now, ~fn.EXISTS(waits))
        return list(query.order_by(cls.id).limit(limit))
