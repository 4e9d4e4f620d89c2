"""Whom somebody means who types a phone, a customer's number in the shop, an e-mail, a WhatsApp id, or
contact:985, as people stand in the log."""

from collections.abc import Iterator

from agent.errors import BadInput
from agent.rules.phones import digits_of, read_phone, wa_id_candidates
from models import Contact, Identity, ShopFact
from models.base import among

LONGEST_NUMBER = 19  # digits: a database has no larger ones
SHORTEST_PHONE = 7  # digits: what is shorter is a customer's number alone
AS_IN_THE_LOG = "contact:"  # and our own number: a customer's in the shop is another
MOST = 20  # people that one e-mail or number may lead to


def find_people(typed: str, default_country: str) -> list[Contact]:
    """Everybody who may be meant, the likeliest first. Raises BadInput where that is nobody."""
    typed = typed.encode(errors="replace").decode()  # a terminal may send what is no text
    wanted = typed.strip()
    ids = list(dict.fromkeys(_meant(wanted, default_country)))[:MOST]
    known = {one.id: one for one in Contact.select().where(among(Contact.id, ids))}
    if known:
        return [known[number] for number in ids if number in known]
    raise BadInput(
        f"nobody is known as {typed!r}{_why_not(wanted, default_country)}",
        fix="give a phone with its country code, the customer's number in the shop, an e-mail, or "
        "contact:NUMBER as the log has it; somebody of this minute comes with the next poll",
    )


def _meant(wanted: str, default_country: str) -> Iterator[int]:
    if wanted.startswith(AS_IN_THE_LOG):
        number = wanted.removeprefix(AS_IN_THE_LOG)
        if number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER:
            yield int(number)
        return
    if "@" in wanted:
        email = wanted.lower()
        yield from Identity.holders("email", [email]).values()
        named = Contact.select(Contact.id).where(Contact.email == email)
        yield from (one.id for one in named.limit(MOST))
        return
    digits = digits_of(wanted)
    phones = [read_phone(wanted, _country(default_country)).e164, f"+{digits}"]
    if digits:
        phones += wa_id_candidates(digits)
    named = Contact.select(Contact.id).where(among(Contact.phone, filter(None, phones)))
    if len(digits) >= SHORTEST_PHONE:
        yield from (one.id for one in named)
    for kind, value in (("customer", wanted), ("wa_id", digits), ("user_id", wanted)):
        yield from Identity.holders(kind, [value] if value else []).values()


def _why_not(wanted: str, default_country: str) -> str:
    digits = digits_of(wanted)
    if "@" in wanted or len(digits) < SHORTEST_PHONE:
        return ""
    reason = read_phone(wanted, _country(default_country)).reason
    return f", and as a phone it is not one that can be written to: {reason}" if reason else ""


def _country(default_country: str) -> str:
    return default_country or ShopFact.all().get("country", "")
