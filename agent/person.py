"""Somebody, and all that names them: for those who are handed out what is known, or are forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import fn

from agent.rules.phones import wa_id_candidates
from models import Contact, Customer, Identity, Order, Ruling, Webhook
from models.base import among, tuples
from models.erasures import PHONE
from models.holders import are_shared
from models.insight import CUSTOMER, EMAIL

ROWS_A_LOOK = 2_000  # webhooks and the like, which are read through for what names the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody and all that names them. `contact_id` is 0 where they are no contact of ours."""

    contact_id: int = 0
    phones: frozenset[str] = frozenset()  # E.164
    wa_ids: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    accounts: frozenset[int] = frozenset()

    @property
    def written_as(self) -> frozenset[str]:
        """What stands for them in webhooks, replies and events; not their name, which is others', too."""
        return frozenset(
            {*(phone.removeprefix("+") for phone in self.phones), *self.wa_ids, *self.user_ids,
             *self.emails}
        )  # fmt: skip

    @property
    def ways(self) -> frozenset[str]:
        """The ways in which WhatsApp may write one of the numbers, without +."""
        return frozenset(
            way.removeprefix("+")
            for phone in self.phones
            for way in wa_id_candidates(phone.removeprefix("+"))
        )


def person_of(contact: Contact) -> Person:
    """A contact with what names them. What many order under is a till's, and not theirs."""
    held = tuples(
        Identity.select(Identity.kind, Identity.value).where(Identity.contact_id == contact.id)
    )
    ruled = tuples(
        Ruling.select(Ruling.value).where(Ruling.contact_id == contact.id, Ruling.kind == PHONE)
    )
    phones = {contact.phone, *(phone for (phone,) in ruled)}
    ours = (Order.contact_id == contact.id) | (Order.holder_id == contact.id)
    carried = tuples(Order.select(Order.customer_id, Order.email).where(ours).distinct())
    mirrored = tuples(
        Customer.select(Customer.woo_id, Customer.email).where(Customer.contact_id == contact.id)
    )
    names = {
        CUSTOMER: {value for kind, value in held if kind == CUSTOMER}
        | {str(account) for account, _ in (*carried, *mirrored) if account},
        EMAIL: {value for kind, value in held if kind == EMAIL}
        | {email for _, email in (*carried, *mirrored) if email},
    }
    if contact.email:
        names[EMAIL].add(contact.email)
    own = {kind: values - are_shared(kind, sorted(values)) for kind, values in names.items()}
    return Person(
        contact_id=contact.id,
        phones=frozenset(phones),
        wa_ids=frozenset(value for kind, value in held if kind == "wa_id"),
        user_ids=frozenset(value for kind, value in held if kind == "user_id"),
        emails=frozenset(_not_anothers(EMAIL, own[EMAIL], contact.id)),
        accounts=frozenset(map(int, _not_anothers(CUSTOMER, own[CUSTOMER], contact.id))),
    )


def _not_anothers(kind: str, values: Iterable[str], contact_id: int) -> set[str]:
    """Those that no other contact holds, or has an order or account with: an office's address stays with
    whoever else uses it. The orders of somebody who changed numbers are their own all the same."""
    asked = set(values)
    taken = tuples(
        Identity.select(Identity.value).where(
            Identity.kind == kind, among(Identity.value, asked), Identity.contact_id != contact_id
        )
    )
    if kind == EMAIL:
        anothers = Order.holder_id.is_null() | (Order.holder_id != contact_id)
        taken += tuples(
            Order.select(Order.email)
            .distinct()
            .where(among(Order.email, asked), Order.contact_id != contact_id, anothers)
        )
        theirs = Identity.select().where(
            Identity.kind == CUSTOMER, Identity.contact_id == contact_id,
            Identity.value == Customer.woo_id.cast("TEXT"),
        )  # fmt: skip
        taken += tuples(
            Customer.select(Customer.email).where(
                among(Customer.email, asked), Customer.contact_id != contact_id, ~fn.EXISTS(theirs)
            )
        )
    return asked - {value for (value,) in taken}


def rows_naming(number: Any, text: Any, person: Person, *, after: int = 0) -> list[int]:
    """The rows after that number whose text has one of the person's numbers, ids or e-mails in it; some at
    a time, so that no read keeps the file from being tidied up."""
    words = sorted(person.written_as | person.ways)
    if not words:
        return []
    model, found = number.model, list[int]()
    names_them = _any(
        fn.INSTR(text, word.encode() if model is Webhook else word) > 0 for word in words
    )
    [(first, last)] = tuples(model.select(fn.MIN(number), fn.MAX(number)).where(number > after))
    for begin in range(first or 0, (last or -1) + 1, ROWS_A_LOOK):
        part = model.select(number).where(
            number.between(begin, begin + ROWS_A_LOOK - 1), names_them
        )
        found += [one for (one,) in tuples(part)]
    return found


def _any(conditions: Iterable[Any]) -> Any:
    met: Any = None
    for one in conditions:
        met = one if met is None else met | one
    return met
