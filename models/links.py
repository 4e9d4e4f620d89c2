"""The links of messages that are counted, and how often each was followed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import CharField, IntegerField, TextField, chunked, fn

from models.base import Table, UtcField, among, transaction, tuples
from models.outbox import Message

ROWS_A_STATEMENT = 100
ROWS_A_DELETE = 5_000  # while they are deleted nobody else can write
COUNTED_EVERY = timedelta(minutes=1)  # of one link: whoever opens it all day long writes little


class Link(Table):
    """A link of one message: what stands in the message is its token, which nobody can guess."""

    token = CharField(primary_key=True)
    message_uid = CharField()
    target = TextField()  # a path of the shop, with its query and fragment: never a host
    created_at = UtcField(index=True)
    clicks = IntegerField(default=0)
    first_at = UtcField(null=True)
    last_at = UtcField(null=True)

    class Meta:
        table_name = "link"
        indexes = ((("message_uid", "target"), True),)

    @classmethod
    def put(cls, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raises IntegrityError for a token that there is already: it would lead a person astray."""
        for batch in chunked(rows, ROWS_A_STATEMENT):
            cls.insert_many(batch).execute()

    @classmethod
    def leading(cls, token: str, since: datetime) -> "Link | None":
        """The link of this token, unless it was made before `since`."""
        found: Link | None = cls.get_or_none(cls.token == token, cls.created_at >= since)
        return found

    def counts_at(self, now: datetime) -> bool:
        """Is a click at `now` one more? Those within a minute are one; a clock that was set back
        makes none of them forgotten."""
        return self.last_at is None or not timedelta(0) <= now - self.last_at < COUNTED_EVERY

    @classmethod
    def follow(cls, token: str, now: datetime) -> bool:
        """Count a click, here and on the message. Two at once are one. Returns whether it was counted."""
        due = cls.last_at.is_null() | (cls.last_at <= now - COUNTED_EVERY) | (cls.last_at > now)
        with transaction():
            counted = cls.update(
                clicks=cls.clicks + 1,
                first_at=fn.COALESCE(cls.first_at, cls.first_at.db_value(now)),
                last_at=now,
            ).where(cls.token == token, due)
            if not counted.execute():
                return False
            own = cls.select(cls.message_uid).where(cls.token == token)
            Message.update(clicked=True).where(Message.uid == own, ~Message.clicked).execute()
        return True

    @classmethod
    def owners(cls, tokens: Collection[str]) -> dict[str, tuple[int, datetime]]:
        """token -> the contact whose message has it, and when it was made."""
        query = (
            cls.select(cls.token, Message.contact_id, cls.created_at)
            .join(Message, on=(Message.uid == cls.message_uid))
            .where(among(cls.token, sorted(tokens)))
        )
        return {token: (contact, made) for token, contact, made in tuples(query)}

    @classmethod
    def forget_before(cls, moment: datetime) -> int:
        """Remove those made before `moment`, a part at a time. Returns how many."""
        old = cls.select(cls.token).where(cls.created_at < moment).limit(ROWS_A_DELETE)
        removed = 0
        while part := int(cls.delete().where(cls.token.in_(old)).execute()):
            removed += part
        return removed
