"""The lines of new and changed orders, newest orders first.

They come after the headers and in requests of their own: a page of orders with lines costs the shop
eight times as much as one without.
"""

from collections.abc import Callable

from agent.clients.shop import Row, Shop
from agent.jobs.pull.kinds import order_statuses
from agent.log import Log
from agent.rules import copies
from models import Order, OrderLine, ShopFact
from models.base import transaction

log = Log(__name__)

MOST_A_RUN = 20  # requests; the rest waits for the next run, so that polls are not held up


def read_lines(
    shop: Shop, *, page_size: int, beat: Callable[[], None], most: int = MOST_A_RUN
) -> dict[str, int]:
    """Read the lines that are missing or may have changed. Returns how many orders were read.

    An order that changed in this very second may change again in it, so it stays among them; it is
    asked for again by the next run, not by this one.
    """
    asked: set[int] = set()
    read = 0
    for _ in range(most):
        beat()
        waiting = Order.without_lines(page_size + len(asked))
        orders = [number for number in waiting if number not in asked][:page_size]
        if not orders:
            break
        read += _read(shop, orders)
        asked.update(orders)
    return {"orders": read} if read else {}


def _read(shop: Shop, orders: list[int]) -> int:
    page = shop.page(
        "orders",
        include=",".join(map(str, orders)),
        status=",".join(order_statuses(ShopFact.all())),
        _fields=copies.LINE_FIELDS,
        orderby="id",
        order="asc",
        per_page=len(orders),
    )
    lines: list[copies.Row] = []
    # An order that did not come is gone, and one that makes no sense will make no more of it until it
    # changes. Both count as read, or they would be asked for without end.
    coupons: dict[int, list[str]] = {number: [] for number in orders}
    for one in page.rows:
        of_order, codes = _copied(one)
        lines.extend(of_order)
        coupons[int(one["id"])] = codes
    with transaction():
        OrderLine.replace_for(orders, lines)
        Order.lines_read(coupons, page.served_at)
    return len(page.rows)


def _copied(one: Row) -> tuple[list[copies.Row], list[str]]:
    """The lines of an order and its coupon codes; none of a line that cannot be copied."""
    try:
        return copies.order_lines(one)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        log.warning("mirror.set_aside", kind="lines", id=one.get("id"), reason=reason)
        return [], []
