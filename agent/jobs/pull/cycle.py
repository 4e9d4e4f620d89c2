"""shop -> mirror: one cycle. It asks as little as can be, and leaves nothing behind that it knows of.

    what changed by date    orders, products                          every cycle
    what that points at     lines, refunds, products, accounts        when there is something
    what is not filled yet  variations, refunds, accounts, lines      some pages a cycle
    all the rest            sweeps, counts, trash, facts              one question a cycle, by turns

So a cycle in which nothing happened costs the shop three small requests.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from agent.clients.shop import Shop
from agent.config import Settings
from agent.errors import Refused
from agent.jobs.pull.bearing import attempt, failed_of_late
from agent.jobs.pull.facts import read_fact, read_shop_facts
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import (
    CATEGORIES,
    CUSTOMERS,
    ORDERS,
    PRODUCTS,
    REFUNDS,
    TRASHED,
    VARIATIONS,
    Kind,
)
from agent.jobs.pull.lines import MOST_A_RUN, lines_filled, read_lines
from agent.jobs.pull.reread import hints_due, work_off_hints
from agent.jobs.pull.turns import take_turns
from agent.jobs.pull.walk import WITHOUT_END, walk
from agent.log import Log
from models import Cursor, Hint, Product, ShopFact

log = Log(__name__)

PAGES_A_CYCLE = 100  # of what is being filled for the first time, so that polls are not held up
ROUNDS = 4  # a hint may lead to another: an order to its lines, they to a product, it to variations
PAGES_OF_LINES_BY_HINTS = 4
SALES = "sale moments"  # name of the cursor


def run_cycle(
    shop: Shop,
    settings: Settings,
    *,
    now: datetime,
    beat: Callable[[], None],
    pages: int = PAGES_A_CYCLE,
    pages_of_lines: int = MOST_A_RUN,
) -> dict[str, int]:
    """Bring the mirror up to date. Returns how many rows of each kind were news.

    `pages` and `pages_of_lines` bound what is read for the first time; the orders' headers and the
    products are read to the end.
    """
    if not ShopFact.complete():
        read_shop_facts(shop, settings)
    counts = poll(shop, settings, now=now, beat=beat)
    filing = Filing.from_settings(settings, now)
    counts.update(_fill(shop, filing, beat=beat, pages=pages))
    lines = read_lines(shop, filing, beat=beat, most=pages_of_lines)
    counts.update({"lines": lines})
    _look_for_sales(filing)
    take_turns(shop, settings, filing, beat=beat)
    counts.update(follow_up(shop, filing, beat=beat))
    return {kind: news for kind, news in counts.items() if news}


def poll(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> Counter[str]:
    """What changed since the last poll, by its date: orders and products, and refunds where an order
    moved; a refund moves the date of its order."""
    filing = Filing.from_settings(settings, now)
    counts: Counter[str] = Counter()
    try:
        counts["orders"] = walk(shop, ORDERS, filing, beat=beat)
    except Refused as no:
        if no.code != "rest_invalid_param":
            raise
        # A status that a plugin brought went with it: WooCommerce refuses a list that names it.
        read_fact(shop, settings, "statuses")
        filing = Filing.from_settings(settings, now)
        counts["orders"] = walk(shop, ORDERS, filing, beat=beat)
    counts["products"] = walk(shop, PRODUCTS, filing, beat=beat)
    counts["refunds"] = _read_refunds(shop, filing, beat)
    return counts


def _read_refunds(shop: Shop, filing: Filing, beat: Callable[[], None]) -> int:
    """Those that came since the last time, where an order that moved has given the sign."""
    refunds = Cursor.named(REFUNDS.name)
    if refunds.since is None or not refunds.hurry:
        return 0
    read = partial(walk, shop, REFUNDS, filing, beat=beat)
    return attempt(REFUNDS.name, filing.now, read, 0)


def follow_up(shop: Shop, filing: Filing, *, beat: Callable[[], None]) -> Counter[str]:
    """Work off all hints, and those that this gives."""
    counts: Counter[str] = Counter()
    for _ in range(ROUNDS):
        if not hints_due(filing):
            break
        by_orders = ORDERS.name in Hint.kinds()  # what is told of them needs their lines, too
        counts.update(work_off_hints(shop, filing, beat=beat))
        counts["refunds"] += _read_refunds(shop, filing, beat)
        if by_orders:
            counts["lines"] += read_lines(shop, filing, beat=beat, most=PAGES_OF_LINES_BY_HINTS)
    return counts


def follow_hints(
    shop: Shop, settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """Between two cycles: what a webhook of the shop has told meanwhile."""
    if not Hint.kinds() or not ShopFact.complete():
        return {}
    filing = Filing.from_settings(settings, now)
    if not filled(filing):
        return {}
    counts = follow_up(shop, filing, beat=beat)
    return {kind: news for kind, news in counts.items() if news}


def first_kinds(filing: Filing) -> tuple[Kind, ...]:
    """The lists that are read in full at the start, in their order: decisions need the first."""
    variations = (VARIATIONS,) if filing.variations else ()
    return (ORDERS, PRODUCTS, *variations, REFUNDS, CUSTOMERS, TRASHED, CATEGORIES)


def filled(filing: Filing) -> bool:
    """Has every list been read in full once, but those that the shop refuses? (The lines of orders
    come later.)"""
    known = {cursor.name for cursor in Cursor.select().where(Cursor.since.is_null(False))}
    return all(
        kind.name in known or failed_of_late(kind.name, filing.now) for kind in first_kinds(filing)
    )


def pull_all(
    shop: Shop, settings: Settings, *, now: Callable[[], datetime], beat: Callable[[], None]
) -> None:
    """Cycle after cycle until all of the shop is in the mirror, with all lines."""
    while True:
        run_cycle(
            shop, settings, now=now(), beat=beat, pages=WITHOUT_END, pages_of_lines=WITHOUT_END
        )
        filing = Filing.from_settings(settings, now())
        if filled(filing) and lines_filled() and not hints_due(filing):
            return


def _fill(shop: Shop, filing: Filing, *, beat: Callable[[], None], pages: int) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    if filled(filing):
        return counts
    for kind in first_kinds(filing):
        if Cursor.named(kind.name).since is None:
            read = partial(walk, shop, kind, filing, beat=beat, most=pages)
            counts[kind.name] = attempt(kind.name, filing.now, read, 0)
            if Cursor.named(kind.name).since is None and not failed_of_late(kind.name, filing.now):
                break  # the rest in the next cycle, after a poll
    return counts


def _look_for_sales(filing: Filing) -> None:
    """Scheduled sales begin and end by the clock, and no date moves until WooCommerce's cron has run.

    A variation's price flips on the second. That of a product does with the cron, which moves its
    date, so the next poll after it has it.
    """
    looked, orders = Cursor.named(SALES), Cursor.named(ORDERS.name)
    until = orders.since  # the shop's clock, some moments ago
    if until is None:
        return
    if looked.since is not None and looked.since < until:
        before, moment = looked.since, until
        # WooCommerce counts both bounds as within the sale
        begins = (Product.sale_from >= before) & (Product.sale_from <= moment)
        ends = (Product.sale_to >= before) & (Product.sale_to < moment)
        due = list(Product.select(Product.woo_id, Product.parent_id).where(begins | ends))
        parents = {one.parent_id for one in due if one.parent_id}
        products = {one.woo_id for one in due if not one.parent_id} | parents
        Hint.note("products", products, "sale", filing.now)
        Hint.note("variations", parents, "sale", filing.now)
    if looked.since is None or looked.since != until:
        looked.since = until
        looked.save()
