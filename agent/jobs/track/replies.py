"""What people write and tap: kept, and a STOP in any form takes the consent back at once.

A STOP always ends marketing. It ends order news too if it answers such news, or if nobody can know what
it answers: the person who said it must not hear again from what they meant.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from agent.config import Settings
from agent.consent import Heard, record
from agent.log import Log
from agent.rules.consent import MARKETING, NO, PURPOSES
from agent.rules.inbound import Inbound, NumberChanged, Preference
from agent.rules.phones import wa_id_candidates
from agent.rules.stopwords import is_stop
from models import Contact, Identity, Message, Reply, Status

log = Log(__name__)

CAME: Final = ("accepted", "sent", "delivered", "read")  # so a person may be answering it
PERHAPS: Final = ("held", "claimed", "unsure", "abandoned", "undelivered")  # or may not have got it
CLOCKS: Final = timedelta(minutes=1)  # Meta's and ours may be so far apart


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
        quoted = _quoted(one, uids)
        contact = _who(one, quoted)
        if isinstance(one, Inbound):
            _keep(one, contact)
            if contact and contact.unreachable:  # they are there after all
                Contact.update(unreachable="").where(Contact.id == contact.id).execute()
        ended = _ended(one, contact, quoted, settings)
        if not ended:
            continue
        phones = _phones(one, contact, quoted)
        if not phones:  # nobody whom we could name: kept with the reply for a person to see
            log.warning("stop.unknown", user_id=one.user_id)
            continue
        words = one.value if isinstance(one, Preference) else one.text or one.payload
        refusals = [
            Heard(
                phone=phone,
                purpose=purpose,
                says=NO,
                source="whatsapp",
                said_at=one.at,
                words=words,
            )
            for phone in phones
            for purpose in ended
        ]
        record(refusals, now=now)
        log.info(
            "consent.withdrawn", contact=contact.id if contact else "unknown",
            purpose=",".join(ended), words=words,
        )  # fmt: skip


def file_number_changes(
    changes: Sequence[NumberChanged],
    settings: Settings,  # noqa: ARG001 - who carries a refusal over asks it
    *,
    now: datetime,  # noqa: ARG001 - as above
) -> None:
    """Keep that somebody has another number. A doubled webhook changes nothing."""
    for one in changes:
        told = f"{one.old or one.old_user_id} -> {one.new or one.new_user_id}"
        Reply.insert(
            wamid=one.wamid, sender=one.old or one.old_user_id, kind="system", text=told, at=one.at
        ).on_conflict_ignore().execute()


def _ended(
    one: Inbound | Preference, contact: Contact | None, quoted: Message | None, settings: Settings
) -> tuple[str, ...]:
    """The purposes for which it takes the consent back; none where it is no refusal."""
    if isinstance(one, Preference):  # the switch is about marketing by its name
        return (MARKETING,) if one.value == "stop" else ()
    words = settings.consent
    if one.payload in words.stop_payloads:
        on_news = quoted is not None and quoted.order_id is not None
        return PURPOSES if on_news else (MARKETING,)
    if one.kind not in {"text", "button"} or not is_stop(one.text, words.stop_words):
        return ()
    return PURPOSES if _may_answer_news(one, contact, quoted) else (MARKETING,)


def _may_answer_news(one: Inbound, contact: Contact | None, quoted: Message | None) -> bool:
    """Whether a STOP may be about order news: by what it quotes, else by the newest message that left
    for the person before it. Of those whose answer was lost, each may have been the newest."""
    if quoted is not None:
        return quoted.order_id is not None
    if contact is None:
        return True
    query = Message.select(
        Message.id, Message.order_id, Message.state, Message.claimed_at, Message.created_at
    ).where(Message.contact_id == contact.id, Message.state.in_((*CAME, *PERHAPS)))
    left = [(message.claimed_at or message.created_at, message) for message in query]
    before = [(moment, message) for moment, message in left if moment <= one.at + CLOCKS]
    for moment, message in sorted(before, key=lambda each: (each[0], each[1].id), reverse=True):
        if message.order_id is not None:
            return True
        if message.state in CAME and moment <= one.at:
            return False
    return True


def _phones(
    one: Inbound | Preference, contact: Contact | None, quoted: Message | None
) -> tuple[str, ...]:
    """All numbers that a refusal is about, E.164.

    Whoever answers a message has got it, also where their WhatsApp is known under another number by
    now: nothing more may go to the one that it was sent to either. A number that we do not know yet may
    be in the next poll, with a box that was ticked before.
    """
    if contact is None:
        return tuple(wa_id_candidates(one.sender))
    phones = {contact.phone}
    if quoted is not None and quoted.contact_id != contact.id:
        phones.add(Contact.get_by_id(quoted.contact_id).phone)
    return tuple(sorted(phones))


def _quoted(one: Inbound | Preference, uids: Mapping[str, str]) -> Message | None:
    """The message of ours that it answers, if it says which."""
    if isinstance(one, Preference) or not one.in_reply_to:
        return None
    ours = Message.wamid == one.in_reply_to
    if uid := uids.get(one.in_reply_to):  # the answer to its request was lost
        ours |= Message.uid == uid
    # what was sent once more has the name of its second try, and its statuses those of both
    tries = Status.select(Status.message_id).where(Status.wamid == one.in_reply_to)
    found: Message | None = Message.select().where(ours | Message.id.in_(tries)).first()
    return found


def _who(one: Inbound | Preference, quoted: Message | None) -> Contact | None:
    """The contact behind a sender: by WhatsApp's ids, by the message they answer, by the phone."""
    for kind, value in (("wa_id", one.sender), ("user_id", one.user_id)):
        if value and (holder := Identity.holders(kind, [value]).get(value)):
            return Contact.get_by_id(holder)
    if quoted is not None:
        return Contact.get_by_id(quoted.contact_id)
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
