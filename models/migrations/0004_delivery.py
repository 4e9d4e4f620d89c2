"""What the delivery needs: pauses, canaries, who cannot be reached, and which life this is."""

from typing import Any

from peewee import BooleanField, CharField, CompositeKey, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Pause(Table):
        scope = CharField()
        source = CharField()
        reason = TextField(default="")
        since = TextField()
        until = TextField(null=True)

        class Meta:
            table_name = "pause"
            primary_key = CompositeKey("scope", "source")

    class Canary(Table):
        campaign = CharField(primary_key=True)
        template = CharField()
        batch = IntegerField(default=0)
        tried_since = TextField()
        began_at = TextField()
        filled_at = TextField(null=True)
        passed_at = TextField(null=True)

        class Meta:
            table_name = "canary"

    class JobCall(Table):
        job = CharField(primary_key=True)
        times = IntegerField(default=1)

        class Meta:
            table_name = "job_call"

    class Epoch(Table):
        id = IntegerField(primary_key=True, default=1)
        mark = CharField(default="")
        restored_on = CharField(default="")
        known_until = TextField(null=True)
        suspected = BooleanField(default=False)

        class Meta:
            table_name = "epoch"

    db.create_tables([Pause, Canary, JobCall, Epoch])
    migrator.migrate(
        migrator.add_column("contact", "unreachable", TextField(default="")),
        migrator.add_column("template", "refused", TextField(default="")),
        migrator.add_column("message", "resent", BooleanField(default=False)),
        migrator.add_column("message", "deferred", BooleanField(default=False)),
        migrator.add_column("message", "deferred_wamid", CharField(default="")),
        migrator.drop_column("campaign_standing", "held_until"),
    )
    db.execute_sql(
        'CREATE INDEX "contact_unreachable" ON "contact" ("id") WHERE ("unreachable" != \'\')'
    )
    db.execute_sql(
        'CREATE INDEX "message_left" ON "message" ("campaign", "claimed_at") '
        'WHERE ("claimed_at" IS NOT NULL)'
    )
    db.execute_sql('DROP INDEX "message_queued"')
    db.execute_sql(
        'CREATE INDEX "message_queued" ON "message" ("priority", "id", "not_before", "expires_at") '
        "WHERE (\"state\" = 'queued')"
    )
