"""What WhatsApp still told of somebody after they were erased: it goes in the night after.

Statuses of what they were sent before come for weeks, each with the number in it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from peewee import fn

from agent.person_key import name_hashes
from agent.rules.phones import wa_id_candidates
from models import Contact, Forgotten, Message, SetAside, Status, Webhook
from models.base import among, transaction, tuples
from models.erasures import PHONE

ROWS_A_LOOK: Final = 2_000
_RECIPIENT: Final = re.compile(rb'"recipient_id"\s*:\s*"(\d+)"')


def forget_late_traces(since: datetime, beat: Callable[[], None]) -> int:
    """Delete the webhooks that came after `since` and tell of messages to somebody who was erased, once
    they are worked off, and what was kept of them. Returns how many webhooks."""
    if not Forgotten.any():
        return 0
    first = Webhook.select(fn.MIN(Webhook.id)).where(Webhook.received_at >= since).scalar()
    gone, last = 0, (first or 1) - 1
    done = Webhook.done_at.is_null(False) & ~fn.EXISTS(
        SetAside.select().where(SetAside.webhook_id == Webhook.id)
    )
    query = Webhook.select(Webhook.id, Webhook.body).order_by(Webhook.id).limit(ROWS_A_LOOK)
    while rows := tuples(query.where(Webhook.id > last, done)):
        beat()
        told = {number: set(_RECIPIENT.findall(bytes(body))) for number, body in rows}
        erased = _erased({one.decode() for found in told.values() for one in found})
        naming = {
            number: bytes(body)
            for number, body in rows
            if any(one.decode() in erased for one in told[number])
        }
        if naming:
            wamids = {wamid for body in naming.values() for wamid in _wamids(body, erased)}
            with transaction():
                Webhook.delete().where(among(Webhook.id, naming)).execute()
                Status.delete().where(among(Status.wamid, wamids), ~_of_somebody()).execute()
        gone += len(naming)
        last = rows[-1][0]
    return gone


def _erased(recipients: set[str]) -> set[str]:
    """Those of WhatsApp's ids that are a number of somebody who was erased, however it is written."""
    ways = {one: {f"+{one}", *wa_id_candidates(one)} for one in recipients}
    hashes = name_hashes(phones={way for found in ways.values() for way in found})
    known = Forgotten.since(hashes.values())
    return {one for one, found in ways.items() if any(hashes[PHONE, way] in known for way in found)}


def _wamids(body: bytes, erased: set[str]) -> Iterator[str]:
    """Of the statuses about these recipients; they were read once, so it is JSON."""
    parts: list[Any] = [json.loads(body)]
    while parts:
        part = parts.pop()
        if isinstance(part, Mapping):
            if part.get("recipient_id") in erased and isinstance(part.get("id"), str):
                yield part["id"]
            parts += part.values()
        elif isinstance(part, list):
            parts += part


def _of_somebody() -> Any:
    """They may have come back, and this is of what they are sent since."""
    query = Message.select().join(Contact, on=(Contact.id == Message.contact_id))
    return fn.EXISTS(query.where(Message.id == Status.message_id))
