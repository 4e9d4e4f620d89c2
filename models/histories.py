"""Whose order is it, and does it count: said once, as parts of SQL.

An order belongs to the contact who holds its customer account now; a guest's order to the contact with
its phone, and without a usable phone to the one who holds its e-mail. So somebody who changed numbers
is one person, and is written to at the newer number only.
"""

from collections.abc import Sequence
from typing import Any

from peewee import JOIN, Case, fn

from models.contacts import Identity
from models.mirror import Order, Refund

NOT_ORDERS = ("failed", "cancelled", "trash", "checkout-draft", "auto-draft", "draft")
NOT_BOUGHT = (*NOT_ORDERS, "refunded")

_account = Identity.alias()
_mailbox = Identity.alias()
_refunded = (
    Refund.select(Refund.order_id, fn.SUM(Refund.amount).alias("amount"))
    .group_by(Refund.order_id)
    .alias("refunded")
)

HOLDER = fn.COALESCE(_account.contact_id, Order.contact_id, _mailbox.contact_id)
GIVEN_BACK = fn.COALESCE(_refunded.c.amount, 0)  # minor units
NEWEST_ORDER = fn.MAX(Case(None, [(Order.status.not_in(NOT_ORDERS), Order.created_at)]))


def bought(paid_statuses: Sequence[str]) -> Any:
    """The condition that an order was paid, and not cancelled or given back in full."""
    paid = Order.paid_at.is_null(False) | Order.status.in_(list(paid_statuses))
    kept = (Order.total == 0) | (Order.total > GIVEN_BACK)
    return paid & Order.status.not_in(NOT_BOUGHT) & kept


def with_holders(query: Any) -> Any:
    """A select over orders, with the joins that HOLDER and GIVEN_BACK stand on."""
    return (
        query.join(
            _account,
            JOIN.LEFT_OUTER,
            on=(_account.kind == "customer") & (_account.value == Order.customer_id.cast("TEXT")),
        )
        .join(
            _mailbox,
            JOIN.LEFT_OUTER,
            on=(_mailbox.kind == "email") & (_mailbox.value == Order.email),
        )
        .join(_refunded, JOIN.LEFT_OUTER, on=(_refunded.c.order_id == Order.woo_id))
    )
