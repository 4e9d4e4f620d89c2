"""Webhooks of statuses, as WhatsApp writes them."""

import json
from datetime import datetime
from typing import Any


def body(**lists: list[Any]) -> bytes:
    """A webhook of the field `messages`."""
    value = {"messaging_product": "whatsapp"} | lists
    change = {"field": "messages", "value": value}
    return json.dumps({"entry": [{"id": "1", "changes": [change]}]}).encode()


def status(name: str, at: datetime, *, wamid: str, uid: str = "") -> dict[str, Any]:
    one = {"id": wamid, "status": name, "timestamp": str(int(at.timestamp()))}
    return one | ({"biz_opaque_callback_data": uid} if uid else {})


def failed(code: int, at: datetime, *, wamid: str, uid: str = "") -> dict[str, Any]:
    error = {"code": code, "title": "Failed", "error_data": {"details": "no luck"}}
    return status("failed", at, wamid=wamid, uid=uid) | {"errors": [error]}


def priced(kind: str, category: str) -> dict[str, Any]:
    pricing = {"billable": True, "pricing_model": "PMP", "type": kind, "category": category}
    return {"pricing": pricing} if category else {}
