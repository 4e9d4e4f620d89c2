"""Who wrote what of late, in answer to which message, and how long they can still be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.conversations import SYSTEM, WINDOW, newest_before
from models import Contact, Message, Reply
from models.base import among, tuples


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A reply. `open_until`: of the conversation, None where it is over; `campaign`: of the message that
    it quotes, else of the newest that they had got by then; "" where there is none."""

    at: datetime
    phone: str  # or the user id of somebody whom we do not know
    name: str
    kind: str
    text: str
    campaign: str
    open_until: datetime | None


def look_at_replies(since: datetime, *, phone: str = "", now: datetime) -> Sequence[Written]:
    """Oldest first; those of one number alone, if given."""
    query = (
        Reply.select(
            Reply.at, Reply.sender, Reply.kind, Reply.text, Reply.in_reply_to, Reply.contact_id,
            Contact.phone, Contact.first_name, Contact.last_name,
        )
        .left_outer_join(Contact, on=(Contact.id == Reply.contact_id))
        .where(Reply.at >= since, Reply.kind != SYSTEM)
    )  # fmt: skip
    if phone:
        query = query.where((Contact.phone == phone) | (Reply.sender == phone.removeprefix("+")))
    rows = tuples(query.order_by(Reply.at, Reply.wamid))
    campaigns = _campaigns([quoted for _, _, _, _, quoted, *_ in rows if quoted])
    newest = {contact or sender: at for at, sender, _, _, _, contact, *_ in rows}
    return [
        Written(
            at=at,
            phone=known or sender,
            name=f"{first or ''} {last or ''}".strip(),
            kind=kind,
            text=text,
            campaign=campaigns.get(quoted) or _newest_campaign(contact, at),
            open_until=_open(newest[contact or sender], now),
        )
        for at, sender, kind, text, quoted, contact, known, first, last in rows
    ]


def _campaigns(wamids: Sequence[str]) -> dict[str, str]:
    query = Message.select(Message.wamid, Message.campaign).where(among(Message.wamid, wamids))
    return dict(tuples(query))


def _newest_campaign(contact: int | None, at: datetime) -> str:
    message = newest_before(contact, at) if contact is not None else None
    return str(message.campaign) if message is not None else ""


def _open(newest: datetime, now: datetime) -> datetime | None:
    until = newest + WINDOW
    return until if until > now else None
