"""What was written to people as it was at a moment: messages, and what was known of them by then."""

from datetime import datetime
from typing import Any

from agent.rehearse.later import LaterMessage
from models import Canary, Conversion, Coupon, Epoch, Link, Message, Pause
from models.base import instant
from models.delivery import MARKETING

STAMPS = ("claimed_at", "accepted_at", "sent_at", "delivered_at", "read_at", "ended_at")
STAGES = (
    ("read_at", "read"), ("delivered_at", "delivered"), ("sent_at", "sent"), ("accepted_at", "accepted"),
)  # fmt: skip


def wind_back(at: str) -> None:
    """In the caller's transaction."""
    moment = instant(at)
    Message.delete().where(Message.created_at > moment).execute()
    _undo(moment)
    written = Message.select(Message.uid)
    Coupon.delete().where(Coupon.message_uid.not_in(written)).execute()
    Link.delete().where(Link.message_uid.not_in(written)).execute()
    Conversion.delete().execute()
    Pause.delete().where(Pause.since > moment).execute()
    Canary.delete().where(Canary.tried_since > moment).execute()
    day = moment.date().isoformat()
    Epoch.update(restored_on="").where(Epoch.restored_on > day).execute()


def _undo(moment: datetime) -> None:
    """What became of messages later."""
    after: Any = None
    for name in STAMPS:
        came = getattr(Message, name) > moment
        after = came if after is None else after | came
    rows = list(Message.select().where(after))
    for row in rows:
        row.state = _state(row, moment)
        for name in STAMPS:
            if getattr(row, name) is not None and getattr(row, name) > moment:
                setattr(row, name, None)
        if row.claimed_at is None:
            row.cap_day, row.wamid = row.period, None
        if row.ended_at is None:
            row.detail, row.code = "", None
        if row.accepted_at is None:
            row.charged, row.clicked, row.replied, row.stopped = "", False, False, False
    changed = (
        *STAMPS, "state", "cap_day", "wamid", "detail", "code", "charged", "clicked", "replied", "stopped",
    )  # fmt: skip
    Message.update_each(rows, changed)


def _state(row: Any, moment: datetime) -> str:
    for name, state in STAGES[:2]:
        at = getattr(row, name)
        if at is not None and at <= moment:
            return state
    if row.ended_at is not None and row.ended_at <= moment:
        return str(row.state)
    for name, state in STAGES[2:]:
        at = getattr(row, name)
        if at is not None and at <= moment:
            return state
    return "unsure" if row.claimed_at is not None and row.claimed_at <= moment else "queued"


def put_others(after: datetime, until: datetime) -> None:
    """What was written in between that is no marketing, as it ended: it takes of the money and of the people
    a day."""
    columns = [field for field in Message._meta.sorted_fields if field.name != "id"]  # noqa: SLF001 - peewee has no other name for it
    between = (LaterMessage.created_at > after) & (LaterMessage.created_at <= until)
    rows = LaterMessage.select(*(getattr(LaterMessage, field.name) for field in columns))
    others = rows.where(between, LaterMessage.kind != MARKETING)
    Message.insert_from(others, columns).on_conflict_ignore().execute()
