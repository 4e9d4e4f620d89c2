"""The ledger knows a person by a keyed hash too, and what follows from replies has tables of its own."""

import hmac
import secrets
from hashlib import sha256
from typing import Any

from peewee import AutoField, CharField, IntegerField, Model, TextField

from models.base import refuse_changes


def up(migrator: Any, db: Any) -> None:
    class Erased(Model):
        id = AutoField()
        phone_hash = CharField()
        purpose = CharField()
        said_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "consent_erased"
            indexes = ((("phone_hash", "purpose", "said_at"), True),)

    class Confirmation(Model):
        wamid = CharField(primary_key=True)
        uid = CharField(unique=True)
        contact_id = IntegerField(null=True, index=True)
        recipient = CharField(index=True)
        text = TextField()
        language = CharField()
        state = CharField(default="waiting", index=True)
        said_at = TextField()
        not_before = TextField()
        attempts = IntegerField(default=0)
        claimed_at = TextField(null=True)
        ended_at = TextField(null=True)
        sent_as = CharField(default="")
        detail = TextField(default="")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "confirmation"

    class Forward(Model):
        id = AutoField()
        event = CharField(unique=True)
        person = CharField(index=True)
        body = TextField()
        created_at = TextField()
        attempts = IntegerField(default=0)
        not_before = TextField()
        trouble = TextField(default="")

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "forward"

    db.create_tables([Erased, Confirmation, Forward])
    for verb in ("update", "delete"):
        db.execute_sql(f"DROP TRIGGER consent_statement_no_{verb}")
    migrator.migrate(migrator.add_column("consent_statement", "phone_hash", CharField(default="")))
    _hash(db)
    for statement in (
        *refuse_changes("consent_statement", lets_go=KEPT_UNDER_THE_HASH),
        *refuse_changes("consent_erased"),
        """CREATE INDEX "reply_notes" ON "reply" ("sender", "at") WHERE ("kind" = 'system')""",
    ):
        db.execute_sql(statement)


KEPT_UNDER_THE_HASH = (
    "EXISTS (SELECT 1 FROM consent_erased WHERE phone_hash = OLD.phone_hash "
    "AND purpose = OLD.purpose AND said_at >= OLD.said_at)"
)


def _hash(db: Any) -> None:
    """As agent/person_key.py does; the key is made here where there is none, and something to hash."""
    phones = [row[0] for row in db.execute_sql("SELECT DISTINCT phone FROM consent_statement")]
    if not phones:
        return
    known = db.execute_sql("SELECT value FROM shop_fact WHERE name = 'person_key'").fetchone()
    key = known[0] if known else secrets.token_hex(32)
    if not known:
        db.execute_sql("INSERT INTO shop_fact (name, value) VALUES ('person_key', ?)", (key,))
    for phone in phones:
        db.execute_sql(
            "UPDATE consent_statement SET phone_hash = ? WHERE phone = ?",
            (hmac.new(bytes.fromhex(key), phone.encode(), sha256).hexdigest(), phone),
        )
