"""How many rows has the shop? One less than we have is the cheapest sign of a deletion for good.

Where it happened is then searched by halves: the shop's list and ours are equal up to there, both in
the order of their ids. That takes a dozen requests for one id each, where a sweep of a large shop
takes hundreds of pages; and old orders are deleted every day where WooCommerce cleans up by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.around import by_places
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import Kind
from agent.jobs.pull.sweep import file_whole, swept
from agent.jobs.pull.walk import page_size
from agent.log import Log
from models import Cursor, Hint
from models.base import transaction

log = Log(__name__)

PAGES_A_SEARCH = 8  # what a search costs the shop, in pages of a sweep: so many are worth one


def count(shop: Shop, kind: Kind, filing: Filing, *, beat: Callable[[], None]) -> None:
    """Compare how many rows the shop has with how many we have, and look for what is missing.

    One too many may have come since the last poll, so it must be so twice.
    """
    beat()
    page = _ids(shop, kind, filing, place=0)
    sweep, looked = Cursor.named(swept(kind)), Cursor.named(f"count {kind.name}")
    off = page.total - kind.held().count() - sweep.beyond
    if off < 0 or (off > 0 and looked.total > 0):
        log.info("mirror.count_differs", kind=kind.name, shop=page.total, off=off)
        filing = replace(filing, means="count")
        if sweep.beyond or not _search(shop, kind, filing, page.total, beat):
            Cursor.hasten(swept(kind))
        off = 0
    looked.total, looked.polled_at = off, filing.now
    looked.save()


def _search(shop: Shop, kind: Kind, filing: Filing, total: int, beat: Callable[[], None]) -> bool:
    """Find where the lists part, and file that page; again until they count the same.

    False where a sweep costs less.
    """
    size = page_size(filing)
    for _ in range(-(-total // size) // PAGES_A_SEARCH):
        place = _first_difference(shop, kind, filing, total, beat)
        begin = max(place - 1, 0)
        page = by_places(shop, kind, filing, beat, {}).read(range(begin, begin + size))
        with transaction():
            file_whole(
                kind, page, filing,
                after=(_ours(kind, begin) or 0) if place else 0, to_the_end=begin + size >= page.total,
            )  # fmt: skip
        total = page.total
        if _undoubted(kind).count() == total:
            return True
    return False


def _first_difference(
    shop: Shop, kind: Kind, filing: Filing, total: int, beat: Callable[[], None]
) -> int:
    """The first place at which the shop has another row than we."""
    equal, differs = 0, min(total, _undoubted(kind).count())
    while equal < differs:
        beat()
        middle = (equal + differs) // 2
        rows = _ids(shop, kind, filing, place=middle).rows
        if rows and int(rows[0]["id"]) == _ours(kind, middle):
            equal = middle + 1
        else:
            differs = middle
    return equal


def _ids(shop: Shop, kind: Kind, filing: Filing, *, place: int) -> Page:
    return shop.page(
        kind.endpoint(filing), **kind.params(filing),
        _fields="id", orderby="id", order="asc", per_page=1, offset=place,
    )  # fmt: skip


def _undoubted(kind: Kind) -> Any:
    """The ids that we have, without those that are doubted already."""
    columns: Any = kind.table
    doubted = Hint.select(Hint.woo_id).where(Hint.kind == kind.name)
    return kind.held().where(columns.woo_id.not_in(doubted))


def _ours(kind: Kind, place: int) -> int | None:
    """The id at this place of our list."""
    columns: Any = kind.table
    found: int | None = _undoubted(kind).order_by(columns.woo_id).limit(1).offset(place).scalar()
    return found
