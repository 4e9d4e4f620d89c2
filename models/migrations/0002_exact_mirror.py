"""What an exact mirror needs: sale dates, changes, hints, samples; categories and our coupons."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Category(Table):
        woo_id = BigIntegerField(primary_key=True)
        parent_id = BigIntegerField(default=0)
        name = TextField(default="")
        slug = CharField(default="")
        read_at = TextField()

        class Meta:
            table_name = "category"

    class ShopCoupon(Table):
        woo_id = BigIntegerField(primary_key=True)
        code = CharField(default="", index=True)
        status = CharField(default="")
        usage_count = IntegerField(default=0)
        expires_at = TextField(null=True)
        modified_at = TextField(null=True)
        read_at = TextField()

        class Meta:
            table_name = "shop_coupon"

    class ProductChange(Table):
        id = AutoField()
        product_id = BigIntegerField()
        field = CharField()
        was = CharField(null=True)
        became = CharField(null=True)
        seen_at = TextField(index=True)
        means = CharField()

        class Meta:
            table_name = "product_change"
            indexes = ((("product_id", "field", "seen_at"), False),)

    class Hint(Table):
        kind = CharField()
        woo_id = BigIntegerField()
        means = CharField()
        noted_at = TextField()

        class Meta:
            table_name = "hint"
            primary_key = CompositeKey("kind", "woo_id")

    class Found(Table):
        day = CharField()
        kind = CharField()
        means = CharField()
        rows = IntegerField(default=0)

        class Meta:
            table_name = "found"
            primary_key = CompositeKey("day", "kind", "means")

    class Sample(Table):
        id = AutoField()
        kind = CharField()
        taken_at = TextField(index=True)
        compared = IntegerField()
        differing = IntegerField()
        fields = TextField(default="{}")

        class Meta:
            table_name = "sample"

    db.create_tables([Category, ShopCoupon, ProductChange, Hint, Found, Sample])
    migrator.migrate(
        migrator.add_column("product", "sale_from", TextField(null=True, index=True)),
        migrator.add_column("product", "sale_to", TextField(null=True, index=True)),
        migrator.add_column("cursor", "hurry", BooleanField(default=False)),
        migrator.add_column("cursor", "beyond", IntegerField(default=0)),
        # orders whose lines were read longest ago are read again first
        migrator.add_index("shop_order", ("lines_at",)),
    )
    db.execute_sql(
        'CREATE INDEX "shop_order_stale" ON "shop_order" ("modified_at" DESC, "woo_id" DESC) '
        'WHERE (("lines_at" IS NULL) OR ("lines_at" <= "modified_at"))'
    )
