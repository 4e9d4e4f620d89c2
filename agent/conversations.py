"""What people answer: to which message, and until when WhatsApp lets us answer back in our own words."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from peewee import fn

from models import Message, Reply
from models.base import among, tuples

WINDOW: Final = timedelta(hours=24)
"""After each message of a person; source: Meta, "Customer service windows"."""
ANSWERED_WITHIN: Final = timedelta(days=7)
CLOCKS: Final = timedelta(minutes=1)  # Meta's and ours may be so far apart
CAME: Final = ("accepted", "sent", "delivered", "read")  # so a person may be answering it
SYSTEM: Final = "system"  # kind of a reply that is WhatsApp's own note, and nobody's word


def windows(contacts: Iterable[int], now: datetime) -> Mapping[int, datetime]:
    """contact -> until when their conversation is open; who is not there has none that is."""
    newest = fn.MAX(Reply.at)
    query = (
        Reply.select(Reply.contact_id, newest)
        .where(
            among(Reply.contact_id, contacts),
            Reply.kind != SYSTEM,
            Reply.at > now - WINDOW,
        )
        .group_by(Reply.contact_id)
    )
    return {contact: at + WINDOW for contact, at in tuples(query)}


def window_open_until(contact: int, now: datetime) -> datetime | None:
    """Until when this contact may be answered in our own words; None where that is over."""
    return windows([contact], now).get(contact)


def newest_before(contact: int, at: datetime, *, but_for: int = 0) -> Message | None:
    """The newest message that had reached this contact by then, of the last ANSWERED_WITHIN.

    `but_for` is the id of one that did not, whatever its state still says.
    """
    query = (
        Message.select()
        .where(
            Message.contact_id == contact,
            Message.id != but_for,
            Message.state.in_(CAME),
            Message.claimed_at >= at - ANSWERED_WITHIN,
            Message.claimed_at <= at + CLOCKS,
        )
        .order_by(Message.claimed_at.desc(), Message.id.desc())
    )
    found: Message | None = query.first()
    return found


def told_of(message: Message | None) -> dict[str, str | None] | None:
    """What a program is told of the message that somebody answers: `in_reply_to` of the README's JSON."""
    if message is None:
        return None
    sent_at = message.sent_at or message.accepted_at or message.claimed_at
    return {
        "campaign": message.campaign,
        "template": message.template,
        "sent_at": sent_at.isoformat() if sent_at else None,
    }


def mark_answered(messages: Iterable[int]) -> None:
    """These (ids) were answered, be it by a STOP."""
    _mark("replied", messages)


def mark_stopped(messages: Iterable[int]) -> None:
    """After these (ids) their person said STOP, or switched our marketing off."""
    _mark("stopped", messages)


def _mark(column: str, messages: Iterable[int]) -> None:
    fresh = ~getattr(Message, column)
    ids = sorted(set(messages))
    if ids:
        Message.update({column: True}).where(among(Message.id, ids), fresh).execute()
