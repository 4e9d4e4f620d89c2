"""Webhooks byte for byte, and what they said once."""

import peewee
import pytest
from table_rows import NOON, SECOND

from models import Conversion, Reply, Status, Webhook
from models.base import database as handle


def test_a_webhook_is_kept_byte_for_byte() -> None:
    body = b'{"text": "caf\\u00e9 \xff\x00"}'
    Webhook.insert(source="whatsapp", received_at=NOON, body=body).execute()
    webhook = Webhook.get()
    assert bytes(webhook.body) == body
    assert webhook.done_at is None


def test_what_waits_is_found_without_reading_what_is_done() -> None:
    query = Webhook.select(Webhook.id).where(Webhook.done_at.is_null()).order_by(Webhook.id)
    plan = " ".join(row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {query.sql()[0]}"))
    assert "webhook_waiting" in plan


def test_only_an_urgent_webhook_that_waits_may_be_a_refusal() -> None:
    row = {"source": "whatsapp", "received_at": NOON, "body": b"{}"}
    Webhook.insert(row | {"urgent": False}).execute()
    Webhook.insert(row | {"done_at": NOON}).execute()
    assert not Webhook.refusal_may_wait()
    Webhook.insert(row).execute()  # when nobody looked, it may
    assert Webhook.refusal_may_wait()
    query = "SELECT id FROM webhook WHERE done_at IS NULL AND urgent"
    plan = " ".join(row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert "webhook_urgent" in plan


def test_a_status_falls_on_its_message_and_its_word() -> None:
    row = {"wamid": "wamid.1", "status": "sent", "at": NOON}
    for one in (row, row | {"at": NOON + SECOND}, row | {"status": "read"}):
        Status.insert(one).on_conflict_ignore().execute()
    assert {(one.status, one.at) for one in Status.select()} == {("sent", NOON), ("read", NOON)}
    with pytest.raises(peewee.IntegrityError):
        Status.insert(row).execute()


def test_a_reply_is_kept_once() -> None:
    row = {"wamid": "wamid.2", "text": "STOP", "at": NOON}
    for one in (row, row | {"text": "again"}):
        Reply.insert(one).on_conflict_ignore().execute()
    assert [one.text for one in Reply.select()] == ["STOP"]


def test_an_order_is_credited_at_most_once() -> None:
    row = {
        "order_id": 1, "message_id": 1, "contact_id": 1, "campaign": "we_miss_you",
        "ordered_at": NOON, "revenue": 10_000, "currency": "EUR",
    }  # fmt: skip
    Conversion.insert(row).execute()
    with pytest.raises(peewee.IntegrityError):
        Conversion.insert(row | {"message_id": 2}).execute()
