"""What five campaigns need: interest, what is worked out from the orders, what an alert is about."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    FloatField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Interest(Table):
        id = AutoField()
        contact_id = IntegerField()
        product_id = BigIntegerField()
        variation_id = BigIntegerField(default=0)
        kind = CharField()
        price = BigIntegerField(null=True)
        stock_status = CharField(default="")
        first_at = TextField()
        seen_at = TextField(index=True)
        source = CharField()

        class Meta:
            table_name = "interest"
            indexes = (
                (("contact_id", "product_id", "variation_id", "kind", "first_at", "source"), True),
                (("product_id", "variation_id", "seen_at"), False),
            )

    class LookedAt(Table):
        product_id = BigIntegerField()
        variation_id = BigIntegerField()
        dearest = BigIntegerField(null=True)
        sold_out_at = TextField(null=True)

        class Meta:
            table_name = "looked_at"
            primary_key = CompositeKey("product_id", "variation_id")

    class UnsettledEvent(Table):
        id = AutoField()
        said = TextField(unique=True)
        reason = CharField(index=True)
        happened_at = TextField(index=True)
        source = CharField()

        class Meta:
            table_name = "unsettled_event"

    class History(Table):
        contact_id = IntegerField(primary_key=True)
        last_order_at = TextField(null=True, index=True)
        bought = IntegerField(default=0)
        spent = BigIntegerField(default=0)
        last_bought = BigIntegerField(null=True)

        class Meta:
            table_name = "history"

    class Taste(Table):
        contact_id = IntegerField()
        category_id = BigIntegerField()
        bought = IntegerField()

        class Meta:
            table_name = "taste"
            primary_key = CompositeKey("contact_id", "category_id")
            indexes = ((("category_id",), False),)

    class Basis(Table):
        id = IntegerField(primary_key=True, default=1)
        rules = IntegerField()
        paid_statuses = TextField()
        currency = CharField()
        stage = CharField()
        last_id = BigIntegerField(default=0)

        class Meta:
            table_name = "insight_basis"

    class SharedName(Table):
        kind = CharField()
        value = CharField()

        class Meta:
            table_name = "shared_name"
            primary_key = CompositeKey("kind", "value")

    class Stale(Table):
        kind = CharField()
        value = CharField()

        class Meta:
            table_name = "stale"
            primary_key = CompositeKey("kind", "value")

    class Companion(Table):
        product_id = BigIntegerField()
        other_id = BigIntegerField()
        support = IntegerField()
        score = FloatField()

        class Meta:
            table_name = "companion"
            primary_key = CompositeKey("product_id", "other_id")

    class Bestseller(Table):
        category_id = BigIntegerField()
        product_id = BigIntegerField()
        sold = IntegerField()

        class Meta:
            table_name = "bestseller"
            primary_key = CompositeKey("category_id", "product_id")

    db.create_tables(
        [
            Interest,
            LookedAt,
            UnsettledEvent,
            History,
            Taste,
            Basis,
            SharedName,
            Stale,
            Companion,
            Bestseller,
        ]
    )
    db.execute_sql(
        'CREATE INDEX "interest_sold_out" ON "interest" ("product_id", "variation_id", "seen_at") '
        """WHERE ("stock_status" = 'outofstock')"""
    )
    db.execute_sql(
        'CREATE INDEX "interest_stands" ON "interest" ("product_id", "variation_id", "seen_at") '
        """WHERE ("kind" != 'view')"""
    )
    db.execute_sql(
        'CREATE INDEX "interest_shop" ON "interest" '
        '("contact_id", "product_id", "variation_id", "first_at", "seen_at") '
        """WHERE ("source" = 'shop')"""
    )
    db.execute_sql(
        'CREATE INDEX "shop_order_carts" ON "shop_order" ("modified_at") '
        """WHERE ("status" IN ('checkout-draft', 'pending', 'failed'))"""
    )
    migrator.migrate(
        migrator.add_column("shop_order", "language", CharField(default="")),
        migrator.add_column("shop_order", "holder_id", IntegerField(null=True)),
        migrator.add_index("shop_order", ("holder_id", "created_at")),
        migrator.add_column("contact", "language", CharField(default="")),
        migrator.add_column("message", "product_id", BigIntegerField(null=True)),
        migrator.add_column("message", "variation_id", BigIntegerField(default=0)),
        migrator.add_column("message", "price", BigIntegerField(null=True)),
        migrator.add_column("message", "about", TextField(default="{}")),
        migrator.add_index("message", ("product_id", "created_at")),
        migrator.drop_index("message", "message_contact_id"),
        migrator.drop_index("message", "message_cap_day_contact_id"),
        migrator.add_index("message", ("cap_day", "contact_id", "kind", "state")),
        migrator.add_index("product", ("sku",)),
        migrator.add_column("coupon", "removed_at", TextField(null=True)),
    )
    db.execute_sql(
        'CREATE INDEX "message_tried" ON "message" ("contact_id", "created_at") '
        """WHERE (("campaign" IN ('loyalty_reward', 'new_arrivals', 'we_miss_you')) """
        """AND ("state" NOT IN ('cancelled', 'expired')))"""
    )
