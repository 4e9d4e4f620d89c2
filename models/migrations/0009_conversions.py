"""What is earned, by the first message too; what the report looks for; and the dates of order news."""

from typing import Any

from peewee import CharField, IntegerField


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        migrator.add_column("conversion", "language", CharField(default="")),
        migrator.add_column("conversion", "first_message_id", IntegerField(default=0)),
        migrator.add_column("contact", "lot", IntegerField(null=True)),
    )
    for statement in STATEMENTS:
        db.execute_sql(statement)


STATEMENTS = (
    # order news had a moment there, where campaigns have a date: that of the shop
    'UPDATE "message" SET "subject" = "subject" || \' \' || "period", "period" = "cap_day" '
    'WHERE "order_id" IS NOT NULL AND LENGTH("period") > 10',
    'CREATE INDEX "contact_marketing_lot" ON "contact" ("marketing", "lot")',
    'CREATE INDEX "contact_undrawn" ON "contact" ("id") WHERE ("lot" IS NULL)',
    'CREATE INDEX "conversion_period" ON "conversion" ("period")',
    'CREATE INDEX "message_touched" ON "message" ("contact_id", "accepted_at") '
    'WHERE (("accepted_at" IS NOT NULL) AND ("order_id" IS NULL))',
    'CREATE INDEX "message_failed" ON "message" ("period", "campaign", "state", "code") '
    'WHERE ("code" IS NOT NULL)',
    'CREATE INDEX "message_assigned" ON "message" ("campaign", "contact_id", "period")',
    'CREATE INDEX "message_withheld" ON "message" ("period", "campaign", "contact_id", "detail") '
    "WHERE (\"state\" = 'withheld')",
    'CREATE INDEX "shop_order_moved" ON "shop_order" ("holder_id", "contact_id") '
    'WHERE ("contact_id" != "holder_id")',
    'CREATE INDEX "shop_order_coupons" ON "shop_order" ("coupons") '
    'WHERE (("coupons" IS NOT NULL) AND ("coupons" != \'[]\'))',
)
