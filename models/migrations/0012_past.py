"""What stood in the mirror and in the interest before it was changed or removed."""

from typing import Any

from peewee import AutoField, BigIntegerField, CharField, IntegerField, Model, TextField


def up(_: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class ProductWas(Table):
        id = AutoField()
        product_id = BigIntegerField()
        field = CharField()
        was = TextField(null=True)
        until = TextField(index=True)

        class Meta:
            table_name = "product_was"
            indexes = ((("product_id", "until"), False),)

    class InterestWas(Table):
        id = AutoField()
        contact_id = IntegerField(index=True)
        product_id = BigIntegerField()
        variation_id = BigIntegerField(default=0)
        kind = CharField()
        price = BigIntegerField(null=True)
        stock_status = CharField(default="")
        first_at = TextField()
        seen_at = TextField()
        source = TextField()
        until = TextField(index=True)
        moved_to = IntegerField(null=True, index=True)

        class Meta:
            table_name = "interest_was"

    db.create_tables([ProductWas, InterestWas])
