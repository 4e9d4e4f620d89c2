"""Hints -> rows read again by their ids; what the shop does not have any more is forgotten.

A hint says that a row may have changed without moving its date: its stock because of an order, its
price because a scheduled sale began, anything because a webhook, a sweep or a count says so. All are
worked off here, and in the same way: the rows are asked for by `include=`, from each list that may
have them. A row that is in none of them is asked for once more by its id alone; only a shop that
counts none there has really lost it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from agent.clients.shop import Shop
from agent.errors import Garbled, Retryable
from agent.jobs.pull.around import by_ids, ids_of
from agent.jobs.pull.filing import GONE, Filing, News, forget
from agent.jobs.pull.kinds import (
    CATEGORIES,
    COUPONS,
    CUSTOMERS,
    ORDERS,
    PRODUCTS,
    TRASHED,
    Kind,
)
from agent.jobs.pull.refunds import read_refunds_of
from agent.jobs.pull.variations import read_variations_of
from agent.log import Log
from models import Hint
from models.base import transaction

log = Log(__name__)

# The lists that may have a row, by the kind of the hint. An order points at customers and products,
# a product at its variations, so they come in this order.
LISTS: dict[str, tuple[Kind, ...]] = {
    "orders": (ORDERS,),
    "customers": (CUSTOMERS,),
    "products": (PRODUCTS, TRASHED),
    "categories": (CATEGORIES,),
    "coupons": (COUPONS,),
}
PARENTS_A_TURN = 20
FEW = 20  # rows: so many may have been deleted by hand


def work_off_hints(
    shop: Shop, filing: Filing, *, beat: Callable[[], None], most: int = 20
) -> dict[str, int]:
    """Read again what the hints name, in at most `most` batches of each kind. Returns what was news."""
    news: dict[str, int] = {}
    for kind, lists in LISTS.items():
        for hints, of_means in _batches(kind, filing.page_size, most, filing):
            ids = [hint.woo_id for hint in hints]
            news[kind] = news.get(kind, 0) + len(read_again(shop, lists, of_means, ids, beat))
            Hint.settle(hints)
    for kind, read in (("refunds", read_refunds_of), ("variations", read_variations_of)):
        size = filing.page_size if kind == "refunds" else PARENTS_A_TURN
        for hints, of_means in _batches(kind, size, most, filing):
            ids = [hint.woo_id for hint in hints]
            news[kind] = news.get(kind, 0) + len(read(shop, of_means, ids, beat))
            Hint.settle(hints)
    return {kind: count for kind, count in news.items() if count}


def _batches(
    kind: str, size: int, most: int, filing: Filing
) -> Iterator[tuple[Sequence[Hint], Filing]]:
    """Hints of one means at a time, so that it can be told what found a change."""
    for _ in range(most):
        waiting = Hint.waiting(kind, size)
        if not waiting:
            return
        for means, hints in groupby(sorted(waiting, key=attrgetter("means")), attrgetter("means")):
            yield list(hints), replace(filing, means=means)


def read_again(
    shop: Shop, lists: Sequence[Kind], filing: Filing, ids: Sequence[int], beat: Callable[[], None]
) -> News:
    """Read these rows from whichever of `lists` has them; what none of them has is forgotten."""
    news, left = dict[int, tuple[str, ...]](), sorted(ids)
    for kind in lists:
        if not left:
            break
        page = by_ids(shop, kind, filing, beat).read(left)
        with transaction():
            filed = kind.absorb(page.rows, page.served_at, filing)
        news |= filed.news
        came = {int(row["id"]) for row in page.rows}
        left = [number for number in left if number not in came]
    gone = left
    for kind in lists:
        gone = _without(shop, kind, filing, gone, beat)
    if gone and _is_plausible(shop, lists, filing):
        with transaction():
            forget(lists[0].table, lists[0].name, gone, filing)
    return news | dict.fromkeys(gone, GONE)


def _is_plausible(shop: Shop, lists: Sequence[Kind], filing: Filing) -> bool:
    """Is there anything in these lists at all? A shop that lost everything at once has most likely
    lost its plugin or its database, and all comes back."""
    if lists[0].held().count() <= FEW:
        return True
    if any(
        shop.page(kind.endpoint(filing), **kind.params(filing), _fields="id", per_page=1).total
        for kind in lists
    ):
        return True
    log.warning(
        "mirror.all_gone",
        kind=lists[0].name,
        fix="the shop says that it has none at all; the mirror keeps what it has. If it is true, "
        "begin with a new database",
    )
    return False


def _without(
    shop: Shop, kind: Kind, filing: Filing, ids: Sequence[int], beat: Callable[[], None]
) -> list[int]:
    """Those of `ids` that this list certainly does not have.

    WooCommerce counts a row that it cannot load and leaves it out; such a row is not gone, and
    neither is one that breaks the shop even when only its id is asked for.
    """
    if not ids:
        return []
    beat()
    try:
        page = ids_of(shop, kind, filing, "id", ids)
    except (Retryable, Garbled) as failure:
        if isinstance(failure, Retryable) and failure.after is not None:
            raise
        total, came = len(ids), set[int]()
    else:
        total, came = page.total, {int(row["id"]) for row in page.rows}
    if total == len(came):
        return [number for number in ids if number not in came]
    if len(ids) == 1:
        log.warning("mirror.set_aside", kind=kind.name, id=ids[0], reason="the shop cannot load it")
        return []
    half = len(ids) // 2
    return [
        *_without(shop, kind, filing, ids[:half], beat),
        *_without(shop, kind, filing, ids[half:], beat),
    ]
