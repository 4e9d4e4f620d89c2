"""Who was erased, who may have to be, and what the operator said of whose a name is."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import CharField, CompositeKey, IntegerField, TextField, fn

from models.base import Table, UtcField, among, among_pairs, tuples

PUT_BACK = (
    "erased after the copy was made that was put back"  # how somebody came to be noted: for certain
)
ORDER_ERASED = "order erased"  # the same; perhaps only because it was old
PHONE = "phone"  # a kind of name, beside those of Identity


class Forgotten(Table):
    """A name of somebody who was erased, under its keyed hash: so the shop's copies of before bring
    nobody back. See agent/forgetting.py for what is hashed."""

    name_hash = CharField(primary_key=True)
    forgotten_at = UtcField()

    class Meta:
        table_name = "forgotten"

    @classmethod
    def put(cls, hashes: Iterable[str], now: datetime) -> None:
        cls.write_each(
            ({"name_hash": one, "forgotten_at": now} for one in sorted(set(hashes))),
            lambda insert: insert.on_conflict(
                conflict_target=[cls.name_hash],
                update={cls.forgotten_at: fn.MAX(cls.forgotten_at, cls.forgotten_at.db_value(now))},
            ),
        )

    @classmethod
    def any(cls) -> bool:
        return bool(cls.select().exists())

    @classmethod
    def since(cls, hashes: Iterable[str]) -> dict[str, datetime]:
        """hash -> when; of those that were forgotten."""
        query = cls.select(cls.name_hash, cls.forgotten_at)
        return dict(tuples(query.where(among(cls.name_hash, set(hashes)))))


class Departed(Table):
    """A contact of whom the shop erased an order or deleted the account: perhaps it has nothing more of
    them, and then they are erased here, too."""

    contact_id = IntegerField(primary_key=True)
    how = TextField()  # order erased, account deleted, ..., PUT_BACK
    noted_at = UtcField()

    class Meta:
        table_name = "departed"

    @classmethod
    def note(cls, contacts: Iterable[int | None], how: str, now: datetime) -> None:
        cls.write_each(
            (
                {"contact_id": one, "how": how, "noted_at": now}
                for one in sorted({one for one in contacts if one is not None})
            ),
            # that an account went says more than that an order did
            lambda insert: insert.on_conflict(
                conflict_target=[cls.contact_id],
                preserve=[cls.how, cls.noted_at],
                where=cls.how == ORDER_ERASED,
            ),
        )


class Ruling(Table):
    """What the operator said of whose a name is: it holds, whatever the shop's orders say of it.

    A phone of kind PHONE that is ruled to be a contact's is another number of theirs. A name that is
    nobody's has no contact.
    """

    kind = CharField()  # as Identity's, or phone
    value = CharField()
    contact_id = IntegerField(null=True, index=True)
    ruled_at = UtcField()

    class Meta:
        table_name = "ruling"
        primary_key = CompositeKey("kind", "value")

    @classmethod
    def put(cls, kind: str, value: str, contact_id: int | None, now: datetime) -> None:
        row = {"kind": kind, "value": value, "contact_id": contact_id, "ruled_at": now}
        cls.insert(row).on_conflict_replace().execute()

    @classmethod
    def of(cls, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int | None]:
        """(kind, value) -> contact, of those that were ruled on."""
        if not cls.select().exists():
            return {}
        query = cls.select(cls.kind, cls.value, cls.contact_id)
        found = query.where(among_pairs((cls.kind, cls.value), sorted(set(names))))
        return {(kind, value): contact for kind, value, contact in tuples(found)}

    @classmethod
    def followed(cls, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Rows for Identity as the operator wants them: given to another, or left out."""
        rows = list(rows)
        ruled = cls.of((row["kind"], row["value"]) for row in rows)
        if not ruled:
            return rows
        put = ({**row, "contact_id": ruled.get((row["kind"], row["value"]), row["contact_id"])}
               for row in rows)  # fmt: skip
        return [row for row in put if row["contact_id"] is not None]

    @classmethod
    def phones(cls, asked: Iterable[str]) -> dict[str, int]:
        """phone -> the contact whose other number it is."""
        found = cls.of((PHONE, phone) for phone in asked)
        return {phone: contact for (_, phone), contact in found.items() if contact is not None}
