"""The one way onto the consent ledger: whatever is said is written down, and in force at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from agent.person_key import hashed, person_key
from agent.rules.consent import MARKETING, NO, PURPOSES, YES, Said, Standing, standing
from models import Contact, Erased, Identity, Ruling, Statement
from models.base import among, transaction, tuples
from models.contacts import set_standing

IMPORT: Final = "import"  # how the source of an imported statement begins
WHATSAPP: Final = "whatsapp"  # the source of what people write and tap
SWITCH: Final = "whatsapp preferences"
"""The source of what WhatsApp's own switch for a shop's marketing says, and of an error that tells how it
stands. Switching it on again takes back what stands under this source, and nothing else."""
COMMAND: Final = "command"
HIDDEN: Final = "said while the number was hidden"
"""Stands before words that were heard under a user id of WhatsApp's, of which nobody knew the number."""
MOVED: Final = "whatsapp number change"
"""The source of the end of what was said under a number that is another person's by now, or nobody's."""

SLOW: Final = timedelta(hours=1)
"""So far behind WhatsApp's clock may ours be, and its dates still tell what was said first."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
Stands = Mapping[str, Standing]
"""Purpose -> what holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that somebody said about a purpose. `source` is where: order 17, whatsapp, ...

    `phone` may be a user id of WhatsApp's, where it hides the person's number and nobody knows it.
    """

    phone: str  # E.164
    purpose: str = MARKETING  # one of PURPOSES
    says: str  # yes, no, resumed
    source: str
    said_at: datetime
    words: str = ""


def record(heard: Sequence[Heard], *, now: datetime) -> int:
    """Append, and bring the contacts in line; in the caller's transaction.

    Returns how many were new: a statement that is on the ledger already changes nothing. Its person may
    be new all the same: a restore takes the ledger over, and not who was met since the copy. What
    somebody said before they were erased is not written down again.
    """
    if not heard:
        return 0
    heard = [*heard, *_under_first_numbers(heard)]
    key = person_key()
    hashes = {phone: hashed(key, phone) for phone in {one.phone for one in heard}}
    erased = Erased.newest(hashes.values())
    known = _known_ahead(heard, now)
    added = Statement.add(
        [
            {
                "phone": one.phone,
                "purpose": one.purpose,
                "says": one.says,
                "source": one.source,
                "words": one.words,
                "said_at": _said_at(one, now),
                "recorded_at": now,
                "phone_hash": hashes[one.phone],
            }
            for one in heard
            if (one.phone, one.purpose, one.source) not in known
            and _said_at(one, now) > erased.get((hashes[one.phone], one.purpose), _NEVER)
        ]
    )
    for purpose in {one.purpose for one in heard}:
        _recount(purpose, [one.phone for one in heard if one.purpose == purpose])
    return added


def _under_first_numbers(heard: Sequence[Heard]) -> list[Heard]:
    """A refusal under a number that the operator ruled to be another of somebody's holds for the one that
    they are written to at as well; a consent does not."""
    ruled = Ruling.phones({one.phone for one in heard})
    if not ruled:
        return []
    phones = dict(
        tuples(
            Contact.select(Contact.id, Contact.phone).where(among(Contact.id, set(ruled.values())))
        )
    )
    return [
        replace(one, phone=phones[ruled[one.phone]])
        for one in heard
        if one.says == NO and ruled.get(one.phone) in phones
    ]


def meet(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """A contact for each of these rows, by its phone (see Contact.put). Of a new one holds at once what the
    ledger has of the number: who was erased, or said no before we knew them, refuses. Returns phone -> id.
    """
    rows = list(rows)
    phones = {row["phone"] for row in rows}
    query = Contact.select(Contact.phone).where(among(Contact.phone, phones))
    new = phones - {phone for (phone,) in tuples(query)}
    ids = Contact.put(rows)
    if new:
        recount(refused_under(new))
    return ids


def recount(phones: Iterable[str]) -> None:
    """Bring the contacts' standing, for each purpose, in line with all that is on the ledger."""
    asked = list(phones)
    for purpose in PURPOSES:
        _recount(purpose, asked)


def stands(phone: str) -> Stands:
    """What holds for this number, or user id, by the ledger; also where it is nobody's yet."""
    return {purpose: standing(_said([phone], purpose)[phone]) for purpose in PURPOSES}


def answers(phones: Iterable[str], purpose: str) -> dict[str, str]:
    """phone -> yes, no or '', by the ledger."""
    return {phone: standing(said).answer for phone, said in _said(phones, purpose).items()}


def as_said(statement: Statement) -> Said:
    """An entry of the ledger as the rules take it."""
    source: str = statement.source
    imported, switch = source.startswith(IMPORT), source == SWITCH
    return Said(statement.says, statement.said_at, imported=imported, switch=switch)


def carry_refusals(old: str, new: str, *, how: str, now: datetime) -> None:
    """The person behind the number (or user id) `old` is behind `new` too: their refusals go along.

    Where a refusal stands, every no goes with its date and source, and what was switched on again; a
    consent does not. `how` stands before the words, and says why they stand here. In the caller's
    transaction; doing it twice changes nothing.
    """
    key = person_key()
    erased = Erased.newest([hashed(key, old)])
    Erased.add(
        {"phone_hash": hashed(key, new), "purpose": purpose, "said_at": said_at}
        for (_, purpose), said_at in erased.items()
    )
    carried = [
        Heard(
            phone=new,
            purpose=purpose,
            says=one.says,
            source=one.source,
            said_at=one.said_at,
            words=one.words if one.words.startswith(how) else f"{how}: {one.words}",
        )
        for purpose in PURPOSES
        # that the number is not theirs any more is no word of the person
        if standing(_said([old], purpose, but_for=MOVED)[old]).answer == NO
        for one in Statement.of([old], purpose)
        if one.says != YES and one.source != MOVED
    ]
    record(carried, now=now)
    recount([new])


def refused_under(names: Iterable[str]) -> set[str]:
    """Those of these numbers or user ids under which the ledger has anything, or somebody was erased."""
    asked = list(names)
    query = Statement.select(Statement.phone).where(among(Statement.phone, asked)).distinct()
    found = {name for (name,) in tuples(query)}
    if Erased.select(Erased.id).exists():
        key = person_key()
        name_of = {hashed(key, name): name for name in asked}
        found |= {name_of[one] for one, _ in Erased.newest(name_of)}
    return found


def erased_on(phone: str) -> Mapping[str, datetime]:
    """Purpose -> when the person with this number was erased last."""
    found = Erased.newest([hashed(person_key(), phone)])
    return {purpose: moment for (_, purpose), moment in found.items()}


def forget_words(phone: str, *, now: datetime) -> int:
    """Erase a person from the ledger. What stays is a refusal of each purpose, as of now, under the keyed
    hash of the number: it holds when the number turns up again, until a box is ticked after it.

    What they said under WhatsApp's ids of theirs goes too, so call it before these are forgotten. The
    contact stays, and refuses. Returns how many statements are gone.
    """
    with transaction():
        names = [phone, *_user_ids(phone)]
        theirs = among(Statement.phone, names)
        known = tuples(Statement.select(Statement.phone_hash, Statement.said_at).where(theirs))
        key = person_key()
        hashes = {hashed(key, name) for name in names} | {one for one, _ in known if one}
        moment = max([now, *(said_at for _, said_at in known)])
        Erased.add(
            {"phone_hash": one, "purpose": purpose, "said_at": moment}
            for one in sorted(hashes)
            for purpose in PURPOSES
        )
        gone = int(Statement.delete().where(theirs).execute())
        recount(names)
    return gone


def _user_ids(phone: str) -> list[str]:
    query = (
        Identity.select(Identity.value)
        .join(Contact, on=(Contact.id == Identity.contact_id))
        .where(Contact.phone == phone, Identity.kind == "user_id")
    )
    return [value for (value,) in tuples(query)]


def _recount(purpose: str, phones: Iterable[str]) -> None:
    came_to = {phone: standing(said) for phone, said in _said(phones, purpose).items()}
    set_standing(purpose, {phone: (one.answer, one.since) for phone, one in came_to.items()})


def _said_at(one: Heard, now: datetime) -> datetime:
    """Nothing was said after we heard it: a clock that is ahead must not outweigh a STOP. Nor must a slow
    clock of ours: then what WhatsApp dates was said before what is read a moment later."""
    dated_by_whatsapp = one.source in (WHATSAPP, SWITCH)
    return min(one.said_at, now + SLOW if dated_by_whatsapp else now)


def _known_ahead(heard: Sequence[Heard], now: datetime) -> set[tuple[str, str, str]]:
    """(phone, purpose, source) of what is dated ahead and was heard before: read again, it is no newer."""
    ahead = [one for one in heard if one.says == YES and one.said_at > now]
    known: set[tuple[str, str, str]] = set()
    for one in ahead:
        same = [
            other for other in Statement.of([one.phone], one.purpose) if other.source == one.source
        ]
        if same and same[-1].says == YES and same[-1].said_at == same[-1].recorded_at:
            known.add((one.phone, one.purpose, one.source))
    return known


def _said(
    phones: Iterable[str], purpose: str, *, but_for: str | None = None
) -> dict[str, list[Said]]:
    """`but_for` is a source that does not count."""
    asked = sorted(set(phones))
    said: dict[str, list[Said]] = {phone: [] for phone in asked}
    for one in Statement.of(asked, purpose):
        if one.source != but_for:
            said[one.phone].append(as_said(one))
    if Erased.select(Erased.id).exists():
        key = person_key()
        phone_of = {hashed(key, phone): phone for phone in asked}
        for (found, about), moment in Erased.newest(phone_of).items():
            if about == purpose:
                said[phone_of[found]].append(Said(NO, moment))
    return said
