"""What could not be worked off, element by element; how often what came in; how statuses were priced."""

from typing import Any

from peewee import AutoField, CharField, CompositeKey, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class SetAside(Model):
        id = AutoField()
        webhook_id = IntegerField()
        place = CharField()
        reason = TextField()
        at = TextField()
        tries = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "set_aside"
            indexes = ((("webhook_id", "place"), True),)

    class Received(Model):
        day = CharField()
        kind = CharField()
        count = IntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "received"
            primary_key = CompositeKey("day", "kind")

    db.create_tables([SetAside, Received])
    db.execute_sql(CARRIED_OVER)
    migrator.migrate(
        migrator.add_column("status", "pricing", CharField(default="")),
        migrator.drop_column("webhook", "trouble"),
    )


CARRIED_OVER = (
    'INSERT INTO "set_aside" ("webhook_id", "place", "reason", "at", "tries") '
    'SELECT "id", \'\', "trouble", "done_at", 1 FROM "webhook" '
    'WHERE "trouble" != \'\' AND "done_at" IS NOT NULL'
)
