"""What stood in the mirror and in the interest before it was changed or removed: for looking back.

Stock and prices have a history of their own, see ProductChange; so have the statuses of orders.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from peewee import AutoField, BigIntegerField, CharField, IntegerField, TextField

from models.base import JsonField, Table, UtcField, among, database, raw
from models.mirror import Product

KEPT: Final = ("status", "visibility", "name", "permalink", "categories")
"""The columns of a product whose past is kept here."""

GONE: Final = "gone"

_COLUMNS: Final = (
    "contact_id, product_id, variation_id, kind, price, stock_status, first_at, seen_at, source"
)


class ProductWas(Table):
    """How one column of a product or variation was until `until`, the shop's clock."""

    id = AutoField()
    product_id = BigIntegerField()
    field = CharField()  # one of KEPT, or GONE
    was = JsonField(null=True)
    until = UtcField(index=True)

    class Meta:
        table_name = "product_was"
        indexes = ((("product_id", "until"), False),)

    @classmethod
    def add(cls, rows: Iterable[Mapping[str, Any]]) -> int:
        return cls.write_each(rows, lambda insert: insert)

    @classmethod
    def keep(cls, ids: Sequence[int], until: datetime) -> None:
        """Whole rows, with their variations, that are about to go: under the name GONE, as the table has
        them. In the caller's transaction."""
        known = Product.select().where(among(Product.woo_id, ids) | among(Product.parent_id, ids))
        names = [field.name for field in Product._meta.sorted_fields]  # noqa: SLF001 - peewee has no other name for it
        cls.add(
            {
                "product_id": row[names.index("woo_id")],
                "field": GONE,
                "was": dict(zip(names, row, strict=True)),
                "until": until,
            }
            for row in raw(known)
        )


class InterestWas(Table):
    """A row of interest as it was until `until`: then another price or stock was seen, it was taken off a
    list, or it went to the newer number `moved_to` of its person. The columns are those of Interest."""

    id = AutoField()
    contact_id = IntegerField(index=True)
    product_id = BigIntegerField()
    variation_id = BigIntegerField(default=0)
    kind = CharField()
    price = BigIntegerField(null=True)
    stock_status = CharField(default="")
    first_at = UtcField()
    seen_at = UtcField()
    source = TextField()
    until = UtcField(index=True)
    moved_to = IntegerField(null=True, index=True)

    class Meta:
        table_name = "interest_was"

    @classmethod
    def keep_changed(cls, rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Those of these rows of interest, by their ids, that are to have another price or stock now."""
        told = [
            (number, row["price"], row["stock_status"], cls.until.db_value(row["seen_at"]))
            for number, row in rows.items()
        ]
        cls._keep(
            "json_extract(one.value, '$[3]')",
            "i.id = json_extract(one.value, '$[0]') AND (i.price IS NOT json_extract(one.value, '$[1]') "
            "OR i.stock_status <> json_extract(one.value, '$[2]'))",
            told,
        )

    @classmethod
    def keep_moved(cls, newer: Mapping[int, int], now: datetime) -> None:
        """What these contacts want is that of others from now on: older -> newer number."""
        told = [(old, new, cls.until.db_value(now)) for old, new in newer.items()]
        cls._keep(
            "json_extract(one.value, '$[2]')",
            "i.contact_id = json_extract(one.value, '$[0]') AND i.source <> 'shop'",
            told,
            moved_to="json_extract(one.value, '$[1]')",
        )

    @classmethod
    def keep_unwished(cls, wishes: Iterable[tuple[int, int, int, datetime]]) -> None:
        """What is to be taken off the wishlists: (contact, product, variation or 0, until when)."""
        told = [
            (contact, product, variation, cls.until.db_value(until))
            for contact, product, variation, until in wishes
        ]
        cls._keep(
            "json_extract(one.value, '$[3]')",
            "i.contact_id = json_extract(one.value, '$[0]') AND i.kind = 'wishlist' "
            "AND i.product_id = json_extract(one.value, '$[1]') "
            "AND json_extract(one.value, '$[2]') IN (0, i.variation_id) "
            "AND i.seen_at <= json_extract(one.value, '$[3]')",
            told,
        )

    @classmethod
    def _keep(
        cls, until: str, which: str, told: Sequence[tuple[object, ...]], moved_to: str = "NULL"
    ) -> None:
        """In the caller's transaction, before these are written over. CROSS: from the few."""
        if told:
            sql = f"INSERT INTO interest_was ({_COLUMNS}, until, moved_to) SELECT {_COLUMNS}, "
            sql += f"{until}, {moved_to} FROM json_each(?) AS one CROSS JOIN interest AS i WHERE {which}"
            database.execute_sql(sql, (json.dumps(told),))
