"""The lines of new and changed orders, newest first.

They come after the headers and in requests of their own: a page of orders with lines costs the shop
eight times as much as one without.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from peewee import chunked, fn

from agent.clients.shop import Page, Shop
from agent.jobs.pull.ahead import Ahead
from agent.jobs.pull.around import Around, ids_of
from agent.jobs.pull.filing import LEFT_OUT, Filing, News, tell
from agent.jobs.pull.kinds import ORDERS
from agent.log import Log
from agent.rules import copies
from models import Cursor, Hint, Order, OrderLine, Product
from models.base import among, transaction, tuples

log = Log(__name__)

IN_VAIN = "lines"  # the kind of the hints
MOST_A_RUN = 20  # pages; the rest waits for the next run, so that polls are not held up


def read_lines(
    shop: Shop, filing: Filing, *, beat: Callable[[], None], most: int = MOST_A_RUN
) -> int:
    """Read the lines that are missing or may have changed. Returns how many orders were asked for.

    `most` is how many pages of them. An order that changed in this very second may change again in
    it, so it stays among them; it is asked for again by the next run, not by this one.
    """
    until = Cursor.shops_clock(filing.now)
    orders = Order.without_lines(most * filing.page_size, until)
    read_lines_of(shop, filing, orders, beat)
    return len(orders)


def read_oldest_lines(shop: Shop, filing: Filing, *, beat: Callable[[], None]) -> None:
    """Read a page of those lines again that were read longest ago: one may be saved by itself, and
    its order does not show it."""
    query = Order.select(Order.woo_id).where(Order.lines_at.is_null(False))
    oldest = query.order_by(Order.lines_at).limit(filing.page_size)
    read_lines_of(shop, filing, [number for (number,) in tuples(oldest)], beat)


def read_lines_of(
    shop: Shop, filing: Filing, orders: Sequence[int], beat: Callable[[], None]
) -> News:
    """Read the lines of these orders; the news are those whose lines changed by themselves."""
    ask = partial(ids_of, shop, ORDERS, filing, copies.LINE_FIELDS)
    around = Around("lines", "id", ask, partial(_other_orders, ask), beat)
    pages = [tuple(page) for page in chunked(orders, filing.page_size)]
    news = dict[int, tuple[str, ...]]()
    with Ahead(ask, width=filing.parallel, beat=beat) as ahead:
        for place, page in enumerate(pages):
            came = ahead.take(page)
            for following in pages[place + 1 : place + 1 + filing.parallel]:
                ahead.want(following)
            news |= _file(page, around.read(page) if came is None else came, filing)
            beat()
    return news


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


Line = dict[str, Any]


def _file(orders: Sequence[int], page: Page, filing: Filing) -> News:
    lines: list[copies.Row] = []
    coupons: dict[int, list[str]] = {}
    for one in page.rows:
        try:
            of_order, codes = copies.order_lines(one)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning(
                "mirror.set_aside", kind="lines", id=one.get("id"), reason=reason, fix=LEFT_OUT
            )
            continue
        lines.extend(of_order)
        coupons[int(one["id"])] = codes
    copied, came = list(coupons), {int(one["id"]) for one in page.rows}
    with transaction():
        before = _before(copied)
        _look_at_stock(copied, [*before.values(), *lines], filing)
        news = _changed_alone(copied, before, lines)
        tell("lines", news, page.read_at, filing)
        OrderLine.replace_for(copied, lines)
        Order.lines_read(coupons, page.read_at)
        # What did not come is gone, or breaks the shop. It keeps the lines that it had and counts as
        # read, or it would be asked for without end; that it was in vain is kept as well.
        missing = set(orders) - came
        Order.lines_tried(set(orders) - set(copied), page.read_at)
        Hint.note("orders", missing, "lines", filing.now)
        Hint.note(IN_VAIN, missing, "lines", filing.now)
        Hint.delete().where(Hint.kind == IN_VAIN, Hint.woo_id.in_(copied)).execute()
    return news


def read_lines_in_vain_again(shop: Shop, filing: Filing, *, beat: Callable[[], None]) -> None:
    """The lines that the shop broke on: somebody may have mended what they break on."""
    waiting = [hint.woo_id for hint in Hint.waiting(IN_VAIN, filing.page_size)]
    if waiting:
        read_lines_of(shop, filing, waiting, beat)


def _before(orders: Sequence[int]) -> dict[int, Line]:
    query = OrderLine.select().where(among(OrderLine.order_id, orders))
    lines: Iterable[Any] = query.dicts()
    return {line["woo_id"]: line for line in lines}


def _look_at_stock(orders: Sequence[int], lines: Sequence[Line], filing: Filing) -> None:
    """Read the products again that these orders took from the shelf, or put back.

    WooCommerce does not always date that change. Those that were read since the order changed are
    left: at the first fill that is all of them.
    """
    changed = dict(
        tuples(Order.select(Order.woo_id, Order.modified_at).where(among(Order.woo_id, orders)))
    )
    touched: dict[int, Any] = {}  # when the newest of the orders changed
    for line in lines:
        moment = changed.get(line["order_id"])
        for number in (line["product_id"], line["variation_id"]):
            if moment and number:
                touched[number] = max(touched.get(number, moment), moment)
    query = Product.select(Product.woo_id, Product.parent_id, Product.read_at)
    found = tuples(query.where(among(Product.woo_id, touched)))
    stale = [(number, parent) for number, parent, at in found if at <= touched[number]]
    Hint.note("products", [number for number, parent in stale if not parent], "order", filing.now)
    Hint.note("variations", [parent for _, parent in stale if parent], "order", filing.now)


def _changed_alone(
    orders: Sequence[int], before: Mapping[int, Line], lines: Sequence[Line]
) -> News:
    """The orders whose lines changed although nothing of their headers did."""
    read = Order.select(Order.woo_id).where(
        among(Order.woo_id, orders), Order.lines_at > Order.modified_at
    )
    unchanged = {number for (number,) in tuples(read)}
    now = {line["woo_id"]: line for line in lines}
    differing = [line for number, line in now.items() if before.get(number) != line]
    differing += [line for number, line in before.items() if number not in now]
    moved = {line["order_id"] for line in differing}
    return dict.fromkeys(sorted(moved & unchanged), ("lines",))


def lines_filled() -> bool:
    """Are the lines of all orders in?"""
    filled = Cursor.named(ORDERS.name).since is not None
    return filled and not Order.select().where(Order.lines_at.is_null()).exists()
