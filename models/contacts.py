"""Who we can write to, what belongs to them, and what they said about it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import (
    EXCLUDED,
    SQL,
    AutoField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
    chunked,
    fn,
)

from models.base import Table, UtcField, among, carry_out_each, transaction, tuples
from models.erasures import Ruling
from models.insight import CONTACT, CUSTOMER, EMAIL, Stale

ROWS_A_STATEMENT = 200


class Contact(Table):
    """A person with one phone. `marketing` and `order_news` are what the consent ledger comes to for
    each of them: yes, no, or ''."""

    id = AutoField()
    phone = CharField(unique=True)  # E.164 with its +
    region = CharField(default="")
    zones = TextField(default="")  # IANA names that the number may be in, space separated
    first_name = CharField(default="")
    last_name = CharField(default="")
    email = CharField(default="")
    named_at = UtcField(null=True)  # date of the order or account that gave name and e-mail
    marketing = CharField(default="", index=True)
    marketing_at = UtcField(null=True)
    created_at = UtcField()
    language = CharField(default="")  # of the newest order that names one: pt_BR
    unreachable = TextField(default="")  # why WhatsApp cannot or may not bring them anything
    order_news = CharField(default="")  # as `marketing`, for news of their orders
    order_news_at = UtcField(null=True)
    lot = IntegerField(null=True)  # by which chance holds out of all marketing; null: not drawn yet

    class Meta:
        indexes = ((("marketing", "lot"), False),)

    @classmethod
    def put(cls, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Insert what is new; the newest order names the person. Returns phone -> id."""
        rows = list(rows)
        cls.write_each(
            rows,
            lambda insert: insert.on_conflict(
                conflict_target=[cls.phone],
                preserve=[cls.named_at],
                # an order from the till has no name and no e-mail: it takes none away
                update={
                    column: fn.COALESCE(fn.NULLIF(getattr(EXCLUDED, column.name), ""), column)
                    for column in (cls.first_name, cls.last_name, cls.email)
                },
                where=cls.named_at.is_null() | (EXCLUDED.named_at >= cls.named_at),
            ),
        )
        named = among(cls.phone, [row["phone"] for row in rows])
        ids: dict[str, int] = dict(tuples(cls.select(cls.phone, cls.id).where(named)))
        return ids

    @classmethod
    def agreed(cls, ids: Iterable[int], purpose: str = "marketing") -> set[int]:
        """Those of these contacts whose consent to `purpose` stands now."""
        query = cls.select(cls.id).where(cls.id.in_(list(ids)), getattr(cls, purpose) == "yes")
        return {contact.id for contact in query}

    @classmethod
    def agreed_count(cls, purpose: str = "marketing") -> int:
        return int(cls.select().where(getattr(cls, purpose) == "yes").count())


class PhoneReading(Table):
    """How we read a phone as somebody typed it. `e164` is '' when nobody can be reached there."""

    typed = CharField()
    country = CharField()
    e164 = CharField(default="", index=True)
    reason = CharField(default="", index=True)  # why it is not usable

    class Meta:
        primary_key = CompositeKey("typed", "country")

    @classmethod
    def keep(cls, rows: Iterable[Mapping[str, Any]]) -> None:
        cls.write_each(rows, lambda insert: insert.on_conflict_ignore())


UNDRAWN = Contact.lot.is_null()
Contact.add_index(Contact.id, where=UNDRAWN, name="contact_undrawn")

UNREACHABLE = Contact.unreachable != SQL("''")  # in so many words, or SQLite does not use the index
Contact.add_index(Contact.id, where=UNREACHABLE, name="contact_unreachable")


class Identity(Table):
    """What else names a contact: a customer id, an e-mail, a WhatsApp id. The newest holder has it."""

    kind = CharField()  # customer, email, wa_id, user_id
    value = CharField()
    contact_id = IntegerField(index=True)
    seen_at = UtcField()

    class Meta:
        primary_key = CompositeKey("kind", "value")

    @classmethod
    def put(cls, rows: Iterable[Mapping[str, Any]]) -> None:
        """What is worked out from the orders under a name is stale where another one holds it now.

        What the operator ruled of a name holds, whatever the row says.
        """
        rows = Ruling.followed(rows)
        with transaction():
            cls._mark(rows)
            cls.write_each(
                rows,
                lambda insert: insert.on_conflict(
                    conflict_target=[cls.kind, cls.value],
                    preserve=[cls.contact_id, cls.seen_at],
                    where=EXCLUDED.seen_at >= cls.seen_at,
                ),
            )

    @classmethod
    def _mark(cls, rows: Iterable[Mapping[str, Any]]) -> None:
        told = [row for row in rows if row["kind"] in (CUSTOMER, EMAIL)]
        if not told or not Stale.kept():
            return
        query = cls.select(cls.kind, cls.value, cls.contact_id, cls.seen_at).where(
            cls.kind.in_((CUSTOMER, EMAIL)), among(cls.value, [row["value"] for row in told])
        )
        holders = {(kind, value): (holder, since) for kind, value, holder, since in tuples(query)}
        moved: dict[str, list[Any]] = {CUSTOMER: [], EMAIL: [], CONTACT: []}
        for row in told:
            holder, since = holders.get((row["kind"], row["value"]), (None, row["seen_at"]))
            if holder != row["contact_id"] and since <= row["seen_at"]:
                moved[row["kind"]].append(row["value"])
                moved[CONTACT].append(holder)
        for kind, values in moved.items():
            Stale.mark(kind, values)

    @classmethod
    def holders(cls, kind: str, values: Iterable[str]) -> dict[str, int]:
        """value -> contact id, for those that are known."""
        found: dict[str, int] = {}
        for batch in chunked(values, ROWS_A_STATEMENT):
            query = cls.select(cls.value, cls.contact_id).where(
                cls.kind == kind, cls.value.in_(list(batch))
            )
            found.update(dict(tuples(query)))
        return found


class Statement(Table):
    """The consent ledger: what somebody said, when, and where. The database refuses any change.

    It lets go of a row only when somebody is erased: after `Erased` has a refusal under the hash of their
    phone that is no older than the row.
    """

    id = AutoField()
    phone = CharField(index=True)  # or the user id of WhatsApp's, of somebody whose phone it hides
    purpose = CharField()  # marketing, order_news
    says = CharField()  # yes, no; resumed: what WhatsApp's own switch had ended goes on
    source = CharField()  # order 17, customer 5, import list.csv:3, whatsapp, command
    words = TextField(default="")  # the wording or the message
    said_at = UtcField()
    recorded_at = UtcField()
    phone_hash = CharField(default="")  # keyed: see agent/person_key.py

    class Meta:
        table_name = "consent_statement"
        indexes = ((("phone", "purpose", "source", "says", "said_at"), True),)

    @classmethod
    def add(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        """Append; a statement that is on the ledger already is not written again."""
        return cls.write_each(rows, lambda insert: insert.on_conflict_ignore())

    @classmethod
    def of(cls, phones: Sequence[str], purpose: str) -> list["Statement"]:
        """All that these people said about `purpose`, oldest first."""
        return list(
            cls.select()
            .where(cls.phone.in_(phones), cls.purpose == purpose)
            .order_by(cls.said_at, cls.id)
        )


class Erased(Table):
    """The refusal of somebody who was erased, under the keyed hash of their phone: so it is honoured when
    the same phone turns up again, and nobody can read from it whose it is. Append-only like the ledger.
    """

    id = AutoField()
    phone_hash = CharField()
    purpose = CharField()
    said_at = UtcField()

    class Meta:
        table_name = "consent_erased"
        indexes = ((("phone_hash", "purpose", "said_at"), True),)

    @classmethod
    def add(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        return cls.write_each(rows, lambda insert: insert.on_conflict_ignore())

    @classmethod
    def newest(cls, hashes: Iterable[str]) -> dict[tuple[str, str], datetime]:
        """(hash, purpose) -> when these people were erased last; the others are not there."""
        if not cls.select(cls.id).exists():
            return {}
        query = cls.select(cls.phone_hash, cls.purpose, fn.MAX(cls.said_at))
        found = query.where(among(cls.phone_hash, hashes)).group_by(cls.phone_hash, cls.purpose)
        return {(phone, purpose): at for phone, purpose, at in tuples(found)}


KEPT_UNDER_THE_HASH = (
    "EXISTS (SELECT 1 FROM consent_erased WHERE phone_hash = OLD.phone_hash "
    "AND purpose = OLD.purpose AND said_at >= OLD.said_at)"
)
"""On which condition the database lets go of a row of the ledger, in SQL."""


def set_standing(purpose: str, standings: Mapping[str, tuple[str, datetime | None]]) -> None:
    """Write what the ledger comes to for each phone: '' / yes / no, and since when."""
    update = Contact.update({purpose: "", f"{purpose}_at": None}).where(Contact.phone == "")
    moment = Contact.marketing_at.db_value
    carry_out_each(
        update.sql()[0],
        [(answer, moment(since), phone) for phone, (answer, since) in standings.items()],
    )
