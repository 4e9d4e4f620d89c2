"""Rows with everything that a table demands; a test gives only what it is about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from models import Contact, Message

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PHONE = "+447700900123"

_numbers = count(1)


def an_order(woo_id: int = 1, **columns: Any) -> dict[str, Any]:
    """A guest's order over 100.00 EUR, paid."""
    row = {
        "woo_id": woo_id,
        "status": "completed",
        "currency": "EUR",
        "total": 10_000,
        "created_at": NOON,
        "paid_at": NOON,
        "modified_at": NOON,
        "read_at": NOON,
    }
    return row | columns


def a_product(woo_id: int = 1, **columns: Any) -> dict[str, Any]:
    return {"woo_id": woo_id, "name": "Shirt", "price": 8900, "read_at": NOON} | columns


def a_refund(woo_id: int, order_id: int, amount: int) -> dict[str, Any]:
    return {"woo_id": woo_id, "order_id": order_id, "amount": amount, "read_at": NOON}


def a_contact(phone: str = PHONE, **columns: Any) -> int:
    """Write a contact; returns its id."""
    return Contact.put([{"phone": phone, "created_at": NOON} | columns])[phone]


def a_statement(says: str = "yes", **columns: Any) -> dict[str, Any]:
    row = {
        "phone": PHONE,
        "purpose": "marketing",
        "says": says,
        "source": "order 17",
        "said_at": NOON,
        "recorded_at": NOON,
    }
    return row | columns


def an_intent(contact_id: int = 1, **columns: Any) -> dict[str, Any]:
    """A queued marketing message that is due at noon and expires three days later."""
    number = next(_numbers)
    row = {
        "uid": f"uid-{number}",
        "contact_id": contact_id,
        "campaign": "we_miss_you",
        "subject": f"subject {number}",
        "period": "2026-03-02",
        "template": "miss_you",
        "language": "es",
        "cap_day": "2026-03-02",
        "created_at": NOON,
        "not_before": NOON,
        "expires_at": NOON + timedelta(days=3),
    }
    return row | columns


def a_message(contact_id: int = 1, **columns: Any) -> Message:
    """Write a message as it may stand at any time; returns it as read back."""
    row = an_intent(contact_id, **columns)
    Message.insert(**row).execute()
    return again(row["uid"])


def again(uid: str) -> Message:
    """The message as it stands in the table now."""
    return Message.get(Message.uid == uid)
