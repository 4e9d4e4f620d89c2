"""What the operator says of who is who: two contacts are one person, or a name is another's.

It is kept (models/erasures.py, Ruling), so it holds when the shop's orders say the same as before.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from agent.consent import carry_refusals, recount
from agent.errors import BadInput
from agent.joined_messages import move_messages
from agent.log import Log
from agent.rules.names import first_name
from agent.rules.phones import read_phone
from models import (
    Confirmation,
    Contact,
    Conversion,
    Customer,
    Departed,
    Forward,
    History,
    Identity,
    Interest,
    Message,
    Order,
    Reply,
    Ruling,
    Stale,
    Taste,
)
from models.base import among, database, transaction, tuples
from models.erasures import PHONE
from models.insight import CONTACT, CUSTOMER, EMAIL, ORDER

log = Log(__name__)

KINDS: Final = (CUSTOMER, EMAIL, "wa_id", "user_id", PHONE)
JOINED: Final = "said under another number of theirs"
ONE_PERSON: Final = "is one person with another contact"


def merge(kept: Contact, other: Contact, *, now: datetime) -> Counter[str]:
    """`other` is `kept`, who is written to from now on; in one transaction. Returns what went over.

    What was refused under either holds, by its date; consent to be written to under the one number is
    none to be written to under the other. The messages of both count under the caps. What waits for the
    other is called off. Chance holds them out of what it holds `kept` out of; of a campaign of which they were
    in both groups, they are compared with nobody. Raises BadInput while a message to the other is on its way.
    """
    if kept.id == other.id:
        raise BadInput("these are one contact already", fix="`winback why` shows who is meant")
    moved: Counter[str] = Counter()
    with transaction():
        theirs = Message.contact_id == other.id
        if Message.select().where(theirs, Message.state == "claimed").exists():
            raise BadInput(
                "a message to them is on its way at this moment", fix="try it again in a minute"
            )
        waiting = [one.id for one in Message.select().where(theirs, Message.state == "queued")]
        moved["queued messages called off"] = Message.end(
            waiting, ("queued",), "cancelled", detail=ONE_PERSON, ended_at=now
        )
        carry_refusals(other.phone, kept.phone, how=JOINED, now=now)
        Interest.move({other.id: kept.id}, now=now)
        moved["messages"] = move_messages(other.id, kept.id)
        moved["orders"] = _move_mirror(other.id, kept.id)
        moved["names"] = _move_names(kept, other, now)
        for what, table in (
            ("replies", Reply), ("answers to a STOP", Confirmation), ("conversions", Conversion),
        ):  # fmt: skip
            query = table.update(contact_id=kept.id).where(table.contact_id == other.id)
            moved[what] = int(query.execute())
        Forward.update(person=str(kept.id)).where(Forward.person == str(other.id)).execute()
        for gone in (History, Taste, Departed, Interest):
            gone.delete().where(gone.contact_id == other.id).execute()
        _complete(kept, other)
        Contact.delete().where(Contact.id == other.id).execute()
    log.info("contact.merged", kept=kept.id, gone=other.id, orders=moved["orders"])
    return moved


def split(
    contact: Contact, kind: str, value: str, to: Contact | None, *, now: datetime
) -> Counter[str]:
    """Take a name off a contact: it is another's, or nobody's; in one transaction. The orders under it
    follow by themselves. Raises BadInput where the contact does not have it."""
    with transaction():
        moved = (
            _part_with_number(contact, value, now)
            if kind == PHONE
            else _part_with_name(contact, kind, value, to, now)
        )
    log.info("contact.split", contact=contact.id, kind=kind, to=to.id if to else "nobody")
    return moved


def _part_with_name(
    contact: Contact, kind: str, value: str, to: Contact | None, now: datetime
) -> Counter[str]:
    held = Identity.contact_id == contact.id
    here = (Identity.kind == kind) & (Identity.value == value)
    has_it = Identity.select().where(held, here).exists() or (
        kind == EMAIL and contact.email == value
    )
    if not has_it:
        raise BadInput(
            f"this contact does not have the {kind} {value!r}",
            fix="`winback why` shows what belongs to whom",
        )
    Ruling.put(kind, value, to.id if to else None, now)
    if to is None:
        Identity.delete().where(here).execute()
    else:
        Identity.insert(
            kind=kind, value=value, contact_id=to.id, seen_at=now
        ).on_conflict_replace().execute()
    if kind == EMAIL:
        Contact.update(email="").where(Contact.id == contact.id, Contact.email == value).execute()
    if kind in {CUSTOMER, EMAIL} and Stale.kept():
        Stale.mark(kind, [value])
        Stale.mark(CONTACT, [contact.id, to.id if to else None])
    return Counter({"names": 1})


def _part_with_number(contact: Contact, phone: str, now: datetime) -> Counter[str]:
    """The other number that was merged is a contact of its own again, with the orders that came with it.
    What was written to the two stays with the one that was kept: so nobody hears more."""
    ruling = Ruling.get_or_none(kind=PHONE, value=phone, contact_id=contact.id)
    if ruling is None:
        raise BadInput(
            f"{phone} was not merged into this contact", fix="`winback why` shows who is meant"
        )
    Ruling.delete().where(Ruling.kind == PHONE, Ruling.value == phone).execute()
    digits = phone.removeprefix("+")
    Identity.delete().where(Identity.kind == "wa_id", Identity.value == digits).execute()
    theirs = _typed_as(phone, Order, contact)
    accounts = _typed_as(phone, Customer, contact)
    own = Contact.put([_as_named(phone, theirs, accounts, now)])[phone]
    Order.update(contact_id=own).where(among(Order.woo_id, theirs)).execute()
    Customer.update(contact_id=own).where(among(Customer.woo_id, accounts)).execute()
    names = _give_names_back(contact, own, theirs, accounts)
    recount([phone])
    if Stale.kept():
        Stale.mark(ORDER, theirs)
        for kind, values in names.items():
            Stale.mark(kind, values)
        Stale.mark(CONTACT, [contact.id, own])
    return Counter({"orders": len(theirs), "accounts": len(accounts)})


def _typed_as(phone: str, table: Any, contact: Contact) -> list[int]:
    """The orders or accounts of the contact in which this number stands."""
    query = table.select(table.woo_id, table.phone, table.country).where(
        table.contact_id == contact.id
    )
    return [
        number for number, typed, country in tuples(query)
        if read_phone(typed, country or contact.region).e164 == phone
    ]  # fmt: skip


def _as_named(
    phone: str, orders: Sequence[int], accounts: Sequence[int], now: datetime
) -> dict[str, Any]:
    """The contact of that number, called as the newest of these rows calls them."""
    read = read_phone(phone, "")
    rows = [
        row
        for table, numbers in ((Order, orders), (Customer, accounts))
        for row in tuples(
            table.select(table.created_at, table.first_name, table.last_name, table.email).where(
                among(table.woo_id, numbers), table.created_at.is_null(False)
            )
        )
    ]
    named_at, first, last, email = max(rows, default=(None, "", "", ""))
    return {
        "phone": phone, "region": read.region, "zones": " ".join(read.zones), "created_at": now,
        "first_name": first_name(first), "last_name": last, "email": email, "named_at": named_at,
    }  # fmt: skip


def _give_names_back(
    contact: Contact, own: int, orders: Sequence[int], accounts: Sequence[int]
) -> dict[str, list[str]]:
    """The names in these rows that stand in none that the contact keeps, and of which the operator said
    nothing. Returns kind -> those."""
    told: dict[str, list[str]] = {}
    for kind, of_orders, of_accounts in (
        (CUSTOMER, Order.customer_id.cast("TEXT"), Customer.woo_id.cast("TEXT")),
        (EMAIL, Order.email, Customer.email),
    ):
        theirs = _values(Order, of_orders, among(Order.woo_id, orders))
        theirs |= _values(Customer, of_accounts, among(Customer.woo_id, accounts))
        kept = _values(Order, of_orders, Order.contact_id == contact.id)
        kept |= _values(Customer, of_accounts, Customer.contact_id == contact.id)
        ruled = {value for _, value in Ruling.of((kind, value) for value in theirs)}
        told[kind] = sorted(theirs - kept - ruled - {"", "0"})
        Identity.update(contact_id=own).where(
            Identity.kind == kind, among(Identity.value, told[kind]),
            Identity.contact_id == contact.id,
        ).execute()  # fmt: skip
        if kind == EMAIL:  # the one did not know theirs, and took the other's
            Contact.update(email="").where(
                Contact.id == contact.id, among(Contact.email, told[kind])
            ).execute()
    return told


def _values(table: Any, column: Any, condition: Any) -> set[str]:
    return {value for (value,) in tuples(table.select(column).distinct().where(condition))}


def would(act: Callable[[], Counter[str]]) -> Counter[str]:
    """What an act would change; it is undone."""
    with database.atomic() as whole:
        changed = act()
        whole.rollback()
    return changed


def _move_mirror(other: int, kept: int) -> int:
    ours = (Order.contact_id == other) | (Order.holder_id == other)
    orders = [number for (number,) in tuples(Order.select(Order.woo_id).where(ours))]
    Order.update(contact_id=kept).where(Order.contact_id == other).execute()
    Order.update(holder_id=kept).where(Order.holder_id == other).execute()
    Customer.update(contact_id=kept).where(Customer.contact_id == other).execute()
    if Stale.kept():
        Stale.mark(ORDER, orders)
        Stale.mark(CONTACT, [kept])
    return len(orders)


def _move_names(kept: Contact, other: Contact, now: datetime) -> int:
    """With the number itself, under which WhatsApp knows them."""
    names = int(
        Identity.update(contact_id=kept.id).where(Identity.contact_id == other.id).execute()
    )
    Ruling.update(contact_id=kept.id).where(Ruling.contact_id == other.id).execute()
    Ruling.put(PHONE, other.phone, kept.id, now)
    wa_id = other.phone.removeprefix("+")
    row = {"kind": "wa_id", "value": wa_id, "contact_id": kept.id, "seen_at": now}
    Identity.put([row])
    return names


def _complete(kept: Contact, other: Contact) -> None:
    """What the one does not know of themselves, the other may."""
    missing = {
        name: getattr(other, name)
        for name in ("first_name", "last_name", "email", "language")
        if not getattr(kept, name)
    }
    if missing:
        Contact.update(**missing).where(Contact.id == kept.id).execute()
