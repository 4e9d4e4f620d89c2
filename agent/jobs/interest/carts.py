"""The shop's unpaid orders -> carts, as interest: only what differs is written.

What lies in unpaid orders and what is known of it are compared as sets. So a cart that is paid, given
up, changed or found to be somebody else's is so at the next run, whichever way the mirror learnt of it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from agent.jobs.interest.products import Past
from models import Interest, Order, OrderLine
from models.base import carry_out_each, transaction, tuples
from models.interest import FROM_SHOP, IS_CART, SHOP

ROWS_A_LOOK = 20_000  # differences found by one comparison
ROWS_A_BATCH = 1_000  # while one is written nobody else can write

Cart = tuple[int, int, int, datetime, datetime]
"""Contact, product, variation, since when and when last."""


def follow_carts(since: datetime, *, beat: Callable[[], None]) -> int:
    """Make the interest from the shop equal to its carts that were touched since `since`.

    Returns how many rows were written or removed. What somebody saw in their cart is what the mirror
    had when they touched it last.
    """
    written, more = 0, True
    while more:
        lying, known = _lying(since), _known()
        gone, new = (_rows(one.limit(ROWS_A_LOOK)) for one in (known - lying, lying - known))
        for at in range(0, max(len(gone), len(new)), ROWS_A_BATCH):
            beat()
            with transaction():
                _remove(gone[at : at + ROWS_A_BATCH])
                _add(new[at : at + ROWS_A_BATCH])
        written += len(gone) + len(new)
        more = ROWS_A_LOOK in {len(gone), len(new)}
    return written


def _lying(since: datetime) -> Any:
    """What lies in the carts of people whom we know; of one in several carts, from first to last."""
    holder = fn.COALESCE(Order.holder_id, Order.contact_id)
    article = (OrderLine.product_id, OrderLine.variation_id)
    began = fn.MIN(fn.COALESCE(Order.created_at, Order.modified_at))
    began = began.converter(Interest.first_at.python_value)
    return (
        Order.select(holder, *article, began, fn.MAX(Order.modified_at))
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .where(IS_CART, Order.modified_at > since, holder.is_null(False), OrderLine.product_id != 0)
        .group_by(holder, *article)
    )


def _known() -> Any:
    return Interest.select(
        Interest.contact_id,
        Interest.product_id,
        Interest.variation_id,
        Interest.first_at,
        Interest.seen_at,
    ).where(FROM_SHOP)


def _rows(query: Any) -> list[Cart]:
    return tuples(query)


def _remove(carts: Sequence[Cart]) -> None:
    moment = Interest.seen_at.db_value
    carry_out_each(
        "DELETE FROM interest WHERE source = 'shop' AND contact_id = ? AND product_id = ? "
        "AND variation_id = ? AND first_at = ? AND seen_at = ?",
        [(*one[:3], moment(one[3]), moment(one[4])) for one in carts],
    )


def _add(carts: Sequence[Cart]) -> None:
    if not carts:
        return
    past = Past({one[1:3] for one in carts}, min(one[4] for one in carts))
    Interest.write_each(
        (
            {
                "contact_id": contact,
                "product_id": product,
                "variation_id": variation,
                "kind": "cart",
                "price": past.price((product, variation), seen_at),
                "stock_status": past.stock_status((product, variation), seen_at),
                "first_at": first_at,
                "seen_at": seen_at,
                "source": SHOP,
            }
            for contact, product, variation, first_at, seen_at in carts
        ),
        lambda insert: insert.on_conflict_replace(),
    )
