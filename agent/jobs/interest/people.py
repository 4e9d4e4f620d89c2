"""Who is meant: names of people -> contacts, in sets.

An account or e-mail under which many numbers order is a till's, and names nobody.
"""

from collections.abc import Collection, Iterator, Mapping

from peewee import fn

from agent.rules.events import Who
from agent.rules.phones import wa_id_candidates
from models import Contact, Identity, SharedName
from models.base import among, among_pairs, tuples
from models.newer_number import newer_numbers


def find_people(people: Collection[Who]) -> dict[Who, int]:
    """The contact of each that is known: of somebody who changed numbers, that of the newer one."""
    wanted = {name for who in people for name in _identities(who)}
    shared = SharedName.select().where(
        SharedName.kind == Identity.kind, SharedName.value == Identity.value
    )
    named = tuples(
        Identity.select(Identity.kind, Identity.value, Identity.contact_id).where(
            among_pairs((Identity.kind, Identity.value), sorted(wanted)), ~fn.EXISTS(shared)
        )
    )
    holders = {(kind, value): contact for kind, value, contact in named}
    numbers = sorted({phone for who in people for phone in _phones(who)})
    reached = Contact.select(Contact.phone, Contact.id).where(among(Contact.phone, numbers))
    phones: dict[str, int] = dict(tuples(reached))
    found = {who: _contact(who, holders, phones) for who in people}
    known = {who: contact for who, contact in found.items() if contact is not None}
    newer = newer_numbers(known.values())
    return {who: newer.get(contact, contact) for who, contact in known.items()}


def _contact(
    who: Who, holders: Mapping[tuple[str, str], int], phones: Mapping[str, int]
) -> int | None:
    """By what says most: an account outlives a phone, and an e-mail is easily shared."""
    of_names = (holders.get(name) for name in _identities(who) if name[0] != "email")
    of_phones = (phones.get(phone) for phone in _phones(who))
    candidates = (*of_names, *of_phones, holders.get(("email", who.email)))
    return next((contact for contact in candidates if contact is not None), None)


def _identities(who: Who) -> Iterator[tuple[str, str]]:
    customer = str(who.customer_id) if who.customer_id else ""
    for kind, value in (
        ("wa_id", who.wa_id),
        ("user_id", who.user_id),
        ("customer", customer),
        ("email", who.email),
    ):
        if value:
            yield kind, value


def _phones(who: Who) -> Iterator[str]:
    if who.phone:
        yield who.phone
    yield from wa_id_candidates(who.wa_id)
