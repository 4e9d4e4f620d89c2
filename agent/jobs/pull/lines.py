"""The lines of new and changed orders, newest orders first.

They come after the headers and in requests of their own: a page of orders with lines costs the shop
eight times as much as one without.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from peewee import chunked, fn

from agent.clients.shop import Page, Row, Shop
from agent.jobs.pull.around import Around
from agent.jobs.pull.kinds import order_statuses
from agent.log import Log
from agent.rules import copies
from models import Order, OrderLine, ShopFact
from models.base import transaction, tuples

log = Log(__name__)

MOST_A_RUN = 20  # pages; the rest waits for the next run, so that polls are not held up


def read_lines(
    shop: Shop, *, page_size: int, beat: Callable[[], None], most: int = MOST_A_RUN
) -> dict[str, int]:
    """Read the lines that are missing or may have changed. Returns how many orders were read.

    `most` is how many pages of them. An order that changed in this very second may change again in
    it, so it stays among them; it is asked for again by the next run, not by this one.
    """
    ask = partial(_ask, shop, ",".join(order_statuses(ShopFact.all())))
    around = Around("lines", "id", ask, partial(_other_orders, ask), beat)
    read = 0
    for orders in chunked(Order.without_lines(most * page_size), page_size):
        read += _file(orders, around.read(orders))
    return {"orders": read} if read else {}


def _ask(shop: Shop, statuses: str, orders: Sequence[int]) -> Page:
    return shop.page(
        "orders",
        include=",".join(map(str, orders)),
        status=statuses,
        _fields=copies.LINE_FIELDS,
        orderby="id",
        order="asc",
        per_page=len(orders),
    )


def _other_orders(
    ask: Callable[[Sequence[int]], Page], doubted: Sequence[int]
) -> Iterator[Callable[[], Page]]:
    """One whose lines came before, the oldest and the newest; of those doubted only if there is no
    other, and never the only one.
    """
    with_lines = OrderLine.select(fn.MAX(OrderLine.order_id))
    ends = Order.select(fn.MIN(Order.woo_id), fn.MAX(Order.woo_id))
    outside = Order.woo_id.not_in(list(doubted))
    [(came,)] = tuples(with_lines.where(OrderLine.order_id.not_in(list(doubted))))
    [(oldest, newest)] = tuples(ends.where(outside))
    if oldest is None and len(doubted) > 1:
        oldest, newest = min(doubted), max(doubted)
    for number in dict.fromkeys((came, newest, oldest)):
        if number is not None:
            yield partial(ask, [number])


def _file(orders: Sequence[int], page: Page) -> int:
    lines: list[copies.Row] = []
    # An order that did not come is gone or breaks the shop, and one that makes no sense will make no
    # more of it until it changes. All count as read, or they would be asked for without end.
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
