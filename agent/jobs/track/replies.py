"""What people write and tap: kept, put on the ledger where it refuses, confirmed once, and passed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.config import Settings
from agent.consent import record, stands
from agent.conversations import SYSTEM, mark_answered, mark_stopped, newest_before
from agent.jobs.track.carrying import carry_on, uncover
from agent.jobs.track.confirming import ask_for_confirmation
from agent.jobs.track.numbers import file_number_changes
from agent.jobs.track.passing_on import pass_on
from agent.jobs.track.stops import RESUME, ended, heard, whose
from agent.log import Log
from agent.rules.consent import YES
from agent.rules.inbound import Inbound, Preference
from agent.rules.phones import masked, wa_id_candidates
from models import Contact, Identity, Message, Reply, Status

__all__ = ["file_number_changes", "file_replies"]

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """What somebody said, and what we know of it. `answers`: the message that it most likely answers."""

    one: Inbound | Preference
    contact: Contact | None
    quoted: Message | None
    answers: Message | None
    is_new: bool


def file_replies(
    said: Sequence[Inbound | Preference],
    settings: Settings,
    *,
    uids: Mapping[str, str],
    now: datetime,
) -> None:
    """Keep the replies, and put refusals on the ledger. A doubled webhook changes nothing.

    `uids` are our own ids of messages by their wamid, where the same webhooks tell of them. A STOP is
    in force when this has been committed; its confirmation, and whom the shop wants to be told, follow.
    """
    answered, stopped = list[int](), list[int]()
    for one in said:
        what = _look_at(one, uids, now)
        purposes = ended(one, what.contact, what.quoted, settings)
        if purposes or (isinstance(one, Preference) and one.value == RESUME):
            _put_on_the_ledger(what, purposes, settings, now)
        if what.answers is not None and isinstance(one, Inbound) and one.kind != SYSTEM:
            answered.append(what.answers.id)
        if what.answers is not None and purposes:
            stopped.append(what.answers.id)
        if isinstance(one, Inbound) and what.is_new and one.kind != SYSTEM:
            _tell(one, what, is_stop=bool(purposes))
            pass_on(one, what.contact, what.answers, settings, is_stop=bool(purposes), now=now)
    mark_answered(answered)
    mark_stopped(stopped)


def _look_at(one: Inbound | Preference, uids: Mapping[str, str], now: datetime) -> _Said:
    quoted = _quoted(one, uids)
    contact = _who(one, quoted)
    is_new = False
    _learn(one, contact, now)
    if isinstance(one, Inbound):
        is_new = _keep(one, contact)
        # whatever they write, they are there after all
        if contact and contact.unreachable and one.kind != SYSTEM:
            Contact.update(unreachable="").where(Contact.id == contact.id).execute()
    answers = quoted or (newest_before(contact.id, one.at) if contact else None)
    return _Said(one, contact, quoted, answers, is_new)


def _put_on_the_ledger(
    what: _Said, purposes: Sequence[str], settings: Settings, now: datetime
) -> None:
    one, contact = what.one, what.contact
    phones = whose(one, contact, what.quoted)
    nameless = contact is None and not wa_id_candidates(one.sender)
    if nameless and purposes:  # it holds as soon as a number comes with the id
        log.warning(
            "stop.unknown", user_id=masked(one.user_id),
            fix="WhatsApp hides the number: see winback replies; if you know whose it is, "
            "winback consent withdraw PHONE",
        )  # fmt: skip
    before = {phone: stands(phone) for phone in phones}
    entries = heard(one, phones, purposes)
    record(entries, now=now)
    carry_on(phones, [one.sender, one.user_id], one.at, now=now)
    if not purposes:
        log.info("consent.switched_on", contact=contact.id if contact else "unknown")
        return
    log.info(
        "consent.withdrawn", contact=contact.id if contact else "unknown",
        purpose=",".join(purposes), words=entries[0].words if entries else "",
    )  # fmt: skip
    if isinstance(one, Inbound) and what.is_new and phones and not nameless:
        outweighed = any(
            stands(phone)[about].answer == YES for phone in phones for about in purposes
        )
        if not outweighed:
            ask_for_confirmation(
                one, contact, settings, before=list(before.values()), purposes=purposes, now=now
            )


def _tell(one: Inbound, what: _Said, *, is_stop: bool) -> None:
    """Who wrote, and to what; the words are theirs, and stand in `winback replies` alone."""
    contact, message = what.contact, what.answers
    sender = contact.phone if contact else f"+{one.sender}" if one.sender else one.user_id
    log.info(
        "reply.received", contact=contact.id if contact else "unknown", sender=masked(sender),
        campaign=message.campaign if message else "none", kind=one.kind,
        **({"is": "stop"} if is_stop else {}),
    )  # fmt: skip


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
    """The contact behind a sender: by WhatsApp's ids, by their very number, by the message they answer,
    by another way to write the number."""
    for kind, value in (("wa_id", one.sender), ("user_id", one.user_id)):
        if value and (holder := Identity.holders(kind, [value]).get(value)):
            return Contact.get_by_id(holder)
    if contact := Contact.get_or_none(Contact.phone == f"+{one.sender}"):
        return contact
    if quoted is not None:
        return Contact.get_by_id(quoted.contact_id)
    for phone in wa_id_candidates(one.sender):
        if contact := Contact.get_or_none(Contact.phone == phone):
            return contact
    return None


def _learn(one: Inbound | Preference, contact: Contact | None, now: datetime) -> None:
    """What somebody said under an id alone holds for their number from now on, also where the number is
    nobody's yet: an order may bring it, with a box that was ticked before."""
    user_id = one.user_id
    if contact is None:
        uncover(user_id, wa_id_candidates(one.sender), now=now)
        return
    fresh = bool(user_id) and user_id not in Identity.holders("user_id", [user_id])
    Identity.put(
        {"kind": kind, "value": value, "contact_id": contact.id, "seen_at": one.at}
        for kind, value in (("wa_id", one.sender), ("user_id", user_id))
        if value
    )
    if fresh:
        uncover(user_id, [contact.phone], now=now)


def _keep(one: Inbound, contact: Contact | None) -> bool:
    """Returns whether it is new."""
    is_new = Reply.write_each(
        [
            {
                "wamid": one.wamid,
                "contact_id": contact.id if contact else None,
                "sender": one.sender or one.user_id,
                "kind": one.kind,
                "text": one.text or one.payload,
                "in_reply_to": one.in_reply_to,
                "at": one.at,
            }
        ],
        lambda insert: insert.on_conflict_ignore(),
    )
    return bool(is_new)
