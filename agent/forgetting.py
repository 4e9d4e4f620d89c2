"""Somebody is erased: whatever tells who they were goes, from every table.

What stays is theirs under no name, and a number below 0 that no contact has or will have: that messages
left and what they cost, and the orders without who ordered, so the report and its comparisons stay true;
and the refusal, under a keyed hash of the number. Of
their names (number, e-mail, account) keyed hashes stay as well: the shop's rows of before come again
with every sweep, and by these the pull knows what it must leave out of them (agent/jobs/pull/people.py).
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from peewee import fn

from agent.consent import forget_words
from agent.log import Log
from agent.mirror_of_erased import accounts_of, forget_mirror, orders_of
from agent.person import Person, rows_naming
from agent.person_key import name_hashes
from models import (
    Confirmation,
    Contact,
    Conversion,
    Coupon,
    Customer,
    Departed,
    Forgotten,
    Forward,
    Identity,
    Interest,
    Link,
    Message,
    Order,
    Reply,
    Ruling,
    SetAside,
    SharedName,
    Stale,
    Statement,
    Status,
    UnsettledEvent,
    Webhook,
)
from models.base import among, empty_log
from models.base import transaction as in_one
from models.insight import CONTACT, CUSTOMER, EMAIL

log = Log(__name__)

# an account without any was emptied before
_NAMES = (
    Customer.email.concat(Customer.phone).concat(Customer.first_name).concat(Customer.last_name)
)
HAS_A_NAME = _NAMES != ""
ERASED: Final = "the person was erased"


@dataclass(slots=True)
class Forgetting:
    """What there is to forget of a person. `busy` says why it cannot be done at this moment."""

    person: Person
    counts: Counter[str] = field(default_factory=Counter)
    busy: str = ""
    left_in_log: bool = False
    named: Mapping[Any, list[int]] = field(default_factory=dict)  # table -> rows that name them
    newest: int = 0  # of the webhooks that were read through


def look(person: Person) -> Forgetting:
    """What would go, in numbers. Reads every webhook that is kept, so it takes a while."""
    found = Forgetting(person, newest=Webhook.select(fn.MAX(Webhook.id)).scalar() or 0)
    found.named = {
        table: rows_naming(table.id, column, person)
        for table, column in ((Webhook, Webhook.body), (UnsettledEvent, UnsettledEvent.said),
                              (Forward, Forward.body))
    }  # fmt: skip
    found.busy = _under_way(person, found.named[Webhook])
    mine = Message.contact_id == person.contact_id
    found.counts.update(
        {
            "orders": Order.select().where(orders_of(person)).count(),
            "accounts": Customer.select().where(accounts_of(person), HAS_A_NAME).count(),
            "messages": Message.select().where(mine).count(),
            "queued": Message.select().where(mine, Message.state == "queued").count(),
            "statements": Statement.select()
            .where(among(Statement.phone, _said_under(person)))
            .count(),
            "replies": Reply.select().where(_replies_of(person)).count(),
            "interest": Interest.select().where(Interest.contact_id == person.contact_id).count(),
            "webhooks": len(found.named[Webhook]),
        }
    )
    return found


def forget(person: Person, *, now: datetime) -> Forgetting:
    """Erase the person. Where `busy` is set nothing was done: later.

    An order that somebody else placed with their number on it stays that person's, without the number.

    Done in one transaction, after a look through what was kept as it came, without one. `left_in_log`
    tells that the write-ahead log could not be emptied: it is with the next backup or restart.
    """
    found = look(person)
    if found.busy:
        return found
    with in_one():
        came = rows_naming(Webhook.id, Webhook.body, person, after=found.newest)
        found.busy = _under_way(person, came)
        if found.busy:  # since we looked
            return found
        found.named[Webhook].extend(came)
        _keep_hashes(person, now)
        for name in sorted(_said_under(person)):
            forget_words(name, now=now)
        nobody = _nobody()
        forget_mirror(person, nobody)
        _forget_messages(person, nobody, now)
        _forget_what_came(person, found.named)
        _forget_names(person)
    found.left_in_log = not empty_log()
    log.info(
        "person.forgotten",
        contact=person.contact_id or "unknown",
        orders=found.counts["orders"],
        messages=found.counts["messages"],
    )
    return found


def _under_way(person: Person, webhooks: Iterable[int]) -> str:
    """Why nothing can be forgotten at this moment, or ''. `webhooks` are those that name them."""
    waiting = Webhook.select().where(among(Webhook.id, webhooks), Webhook.done_at.is_null())
    if waiting.exists():
        return "something that came from WhatsApp about them is not worked off yet"
    mine = Message.contact_id == person.contact_id
    if Message.select().where(mine, Message.state == "claimed").exists():
        return "a message is on its way to them at this moment"
    return ""


def _keep_hashes(person: Person, now: datetime) -> None:
    hashes = name_hashes(phones=person.phones, emails=person.emails, accounts=person.accounts)
    Forgotten.put(hashes.values(), now)


def _nobody() -> int:
    """A number under which nothing stands yet. Not their own: the next contact may get that."""
    lowest = (
        Message.select(fn.MIN(Message.contact_id)).scalar(),
        Order.select(fn.MIN(Order.holder_id)).scalar(),
    )
    return min(0, *(one or 0 for one in lowest)) - 1


def _forget_messages(person: Person, nobody: int, now: datetime) -> None:
    """They stay, as those of `nobody`, and each under a new id of ours: WhatsApp's begins with the number, in
    other letters, and what it still says of them finds nobody."""
    query = Message.select(
        Message.id, Message.uid, Message.state, Message.wamid, Message.deferred_wamid
    )
    for one in query.where(Message.contact_id == person.contact_id):
        # of one that was withheld it says out of what chance held them: a word of ours
        columns: dict[str, Any] = {} if one.state == "withheld" else {"detail": ""}
        if one.state == "queued":
            columns = {"state": "cancelled", "detail": ERASED, "ended_at": now}
        # of one that was asked for the shop may have more than we know: it is looked for in the night
        unasked = Coupon.woo_id.is_null() & Coupon.made_at.is_null()
        Coupon.delete().where(Coupon.message_uid == one.uid, unasked).execute()
        kept = Coupon.update(email="").where(Coupon.message_uid == one.uid).execute()
        # the shop knows its coupon by it
        uid = one.uid if kept else secrets.token_urlsafe(16)
        Message.update(
            uid=uid,
            contact_id=nobody,
            wamid=None,
            deferred_wamid="",
            variables={},
            about={},
            reason="",
            **columns,
        ).where(Message.id == one.id).execute()
        Link.delete().where(Link.message_uid == one.uid).execute()
        wamids = [wamid for wamid in (one.wamid, one.deferred_wamid) if wamid]
        Status.delete().where(
            (Status.message_id == one.id) | (Status.uid == one.uid) | among(Status.wamid, wamids)
        ).execute()
    Conversion.update(contact_id=nobody).where(Conversion.contact_id == person.contact_id).execute()


def _forget_what_came(person: Person, named: Mapping[Any, list[int]]) -> None:
    SetAside.delete().where(among(SetAside.webhook_id, named[Webhook])).execute()
    for table, ids in named.items():
        table.delete().where(among(table.id, ids)).execute()
    Reply.delete().where(_replies_of(person)).execute()
    Confirmation.delete().where(
        (Confirmation.contact_id == person.contact_id)
        | among(Confirmation.recipient, {*person.phones, *person.written_as})
    ).execute()
    Forward.delete().where(among(Forward.person, _forwarded_as(person))).execute()


def _forwarded_as(person: Person) -> set[str]:
    return {*person.phones, *person.written_as, str(person.contact_id)}


def _forget_names(person: Person) -> None:
    names = {
        EMAIL: set(person.emails),
        CUSTOMER: set(map(str, person.accounts)),
    }
    for kind, values in names.items():
        Stale.delete().where(Stale.kind == kind, among(Stale.value, values)).execute()
        SharedName.delete().where(
            SharedName.kind == kind, among(SharedName.value, values)
        ).execute()
        Ruling.delete().where(Ruling.kind == kind, among(Ruling.value, values)).execute()
        # as what they are, so that no other contact holds a name of theirs
        Identity.delete().where(Identity.kind == kind, among(Identity.value, values)).execute()
    Stale.delete().where(Stale.kind == CONTACT, Stale.value == str(person.contact_id)).execute()
    Ruling.delete().where(Ruling.contact_id == person.contact_id).execute()
    Identity.delete().where(Identity.contact_id == person.contact_id).execute()
    Contact.update(email="").where(among(Contact.email, person.emails)).execute()
    Contact.delete().where(Contact.id == person.contact_id).execute()
    Departed.delete().where(Departed.contact_id == person.contact_id).execute()


def _said_under(person: Person) -> set[str]:
    """On the ledger: a STOP stands there under each way in which WhatsApp may write the number."""
    return {*person.phones, *person.user_ids, *(f"+{way}" for way in person.ways)}


def _replies_of(person: Person) -> Any:
    """Theirs, and WhatsApp's own notes of their numbers."""
    from_them = (Reply.contact_id == person.contact_id) | among(Reply.sender, person.written_as)
    digits = {phone.removeprefix("+") for phone in person.phones} | set(person.wa_ids)
    notes = [(Reply.kind == "system") & Reply.text.contains(one) for one in sorted(digits)]
    for note in notes:
        from_them |= note
    return from_them
