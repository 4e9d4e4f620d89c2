"""What the dashboard shows and would take seconds to count: worked out ahead. And its ended sessions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    CharField,
    CompositeKey,
    IntegerField,
    NodeList,
    TextField,
    fn,
)

from models.base import JsonField, Table, UtcField, transaction
from models.contacts import Contact
from models.outbox import Message


class Figure(Table):
    """Figures under one name, as they were at `worked_out_at`."""

    name = CharField(primary_key=True)
    value = JsonField()
    worked_out_at = UtcField()

    @classmethod
    def put(cls, name: str, value: Any, now: datetime) -> None:
        """In the place of those before."""
        cls.insert(name=name, value=value, worked_out_at=now).on_conflict(
            conflict_target=[cls.name], preserve=[cls.value, cls.worked_out_at]
        ).execute()


class Awaited(Table):
    """An article for which somebody waits, and how many do."""

    product_id = BigIntegerField()  # of a variation, its parent
    variation_id = BigIntegerField(default=0)  # 0: no certain one
    name = TextField(default="")
    stock_status = CharField(default="")
    stock_quantity = IntegerField(null=True)  # null where the shop does not count it
    people = IntegerField()
    agreed = IntegerField()  # those of them to whom marketing may be written
    since = UtcField()  # who has waited longest
    told = IntegerField(default=0)  # messages that it is back, and count for the caps
    told_at = UtcField(null=True)  # the newest of these
    longest = JsonField(default=list)  # (contact, since, kind) of some, where so many wait

    class Meta:
        table_name = "awaited"
        primary_key = CompositeKey("product_id", "variation_id")
        indexes = ((("people", "product_id", "variation_id"), False),)

    @classmethod
    def replace_all(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        """Returns how many there are now."""
        with transaction():
            cls.delete().execute()
            return cls.write_each(rows, lambda insert: insert)


class EndedSession(Table):
    """A session of the dashboard whose person has logged out, kept until it would have ended anyway."""

    session = CharField(primary_key=True)
    until = UtcField(index=True)

    class Meta:
        table_name = "ended_session"

    @classmethod
    def put(cls, session: str, until: datetime, now: datetime) -> None:
        """And forget those that would be over by now."""
        with transaction():
            cls.delete().where(cls.until < now).execute()
            cls.insert(session=session, until=until).on_conflict_ignore().execute()


# What these are indexed by are expressions, so that no other statement is ever planned over them: SQLite
# takes an index only for the same expression.
state_listed = NodeList((Message.state, SQL("|| ''")), parens=True)
code_listed = NodeList((Message.code, SQL("+ 0")), parens=True)

Message.add_index(SQL("(\"state\" || '')"), SQL('"campaign"'), name="message_listed")
Message.add_index(  # of a single SQL peewee would think that it is the whole statement
    NodeList((SQL('("code" + 0)'),)),
    where=Message.code.is_null(False),
    name="message_listed_by_code",
)
first_named, last_named = fn.LOWER(Contact.first_name), fn.LOWER(Contact.last_name)
Contact.add_index(SQL('LOWER("first_name")'), SQL('LOWER("last_name")'), name="contact_first_named")
Contact.add_index(NodeList((SQL('LOWER("last_name")'),)), name="contact_last_named")
