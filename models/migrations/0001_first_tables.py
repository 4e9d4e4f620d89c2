"""The first tables. Copied from the models as they were, never imported from them."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)

from models.base import refuse_changes


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001 - the runner passes both
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False  # names of indexes begin with the table's name

    class CampaignStanding(Table):
        name = CharField(primary_key=True)
        trouble = TextField(default="")
        checked_at = TextField()
        held_until = TextField(null=True)

        class Meta:
            table_name = "campaign_standing"

    class Contact(Table):
        phone = CharField(unique=True)
        region = CharField(default="")
        zones = TextField(default="")
        first_name = CharField(default="")
        last_name = CharField(default="")
        email = CharField(default="")
        named_at = TextField(null=True)
        marketing = CharField(index=True, default="")
        marketing_at = TextField(null=True)
        created_at = TextField()

        class Meta:
            table_name = "contact"

    class Conversion(Table):
        order_id = BigIntegerField(primary_key=True)
        message_id = IntegerField(index=True)
        contact_id = IntegerField()
        campaign = CharField()
        by_coupon = BooleanField(default=False)
        ordered_at = TextField(index=True)
        revenue = BigIntegerField()
        currency = CharField()

        class Meta:
            table_name = "conversion"

    class Coupon(Table):
        code = CharField(primary_key=True)
        message_uid = CharField(unique=True)
        email = CharField()
        percent = IntegerField()
        expires_at = TextField()
        woo_id = BigIntegerField(null=True)
        made_at = TextField(null=True)

        class Meta:
            table_name = "coupon"

    class Cursor(Table):
        name = CharField(primary_key=True)
        since = TextField(null=True)
        walk_began = TextField(null=True)
        walked = IntegerField(default=0)
        last_id = BigIntegerField(default=0)
        total = IntegerField(default=0)
        polled_at = TextField(null=True)

        class Meta:
            table_name = "cursor"

    class Customer(Table):
        woo_id = BigIntegerField(primary_key=True)
        email = CharField(index=True, default="")
        first_name = CharField(default="")
        last_name = CharField(default="")
        role = CharField(default="")
        phone = CharField(default="")
        country = CharField(default="")
        contact_id = IntegerField(index=True, null=True)
        consent = CharField(default="")
        consent_rule = CharField(default="")
        created_at = TextField(null=True)
        modified_at = TextField(null=True)
        read_at = TextField()

        class Meta:
            table_name = "customer"

    class Heartbeat(Table):
        id = IntegerField(primary_key=True, default=1)
        pid = IntegerField()
        version = CharField()
        started_at = TextField()
        beat_at = TextField()
        stopped_at = TextField(null=True)
        listening = CharField(default="")

        class Meta:
            table_name = "heartbeat"

    class Identity(Table):
        kind = CharField()
        value = CharField()
        contact_id = IntegerField(index=True)
        seen_at = TextField()

        class Meta:
            table_name = "identity"
            primary_key = CompositeKey("kind", "value")

    class JobRun(Table):
        job = CharField()
        started_at = TextField()
        ended_at = TextField()
        outcome = CharField()
        result = TextField(default="{}")
        trouble = TextField(default="")

        class Meta:
            table_name = "job_run"
            indexes = ((("job", "id"), False),)

    class Message(Table):
        id = AutoField()
        uid = CharField(unique=True)
        contact_id = IntegerField(index=True)
        campaign = CharField()
        subject = CharField(default="")
        period = CharField()
        kind = CharField(default="marketing")
        priority = IntegerField(default=0)
        state = CharField(default="queued")
        reason = TextField(default="")
        template = CharField()
        language = CharField()
        variables = TextField(default="{}")
        cap_day = CharField()
        from_backlog = BooleanField(default=False)
        spell_began = TextField(null=True)
        attempts = IntegerField(default=0)
        created_at = TextField(index=True)
        not_before = TextField()
        expires_at = TextField()
        claimed_at = TextField(null=True)
        accepted_at = TextField(index=True, null=True)
        sent_at = TextField(null=True)
        delivered_at = TextField(null=True)
        read_at = TextField(null=True)
        ended_at = TextField(null=True)
        wamid = CharField(unique=True, null=True)
        code = IntegerField(null=True)
        detail = TextField(default="")

        class Meta:
            table_name = "message"
            indexes = (
                (("contact_id", "campaign", "subject", "period"), True),
                (("cap_day", "contact_id"), False),
            )

    class Order(Table):
        woo_id = BigIntegerField(primary_key=True)
        number = CharField(default="")
        status = CharField(default="")
        currency = CharField(default="")
        total = BigIntegerField(default=0)
        tax = BigIntegerField(default=0)
        shipping = BigIntegerField(default=0)
        customer_id = BigIntegerField(index=True, default=0)
        contact_id = IntegerField(index=True, null=True)
        email = CharField(index=True, default="")
        phone = CharField(default="")
        country = CharField(default="")
        first_name = CharField(default="")
        last_name = CharField(default="")
        consent = CharField(default="")
        consent_rule = CharField(default="")
        created_at = TextField(index=True, null=True)
        paid_at = TextField(null=True)
        modified_at = TextField(index=True, null=True)
        lines_at = TextField(null=True)
        coupons = TextField(null=True)
        read_at = TextField()

        class Meta:
            table_name = "shop_order"

    class OrderLine(Table):
        woo_id = BigIntegerField(primary_key=True)
        order_id = BigIntegerField(index=True)
        product_id = BigIntegerField(index=True)
        variation_id = BigIntegerField(default=0)
        name = TextField(default="")
        quantity = IntegerField(default=0)
        total = BigIntegerField(default=0)

        class Meta:
            table_name = "order_line"

    class PhoneReading(Table):
        typed = CharField()
        country = CharField()
        e164 = CharField(index=True, default="")
        reason = CharField(index=True, default="")

        class Meta:
            table_name = "phone_reading"
            primary_key = CompositeKey("typed", "country")

    class Product(Table):
        woo_id = BigIntegerField(primary_key=True)
        parent_id = BigIntegerField(index=True, default=0)
        name = TextField(default="")
        sku = CharField(default="")
        type = CharField(default="")
        status = CharField(default="")
        visibility = CharField(default="")
        price = BigIntegerField(null=True)
        regular_price = BigIntegerField(null=True)
        stock_status = CharField(default="")
        stock_quantity = IntegerField(null=True)
        permalink = TextField(default="")
        categories = TextField(default="[]")
        created_at = TextField(null=True)
        modified_at = TextField(index=True, null=True)
        read_at = TextField()

        class Meta:
            table_name = "product"

    class Refund(Table):
        woo_id = BigIntegerField(primary_key=True)
        order_id = BigIntegerField(index=True)
        amount = BigIntegerField(default=0)
        created_at = TextField(null=True)
        read_at = TextField()

        class Meta:
            table_name = "refund"

    class Reply(Table):
        wamid = CharField(primary_key=True)
        contact_id = IntegerField(index=True, null=True)
        sender = CharField(default="")
        kind = CharField(default="")
        text = TextField(default="")
        in_reply_to = CharField(default="")
        at = TextField(index=True)

        class Meta:
            table_name = "reply"

    class ShopFact(Table):
        name = CharField(unique=True)
        value = TextField()

        class Meta:
            table_name = "shop_fact"

    class Statement(Table):
        phone = CharField(index=True)
        purpose = CharField()
        says = CharField()
        source = CharField()
        words = TextField(default="")
        said_at = TextField()
        recorded_at = TextField()

        class Meta:
            table_name = "consent_statement"
            indexes = ((("phone", "purpose", "source", "says", "said_at"), True),)

    class Status(Table):
        wamid = CharField()
        status = CharField()
        uid = CharField(index=True, default="")
        at = TextField()
        code = IntegerField(null=True)
        detail = TextField(default="")
        category = CharField(default="")
        message_id = IntegerField(index=True, null=True)

        class Meta:
            table_name = "status"
            primary_key = CompositeKey("wamid", "status")

    class Template(Table):
        name = CharField()
        language = CharField()
        status = CharField()
        category = CharField()
        body = TextField()
        read_at = TextField()

        class Meta:
            table_name = "template"
            indexes = ((("name", "language"), True),)

    class Webhook(Table):
        id = AutoField()
        source = CharField()
        received_at = TextField(index=True)
        urgent = BooleanField(default=True)
        body = BlobField()
        done_at = TextField(null=True)
        trouble = TextField(default="")

        class Meta:
            table_name = "webhook"

    Message.add_index(
        Message.priority, Message.id, where=(Message.state == "queued"), name="message_queued"
    )
    Message.add_index(
        Message.state, where=(Message.state << ("claimed", "unsure")), name="message_unanswered"
    )
    Webhook.add_index(Webhook.id, where=Webhook.done_at.is_null(), name="webhook_waiting")
    Webhook.add_index(
        Webhook.id, where=(Webhook.done_at.is_null() & Webhook.urgent), name="webhook_urgent"
    )
    db.create_tables(
        [
            CampaignStanding,
            Contact,
            Conversion,
            Coupon,
            Cursor,
            Customer,
            Heartbeat,
            Identity,
            JobRun,
            Message,
            Order,
            OrderLine,
            PhoneReading,
            Product,
            Refund,
            Reply,
            ShopFact,
            Statement,
            Status,
            Template,
            Webhook,
        ]
    )
    for statement in refuse_changes("consent_statement"):
        db.execute_sql(statement)
