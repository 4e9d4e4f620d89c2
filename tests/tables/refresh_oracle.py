"""What refresh must come to, worked out from all rows in plain Python, one contact after another."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from models import Contact, Identity, Order, OrderLine, Product, Refund

NEVER_ORDERS = {"failed", "cancelled", "trash", "checkout-draft", "auto-draft", "draft"}
MOST_NUMBERS = 3


class Worked(NamedTuple):
    holders: dict[int, int | None]
    histories: dict[int, tuple[datetime | None, int, int, int | None]]
    tastes: dict[tuple[int, int], int]


def worked_out(paid_statuses: Sequence[str], currency: str) -> Worked:
    """order -> contact; contact -> (newest order, bought, spent, last bought); (contact, category) -> units."""
    orders: list[Any] = list(Order.select())
    phones: dict[tuple[str, str], set[int]] = defaultdict(set)
    for order in orders:
        for name in names_of(order):
            phones[name] |= {order.contact_id} - {None}
    shared = {name for name, numbers in phones.items() if len(numbers) > MOST_NUMBERS}
    held = {
        (one.kind, one.value): one.contact_id
        for one in Identity.select()
        if one.kind in ("customer", "email")
    }
    good = {name: contact for name, contact in held.items() if name not in shared}
    holders: dict[int, int | None] = {
        order.woo_id: good.get(("customer", str(order.customer_id)))
        or order.contact_id
        or good.get(("email", order.email))
        for order in orders
    }
    histories, tastes = {}, Counter[tuple[int, int]]()
    for (contact,) in Contact.select(Contact.id).tuples():
        own = [one for one in orders if contact in (one.contact_id, holders[one.woo_id])]
        names = {name for one in own for name in names_of(one)}
        names |= {name for name, holder in held.items() if holder == contact}
        seen = [
            one.created_at
            for one in orders
            if one.status not in NEVER_ORDERS
            and one.created_at is not None
            and (one in own or set(names_of(one)) & (names - shared))
        ]
        kept = [
            one for one in orders
            if holders[one.woo_id] == contact and was_bought(one, paid_statuses)
        ]  # fmt: skip
        spent = sum(one.total - given_back(one) for one in kept if one.currency == currency)
        if seen or kept:
            histories[contact] = (
                max(seen, default=None),
                len(kept),
                spent,
                max(kept, key=age).woo_id if kept else None,
            )
        for one in kept:
            for line in OrderLine.select().where(OrderLine.order_id == one.woo_id):
                product = Product.get_or_none(Product.woo_id == line.product_id)
                for category in product.categories if product else ():
                    tastes[contact, category] += line.quantity
    return Worked(holders, histories, dict(tastes))


def age(order: Any) -> tuple[bool, datetime, int]:
    """The newest is the largest; one without a date is older than all."""
    known = order.created_at is not None
    return known, order.created_at if known else datetime.max.replace(tzinfo=UTC), order.woo_id


def names_of(order: Any) -> list[tuple[str, str]]:
    account = [("customer", str(order.customer_id))] if order.customer_id else []
    return [*account, ("email", order.email)] if order.email else account


def given_back(order: Any) -> int:
    return sum(one.amount for one in Refund.select().where(Refund.order_id == order.woo_id))


def was_bought(order: Any, paid_statuses: Sequence[str]) -> bool:
    paid = order.paid_at is not None or order.status in paid_statuses
    kept = order.total == 0 or order.total > given_back(order)
    return paid and kept and order.status not in NEVER_ORDERS | {"refunded"}
