"""Who was erased, who may have to be; what the operator said of whose a name is, and which job is to run
now."""

from typing import Any

from peewee import AutoField, CharField, CompositeKey, IntegerField, Model, TextField


def up(_: Any, db: Any) -> None:
    class Forgotten(Model):
        name_hash = CharField(primary_key=True)
        forgotten_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "forgotten"

    class Departed(Model):
        contact_id = IntegerField(primary_key=True)
        how = TextField()
        noted_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "departed"

    class Ruling(Model):
        kind = CharField()
        value = CharField()
        contact_id = IntegerField(null=True, index=True)
        ruled_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "ruling"
            primary_key = CompositeKey("kind", "value")

    class Asking(Model):
        id = AutoField()
        job = CharField()
        asked_at = TextField()
        begun_at = TextField(null=True)
        ended_at = TextField(null=True, index=True)
        outcome = CharField(default="")
        result = TextField()
        trouble = TextField(default="")
        fix = TextField(default="")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "asking"

    db.create_tables([Forgotten, Departed, Ruling, Asking])
