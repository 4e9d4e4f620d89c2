"""What people write, tap and switch: which of it is a refusal, of what, and whose it is.

A STOP always ends marketing. It ends order news too if it answers such news, or if nobody can know what
it answers: the person who said it must not hear again from what they meant.
"""

from collections.abc import Sequence
from typing import Final

from agent.config import Settings
from agent.consent import SWITCH, WHATSAPP, Heard
from agent.conversations import CAME, CLOCKS
from agent.rules.consent import MARKETING, NO, PURPOSES, RESUMED
from agent.rules.inbound import Inbound, Preference
from agent.rules.phones import wa_id_candidates
from agent.rules.stopwords import is_stop
from models import Contact, Message

PERHAPS: Final = ("held", "claimed", "unsure", "abandoned", "undelivered")  # or may not have got it
RESUME: Final = "resume"


def ended(
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


def whose(
    one: Inbound | Preference, contact: Contact | None, quoted: Message | None
) -> tuple[str, ...]:
    """All numbers that a refusal is about, E.164; of somebody whose number nobody knows, their user id.

    Whoever answers a message has got it, also where their WhatsApp is known under another number by
    now: nothing more may go to the one that it was sent to either, nor to the one that they write from,
    whosever it is. A number that we do not know yet may be in the next poll, with a box that was ticked
    before; a user id may be told with a number.
    """
    writes_from = wa_id_candidates(one.sender)
    if contact is None:
        return writes_from or tuple(filter(None, [one.user_id]))
    phones = {contact.phone}
    if contact.phone not in writes_from:
        phones.update(writes_from)
    if quoted is not None and quoted.contact_id != contact.id:
        phones.add(Contact.get_by_id(quoted.contact_id).phone)
    return tuple(sorted(phones))


def heard(one: Inbound | Preference, phones: Sequence[str], purposes: Sequence[str]) -> list[Heard]:
    """The entries of the ledger that it makes: `purposes` are those that it ends."""
    is_switch = isinstance(one, Preference)
    words = one.value if isinstance(one, Preference) else one.text or one.payload
    says, about = NO, tuple(purposes)
    if isinstance(one, Preference) and one.value == RESUME:
        says, about = RESUMED, (MARKETING,)
    return [
        Heard(
            phone=phone,
            purpose=purpose,
            says=says,
            source=SWITCH if is_switch else WHATSAPP,
            said_at=one.at,
            words=words,
        )
        for phone in phones
        for purpose in about
    ]


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
