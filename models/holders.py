"""Whose order is it: said once, as part of SQL.

An order belongs to the contact who holds its customer account now; a guest's order to the contact with
its phone, and without a usable phone to the one who holds its e-mail. So somebody who changed numbers
is one person, and is written to at the newer number only. An account or e-mail under which many
numbers order is a till's, and says nothing of whose an order is.
"""

from collections.abc import Iterable
from typing import Any

from peewee import SQL, Case, Select, fn

from models.base import among, carry_out_each, database, rows_of, tuples
from models.contacts import Identity
from models.insight import CUSTOMER, EMAIL, SharedName
from models.mirror import Order

MOST_NUMBERS = 3  # of one person

NAMED: dict[str, Any] = {
    CUSTOMER: Order.customer_id,
    EMAIL: Order.email,
}  # where an order has its names


def _holder_by(kind: str, value: Any) -> Any:
    """Who holds the name that an order carries, unless many do."""
    shared = SharedName.select().where(SharedName.kind == kind, SharedName.value == Identity.value)
    return Identity.select(Identity.contact_id).where(
        Identity.kind == kind, Identity.value == value, ~fn.EXISTS(shared)
    )


HOLDER = fn.COALESCE(
    _holder_by(CUSTOMER, Order.customer_id.cast("TEXT")),
    Order.contact_id,
    _holder_by(EMAIL, Order.email),
    # whose names are gone: of somebody who was erased, and of no contact (agent/forgetting.py)
    Case(None, [(Order.holder_id < 0, Order.holder_id)]),
)


def hold(orders: Iterable[int]) -> None:
    """Write down whose these orders are, where that changed."""
    query = Order.select(Order.holder_id, HOLDER, Order.woo_id).where(among(Order.woo_id, orders))
    moved = [(holder, number) for before, holder, number in tuples(query) if before != holder]
    update = Order.update(holder_id=0).where(Order.woo_id == 0).sql()[0]
    carry_out_each(update, moved)


def learn_shared(kind: str, values: Iterable[str]) -> list[str]:
    """Look at how many numbers order under each of these names, and keep which are shared.

    Returns those of which that has changed.
    """
    values = sorted(set(values))
    before, after = SharedName.among(kind, values), are_shared(kind, values)
    gone = before - after
    SharedName.delete().where(SharedName.kind == kind, among(SharedName.value, gone)).execute()
    SharedName.write_each(
        ({"kind": kind, "value": value} for value in sorted(after - before)), lambda insert: insert
    )
    return sorted(gone | (after - before))


def are_shared(kind: str, values: list[str]) -> set[str]:
    """Those under which many numbers order, as the orders are at this moment.

    No more orders are read of a name than it takes to know: a till has a hundred thousand."""
    names, name = rows_of([as_column(kind, value) for value in values], "named")
    column = NAMED[kind]
    some = (
        Order.select(Order.contact_id)
        .distinct()
        .where(column == name, Order.contact_id.is_null(False))
        .limit(MOST_NUMBERS + 1)
    )
    numbers = Select([some.alias("some")], [fn.COUNT(SQL("*"))])
    query = Select([names], [name]).where(numbers > MOST_NUMBERS)
    return {str(value) for (value,) in query.bind(database).tuples()}


def all_shared(kind: str) -> list[str]:
    """All names that many numbers order under; reads every order once."""
    column = NAMED[kind]
    query = (
        Order.select(column)
        .where(column != as_column(kind, "0" if kind == CUSTOMER else ""))
        .group_by(column)
        .having(fn.COUNT(Order.contact_id.distinct()) > MOST_NUMBERS)
    )
    return [str(value) for (value,) in tuples(query)]


def as_column(kind: str, value: str) -> int | str:
    """A name as the orders have it."""
    return int(value) if kind == CUSTOMER else value
