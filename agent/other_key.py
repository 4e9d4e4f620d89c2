"""Hashes of a database that began anew, with a key of its own: which of ours are they?

A hash cannot be turned back. But whoever is known here by name can be hashed under both keys.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from agent.person_key import hashed, person_key
from agent.rules.phones import wa_id_candidates
from models import Contact, Customer, Identity, Order, Ruling, Statement
from models.base import tuples
from models.erasures import PHONE
from models.insight import CUSTOMER, EMAIL


def in_our_words(hashes: Iterable[str], key: bytes) -> Mapping[str, str]:
    """Hash under `key` -> the same name's under ours, of those whose name stands in the tables.

    Both kinds of hashes: of a number alone (models/contacts.py, Erased) and of a name with its kind
    (models/erasures.py, Forgotten). Reads every name that there is, so it takes a second for 100,000.
    """
    asked, ours = set(hashes), person_key()
    if key == ours:
        return {one: one for one in asked}
    return {
        theirs: hashed(ours, text)
        for text in _texts()
        if asked and (theirs := hashed(key, text)) in asked
    }


def nobody_known(erased: Iterable[tuple[str, datetime | str]], found: Mapping[str, str]) -> int:
    """How many people of these (hash, when) are known here by no name. All names of somebody who is
    erased are hashed at one moment."""
    erased = list(erased)
    recognised = {moment for one, moment in erased if one in found}
    return len({moment for _, moment in erased} - recognised)


def _texts() -> Iterator[str]:
    """Whatever may have been hashed."""
    for phone in _values(
        Contact.select(Contact.phone),
        Statement.select(Statement.phone).distinct(),
        Ruling.select(Ruling.value).where(Ruling.kind == PHONE),
    ):
        for way in {phone, *wa_id_candidates(phone)}:
            yield way
            yield f"{PHONE} {way}"
    yield from _values(Identity.select(Identity.value).where(Identity.kind == "user_id"))
    for email in _values(
        Identity.select(Identity.value).where(Identity.kind == EMAIL),
        Contact.select(Contact.email).distinct(),
        Order.select(Order.email).distinct(),
        Customer.select(Customer.email).distinct(),
    ):
        yield f"{EMAIL} {email}"
    for account in _values(
        Identity.select(Identity.value).where(Identity.kind == CUSTOMER),
        Order.select(Order.customer_id).distinct(),
        Customer.select(Customer.woo_id),
    ):
        yield f"{CUSTOMER} {account}"


def _values(*queries: Any) -> Iterator[Any]:
    for query in queries:
        for (value,) in tuples(query):
            yield value
