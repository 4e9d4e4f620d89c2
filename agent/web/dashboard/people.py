"""Looking for people, and what is known of one of them beside the explanation."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from peewee import JOIN

from agent.config import Settings
from agent.errors import BadInput
from agent.explain import explain
from agent.rules.phones import digits_of, read_phone
from models import Contact, Customer, History, Identity, Reply, ShopFact
from models.base import tuples
from models.figures import first_named, last_named

MOST: Final = 50
LONGEST: Final = 100  # characters of what is looked for
FEWEST_DIGITS: Final = 4
LAST: Final = "\U0010ffff"  # after everything that begins alike

Ids = list[int]


def search(asked: str, settings: Settings) -> dict[str, Any]:
    """People by phone, e-mail, number of their account, or the beginning of their name."""
    asked = " ".join(asked[:LONGEST].replace("\0", "").split())
    found: dict[int, None] = {}
    for ids in _ways(asked, settings):
        found |= dict.fromkeys(ids)
        if len(found) > MOST:
            break
    numbers = list(found)
    return {"asked": asked, "rows": _rows(numbers[:MOST]), "more": len(numbers) > MOST}


def _ways(asked: str, settings: Settings) -> Iterable[Ids]:
    if not asked:
        return
    if "@" in asked:
        yield _by_email(asked.lower())
        return
    digits = digits_of(asked)
    if digits and not any(character.isalpha() for character in asked):
        yield from _by_digits(asked, digits, settings)
        return
    yield from _by_name(asked)


def _by_email(email: str) -> Ids:
    query = Identity.select(Identity.contact_id).where(
        Identity.kind == "email", Identity.value.between(email, email + LAST)
    )
    return [number for (number,) in tuples(query.order_by(Identity.value).limit(MOST + 1))]


def _by_digits(asked: str, digits: str, settings: Settings) -> Iterable[Ids]:
    country = settings.shop.default_country or ShopFact.all().get("country", "")
    e164 = read_phone(asked, country).e164
    if e164:
        yield _ids(Contact.phone == e164)
    if len(digits) < 19 and asked.isdecimal():
        yield _holders("customer", str(int(digits)))
        query = Customer.select(Customer.contact_id).where(Customer.woo_id == int(digits))
        yield [number for (number,) in tuples(query) if number is not None]
    if len(digits) >= FEWEST_DIGITS:
        yield _ids(Contact.phone.between(f"+{digits}", f"+{digits}{LAST}"), Contact.phone)


def _holders(kind: str, value: str) -> Ids:
    query = Identity.select(Identity.contact_id)
    return [
        number for (number,) in tuples(query.where(Identity.kind == kind, Identity.value == value))
    ]


def _by_name(asked: str) -> Iterable[Ids]:
    """As a first name, a last name, or both: "Ana Maria Si" may be "Ana" and "Maria Si", or "Ana Maria" and
    "Si". The database knows no capitals but those of ASCII, so the likely ways to write them are asked for."""
    words = asked.split(" ")
    for forms in _forms(asked):
        yield _ids(first_named.between(forms, forms + LAST), first_named, last_named)
    for cut in range(1, len(words)):
        first, last = " ".join(words[:cut]), " ".join(words[cut:])
        for one in _forms(first):
            for other in _forms(last):
                yield _ids(
                    (first_named == one) & last_named.between(other, other + LAST), last_named
                )
    for forms in _forms(asked):
        yield _ids(last_named.between(forms, forms + LAST), last_named)


def _forms(text: str) -> list[str]:
    """The text as LOWER() of SQLite makes it of what people write: only ASCII is made small."""
    return list(
        dict.fromkeys(
            "".join(one.lower() if one.isascii() else one for one in form)
            for form in (text, text.lower(), text.title(), text.upper())
        )
    )


def _ids(condition: Any, *order: Any) -> Ids:
    query = Contact.select(Contact.id).where(condition).order_by(*order)
    return [number for (number,) in tuples(query.limit(MOST + 1))]


def _rows(numbers: Ids) -> list[Contact]:
    """With `last_order_at` and `bought` of their histories, in the order of `numbers`."""
    query = (
        Contact.select(Contact, History.last_order_at, History.bought)
        .join(History, JOIN.LEFT_OUTER, on=(History.contact_id == Contact.id))
        .where(Contact.id.in_(numbers))
    )
    found = {one.id: one for one in query.objects()}
    return [found[number] for number in numbers if number in found]


def person(number: int, settings: Settings, now: datetime) -> dict[str, Any] | None:
    """What the page of one of them shows; None where there is nobody of this number.

    `why` is the explanation, None while the mirror knows nothing of the shop.
    """
    found = Contact.get_or_none(Contact.id == number)
    if found is None:
        return None
    try:
        why = explain(settings, number, now)
    except BadInput:
        why = None
    replies = Reply.select().where(Reply.contact_id == number).order_by(Reply.at.desc())
    return {"person": found, "why": why, "replies": list(replies.limit(20))}
