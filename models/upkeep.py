"""What is worked out from the orders, brought up to date.

Marks are worked off in batches. Each batch is one short transaction that takes its marks away, does
what they stand for, and marks what follows from that. So the process may end anywhere, and two may
work at the same time. What an order changes:

    its names -> are they shared, then whose are the orders under them
    the order -> whose it is; the histories of who had it, has it, or goes by one of its names
    a history -> newest order, orders bought, money spent, categories
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from peewee import Value

from models.base import among, transaction, tuples
from models.contacts import Identity
from models.histories import write_histories
from models.holders import NAMED, as_column, hold, learn_shared
from models.insight import (
    CATEGORIES,
    CONTACT,
    CUSTOMER,
    EMAIL,
    ORDER,
    PRODUCT,
    Basis,
    SharedName,
    Stale,
)
from models.mirror import Order, OrderLine

A_BATCH = 500
Beat = Callable[[], None]


def work_off(basis: Basis, beat: Beat) -> int:
    """Work off all marks but those of products. Returns how many histories were worked out."""
    works: dict[str, Callable[[list[str]], None]] = {
        CUSTOMER: lambda values: _look_at_names(CUSTOMER, values),
        EMAIL: lambda values: _look_at_names(EMAIL, values),
        ORDER: _look_at_orders,
        CATEGORIES: _mark_buyers,
        CONTACT: lambda values: write_histories(map(int, values), basis),
    }
    histories = 0
    if not Stale.waits():
        return histories
    for kind, work in works.items():
        while Stale.waits(kind):
            beat()
            with transaction():
                values = Stale.take(kind, 1 if kind == CATEGORIES else A_BATCH)
                work(values)
            histories += len(values) if kind == CONTACT else 0
    return histories


def _look_at_names(kind: str, values: Iterable[str]) -> None:
    """Another one holds these names, or an order came or went under them.

    What is a till's, and was, does not say whose an order is, and has too many of them.
    """
    values = set(values)
    turned = set(learn_shared(kind, values))
    _mark_orders_under(kind, turned | (values - SharedName.among(kind, values)))


def _mark_orders_under(kind: str, values: Iterable[str]) -> None:
    """And who holds these names."""
    values = list(values)
    column = NAMED[kind]
    orders = Order.select(Value(ORDER), Order.woo_id.cast("TEXT")).where(
        among(column, [as_column(kind, value) for value in values])
    )
    holders = Identity.select(Value(CONTACT), Identity.contact_id.cast("TEXT")).where(
        Identity.kind == kind, among(Identity.value, values)
    )
    for query in (orders, holders):
        _mark(query)


def _look_at_orders(values: Iterable[str]) -> None:
    orders = [int(value) for value in values]
    query = Order.select(
        Order.woo_id, Order.contact_id, Order.holder_id, Order.customer_id, Order.email
    ).where(among(Order.woo_id, orders))
    rows = tuples(query)
    contacts = {contact for row in rows for contact in row[1:3]}
    names = {
        CUSTOMER: {str(row[3]) for row in rows if row[3]},
        EMAIL: {row[4] for row in rows if row[4]},
    }
    for kind, carried in names.items():
        known = SharedName.among(kind, carried)  # one order more does not make it less shared
        turned = learn_shared(kind, carried - known)
        _mark_orders_under(kind, turned)
        names[kind] = carried - known - set(turned)
    hold(orders)
    held = Order.select(Order.holder_id).distinct().where(among(Order.woo_id, orders))
    contacts |= {contact for (contact,) in tuples(held)}
    Stale.mark(CONTACT, contacts | _who_goes_by(names))
    _mark(
        OrderLine.select(Value(PRODUCT), OrderLine.product_id.cast("TEXT"))
        .distinct()
        .where(among(OrderLine.order_id, orders), OrderLine.product_id > 0)
    )


def _who_goes_by(names: dict[str, set[str]]) -> set[int]:
    """Contacts who hold one of these names, or of whose orders one carries it."""
    found: set[int] = set()
    for kind, values in names.items():
        carried = among(NAMED[kind], [as_column(kind, value) for value in values])
        both = Order.select(Order.contact_id, Order.holder_id).distinct().where(carried)
        found |= {contact for row in tuples(both) for contact in row}
        held = Identity.select(Identity.contact_id).where(
            Identity.kind == kind, among(Identity.value, values)
        )
        found |= {contact for (contact,) in tuples(held)}
    return found


def _mark_buyers(products: Sequence[str]) -> None:
    """Who bought a product whose categories changed: perhaps half the shop."""
    buyers = (
        Order.select(Value(CONTACT), Order.holder_id.cast("TEXT"))
        .distinct()
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .where(among(OrderLine.product_id, map(int, products)), Order.holder_id.is_null(False))
    )
    _mark(buyers)


def _mark(query: Any) -> None:
    Stale.insert_from(query, (Stale.kind, Stale.value)).on_conflict_ignore().execute()
