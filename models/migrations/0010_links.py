"""The links of messages that are counted."""

from typing import Any

from peewee import CharField, IntegerField, Model, TextField


def up(_: Any, db: Any) -> None:
    class Link(Model):
        token = CharField(primary_key=True)
        message_uid = CharField()
        target = TextField()
        created_at = TextField(index=True)
        clicks = IntegerField(default=0)
        first_at = TextField(null=True)
        last_at = TextField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "link"
            indexes = ((("message_uid", "target"), True),)

    db.create_tables([Link])
