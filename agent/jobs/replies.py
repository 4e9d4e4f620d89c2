"""Who wrote what of late, in answer to which message, and how long they can still be answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.config import Consent
from agent.consent import WHATSAPP
from agent.conversations import SYSTEM, WINDOW, newest_before
from agent.rules.consent import NO
from agent.rules.phones import wa_id_candidates
from agent.rules.stopwords import is_stop
from models import Contact, Message, Reply, Statement
from models.base import among, tuples


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A reply. `answers`: the message that it quotes, else the newest that they had got by then;
    `open_until`: when their conversation ends, or ended."""

    id: str
    at: datetime
    phone: str  # "" of somebody whose number WhatsApp hides
    user_id: str  # "" of anybody else
    name: str
    kind: str
    text: str
    answers: Message | None
    open_until: datetime
    is_stop: bool


def look_at_replies(since: datetime, words: Consent, *, phone: str = "") -> Sequence[Written]:
    """Oldest first; those of one number alone, if given. `words` has what is a STOP."""
    query = Reply.select().where(Reply.at >= since, Reply.kind != SYSTEM)
    if phone:
        known = Contact.select(Contact.id).where(Contact.phone == phone)
        query = query.where(Reply.contact_id.in_(known) | (Reply.sender == phone.removeprefix("+")))
    rows = list(query.order_by(Reply.at, Reply.wamid))
    contacts = _contacts(row.contact_id for row in rows)
    quoted = _messages(row.in_reply_to for row in rows)
    newest = {row.contact_id or row.sender: row.at for row in rows}
    names = [_names(row, contacts.get(row.contact_id)) for row in rows]
    refused = _refused(set().union(*names))
    return [
        _written(
            row,
            contacts.get(row.contact_id),
            answers=quoted.get(row.in_reply_to) or _newest_before(row),
            open_until=newest[row.contact_id or row.sender] + WINDOW,
            is_stop=_says_stop(row, words)
            or any((name, row.at, row.text) in refused for name in theirs),
        )
        for row, theirs in zip(rows, names, strict=True)
    ]


def _written(
    row: Reply,
    contact: Contact | None,
    *,
    answers: Message | None,
    open_until: datetime,
    is_stop: bool,
) -> Written:
    numbers = wa_id_candidates(row.sender)
    return Written(
        id=row.wamid,
        at=row.at,
        phone=contact.phone if contact else next(iter(numbers), ""),
        user_id="" if numbers else row.sender,
        name=f"{contact.first_name} {contact.last_name}".strip() if contact else "",
        kind=row.kind,
        text=row.text,
        answers=answers,
        open_until=open_until,
        is_stop=is_stop,
    )


def _contacts(ids: Iterable[int | None]) -> dict[int | None, Contact]:
    query = Contact.select().where(among(Contact.id, {one for one in ids if one is not None}))
    return {contact.id: contact for contact in query}


def _messages(wamids: Iterable[str]) -> dict[str | None, Message]:
    query = Message.select().where(among(Message.wamid, {wamid for wamid in wamids if wamid}))
    return {message.wamid: message for message in query}


def _newest_before(row: Reply) -> Message | None:
    return newest_before(row.contact_id, row.at) if row.contact_id is not None else None


def _says_stop(row: Reply, words: Consent) -> bool:
    """As the words and buttons are set now."""
    if row.text in words.stop_payloads:
        return row.kind != "text"
    return row.kind in {"text", "button"} and is_stop(row.text, words.stop_words)


def _names(row: Reply, contact: Contact | None) -> set[str]:
    """Under which a refusal of theirs stands on the ledger."""
    written_as = wa_id_candidates(row.sender) or (row.sender,)
    return {contact.phone, *written_as} if contact else set(written_as)


def _refused(names: Iterable[str]) -> set[tuple[str, datetime, str]]:
    """(who, when, in which words): what was a STOP when it came, also by a button, of whose payload
    a reply keeps nothing."""
    query = Statement.select(Statement.phone, Statement.said_at, Statement.words).where(
        among(Statement.phone, names), Statement.source == WHATSAPP, Statement.says == NO
    )
    return {(phone, said_at, words) for phone, said_at, words in tuples(query)}
