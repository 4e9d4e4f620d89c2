"""The newest order of somebody, under whichever of their names.

Somebody who ordered is not quiet, also where the order does not belong to them: it came with a new
number, or with the e-mail of an account that another number holds now.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import Case, fn

from models.base import among, tuples
from models.contacts import Identity
from models.holders import MOST_NUMBERS, NAMED, as_column
from models.insight import CUSTOMER, EMAIL, SharedName
from models.mirror import NOT_ORDERS, Order

_NEWEST = fn.MAX(Case(None, [(Order.status.not_in(NOT_ORDERS), Order.created_at)])).coerce(False)

Names = dict[tuple[str, Any], set[int]]  # (kind, value as orders have it) -> contacts


def newest_orders(contacts: Iterable[int]) -> dict[int, datetime]:
    """contact -> date of the newest order under their phone, or one of their accounts or e-mails.

    Theirs are those that they hold, and those that orders of theirs carry: by phone or because the
    order belongs to them. Names under which many numbers order are nobody's. Asked of the orders as
    they are at this moment.
    """
    moment: Callable[[str], Any] = Order.created_at.python_value
    return {contact: moment(text) for contact, text in newest_dates(contacts).items()}


def newest_dates(contacts: Iterable[int]) -> dict[int, str]:
    """The same, with the dates as the table has them: they sort as they read."""
    contacts = sorted(set(contacts))
    newest: dict[int, str] = {}
    names: Names = {}
    for whose in (Order.contact_id, Order.holder_id):
        carried = (whose, Order.customer_id, Order.email)
        query = Order.select(*carried, _NEWEST).where(among(whose, contacts)).group_by(*carried)
        for contact, account, email, date in tuples(query):
            if date is not None:
                newest[contact] = max(date, newest.get(contact, date))
            if account:
                names.setdefault((CUSTOMER, account), set()).add(contact)
            if email:
                names.setdefault((EMAIL, email), set()).add(contact)
    held = Identity.select(Identity.kind, Identity.value, Identity.contact_id).where(
        among(Identity.contact_id, contacts)
    )
    for kind, value, contact in tuples(held):
        if kind in NAMED:  # asked here: SQLite would take it for the better index and read them all
            names.setdefault((kind, as_column(kind, value)), set()).add(contact)
    for (kind, value), date in _newest_under(names).items():
        for contact in names[kind, value]:
            newest[contact] = max(date, newest.get(contact, date))
    return newest


def _newest_under(names: Mapping[tuple[str, Any], object]) -> dict[tuple[str, Any], str]:
    """Of names that not many share. Those that are known as shared are not counted again: a till has
    a hundred thousand orders."""
    newest: dict[tuple[str, Any], str] = {}
    for kind, column in NAMED.items():
        values = {value for of, value in names if of == kind}
        shared = SharedName.among(kind, map(str, values))
        wanted = [value for value in values if str(value) not in shared]
        query = (
            Order.select(column, _NEWEST)
            .where(among(column, wanted))
            .group_by(column)
            .having(fn.COUNT(Order.contact_id.distinct()) <= MOST_NUMBERS)
        )
        newest |= {(kind, value): date for value, date in tuples(query) if date is not None}
    return newest
