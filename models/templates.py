"""WhatsApp's templates as they were last read, and whether each campaign can be sent with its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import AutoField, CharField, TextField, chunked, fn

from models.base import JsonField, Table, UtcField

ROWS_A_STATEMENT = 100


class CampaignStanding(Table):
    """Whether a campaign can be sent as things are. `trouble` is '' when it can."""

    name = CharField(primary_key=True)
    trouble = TextField(default="")
    checked_at = UtcField()

    @classmethod
    def put(cls, name: str, trouble: str, now: datetime) -> None:
        """Write down how it stands."""
        cls.insert(name=name, trouble=trouble, checked_at=now).on_conflict(
            conflict_target=[cls.name], preserve=[cls.trouble, cls.checked_at]
        ).execute()

    @classmethod
    def in_trouble(cls) -> Any:
        """A query for the names of the campaigns that cannot be sent."""
        return cls.select(cls.name).where(cls.trouble != "")

    @classmethod
    def troubles(cls) -> dict[str, str]:
        """name -> what is wrong, for every campaign that was looked at."""
        return {one.name: one.trouble for one in cls.select()}


class Template(Table):
    """A message template as WhatsApp has it."""

    id = AutoField()
    name = CharField()
    language = CharField()
    status = CharField()
    category = CharField()
    body = JsonField()  # Meta's own description
    read_at = UtcField()
    refused = TextField(default="")  # why, if messages of it are, until it is read again

    class Meta:
        indexes = ((("name", "language"), True),)

    @classmethod
    def replace_all(cls, rows: Sequence[Mapping[str, Any]]) -> None:
        cls.delete().execute()
        for batch in chunked(rows, ROWS_A_STATEMENT):
            cls.insert_many(batch).execute()

    @classmethod
    def refuse(cls, name: str, language: str, reason: str) -> bool:
        """Messages of it are refused. Returns whether that is news."""
        this = (cls.name == name) & (cls.language == language)
        return bool(cls.update(refused=reason).where(this, cls.refused == "").execute())

    @classmethod
    def refusals(cls) -> dict[tuple[str, str], str]:
        """(name, language) -> why messages of it are refused."""
        return {
            (one.name, one.language): one.refused for one in cls.select().where(cls.refused != "")
        }

    @classmethod
    def lets_out(cls, message: Any) -> Any:
        """The condition on `message` (the table) that its template is not refused."""
        refused = cls.select(cls.id).where(
            cls.name == message.template, cls.language == message.language, cls.refused != ""
        )
        return ~fn.EXISTS(refused)
