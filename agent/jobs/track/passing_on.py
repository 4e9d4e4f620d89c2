"""What the shop's own address is told of a reply: written down here, and brought there by `forward`."""

import json
from datetime import datetime
from typing import Any

from agent.config import Settings
from agent.conversations import WINDOW, told_of
from agent.rules.inbound import Inbound
from agent.rules.phones import wa_id_candidates
from models import Contact, Forward, Message, Reply


def pass_on(
    reply: Inbound,
    contact: Contact | None,
    answers: Message | None,
    settings: Settings,
    *,
    is_stop: bool,
    now: datetime,
) -> None:
    """In the transaction that keeps the reply; nothing where no address is set."""
    if not settings.conversations.forward_url:
        return
    told = json.dumps(
        _event(reply, contact, answers, is_stop=is_stop), ensure_ascii=False, sort_keys=True
    )
    Forward.insert(
        event=reply.wamid,
        person=str(contact.id) if contact else reply.sender or reply.user_id,
        body=told,
        created_at=now,
        not_before=now,
    ).on_conflict_ignore().execute()


def _event(
    reply: Inbound, contact: Contact | None, answers: Message | None, *, is_stop: bool
) -> dict[str, Any]:
    """The JSON of the README. `id` is the same however often it is brought."""
    phone = contact.phone if contact else next(iter(wa_id_candidates(reply.sender)), "")
    name = f"{contact.first_name} {contact.last_name}".strip() if contact else ""
    return {
        "event": "reply",
        "id": reply.wamid,
        "at": reply.at.isoformat(),
        "phone": phone or None,
        "user_id": reply.user_id or None,
        "name": name or None,
        "text": reply.text,
        "kind": reply.kind,
        "payload": reply.payload or None,
        "in_reply_to": told_of(answers),
        "window_open_until": (_newest(reply, contact) + WINDOW).isoformat(),
        "is_stop": is_stop,
    }


def _newest(reply: Inbound, contact: Contact | None) -> datetime:
    """Webhooks come in any order: a later message of theirs may be here already."""
    if contact is None:
        return reply.at
    newest = Reply.select(Reply.at).where(Reply.contact_id == contact.id)
    last = newest.order_by(Reply.at.desc()).first()
    return reply.at if last is None else max(reply.at, last.at)
