"""The codes that were made for messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import BigIntegerField, CharField, IntegerField, chunked

from models.base import Table, UtcField

ROWS_A_STATEMENT = 100


class Coupon(Table):
    """A code made for one message. It exists here before it exists in the shop."""

    code = CharField(primary_key=True)
    message_uid = CharField(unique=True)
    email = CharField()
    percent = IntegerField()
    expires_at = UtcField()
    woo_id = BigIntegerField(null=True)  # null until the shop has it
    made_at = UtcField(null=True)
    removed_at = UtcField(null=True)  # unused when it expired, and taken out of the shop

    @classmethod
    def put(cls, rows: Sequence[Mapping[str, Any]]) -> None:
        for batch in chunked(rows, ROWS_A_STATEMENT):
            cls.insert_many(batch).execute()
