"""Alarms, whom they are still to be told, and what kind of failure a run of a job ended with."""

from typing import Any

from peewee import AutoField, CharField, CompositeKey, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Alarm(Model):
        id = AutoField()
        kind = CharField()
        subject = CharField(default="")
        severity = CharField()
        what = TextField()
        fix = TextField()
        since = TextField()
        last_at = TextField()
        ended_at = TextField(null=True, index=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "alarm"
            indexes = ((("kind", "subject", "since"), False),)

    class Telling(Model):
        id = AutoField()
        alarm_id = IntegerField()
        way = CharField()
        news = CharField()
        created_at = TextField()
        attempts = IntegerField(default=0)
        not_before = TextField()
        trouble = TextField(default="")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "telling"
            indexes = ((("alarm_id", "way", "news"), True),)

    class JobCount(Model):
        job = CharField()
        outcome = CharField()
        runs = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "job_count"
            primary_key = CompositeKey("job", "outcome")

    db.create_tables([Alarm, Telling, JobCount])
    migrator.migrate(
        migrator.add_column("job_run", "failure", CharField(default="")),
        migrator.add_column("job_run", "fix", TextField(default="")),
    )
