"""What the report counts, on the message itself and in one index; and who was not written to on purpose."""

from typing import Any

from peewee import BooleanField, CharField


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        migrator.add_column("message", "country", CharField(default="")),
        migrator.add_column("message", "charged", CharField(default="")),
        migrator.add_column("message", "clicked", BooleanField(default=False)),
        migrator.add_column("message", "replied", BooleanField(default=False)),
        migrator.add_column("message", "stopped", BooleanField(default=False)),
        migrator.add_column("conversion", "period", CharField(default="")),
        migrator.add_column("conversion", "template", CharField(default="")),
    )
    for statement in STATEMENTS:
        db.execute_sql(statement)


STATEMENTS = (
    'UPDATE "message" SET "country" = COALESCE('
    '(SELECT "region" FROM "contact" WHERE "contact"."id" = "message"."contact_id"), \'\')',
    'CREATE INDEX "message_counted" ON "message" ("period", "campaign", "template", "language", "country", "state", "charged", '
    '"clicked", "replied", "stopped")',
)
