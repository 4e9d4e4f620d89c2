"""The lines of new and changed orders, newest orders first.

They come after the headers and in requests of their own: a page of orders with lines costs the shop
eight times as much as one without.
"""

from collections.abc import Callable

from agent.clients.shop import Shop
from agent.rules import copies
from models import Order, OrderLine, ShopFact
from models.base import transaction

MOST_A_RUN = 20  # requests; the rest waits for the next run, so that polls are not held up


def read_lines(
    shop: Shop, *, page_size: int, beat: Callable[[], None], most: int = MOST_A_RUN
) -> dict[str, int]:
    """Read the lines that are missing or may have changed. Returns how many orders were read."""
    read = 0
    for _ in range(most):
        beat()
        orders = Order.without_lines(page_size)
        if not orders:
            break
        read += _read(shop, orders)
    return {"orders": read} if read else {}


def _read(shop: Shop, orders: list[int]) -> int:
    statuses = ShopFact.all()["order_statuses"].split()
    page = shop.page(
        "orders",
        include=",".join(map(str, orders)),
        status=",".join(dict.fromkeys((*statuses, "checkout-draft", "trash"))),
        _fields=copies.LINE_FIELDS,
        orderby="id",
        order="asc",
        per_page=len(orders),
    )
    lines: list[copies.Row] = []
    # An order that did not come is gone; it counts as read, or it would be asked for without end.
    coupons: dict[int, list[str]] = {number: [] for number in orders}
    for one in page.rows:
        of_order, codes = copies.order_lines(one)
        lines.extend(of_order)
        coupons[int(one["id"])] = codes
    with transaction():
        OrderLine.replace_for(orders, lines)
        Order.lines_read(coupons, page.served_at)
    return len(page.rows)
