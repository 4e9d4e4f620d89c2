"""What each contact ordered: which orders count as bought, and what they come to."""

from collections.abc import Iterable, Sequence
from typing import Any

from peewee import Case, fn

from models.base import among, carry_out_each, rows_of, tuples
from models.insight import Basis, History, Taste
from models.mirror import NOT_ORDERS, Order, OrderLine, Product, Refund
from models.newest import newest_dates

NOT_BOUGHT = (*NOT_ORDERS, "refunded")

GIVEN_BACK = fn.COALESCE(  # minor units
    Refund.select(fn.SUM(Refund.amount)).where(Refund.order_id == Order.woo_id), 0
)

_DIGITS = 20  # no id is longer
# Sorts orders by their dates, and those of one moment by their ids: imported ones come late. Dates sort
# as they read.
_AGE = fn.COALESCE(Order.created_at, "").concat(fn.PRINTF(f"%0{_DIGITS}d", Order.woo_id))


def bought(paid_statuses: Sequence[str]) -> Any:
    """The condition that an order was paid, and not cancelled or given back in full."""
    paid = Order.paid_at.is_null(False) | Order.status.in_(list(paid_statuses))
    kept = (Order.total == 0) | (Order.total > GIVEN_BACK)
    return paid & Order.status.not_in(NOT_BOUGHT) & kept


def write_histories(contacts: Iterable[int], basis: Basis) -> None:
    """Work out what these contacts ordered, and in which categories they bought. Below 0 are those who were
    erased: of them no history is kept."""
    contacts = sorted({contact for contact in contacts if contact > 0})
    was_bought = bought(basis.paid_statuses)
    _write_sums(contacts, was_bought, was_bought & (Order.currency == basis.currency))
    _write_tastes(contacts, was_bought)


def _write_sums(contacts: Sequence[int], was_bought: Any, in_shops_money: Any) -> None:
    query = (
        Order.select(
            Order.holder_id,
            fn.SUM(Case(None, [(was_bought, 1)], 0)),
            fn.SUM(Case(None, [(in_shops_money, Order.total - GIVEN_BACK)], 0)),
            fn.MAX(Case(None, [(was_bought, _AGE)])).coerce(False),
        )
        .where(among(Order.holder_id, contacts))
        .group_by(Order.holder_id)
    )
    nothing = (0, 0, None)
    sums = {
        contact: (orders, spent, int(newest[-_DIGITS:]))
        for contact, orders, spent, newest in tuples(query)
        if orders
    }
    newest = newest_dates(contacts)
    rows = [
        (contact, newest.get(contact), *sums.get(contact, nothing))
        for contact in contacts
        if contact in newest or contact in sums
    ]
    none = set(contacts) - newest.keys() - sums.keys()
    History.delete().where(among(History.contact_id, none)).execute()
    columns = ("contact_id", "last_order_at", "bought", "spent", "last_bought")
    put = History.insert(dict.fromkeys(columns)).on_conflict(
        conflict_target=[History.contact_id],
        preserve=[getattr(History, name) for name in columns[1:]],
    )
    carry_out_each(put.sql()[0], rows)


def _write_tastes(contacts: Sequence[int], was_bought: Any) -> None:
    """By the categories that the products have now; what the shop has no more tells nothing.

    Only what differs is written: an order that moved on changes nothing here.
    """
    columns = (Taste.contact_id, Taste.category_id, Taste.bought)
    before = set(tuples(Taste.select(*columns).where(among(Taste.contact_id, contacts))))
    categories, category = rows_of(Product.categories, "category")
    units = fn.SUM(OrderLine.quantity)
    query = (
        Order.select(Order.holder_id, category, units)
        .from_(Order, categories)
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .join(Product, on=(Product.woo_id == OrderLine.product_id))
        .where(among(Order.holder_id, contacts), was_bought)
        .group_by(Order.holder_id, category)
    )
    after = set(tuples(query))
    one = Taste.delete().where(Taste.contact_id == 0, Taste.category_id == 0)
    carry_out_each(one.sql()[0], [row[:2] for row in before - after])
    put = Taste.insert(dict.fromkeys(columns))
    carry_out_each(put.sql()[0], sorted(after - before))
