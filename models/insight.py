"""What is worked out from the mirror and kept current: who bought what, and what goes with what.

Nothing here is told by the shop, and all of it can be worked out anew.
"""

from peewee import BigIntegerField, CharField, CompositeKey, FloatField, IntegerField

from models.base import Table, UtcField


class History(Table):
    """What each contact ordered. A contact without a row never ordered anything."""

    contact_id = IntegerField(primary_key=True)
    last_order_at = UtcField(null=True)  # the newest under any of their names; not failed ones
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


class Stale(Table):
    """What must be worked out anew: marked in the transaction that changed what it stands on."""

    kind = CharField()  # contact, customer, email, product
    value = CharField()

    class Meta:
        table_name = "stale"
        primary_key = CompositeKey("kind", "value")


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
