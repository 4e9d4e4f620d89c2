"""What was told of people's interest, and is none yet."""

from collections.abc import Iterable
from datetime import datetime

from peewee import AutoField, CharField, TextField

from models.base import Table, UtcField


class UnsettledEvent(Table):
    """An event that is no interest yet: it has just been told (`reason` is ''), or its person or its
    product is not known. It is kept until they are, or until it is too old to matter.
    """

    id = AutoField()
    said = TextField(unique=True)  # the event as JSON, in the agent's own words
    reason = CharField(index=True)  # what is not known
    happened_at = UtcField(index=True)
    source = CharField()

    class Meta:
        table_name = "unsettled_event"

    @classmethod
    def put(cls, said: Iterable[tuple[str, datetime]], source: str, reason: str = "") -> int:
        """Keep events, each with its time; one that waits already is not written again.

        Returns how many are new.
        """
        rows = [
            {"said": words, "reason": reason, "happened_at": at, "source": source}
            for words, at in said
        ]
        return cls.write_each(rows, lambda insert: insert.on_conflict_ignore())

    @classmethod
    def forget_before(cls, moment: datetime) -> int:
        return int(cls.delete().where(cls.happened_at < moment).execute())
