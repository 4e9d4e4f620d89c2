"""Since when each thing of the mirror is known, as far as the tables tell.

What came while winback worked is known since it was seen; what was there before, at the first fill, counts
from the shop's own dates: then the mirror would have had it. Moments are texts as the tables have them,
which sort as they read; "" is always.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peewee import fn

from models import Contact, Customer, Erased, Order, OrderChange, Product, Refund, Statement
from models.base import raw
from models.order_changes import STATUS

ALWAYS = ""
Since = Mapping[int, str]
"""The id of a row -> since when it is known."""


@dataclass(frozen=True, slots=True)
class Known:
    """Since when there is each row of these tables."""

    began: str  # what was seen before was there when winback came
    orders: Since
    refunds: Since
    customers: Since
    products: Since
    contacts: Since
    statements: Since
    erased: Since

    @classmethod
    def look(cls, *, as_said: bool = False) -> "Known":
        """In the database that is open. `as_said`: what people said counts from when they said it, also
        where it was heard later, as of a list that was imported."""
        began = _began()
        orders = _orders()
        statements = {
            number: said if as_said or heard < began else heard
            for number, said, heard in raw(
                Statement.select(Statement.id, Statement.said_at, Statement.recorded_at)
            )
        }
        return cls(
            began=began,
            orders=orders,
            refunds=_dated(Refund),
            customers=_dated(Customer),
            products=_dated(Product),
            contacts=_contacts(began, statements, as_said=as_said),
            statements=statements,
            erased=dict(raw(Erased.select(Erased.id, Erased.said_at))),
        )


def later_than(since: Since, moment: str) -> list[int]:
    """Those that are not known yet at `moment`."""
    return [number for number, at in since.items() if at > moment]


def _began() -> str:
    """When the first change was seen. After all where none ever was: then nothing was seen to come."""
    [(first,)] = raw(OrderChange.select(fn.MIN(OrderChange.seen_at)))
    return first or "9999"


def _dated(table: type[Refund | Customer | Product]) -> dict[int, str]:
    rows = raw(table.select(table.woo_id, table.created_at))
    return {number: at or ALWAYS for number, at in rows}


def _orders() -> dict[int, str]:
    """A draft is no order: one that became one counts from then."""
    orders = {
        number: at or ALWAYS for number, at in raw(Order.select(Order.woo_id, Order.created_at))
    }
    came = (
        OrderChange.select(OrderChange.order_id, fn.MIN(OrderChange.seen_at))
        .where(OrderChange.what == STATUS, OrderChange.was == "")
        .group_by(OrderChange.order_id)
    )
    return orders | {number: at for number, at in raw(came) if number in orders}


def _contacts(began: str, statements: Since, *, as_said: bool) -> dict[int, str]:
    """Who was met before winback watched is known since the first trace of them."""
    met = {number: (phone, at) for number, phone, at in raw(
        Contact.select(Contact.id, Contact.phone, Contact.created_at)
    )}  # fmt: skip
    traces: dict[int, list[str]] = {}
    for table in (Order, Customer):
        query = (
            table.select(table.contact_id, fn.MIN(table.created_at))
            .where(table.contact_id.is_null(False), table.created_at.is_null(False))
            .group_by(table.contact_id)
        )
        for contact, first in raw(query):
            traces.setdefault(contact, []).append(first)
    said: dict[str, str] = {}
    for number, phone in raw(Statement.select(Statement.id, Statement.phone)):
        said[phone] = min(statements[number], said.get(phone, statements[number]))
    return {
        number: _first(at, (*traces.get(number, ()), *_named(said, phone)))
        if as_said or at < began
        else at
        for number, (phone, at) in met.items()
    }


def _named(said: Mapping[str, str], phone: str) -> tuple[str, ...]:
    return (said[phone],) if phone in said else ()


def _first(at: str, traces: Iterable[str]) -> str:
    return min((at, *traces))
