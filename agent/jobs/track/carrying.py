"""A refusal reaches every number of its person, in whatever order WhatsApp tells of words, ids and changes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from agent.consent import HIDDEN, carry_refusals, refused_under, stands
from agent.rules.consent import NO
from agent.rules.phones import wa_id_candidates
from models import Contact, Identity, Reply
from models.base import among
from models.inbox import NOTES

HOW: Final = "said before the number was changed"
ARROW: Final = " -> "  # in the text that is kept of a change


def uncover(user_id: str, phones: Sequence[str], *, now: datetime) -> None:
    """Whose this id is has become known: what was refused under it alone holds for these numbers, E.164."""
    if not user_id or not refused_under([user_id]):
        return
    for phone in phones:
        carry_refusals(user_id, phone, how=HIDDEN, now=now)
    said = [one.since for one in stands(user_id).values() if one.answer == NO and one.since]
    if said:
        carry_on(phones, [user_id], max(said), now=now)


def carry_on(
    phones: Sequence[str], names: Iterable[str], said_at: datetime, *, now: datetime
) -> None:
    """What was refused under these numbers (E.164, or ids) at `said_at` holds for those that their person
    has had since: WhatsApp told of a change before it brought what was said.

    `names` are WhatsApp's ids of the person. What is said later under an old number is another's word.
    """
    ways = {way.removeprefix("+") for phone in phones for way in wa_id_candidates(phone)}
    for later in _later({*names, *phones, *ways}, said_at):
        for phone in phones:
            if phone != later:
                carry_refusals(phone, later, how=HOW, now=now)


def _later(names: Iterable[str], said_at: datetime) -> list[str]:
    """The numbers, E.164, of whoever went by one of these names then; an id where no number is known."""
    found: list[str] = []
    known = [name for name in names if name]
    asked = 0
    while asked < len(known):  # which grows: they may have changed it again
        told = NOTES & among(Reply.sender, known[asked:]) & (Reply.at >= said_at)
        asked = len(known)
        for change in Reply.select(Reply.text).where(told).order_by(Reply.at):
            new = change.text.partition(ARROW)[2]
            if new and new not in known:
                known.append(new)
                contact = contact_of(new, new)
                found += [contact.phone] if contact else wa_id_candidates(new) or [new]
    return found


def contact_of(wa_id: str, user_id: str) -> Contact | None:
    """By WhatsApp's ids, else by the number."""
    for kind, value in (("wa_id", wa_id), ("user_id", user_id)):
        if value and (holder := Identity.holders(kind, [value]).get(value)):
            return Contact.get_by_id(holder)
    return with_number(wa_id)


def with_number(wa_id: str) -> Contact | None:
    for phone in wa_id_candidates(wa_id):
        if contact := Contact.get_or_none(Contact.phone == phone):
            return contact
    return None
