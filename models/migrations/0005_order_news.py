"""What the order news need: what orders did, who agreed to hear of it, and which message is about which."""

from typing import Any

from peewee import AutoField, BigIntegerField, CharField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class OrderChange(Model):
        id = AutoField()
        order_id = BigIntegerField(index=True)
        what = CharField()
        was = TextField(default="")
        became = TextField(default="")
        changed_at = TextField(index=True)
        seen_at = TextField()
        decided_at = TextField(null=True)
        outcome = TextField(default="")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "order_change"

    db.create_tables([OrderChange])
    migrator.migrate(
        migrator.add_column("contact", "order_news", CharField(default="")),
        migrator.add_column("contact", "order_news_at", TextField(null=True)),
        migrator.add_column("customer", "news_consent", CharField(default="")),
        migrator.add_column("shop_order", "news_consent", CharField(default="")),
        migrator.add_column("shop_order", "details", TextField(default="{}")),
        migrator.add_column("shop_order", "details_rule", CharField(default="")),
        migrator.add_column("message", "order_id", BigIntegerField(null=True)),
        migrator.add_column("message", "noted_at", TextField(null=True)),
    )
    for statement in INDEXES:
        db.execute_sql(statement)


INDEXES = (
    'CREATE INDEX "order_change_undecided" ON "order_change" ("order_id", "seen_at") '
    'WHERE ("decided_at" IS NULL)',
    'CREATE UNIQUE INDEX "message_news" ON "message" ("order_id", "campaign") '
    "WHERE ((\"order_id\" IS NOT NULL) AND (\"state\" NOT IN ('cancelled', 'expired')))",
    'CREATE INDEX "message_order" ON "message" ("order_id") WHERE ("order_id" IS NOT NULL)',
    'CREATE INDEX "message_unnoted" ON "message" ("ended_at") '
    'WHERE ((("order_id" IS NOT NULL) AND ("noted_at" IS NULL)) '
    "AND (\"state\" IN ('abandoned', 'expired', 'failed', 'refused', 'undelivered')))",
)
