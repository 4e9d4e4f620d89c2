"""Webhooks as they came, stored before they are acknowledged; and what they said."""

from peewee import (
    AutoField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
)

from models.base import Table, UtcField


class Webhook(Table):
    """One verified request, byte for byte. `done_at` is null until it has been worked off."""

    id = AutoField()
    source = CharField()  # whatsapp
    received_at = UtcField(index=True)
    urgent = BooleanField(default=True)  # may hold a refusal: nothing is sent while it waits
    body = BlobField()
    done_at = UtcField(null=True)
    trouble = TextField(default="")  # what in it could not be understood, kept for a person to see

    @classmethod
    def refusal_may_wait(cls) -> bool:
        """Whether something waits that may be a person's no."""
        return bool(cls.select(cls.id).where(cls.done_at.is_null() & cls.urgent).exists())


Webhook.add_index(Webhook.id, where=Webhook.done_at.is_null(), name="webhook_waiting")
Webhook.add_index(
    Webhook.id, where=(Webhook.done_at.is_null() & Webhook.urgent), name="webhook_urgent"
)


class Status(Table):
    """What WhatsApp said became of a message. Doubles fall on the key."""

    wamid = CharField()
    status = CharField()  # sent, delivered, read, failed
    uid = CharField(default="", index=True)  # our own id, where the webhook carries it
    at = UtcField()
    code = IntegerField(null=True)
    detail = TextField(default="")
    category = CharField(default="")  # what it was charged as
    message_id = IntegerField(null=True, index=True)

    class Meta:
        primary_key = CompositeKey("wamid", "status")


class Reply(Table):
    """A message from a person to the shop."""

    wamid = CharField(primary_key=True)
    contact_id = IntegerField(null=True, index=True)
    sender = CharField(default="")  # the phone or user id, as WhatsApp gave it
    kind = CharField(default="")
    text = TextField(default="")
    in_reply_to = CharField(default="")  # wamid of the message it answers
    at = UtcField(index=True)
