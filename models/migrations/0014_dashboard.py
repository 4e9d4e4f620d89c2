"""What the dashboard shows and would take seconds to count, and by what it looks for people and messages."""

from typing import Any

from peewee import BigIntegerField, CharField, CompositeKey, IntegerField, Model, TextField


def up(_: Any, db: Any) -> None:
    class Figure(Model):
        name = CharField(primary_key=True)
        value = TextField()
        worked_out_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "figure"

    class Awaited(Model):
        product_id = BigIntegerField()
        variation_id = BigIntegerField(default=0)
        name = TextField(default="")
        stock_status = CharField(default="")
        stock_quantity = IntegerField(null=True)
        people = IntegerField()
        agreed = IntegerField()
        since = TextField()
        told = IntegerField(default=0)
        told_at = TextField(null=True)
        longest = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "awaited"
            primary_key = CompositeKey("product_id", "variation_id")
            indexes = ((("people", "product_id", "variation_id"), False),)

    class EndedSession(Model):
        session = CharField(primary_key=True)
        until = TextField(index=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "ended_session"

    db.create_tables([Figure, Awaited, EndedSession])
    for statement in STATEMENTS:
        db.execute_sql(statement)


STATEMENTS = (
    'CREATE INDEX "message_listed" ON "message" (("state" || \'\'), "campaign")',
    'CREATE INDEX "message_listed_by_code" ON "message" (("code" + 0)) WHERE ("code" IS NOT NULL)',
    'CREATE INDEX "contact_first_named" ON "contact" (LOWER("first_name"), LOWER("last_name"))',
    'CREATE INDEX "contact_last_named" ON "contact" (LOWER("last_name"))',
)
