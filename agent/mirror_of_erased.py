"""The shop's rows of somebody who is erased: what tells who they were goes from them."""

from typing import Any

from peewee import Case, fn

from agent.person import Person
from models import (
    Contact,
    Customer,
    History,
    Interest,
    InterestWas,
    Order,
    OrderChange,
    PhoneReading,
    Stale,
    Taste,
)
from models.base import among, tuples
from models.insight import ORDER
from models.order_changes import SHIPMENTS


def orders_of(person: Person) -> Any:
    """Those under their number or account; those with only their e-mail, unless another number has it."""
    guests = among(Order.email, person.emails) & Order.contact_id.is_null()
    return (
        (Order.contact_id == person.contact_id)
        | (Order.holder_id == person.contact_id)
        | among(Order.customer_id, person.accounts)
        | guests
    )


def accounts_of(person: Person) -> Any:
    return (Customer.contact_id == person.contact_id) | among(Customer.woo_id, person.accounts)


def _placed_by_others(person: Person) -> Any:
    """Orders that came with their number, and are another contact's by its account."""
    is_there = Contact.select().where(Contact.id == Order.holder_id)
    return (
        (Order.contact_id == person.contact_id)
        & (Order.customer_id != 0)
        & Order.holder_id.is_null(False)
        & (Order.holder_id != person.contact_id)
        & ~among(Order.customer_id, person.accounts)
        & fn.EXISTS(is_there)
    )


def forget_mirror(person: Person, nobody: int) -> None:
    """In the caller's transaction. Orders that were theirs are those of `nobody`, a number below 0; one that
    somebody else placed with their number on it stays that person's."""
    theirs = tuples(Order.select(Order.woo_id, Order.phone).where(orders_of(person)))
    placed_by_others = Order.select(Order.woo_id).where(_placed_by_others(person))
    others = {number for (number,) in tuples(placed_by_others)}
    accounts = tuples(Customer.select(Customer.woo_id, Customer.phone).where(accounts_of(person)))
    orders = [number for number, _ in theirs]
    typed = {phone for _, phone in (*theirs, *accounts)}
    if Stale.kept():
        Stale.mark(ORDER, orders)
    names = {"phone": "", "first_name": "", "last_name": "", "contact_id": None}
    nobodys = {**names, "email": ""}
    consents = {"consent": "", "news_consent": ""}
    Order.update(**names, **consents, details={}).where(among(Order.woo_id, others)).execute()
    own = among(Order.woo_id, [number for number in orders if number not in others])
    is_theirs = Order.holder_id == (person.contact_id or None)
    Order.update(
        **nobodys,
        **consents,
        holder_id=Case(None, [(is_theirs, nobody)]),
        customer_id=0,
        details={},
        language="",
    ).where(own).execute()
    Order.update(email="").where(among(Order.email, person.emails)).execute()
    OrderChange.update(was="", became="").where(
        among(OrderChange.order_id, orders), OrderChange.what == SHIPMENTS
    ).execute()
    Customer.update(**nobodys, **consents).where(accounts_of(person)).execute()
    Customer.update(email="").where(among(Customer.email, person.emails)).execute()
    read = among(PhoneReading.e164, person.phones)
    PhoneReading.delete().where(read | among(PhoneReading.typed, typed)).execute()
    for table in (History, Taste, Interest, InterestWas):
        table.delete().where(table.contact_id == person.contact_id).execute()
