"""People as they were known at a moment: who they were, what they had said, and what they had looked at."""

from collections.abc import Collection, Iterable
from typing import Any

from agent.consent import recount
from agent.rehearse.known import Known, later_than
from agent.rehearse.later import (
    LaterContact,
    LaterErased,
    LaterIdentity,
    LaterStatement,
)
from agent.rules.names import first_name
from models import Contact, Customer, Erased, Identity, Message, Order, Statement
from models.base import among, instant, tuples
from models.insight import CUSTOMER, EMAIL
from models.newer_number import put_names

GAVE_UP = ("failed", "refused")


def wind_back(known: Known, at: str) -> None:
    """After the orders and accounts, and what was written; in the caller's transaction."""
    new = later_than(known.contacts, at)
    Contact.delete().where(among(Contact.id, new)).execute()
    unsaid = later_than(known.statements, at)
    heard = {phone for (phone,) in tuples(
        Statement.select(Statement.phone).distinct().where(among(Statement.id, unsaid))
    )}  # fmt: skip
    Statement.delete().where(among(Statement.id, unsaid)).execute()
    Erased.delete().where(among(Erased.id, later_than(known.erased, at))).execute()
    recount(heard)
    _wind_names_back(at)
    failed = Message.select(Message.contact_id).where(Message.state.in_(GAVE_UP))
    Contact.update(unreachable="").where(
        Contact.unreachable != "", Contact.id.not_in(failed)
    ).execute()


def _wind_names_back(at: str) -> None:
    """Who goes by which account and e-mail, and what they are called: by the newest order or account of
    that time."""
    moment = instant(at)
    strangers = Identity.contact_id.not_in(Contact.select(Contact.id))  # nobody knew them then
    newer = Identity.kind.in_((CUSTOMER, EMAIL)) & ((Identity.seen_at > moment) | strangers)
    moved = tuples(Identity.select(Identity.kind, Identity.value).where(newer))
    accounts = [int(value) for kind, value in moved if kind == CUSTOMER]
    emails = [value for kind, value in moved if kind == EMAIL]
    Identity.delete().where(newer | strangers).execute()
    names = ("customer_id", "email", "contact_id", "created_at")
    query = (
        Order.select(*(getattr(Order, name) for name in names))
        .where(
            among(Order.customer_id, accounts) | among(Order.email, emails),
            Order.contact_id.is_null(False),
            Order.created_at.is_null(False),
        )
        .order_by(Order.created_at, Order.woo_id)
    )
    orders = [dict(zip(names, row, strict=True)) for row in tuples(query)]
    own = Customer.select(
        Customer.woo_id.alias("customer_id"),
        Customer.email,
        Customer.contact_id,
        Customer.created_at,
    ).where(
        among(Customer.woo_id, accounts) | among(Customer.email, emails),
        Customer.contact_id.is_null(False),
        Customer.created_at.is_null(False),
    )
    rows = sorted((*own.dicts(), *orders), key=lambda row: row["created_at"])
    wanted = {(CUSTOMER, str(number)) for number in accounts} | {(EMAIL, email) for email in emails}
    Identity.put(row for row in _names(rows) if (row["kind"], row["value"]) in wanted)
    renamed = [
        number for (number,) in tuples(Contact.select(Contact.id).where(Contact.named_at > moment))
    ]
    Contact.update(named_at=None).where(among(Contact.id, renamed)).execute()
    name_people(renamed, at)


def _names(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each name, the newest, as Identity has them."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        known = {"contact_id": row["contact_id"], "seen_at": row["created_at"]}
        if row["customer_id"]:
            account = str(row["customer_id"])
            newest[CUSTOMER, account] = {"kind": CUSTOMER, "value": account, **known}
        if row["email"]:
            newest[EMAIL, row["email"]] = {"kind": EMAIL, "value": row["email"], **known}
    return list(newest.values())


def name_people(contacts: Collection[int], at: str) -> None:
    """What these are called, their e-mail and language: by their newest order until `at`."""
    moment = instant(at)
    query = (
        Order.select(
            Order.contact_id, Order.first_name, Order.last_name, Order.email, Order.created_at, Order.language
        )
        .where(among(Order.contact_id, contacts), Order.created_at <= moment)
        .order_by(Order.created_at, Order.woo_id)
    )  # fmt: skip
    called: dict[int, dict[str, Any]] = {}
    for contact, first, last, email, placed, language in tuples(query):
        own = called.setdefault(contact, {"language": ""})
        said = {
            "first_name": first_name(first),
            "last_name": last,
            "email": email,
            "language": language,
        }
        own |= {name: value for name, value in said.items() if value} | {"named_at": placed}
    known = list(Contact.select().where(among(Contact.id, called)))
    newer = [
        one for one in known if one.named_at is None or called[one.id]["named_at"] >= one.named_at
    ]
    for one in newer:
        for name, value in called[one.id].items():
            if value:
                setattr(one, name, value)
    Contact.update_each(newer, ("first_name", "last_name", "email", "language", "named_at"))


def put_contacts(ids: Collection[int], at: str) -> None:
    """People who are met; what they said comes by itself."""
    moment = instant(at)
    rows = list(LaterContact.select().where(among(LaterContact.id, ids)).dicts())
    for row in rows:
        row |= {"marketing": "", "marketing_at": None, "order_news": "", "order_news_at": None}
        row["unreachable"] = ""
        if row["named_at"] is not None and row["named_at"] > moment:
            row["named_at"] = None
    Contact.write_each(rows, lambda insert: insert.on_conflict_ignore())
    recount([row["phone"] for row in rows])
    others = LaterIdentity.select().where(
        among(LaterIdentity.contact_id, ids), LaterIdentity.kind.not_in((CUSTOMER, EMAIL))
    )
    Identity.put(list(others.dicts()))
    name_people(ids, at)


def put_names_of(rows: Collection[dict[str, Any]], at: str) -> None:
    """The names on these orders or accounts; what people want goes along to a newer number."""
    known = [row for row in rows if row["contact_id"] is not None and row["created_at"] is not None]
    there = {number for (number,) in tuples(
        Contact.select(Contact.id).where(among(Contact.id, [row["contact_id"] for row in known]))
    )}  # fmt: skip
    known = sorted(
        (row for row in known if row["contact_id"] in there), key=lambda row: row["created_at"]
    )
    put_names(_names(known), now=instant(at))
    name_people([row["contact_id"] for row in known], at)


def put_statements(ids: Collection[int]) -> None:
    """What people said, in force at once."""
    rows = list(LaterStatement.select().where(among(LaterStatement.id, ids)).dicts())
    Statement.add(rows)
    recount({row["phone"] for row in rows})


def put_erased(ids: Collection[int]) -> None:
    Erased.add(list(LaterErased.select().where(among(LaterErased.id, ids)).dicts()))
