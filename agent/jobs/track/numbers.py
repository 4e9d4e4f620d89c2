"""Somebody has another number: what they refused goes along, what they agreed to does not.

WhatsApp says that an account moved. The old number is nobody's for now, and somebody else's one day, so
nothing is written there any more: what waits is called off, and what was agreed to under it has ended.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from agent.config import Settings
from agent.consent import MOVED, Heard, carry_refusals, meet, record
from agent.conversations import SYSTEM
from agent.jobs.track.carrying import ARROW, HOW, contact_of, uncover, with_number
from agent.log import Log
from agent.rules.consent import NO, PURPOSES
from agent.rules.inbound import NumberChanged
from agent.rules.phones import read_phone, wa_id_candidates
from models import Contact, Identity, Message, Reply

log = Log(__name__)

GONE: Final = "they have another number now: WhatsApp told of the change"


def file_number_changes(
    changes: Sequence[NumberChanged],
    settings: Settings,  # noqa: ARG001 - the jobs of this package are all called alike
    *,
    now: datetime,
) -> None:
    """Keep that somebody has another number, and what follows. A doubled webhook changes nothing."""
    for one in changes:
        if _keep(one):
            _follow(one, now)


def _keep(one: NumberChanged) -> bool:
    told = f"{one.old or one.old_user_id}{ARROW}{one.new or one.new_user_id}"
    row = {
        "wamid": one.wamid,
        "sender": one.old or one.old_user_id,
        "kind": SYSTEM,
        "text": told,
        "at": one.at,
    }
    return bool(Reply.write_each([row], lambda insert: insert.on_conflict_ignore()))


def _follow(one: NumberChanged, now: datetime) -> None:
    before = contact_of(one.old, one.old_user_id)
    after = _at_new_number(one.new, before, now) if one.new else before
    log.info(
        "number.changed",
        contact=before.id if before else "unknown",
        now=after.id if after else "unknown",
    )
    known = [after.phone] if after else [*wa_id_candidates(one.new), one.new_user_id]
    for address in _addresses(one, before):
        for other in filter(None, known):
            if address != other:
                carry_refusals(address, other, how=HOW, now=now)
    if before is not None and (after is None or after.id != before.id):
        _let_go(before, after, one.at, now)
    if after is not None:
        _take_up(after, one, now)


def _at_new_number(wa_id: str, before: Contact | None, now: datetime) -> Contact | None:
    """The contact under the new number; made where a known person moves to one that we do not know.

    They may have written from it already: then it is taken for one of the old contact's.
    """
    known = with_number(wa_id) or contact_of(wa_id, "")
    if before is None or (known is not None and known.id != before.id):
        return known
    if before.phone in wa_id_candidates(wa_id):
        return before
    found = [read_phone(one, "") for one in wa_id_candidates(wa_id)]
    phone = next((one for one in found if one.e164), None)
    if phone is None:
        return None
    row = {
        "phone": phone.e164,
        "region": phone.region,
        "zones": " ".join(phone.zones),
        "first_name": before.first_name,
        "last_name": before.last_name,
        "language": before.language,
        "created_at": now,
    }
    return Contact.get_by_id(meet([row])[phone.e164])


def _take_up(after: Contact, one: NumberChanged, now: datetime) -> None:
    """WhatsApp's ids are this contact's from now on, the old one of the person too: it is nobody else's,
    ever. What was refused under the new one, before we knew whose it is, holds."""
    names = [("wa_id", one.new), ("user_id", one.old_user_id), ("user_id", one.new_user_id)]
    Identity.put(
        {"kind": kind, "value": value, "contact_id": after.id, "seen_at": one.at}
        for kind, value in names
        if value
    )
    uncover(one.new_user_id, [after.phone], now=now)
    if after.unreachable and one.new:  # an account of WhatsApp's has moved there
        Contact.update(unreachable="").where(Contact.id == after.id).execute()


def _addresses(one: NumberChanged, before: Contact | None) -> list[str]:
    """Everything under which the person may have refused something."""
    known = [before.phone] if before else []
    every = (*known, *wa_id_candidates(one.old), one.old_user_id)
    return list(dict.fromkeys(filter(None, every)))


def _let_go(before: Contact, after: Contact | None, said_at: datetime, now: datetime) -> None:
    """Nothing more goes to the old number, whoever has it next. An id of WhatsApp's, unlike a number, is
    never another person's: a STOP under it may still be on its way."""
    record(
        [
            Heard(
                phone=before.phone,
                purpose=purpose,
                says=NO,
                source=MOVED,
                said_at=said_at,
                words=GONE,
            )
            for purpose in PURPOSES
        ],
        now=now,
    )
    Contact.update(unreachable=GONE).where(Contact.id == before.id).execute()
    theirs = Identity.contact_id == before.id
    if after is not None:
        Identity.update(contact_id=after.id).where(theirs, Identity.kind == "user_id").execute()
    Identity.delete().where(theirs, Identity.kind == "wa_id").execute()
    waiting = Message.select(Message.id).where(
        Message.contact_id == before.id, Message.state == "queued"
    )
    ids = [message.id for message in waiting]
    if ids:
        Message.end(ids, ("queued",), "cancelled", detail=GONE, ended_at=now)
