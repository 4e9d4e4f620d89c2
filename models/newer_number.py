"""Somebody who changed numbers is one person: what they want goes with them to the newer number.

It goes when an account or an e-mail comes to be held by another contact; and what is told later under
a number that has nothing left but orders of such an account goes there at once. A till's account or
e-mail takes nothing along.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import fn

from models.base import among, transaction, tuples
from models.contacts import Identity
from models.holders import are_shared
from models.insight import CUSTOMER, EMAIL, SharedName
from models.mirror import Order

Name = tuple[str, str]
"""Kind and value of an identity."""


def newer_numbers(contacts: Iterable[int]) -> dict[int, int]:
    """contact -> who holds the account now under which they ordered, of those who hold none."""
    shared = SharedName.select().where(
        SharedName.kind == Identity.kind, SharedName.value == Identity.value
    )
    own = Identity.alias()
    holds_one = own.select().where(own.contact_id == Order.contact_id, own.kind == CUSTOMER)
    query = (
        Order.select(Order.contact_id, Identity.contact_id, Identity.value)
        .distinct()
        .join(
            Identity,
            on=(Identity.kind == CUSTOMER) & (Identity.value == Order.customer_id.cast("TEXT")),
        )
        .where(
            among(Order.contact_id, set(contacts)),
            Order.customer_id != 0,
            Identity.contact_id != Order.contact_id,
            ~fn.EXISTS(shared),
            ~fn.EXISTS(holds_one),
        )
        .order_by(Identity.seen_at)
    )
    found = tuples(query)
    tills = are_shared(CUSTOMER, sorted({account for _, _, account in found})) if found else set()
    return {older: newer for older, newer, account in found if account not in tills}


def put_names(rows: Iterable[Mapping[str, Any]], *, now: datetime) -> None:
    """Write who goes by which name; where an account or e-mail moves, the interest moves along.

    Two guests who share an e-mail have no account. Whoever still has one is somebody without it.
    """
    from models.interest import Interest

    rows = list(rows)
    names = {(row["kind"], row["value"]) for row in rows if row["kind"] in (CUSTOMER, EMAIL)}
    with transaction():
        before = _holders(names)
        Identity.put(rows)
        after = _holders(before)
        moved = {name: after[name] for name, holder in before.items() if after[name] != holder}
        for kind in (CUSTOMER, EMAIL):
            of_kind = sorted(value for of, value in moved if of == kind)
            if not of_kind:
                continue
            stay = SharedName.among(kind, of_kind) | are_shared(kind, of_kind)
            pairs = {
                before[kind, value]: moved[kind, value] for value in of_kind if value not in stay
            }
            if kind == EMAIL:
                still = _with_account(pairs)
                pairs = {older: newer for older, newer in pairs.items() if older not in still}
            Interest.move(pairs, now=now)


def _holders(names: Iterable[Name]) -> dict[Name, int]:
    names = list(names)
    return {
        (kind, value): contact
        for kind in (CUSTOMER, EMAIL)
        for value, contact in Identity.holders(
            kind, [value for of, value in names if of == kind]
        ).items()
    }


def _with_account(contacts: Iterable[int]) -> set[int]:
    query = Identity.select(Identity.contact_id).where(
        among(Identity.contact_id, contacts), Identity.kind == CUSTOMER
    )
    return {contact for (contact,) in tuples(query)}
