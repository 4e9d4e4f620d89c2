"""How many rows has the shop? One less than we have is the cheapest sign of a deletion for good.

Where it happened is then searched by halves: the shop's list and ours are equal up to there, both in
the order of their ids. That takes a dozen requests for one id each, where a sweep of a large shop
takes hundreds of pages; and old orders are deleted every day where WooCommerce cleans up by itself.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.around import by_places
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import Kind
from agent.jobs.pull.sweep import file_whole, swept
from agent.jobs.pull.walk import page_size
from agent.log import Log
from models import Cursor
from models.base import transaction

log = Log(__name__)

MOST_SEARCHES = 4  # a turn; where more is missing, a sweep that does not wait costs less
PAGES_A_SEARCH = 8  # what a search costs the shop, in pages of a sweep


def count(shop: Shop, kind: Kind, filing: Filing, *, beat: Callable[[], None]) -> None:
    """Compare how many rows the shop has with how many we have, and look for what is missing.

    One too many may have come since the last poll, so it must be so twice.
    """
    beat()
    page = _ids(shop, kind, filing, place=0)
    if not page.counted:
        return  # something in front of the shop strips the header
    sweep, looked = Cursor.named(swept(kind)), Cursor.named(f"count {kind.name}")
    off = page.total - kind.held(filing).count() - sweep.beyond
    if off < 0 or (off > 0 and looked.total > 0):
        log.info("mirror.count_differs", kind=kind.name, shop=page.total, off=off)
        search = _Search(shop, kind, replace(filing, means="count"), page.total, beat)
        if search.run(sweep.beyond):
            sweep.beyond = search.beyond
            sweep.save()
        else:
            Cursor.hasten(swept(kind))
        off = 0
    looked.total, looked.polled_at = off, filing.now
    looked.save()


class _Search:
    """Looks for the places where the shop's list and ours part.

    `beyond` is how many rows the shop counts and cannot load, as far as the search came by them.
    """

    def __init__(
        self, shop: Shop, kind: Kind, filing: Filing, total: int, beat: Callable[[], None]
    ) -> None:
        self._shop, self._kind, self._filing, self._beat = shop, kind, filing, beat
        self._total = total
        self._doubted: set[int] = set()
        self.beyond = 0

    def run(self, beyond: int) -> bool:
        """File the pages where they part, until both count the same. False where a sweep costs less.

        `beyond`: so many rows are known that cannot be loaded.
        """
        size, start = page_size(self._filing), 0
        searches = min(MOST_SEARCHES, 1 + -(-self._total // size) // PAGES_A_SEARCH)
        for _ in range(searches + beyond):
            place = self._first_difference(start)
            if place >= self._total and self._held() == place - self.beyond:
                break
            if self._file(max(place - 1, 0), size):
                start = place
            else:
                # Nothing is new there and nothing missing: a row that cannot be loaded.
                self.beyond += 1
                start = place + 1
            if self._held() + max(self.beyond, beyond) == self._total:
                self.beyond = max(self.beyond, beyond)
                break
        return self._held() + self.beyond == self._total

    def _first_difference(self, start: int) -> int:
        """The first place from `start` on at which the shop has another row than we."""
        equal, differs = start, self._total
        while equal < differs:
            self._beat()
            middle = (equal + differs) // 2
            rows = _ids(self._shop, self._kind, self._filing, place=middle).rows
            if rows and int(rows[0]["id"]) == self._ours(middle - self.beyond):
                equal = middle + 1
            else:
                differs = middle
        return equal

    def _file(self, begin: int, size: int) -> bool:
        """File the page from there; was anything new in it, or missing?"""
        around = by_places(self._shop, self._kind, self._filing, self._beat, {})
        page = around.read(range(begin, begin + size))
        self._total = page.total
        with transaction():
            news, missing = file_whole(
                self._kind,
                page,
                self._filing,
                after=(self._ours(begin - self.beyond) or 0) if begin else 0,
                to_the_end=begin + size >= page.total,
            )
        fresh = set(missing) - self._doubted
        self._doubted |= fresh
        return bool(news or fresh)

    def _held(self) -> int:
        return int(_without(self._kind, self._filing, self._doubted).count())

    def _ours(self, place: int) -> int | None:
        """The id at this place of our list."""
        if place < 0:
            return None
        columns: Any = self._kind.table
        ours = _without(self._kind, self._filing, self._doubted).order_by(columns.woo_id)
        found: int | None = ours.limit(1).offset(place).scalar()
        return found


def _without(kind: Kind, filing: Filing, doubted: Collection[int]) -> Any:
    columns: Any = kind.table
    return kind.held(filing).where(columns.woo_id.not_in(list(doubted)))


def _ids(shop: Shop, kind: Kind, filing: Filing, *, place: int) -> Page:
    return shop.page(
        kind.endpoint(filing), **kind.params(filing),
        _fields="id", orderby="id", order="asc", per_page=1, offset=place,
    )  # fmt: skip
