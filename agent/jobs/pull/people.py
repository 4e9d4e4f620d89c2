"""From billing blocks to people: phones read, contacts made, consent put on the ledger."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from agent.consent import Heard, carry_refusals, meet, record
from agent.jobs.pull.forgotten import leave_out_forgotten
from agent.log import Log
from agent.rules.consent import COLUMNS, NO, PURPOSES, YES, rules_of
from agent.rules.copies import Row
from agent.rules.names import first_name
from agent.rules.phones import Phone, read_phone
from models import Contact, Customer, Departed, Order, PhoneReading, Ruling, Statement
from models.base import among, tuples
from models.insight import EMAIL
from models.newer_number import put_names

log = Log(__name__)

DELETED = "the account was deleted in the shop"
CHANGED = "said before the number in the account was changed"


@dataclass(frozen=True, slots=True)
class ConsentRead:
    """What the consent fields of a row said when it was last read, by which config, about whom."""

    says: Mapping[str, str]  # purpose -> yes, no or ''
    rules: Mapping[str, str]  # purpose -> fingerprint; absent where it was not read yet
    contact_id: int | None


def file_people(
    rows: Sequence[Row],
    what: str,
    consent_before: Mapping[int, ConsentRead],
    *,
    country: str,
    now: datetime,
) -> None:
    """Give each row its `contact_id`, and write the people and their statements.

    `what` is "order" or "customer"; `consent_before` is what the consent fields of each row said when
    it was last read. Runs in the caller's transaction.
    """
    leave_out_forgotten(rows, what, country=country)
    phones, fresh = _read_phones({(row["phone"], row["country"] or country) for row in rows})
    ruled = Ruling.phones(phones.values())
    ids = ruled | _contacts(rows, phones, fresh, ruled, country, now)
    for row in rows:
        phone = phones[row["phone"], row["country"] or country]
        row["contact_id"] = ids.get(phone)
    put_names(_newest(_identities(rows, what)), now=now)
    if what == "customer":
        _follow_numbers(rows, consent_before, now)
    said_as = {
        row["woo_id"]: phones[row["phone"], row["country"] or country] for row in rows
    }  # another number of a person says yes for itself alone
    _hear(rows, what, consent_before, said_as, now)


def _follow_numbers(
    accounts: Sequence[Row],
    before: Mapping[int, ConsentRead],
    now: datetime,
) -> None:
    """Another number in an account is another number of the same person: what they refused under the old
    one goes along. An order may well name the number of whom it is for."""
    moved = {
        (read.contact_id, one["contact_id"])
        for one in accounts
        if (read := before.get(one["woo_id"])) is not None
        and read.contact_id is not None
        and one["contact_id"] not in {None, read.contact_id}
    }
    if not moved:
        return
    query = Contact.select(Contact.id, Contact.phone)
    both = {contact for pair in moved for contact in pair}
    phones = dict(tuples(query.where(among(Contact.id, both))))
    for old, new in sorted(pair for pair in moved if pair[0] in phones):
        carry_refusals(phones[old], phones[new], how=CHANGED, now=now)


def hear_deletions(accounts: Sequence[int], *, now: datetime) -> None:
    """These accounts were deleted in the shop, and are about to leave the mirror: consent ends with them.

    Meant is who the account was: a purpose that the account itself had agreed to, and all of it where the
    person has no other account. A second account of theirs that is cleared away ends nothing else; and
    what they agreed to since we last saw it there stands: they may have made the other one anew. In the
    caller's transaction.
    """
    query = (
        Customer.select(Customer.woo_id, Contact.id, Contact.phone, Customer.read_at)
        .join(Contact, on=(Contact.id == Customer.contact_id))
        .where(among(Customer.woo_id, accounts))
    )
    theirs = tuples(query)
    Departed.note((contact for _, contact, _, _ in theirs), "account deleted", now)
    kept = {
        contact
        for (contact,) in tuples(
            Customer.select(Customer.contact_id).where(
                among(Customer.contact_id, {contact for _, contact, _, _ in theirs}),
                ~among(Customer.woo_id, accounts),
            )
        )
    }
    said = [
        Heard(
            phone=phone,
            purpose=purpose,
            says=NO,
            source=f"customer {account} deleted",
            said_at=read_at if contact in kept else now,
            words=DELETED,
        )
        for account, contact, phone, read_at in theirs
        for purpose in PURPOSES
        if contact not in kept or _agreed_by(account, phone, purpose)
    ]
    record(said, now=now)
    if said:
        log.info("consent.account_deleted", accounts=len({one.source for one in said}))


def _agreed_by(account: int, phone: str, purpose: str) -> bool:
    query = Statement.select(Statement.id).where(
        Statement.phone == phone,
        Statement.purpose == purpose,
        Statement.source == f"customer {account}",
        Statement.says == YES,
    )
    return bool(query.exists())


def learn_languages(orders: Sequence[Row]) -> None:
    """Each contact of these orders speaks the language of their newest order that names one.

    Looked up in the mirror, where the orders are: pages come in any order, and an order that was
    changed may take its language back. A shop without such a plugin pays nothing.
    """
    people = [one["contact_id"] for one in orders if one["language"] and one["contact_id"]]
    newest = (
        Order.select(Order.language)
        .where(Order.contact_id == Contact.id, Order.language != "", Order.status != "trash")
        .order_by(Order.created_at.desc(), Order.woo_id.desc())
        .limit(1)
    )
    if people:
        said = fn.COALESCE(newest, Contact.language)
        Contact.update(language=said).where(among(Contact.id, people)).execute()


def _read_phones(
    asked: set[tuple[str, str]],
) -> tuple[dict[tuple[str, str], str], dict[str, Phone]]:
    """(as typed, country) -> E.164, or '' with the reason kept in the table.

    And E.164 -> phone, for those that nobody had typed like that before.
    """
    wanted = among(PhoneReading.typed, {typed for typed, _ in asked})
    known = {(one.typed, one.country): one.e164 for one in PhoneReading.select().where(wanted)}
    fresh = {pair: read_phone(*pair) for pair in sorted(asked - known.keys())}
    PhoneReading.keep(
        {"typed": typed, "country": country, "e164": phone.e164, "reason": phone.reason}
        for (typed, country), phone in fresh.items()
    )
    phones = known | {pair: phone.e164 for pair, phone in fresh.items()}
    return phones, {phone.e164: phone for phone in fresh.values()}


def _contacts(
    rows: Sequence[Row],
    phones: Mapping[tuple[str, str], str],
    fresh: Mapping[str, Phone],
    ruled: Collection[str],
    country: str,
    now: datetime,
) -> dict[str, int]:
    """One contact per phone, named by the newest row that has it; but for those of `ruled`, which are
    other numbers of somebody. Returns phone -> contact id."""
    newest: dict[str, Row] = {}
    for row in rows:
        e164 = phones[row["phone"], row["country"] or country]
        if e164 and e164 not in ruled and _date(row, now) >= _date(newest.get(e164, row), now):
            newest[e164] = row
    told = _told(newest, fresh)
    anothers = _anothers(newest)
    for e164 in anothers:
        newest[e164] = newest[e164] | {"email": ""}
    return meet([_contact(told[e164], row, now) for e164, row in sorted(newest.items())])


def _anothers(newest: Mapping[str, Row]) -> list[str]:
    """The numbers whose newest row has an e-mail that the operator ruled to be nobody's or another's."""
    ruled = Ruling.of((EMAIL, row["email"]) for row in newest.values() if row["email"])
    if not ruled:
        return []
    query = Contact.select(Contact.id, Contact.phone)
    holders = dict(tuples(query.where(among(Contact.id, {one for one in ruled.values() if one}))))
    return [
        e164
        for e164, row in newest.items()
        if (EMAIL, row["email"]) in ruled and holders.get(ruled[EMAIL, row["email"]] or 0) != e164
    ]


def _told(numbers: Collection[str], fresh: Mapping[str, Phone]) -> dict[str, Phone]:
    """What each number tells of itself; not read again where it was read before: that costs most."""
    query = Contact.select(Contact.phone, Contact.region, Contact.zones)
    known = {
        e164: Phone(e164, region, tuple(zones.split()))
        for e164, region, zones in tuples(query.where(among(Contact.phone, numbers)))
    }
    return {e164: known.get(e164) or fresh.get(e164) or read_phone(e164, "") for e164 in numbers}


def _contact(phone: Phone, row: Row, now: datetime) -> Row:
    return {
        "phone": phone.e164,
        "region": phone.region,
        "zones": " ".join(phone.zones),
        "first_name": first_name(row["first_name"]),
        "last_name": row["last_name"],
        "email": row["email"],
        "named_at": _date(row, now),
        "created_at": now,
    }


def _identities(rows: Sequence[Row], what: str) -> Iterable[Row]:
    for row in rows:
        if row["contact_id"] is None or row["created_at"] is None:
            continue
        # a number changed in the account's profile is the newer one from then on
        changed = row["modified_at"] if what == "customer" else None
        known = {"contact_id": row["contact_id"], "seen_at": changed or row["created_at"]}
        customer = row["woo_id"] if what == "customer" else row["customer_id"]
        if customer:
            yield {"kind": "customer", "value": str(customer), **known}
        if row["email"]:
            yield {"kind": "email", "value": row["email"], **known}


def _newest(rows: Iterable[Row]) -> list[Row]:
    """One row per identity: a statement must not write the same key twice."""
    kept: dict[tuple[Any, Any], Row] = {}
    for row in rows:
        key = row["kind"], row["value"]
        if key not in kept or row["seen_at"] >= kept[key]["seen_at"]:
            kept[key] = row
    return list(kept.values())


def _hear(
    rows: Sequence[Row],
    what: str,
    consent_before: Mapping[int, ConsentRead],
    said_as: Mapping[int, str],
    now: datetime,
) -> None:
    """Put what the consent fields say on the ledger, once for each time they change.

    What a field says when we first see it was said when the order or account was made, as far as we
    can know: an old yes never outweighs a STOP given since. A change that we saw happen was said when
    the row was last changed; but not if only the config that we read it by has changed.
    """
    said = []
    for row in rows:
        contact, before = row["contact_id"], consent_before.get(row["woo_id"])
        if contact is None:
            continue
        for purpose in PURPOSES:
            says = row[COLUMNS[purpose]]
            if not says:
                continue
            rule = rules_of(row["consent_rule"])[purpose]
            known = before is not None and before.rules.get(purpose) == rule
            if known and before is not None and before.says[purpose] == says:
                # said before; but it was not heard under a number that could not be read, and a
                # refusal goes with its person to another number (a consent does not)
                if before.contact_id == contact or (before.contact_id and says == YES):
                    continue
                known = says == NO
            said.append(
                Heard(
                    phone=said_as[row["woo_id"]],
                    purpose=purpose,
                    says=says,
                    source=f"{what} {row['woo_id']}",
                    said_at=(row["modified_at"] if known else row["created_at"]) or now,
                )
            )
    record(said, now=now)


def _date(row: Row, now: datetime) -> datetime:
    when: datetime | None = row["created_at"]
    return when or now
