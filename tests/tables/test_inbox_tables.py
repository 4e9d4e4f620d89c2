"""Webhooks byte for byte, and what they said once."""

import peewee
import pytest
from table_rows import NOON, SECOND

from models import Conversion, Received, Reply, SetAside, Status, Webhook
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


def test_so_many_webhooks_are_taken_at_once_and_so_large_and_one_at_the_least() -> None:
    assert Webhook.waiting(10, 100) == []
    Webhook.keep(
        [
            {"source": "whatsapp", "received_at": NOON, "body": b"x" * size}
            for size in (200, 60, 40, 1)
        ]
    )

    def taken(most: int, most_bytes: int) -> list[int]:
        return [len(one.body) for one in Webhook.waiting(most, most_bytes)]

    assert taken(10, 100) == [200]
    assert taken(10, 300) == [200, 60, 40]
    assert taken(2, 300) == [200, 60]
    Webhook.update(done_at=NOON).where(Webhook.id == 1).execute()
    assert taken(10, 100) == [60, 40]


def test_what_is_set_aside_again_was_tried_once_more() -> None:
    SetAside.put(1, [("", "not JSON"), ("0/0", "odd")], NOON)
    SetAside.put(1, [("0/0", "still odd")], NOON + SECOND)
    SetAside.put(2, [], NOON)
    assert [(one.place, one.reason, one.at, one.tries) for one in SetAside.select()] == [
        ("", "not JSON", NOON, 1),
        ("0/0", "still odd", NOON + SECOND, 2),
    ]


def test_what_came_is_counted_by_day_and_ever() -> None:
    Received.add({}, NOON.date())
    for _ in range(2):
        Received.add({"status read": 3, "message text": 1}, NOON.date())
    Received.add({"status read": 1}, NOON.date() + 86_400 * SECOND)
    assert Received.totals() == {"message text": 2, "status read": 7}
    assert Received.since(NOON.date()) == {"status read": 7, "message text": 2}
    assert list(Received.since(NOON.date())) == ["status read", "message text"]
    Received.forget_before(NOON.date() + 86_400 * SECOND)
    assert Received.totals() == {"message text": 2, "status read": 7}
    assert Received.since(NOON.date()) == {"status read": 1}


def test_columns_of_many_rows_are_written_by_one_statement() -> None:
    assert Reply.update_each([], ["text"]) == 0
    for wamid in ("wamid.1", "wamid.2", "wamid.3"):
        Reply.insert(wamid=wamid, text="was", kind="text", at=NOON).execute()
    rows = list(Reply.select().where(Reply.wamid != "wamid.2"))
    for row in rows:
        row.text, row.kind, row.at = f"of {row.wamid}", "not written", NOON + SECOND
    assert Reply.update_each(rows, ["at", "text"]) == 2
    assert [(one.text, one.kind, one.at) for one in Reply.select().order_by(Reply.wamid)] == [
        ("of wamid.1", "text", NOON + SECOND),
        ("was", "text", NOON),
        ("of wamid.3", "text", NOON + SECOND),
    ]
