"""What stands on the consent ledger about one number, and what a person at the keyboard adds to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.consent import COMMAND, Heard, as_said, erased_on, meet, record, stands
from agent.errors import BadInput
from agent.rules.consent import COUNTS, NO, PURPOSES, Said, Standing, weighed
from agent.rules.phones import Phone, digits_of, read_phone
from models import Contact, Reply, ShopFact, Statement
from models.base import transaction

ERASED = "erased"
ERASED_WORDS = "the person was erased; the refusal is kept under a hash of the number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A statement, and what it weighs: whether it counts, or why not."""

    said_at: datetime
    recorded_at: datetime
    says: str
    source: str
    words: str
    weight: str


@dataclass(frozen=True, slots=True)
class Proof:
    """All that is known of one number. `purposes`: what holds, and every entry, oldest first."""

    phone: str
    contact: Contact | None
    purposes: Mapping[str, tuple[Standing, Sequence[Entry]]]


def read_number(typed: str, default_country: str) -> Phone:
    """A number as somebody types it. Raises BadInput where it is none that can be written to."""
    phone = read_phone(typed, default_country or ShopFact.all().get("country", ""))
    if not phone.e164:
        raise BadInput(
            f"{typed!r} is no number that can be written to: {phone.reason}",
            fix="write it with its country code, such as +12025550101",
        )
    return phone


def read_known_number(typed: str, default_country: str) -> Phone:
    """The same; and one that cannot be written to by the rules of today, but that we know: it was
    written to, or somebody wrote from it. Such a one has a `reason`. Raises BadInput for another."""
    try:
        return read_number(typed, default_country)
    except BadInput:
        digits = digits_of(typed)
        phone = f"+{digits}"
        if not digits or not (
            Contact.select().where(Contact.phone == phone).exists()
            or Statement.select().where(Statement.phone == phone).exists()
            or _wrote(phone)
        ):
            raise
        return Phone(phone, reason="known, though it is no number by the rules of today")


def prove(phone: str) -> Proof:
    """Raises BadInput where nobody has heard of the number."""
    contact = Contact.get_or_none(Contact.phone == phone)
    erased = erased_on(phone)
    purposes = {purpose: _purpose(phone, purpose, erased.get(purpose)) for purpose in PURPOSES}
    said = any(entries for _, entries in purposes.values())
    if contact is None and not said and not _wrote(phone):
        raise BadInput(
            f"nothing is known of {phone}: no order or account has it, and nothing was ever said",
            fix="see that the number is right; an order of this minute comes with the next poll",
        )
    return Proof(phone, contact, purposes)


def write_down(
    phone: Phone,
    purposes: Sequence[str],
    says: str,
    *,
    words: str,
    said_at: datetime | None,
    now: datetime,
) -> tuple[int, Mapping[str, Standing]]:
    """Put on the ledger what somebody said elsewhere: at the till, by telephone.

    Returns how many entries are new, and what holds now: something newer may outweigh it. Raises
    BadInput for what is yet to be said.
    """
    if said_at is not None and said_at > now:
        raise BadInput(
            f"--said-at {said_at.isoformat()} is yet to come",
            fix="say when it was said, or leave it",
        )
    with transaction():
        if not phone.reason:  # a number that cannot be written to makes nobody a contact
            meet(
                [
                    {
                        "phone": phone.e164,
                        "region": phone.region,
                        "zones": " ".join(phone.zones),
                        "created_at": now,
                    }
                ]
            )
        heard = [
            Heard(
                phone=phone.e164,
                purpose=purpose,
                says=says,
                source=COMMAND,
                said_at=said_at or now,
                words=words,
            )
            for purpose in purposes
        ]
        return record(heard, now=now), stands(phone.e164)


def _wrote(phone: str) -> bool:
    return bool(Reply.select().where(Reply.sender == phone.removeprefix("+")).exists())


def _purpose(phone: str, purpose: str, erased: datetime | None) -> tuple[Standing, Sequence[Entry]]:
    known = Statement.of([phone], purpose)
    said = [as_said(one) for one in known] + ([Said(NO, erased)] if erased else [])
    weights = weighed(said)
    entries = [
        Entry(
            said_at=one.said_at,
            recorded_at=one.recorded_at,
            says=one.says,
            source=one.source,
            words=one.words,
            weight=weight,
        )
        for one, weight in zip(known, weights, strict=False)
    ]
    if erased:
        entries.append(
            Entry(
                said_at=erased,
                recorded_at=erased,
                says=NO,
                source=ERASED,
                words=ERASED_WORDS,
                weight=weights[-1],
            )
        )
    standing = next(
        (Standing(one.says, one.said_at) for one in entries if one.weight == COUNTS), Standing()
    )
    return standing, sorted(entries, key=lambda one: one.said_at)
