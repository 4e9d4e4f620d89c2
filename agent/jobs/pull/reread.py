"""Hints -> rows read again by their ids; what the shop does not have any more is forgotten.

A hint says that a row may have changed without moving its date: its stock because of an order, its
price because a scheduled sale began, anything because a webhook, a sweep or a count says so. All are
worked off here, and in the same way: the rows are asked for by `include=`, from each list that may
have them. What is in none of them is believed to be gone only by what `gone.py` makes sure of.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter

from agent.clients.shop import Shop
from agent.errors import Garbled
from agent.jobs.pull.around import by_ids
from agent.jobs.pull.bearing import attempt, failed_of_late, forgive
from agent.jobs.pull.filing import GONE, Filing, News, forget
from agent.jobs.pull.gone import Confirmed, confirm
from agent.jobs.pull.kinds import (
    CATEGORIES,
    COUPONS,
    CUSTOMERS,
    ORDERS,
    PRODUCTS,
    TRASHED,
    Kind,
)
from agent.jobs.pull.people import hear_deletions
from agent.jobs.pull.refunds import read_refunds_of
from agent.jobs.pull.variations import probe_variations, read_variations_of
from models import Hint
from models.base import transaction

# The lists that may have a row, by the kind of the hint. An order points at customers and products,
# a product at its variations, so they come in this order.
LISTS: dict[str, tuple[Kind, ...]] = {
    "orders": (ORDERS,),
    "customers": (CUSTOMERS,),
    "products": (PRODUCTS, TRASHED),
    "categories": (CATEGORIES,),
    "coupons": (COUPONS,),
}
BY_PARENT = {"refunds": read_refunds_of, "variations": read_variations_of}
KINDS = (*LISTS, *BY_PARENT)
PARENTS_A_BATCH = 20

Read = Callable[[Shop, Filing, Sequence[int], Callable[[], None]], tuple[News, set[int]]]


def hints_due(filing: Filing) -> bool:
    """Is there a hint of a kind that was not refused of late?"""
    waiting = Hint.kinds()
    return any(kind in waiting and not failed_of_late(_name(kind), filing.now) for kind in KINDS)


def work_off_hints(
    shop: Shop, filing: Filing, *, beat: Callable[[], None], most: int = 20
) -> dict[str, int]:
    """Read again what the hints name, in at most `most` batches of each kind. Returns what was news."""
    waiting = Hint.kinds()
    news: dict[str, int] = {}
    for kind in KINDS:
        if kind in waiting:
            work = partial(_work_off, shop, kind, filing, beat, most)
            news[kind] = attempt(_name(kind), filing.now, work, 0)
            if kind == "variations" and failed_of_late(_name(kind), filing.now):
                # a host may have switched that list off: there are other ways
                listed = attempt("variations", filing.now, partial(probe_variations, shop), None)
                if listed not in {None, filing.variations}:
                    forgive(_name(kind))
    return {kind: count for kind, count in news.items() if count}


def _name(kind: str) -> str:
    return f"{kind} by id"


def _work_off(shop: Shop, kind: str, filing: Filing, beat: Callable[[], None], most: int) -> int:
    read: Read = BY_PARENT.get(kind) or partial(_read_listed, kind)
    size = PARENTS_A_BATCH if kind == "variations" else filing.page_size
    news = 0
    for hints, of_means in _batches(kind, size, most, filing):
        found, left = read(shop, of_means, [hint.woo_id for hint in hints], beat)
        news += len(found)
        Hint.settle(hint for hint in hints if hint.woo_id not in left)
        if left:
            break  # enough for this cycle
    return news


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


def _read_listed(
    kind: str, shop: Shop, filing: Filing, ids: Sequence[int], beat: Callable[[], None]
) -> tuple[News, set[int]]:
    return read_again(shop, LISTS[kind], filing, ids, beat)


def read_again(
    shop: Shop, lists: Sequence[Kind], filing: Filing, ids: Sequence[int], beat: Callable[[], None]
) -> tuple[News, set[int]]:
    """Read these rows from whichever of `lists` has them; what is gone is forgotten.

    Returns the news, and the ids of which it could not be made sure in this cycle.
    """
    news, missing = dict[int, tuple[str, ...]](), sorted(ids)
    for kind in lists:
        if not missing:
            break
        page = by_ids(shop, kind, filing, beat).read(missing)
        came = {int(row["id"]) for row in page.rows}
        if not came <= set(missing):
            raise Garbled(
                f"the shop was asked for some {kind.name} and gave others",
                fix="a cache in front of the shop mixes up its API answers: exempt /wp-json/ from it",
            )
        with transaction():
            filed = kind.absorb(page.rows, page.read_at, filing)
        news |= filed.news
        missing = [number for number in missing if number not in came]
    if not missing:
        return news, set()
    sure: Confirmed = confirm(shop, lists, filing, missing, beat)
    with transaction():
        if lists[0] is CUSTOMERS:
            hear_deletions(sure.gone, now=filing.now)
        forget(lists[0].table, lists[0].name, sure.gone, filing)
    return news | sure.news | dict.fromkeys(sure.gone, GONE), sure.open
