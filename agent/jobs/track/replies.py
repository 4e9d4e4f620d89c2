"""What people write and tap: kept, and a STOP in any form takes the consent back at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.config import Settings
from agent.consent import Heard, record
from agent.log import Log
from agent.rules.inbound import Inbound, Preference
from agent.rules.phones import wa_id_candidates
from agent.rules.stopwords import is_stop
from models import Contact, Identity, Message, Reply
from models.base import tuples

log = Log(__name__)


def file_replies(
    said: Sequence[Inbound | Preference],
    settings: Settings,
    *,
    uids: Mapping[str, str],
    now: datetime,
) -> None:
    """Keep the replies, and put refusals on the ledger. A doubled webhook changes nothing.

    `uids` are our own ids of messages by their wamid, where the same webhooks tell of them.
    """
    for one in said:
        contact = _who(one, uids)
        if isinstance(one, Inbound):
            _keep(one, contact)
            if contact and contact.unreachable:  # they are there after all
                Contact.update(unreachable="").where(Contact.id == contact.id).execute()
        if not _is_refusal(one, settings):
            continue
        # A number that we do not know yet may be in the next poll, with a box that was ticked before.
        phones = (contact.phone,) if contact else wa_id_candidates(one.sender)
        if not phones:  # nobody whom we could name: kept with the reply for a person to see
            log.warning("stop.unknown", user_id=one.user_id)
            continue
        words = one.value if isinstance(one, Preference) else one.text or one.payload
        refusals = [
            Heard(phone=phone, says="no", source="whatsapp", said_at=one.at, words=words)
            for phone in phones
        ]
        record(refusals, now=now)
        log.info("consent.withdrawn", contact=contact.id if contact else "unknown", words=words)


def _is_refusal(one: Inbound | Preference, settings: Settings) -> bool:
    if isinstance(one, Preference):
        return one.value == "stop"
    words = settings.consent
    return one.payload in words.stop_payloads or (
        one.kind in {"text", "button"} and is_stop(one.text, words.stop_words)
    )


def _who(one: Inbound | Preference, uids: Mapping[str, str]) -> Contact | None:
    """The contact behind a sender: by WhatsApp's ids, by the message they answer, by the phone."""
    for kind, value in (("wa_id", one.sender), ("user_id", one.user_id)):
        if value and (holder := Identity.holders(kind, [value]).get(value)):
            return Contact.get_by_id(holder)
    if isinstance(one, Inbound) and one.in_reply_to:
        ours = Message.wamid == one.in_reply_to
        if uid := uids.get(one.in_reply_to):  # the answer to its request was lost
            ours |= Message.uid == uid
        answered = tuples(Message.select(Message.contact_id).where(ours))
        if answered:
            return Contact.get_by_id(answered[0][0])
    for phone in wa_id_candidates(one.sender):
        if contact := Contact.get_or_none(Contact.phone == phone):
            return contact
    return None


def _keep(one: Inbound, contact: Contact | None) -> None:
    Reply.insert(
        wamid=one.wamid,
        contact_id=contact.id if contact else None,
        sender=one.sender or one.user_id,
        kind=one.kind,
        text=one.text or one.payload,
        in_reply_to=one.in_reply_to,
        at=one.at,
    ).on_conflict_ignore().execute()
    known = [("wa_id", one.sender), ("user_id", one.user_id)] if contact else []
    Identity.put(
        {"kind": kind, "value": value, "contact_id": contact.id, "seen_at": one.at}
        for kind, value in known
        if value and contact
    )
