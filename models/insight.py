"""What is worked out from the mirror and kept current: who bought what, and what goes with what.

Nothing here is told by the shop, and all of it can be worked out anew.
"""

from collections.abc import Iterable

from peewee import BigIntegerField, CharField, CompositeKey, FloatField, IntegerField

from models.base import JsonField, Table, UtcField, among, tuples

# kinds of marks, in the order in which they are worked off: each may lead to some of the next
CUSTOMER, EMAIL, ORDER, CATEGORIES, CONTACT, PRODUCT, COUNTING = (
    "customer", "email", "order", "categories", "contact", "product", "counting",
)  # fmt: skip


class History(Table):
    """What each contact ordered. A contact without a row never ordered anything."""

    contact_id = IntegerField(primary_key=True)
    last_order_at = UtcField(
        null=True, index=True
    )  # the newest under any of their names; not failed ones
    bought = IntegerField(default=0)  # orders that count as bought
    spent = BigIntegerField(default=0)  # minor units of the shop's currency, refunds taken off
    last_bought = BigIntegerField(null=True)  # id of the newest order that counts as bought

    class Meta:
        table_name = "history"


class Taste(Table):
    """In which categories a contact bought: only what the shop still has."""

    contact_id = IntegerField()
    category_id = BigIntegerField()
    bought = IntegerField()  # units

    class Meta:
        table_name = "taste"
        primary_key = CompositeKey("contact_id", "category_id")
        indexes = ((("category_id",), False),)


class Basis(Table):
    """On which settings all of this was worked out, and how far that is. No row: nothing ever was."""

    id = IntegerField(primary_key=True, default=1)
    rules = IntegerField()  # number of the rules in this program
    paid_statuses = JsonField()
    currency = CharField()  # of the shop
    stage = CharField()  # what is being worked out anew: names, holders, histories; '' when all is
    last_id = BigIntegerField(default=0)  # the last order or contact that is through

    class Meta:
        table_name = "insight_basis"


class Stale(Table):
    """What must be worked out anew: marked in the transaction that changed what it stands on.

    A customer or e-mail: who holds it, or how many order under it. An order: its header, its lines or
    its refunds. Categories: those of a product. A contact: what they ordered. A product: what goes
    with it; it is counting from when that is read until it is written, which is not one transaction.
    """

    kind = CharField()
    value = CharField()

    class Meta:
        table_name = "stale"
        primary_key = CompositeKey("kind", "value")

    @classmethod
    def kept(cls) -> bool:
        """Are marks needed? Not before anything was worked out: then all of it will be, once."""
        return bool(Basis.select().exists())

    @classmethod
    def mark(cls, kind: str, values: Iterable[int | str | None]) -> None:
        """The caller has asked whether marks are kept. Nobody and '' are no marks."""
        texts = sorted({str(value) for value in values if value})
        cls.write_each(
            ({"kind": kind, "value": text} for text in texts),
            lambda insert: insert.on_conflict_ignore(),
        )

    @classmethod
    def take(cls, kind: str, limit: int) -> list[str]:
        """Take some marks away; what they stand for is worked out in the same transaction."""
        values = cls.waiting(kind, limit)
        cls.drop(kind, values)
        return values

    @classmethod
    def waiting(cls, kind: str, limit: int, after: str = "") -> list[str]:
        """Some that are marked, in the order of what is marked."""
        query = cls.select(cls.value).where(cls.kind == kind, cls.value > after)
        return [value for (value,) in tuples(query.order_by(cls.value).limit(limit))]

    @classmethod
    def drop(cls, kind: str, values: Iterable[str]) -> None:
        cls.delete().where(cls.kind == kind, among(cls.value, values)).execute()

    @classmethod
    def waits(cls, kind: str | None = None) -> bool:
        """Does anything wait, or anything of this kind?"""
        waiting = cls.select() if kind is None else cls.select().where(cls.kind == kind)
        return bool(waiting.exists())


class SharedName(Table):
    """An account or e-mail under which too many numbers order to be one person's: a till's."""

    kind = CharField()  # customer, email
    value = CharField()

    class Meta:
        table_name = "shared_name"
        primary_key = CompositeKey("kind", "value")

    @classmethod
    def among(cls, kind: str, values: Iterable[str]) -> set[str]:
        """Those of `values` that are known as shared."""
        query = cls.select(cls.value).where(cls.kind == kind, among(cls.value, values))
        return {value for (value,) in tuples(query)}


class Companion(Table):
    """What is often bought by those who bought a product; the best few of each."""

    product_id = BigIntegerField()
    other_id = BigIntegerField()
    support = IntegerField()  # orders with both
    score = FloatField()  # higher is better; comparable within one product

    class Meta:
        table_name = "companion"
        primary_key = CompositeKey("product_id", "other_id")


class Bestseller(Table):
    """What sold most of late, in a category (0: in the whole shop)."""

    category_id = BigIntegerField()
    product_id = BigIntegerField()
    sold = IntegerField()  # units

    class Meta:
        table_name = "bestseller"
        primary_key = CompositeKey("category_id", "product_id")
