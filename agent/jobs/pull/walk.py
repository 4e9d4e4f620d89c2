"""One walk over one kind of row: everything the first time, then what changed.

Always by id, ascending: walks in any other order lose rows in WooCommerce, because rows with equal
sort values swap between pages. Pages are cut by offset, and each begins with the last row of the one
before it: if that seam does not hold, rows vanished under the walk and it steps back. Rows that
change or appear meanwhile carry a later date, so the next poll, which begins where this one began,
finds them.

A page may be short in the middle of the list: WooCommerce counts a row that it cannot load, and
leaves it out; so do we with one that it breaks on. Nobody tells at which place. So the walk goes on
by as many places as rows came, never more: the last of them then lies at or behind the next page's
beginning, and the seam holds even where a row is missing.

While a page is filed the next ones are on their way. They were cut as if every page were full; where
one is not, they are asked for again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.ahead import Ahead
from agent.jobs.pull.around import by_places, places_of
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import Kind
from agent.log import Log
from agent.rules.copies import shop_date
from models import Category, Cursor, Customer, Order, Product, Refund, ShopCoupon
from models.base import transaction

log = Log(__name__)

STRICT = timedelta(seconds=1)  # the shop finds what changed after a bound, never what changed in it
LEAST_A_PAGE = 2  # rows: the seam, and one that is new
ANY_ID = 2**63 - 1  # as `last_id`: the row before is not known, so whatever follows is right
TOLD_EVERY = timedelta(minutes=1)
WITHOUT_END = 2**31
COPIES = (Order, Product, Customer, Refund, Category, ShopCoupon)

Params = dict[str, str | int]


def walk(
    shop: Shop,
    kind: Kind,
    filing: Filing,
    *,
    beat: Callable[[], None],
    most: int = WITHOUT_END,
) -> int:
    """Walk on from where the cursor stands, over at most `most` pages; returns how many rows are news.

    The cursor moves in the transaction that writes the page, so a walk that is cut short anywhere
    goes on from there.
    """
    cursor = Cursor.named(kind.name)
    filing = replace(filing, first=cursor.polled_at is None and not kind.shared)
    told = Progress(kind.name, cursor)
    # A walk that was cut short goes on, but what changed since it began is asked for at once.
    resumed = kind.by_change and cursor.walk_began is not None
    news = 0
    with _Pages(shop, kind, filing, cursor, beat) as pages:
        for _ in range(most):
            page = pages.at(offset(cursor))
            if _clock_went_back(page, cursor, filing):
                put_clock_right(page, cursor, filing)
                cursor = Cursor.named(kind.name)
                pages.begin_anew(cursor)
                continue
            if not seam_holds(page, cursor):
                step_back(kind, cursor, filing)
                pages.forget()
                continue
            if cursor.walk_began is None:
                cursor.walk_began = page.read_at
            pages.prepare(page, offset(cursor))
            with transaction():
                filed = kind.absorb(page.rows, page.read_at, filing)
                done = move_on(cursor, page, filing)
                if done:
                    _arrive(cursor, page, kind, None if resumed else filing.now)
                cursor.save()
            news += len(filed.news)
            told.look(page)
            if done and not resumed:
                break
            if done:
                resumed, filing = False, replace(filing, first=False)
                pages.begin_anew(cursor)
    return news


class _Pages:
    """The pages of one walk, those that come next asked for ahead."""

    def __init__(
        self, shop: Shop, kind: Kind, filing: Filing, cursor: Cursor, beat: Callable[[], None]
    ) -> None:
        self._shop, self._kind, self._filing, self._beat = shop, kind, filing, beat
        self._size = page_size(filing)
        self._ahead: Ahead[int, Page] | None = None
        self.begin_anew(cursor)

    def begin_anew(self, cursor: Cursor) -> None:
        """From the bounds that the cursor has now."""
        self._bounds = _bounds(self._kind, cursor, self._filing)
        self._around = by_places(self._shop, self._kind, self._filing, self._beat, self._bounds)
        self.forget()

    def at(self, begin: int) -> Page:
        """The page that begins there, without the rows that the shop breaks on."""
        known = self._ahead.take(begin) if self._ahead else None
        if known is not None:
            self._beat()
            return known
        self.forget()
        return self._around.read(range(begin, begin + self._size))

    def prepare(self, page: Page, begin: int) -> None:
        """Ask for those after `page`. A poll with one page never asks for a second."""
        step = self._size - 1  # the seam is read twice
        following = range(begin + step, page.total, step)
        if len(page.rows) < self._size or page.total <= begin + self._size:
            return
        if self._ahead is None:
            width = self._filing.parallel
            self._ahead = Ahead(self._read, width=width, beat=self._beat)
        for one in following:
            if one > begin + step and one + 1 >= page.total:
                break  # nothing but the seam
            if not self._ahead.want(one):
                break

    def forget(self) -> None:
        if self._ahead is not None:
            self._ahead.drop()

    def _read(self, begin: int) -> Page:
        places = range(begin, begin + self._size)
        return places_of(self._shop, self._kind, self._filing, self._bounds, places)

    def __enter__(self) -> "_Pages":
        return self

    def __exit__(self, *_: object) -> None:
        if self._ahead is not None:
            self._ahead.__exit__(None, None, None)


def offset(cursor: Cursor) -> int:
    """Where the next page begins: at the last row that we have."""
    return max(cursor.walked - 1, 0)


def page_size(filing: Filing) -> int:
    return max(filing.page_size, LEAST_A_PAGE)


def seam_holds(page: Page, cursor: Cursor) -> bool:
    """Does this page begin at or before the last row that we have? If not, something is missing."""
    if cursor.walked == 0 or cursor.last_id == ANY_ID:
        return True
    if not page.rows:
        return offset(cursor) < page.total  # there are rows here, but none that can be loaded
    return int(page.rows[0]["id"]) <= cursor.last_id


def step_back(kind: Kind, cursor: Cursor, filing: Filing) -> None:
    """A page back, and another if the seam does not hold there either."""
    log.info("walk.step_back", kind=kind.name, walked=cursor.walked)
    cursor.walked = max(0, cursor.walked - page_size(filing))
    cursor.last_id = 0 if cursor.walked == 0 else cursor.last_id


def move_on(cursor: Cursor, page: Page, filing: Filing) -> bool:
    """Note where the walk stands now. True when it is through."""
    begin, size, came = offset(cursor), page_size(filing), len(page.rows)
    done = begin + size >= page.total
    if came >= LEAST_A_PAGE or (done and came):
        cursor.walked = begin + came
        cursor.last_id = int(page.rows[-1]["id"])
    elif not done:
        # Nothing behind the seam can be loaded, and going on by rows would stay here for ever.
        cursor.walked = begin + size
        cursor.last_id = ANY_ID
    cursor.total = page.total
    return done


def _bounds(kind: Kind, cursor: Cursor, filing: Filing) -> Params:
    if not kind.by_change or cursor.since is None:
        return {}
    after = shop_date(cursor.since - filing.overlap - STRICT)
    return {"modified_after": after, "dates_are_gmt": "true"}


def _clock_went_back(page: Page, cursor: Cursor, filing: Filing) -> bool:
    """Does the shop count an earlier time than at the last poll?

    Then its clock was ahead for a while. What changed since it was set right carries dates that a
    poll from there would never ask for.
    """
    return cursor.since is not None and page.served_at < cursor.since - filing.overlap


def put_clock_right(page: Page, cursor: Cursor, filing: Filing) -> None:
    """The shop's clock was ahead for a while, and is right again.

    It was so at the last poll and not any more now, so what has its date from the right clock is not
    older than that poll. What was read meanwhile has its dates from the wrong one: it would refuse
    every copy until then.
    """
    now = page.served_at
    passed = max(filing.now - cursor.polled_at, timedelta(0)) if cursor.polled_at else timedelta(0)
    back = now - passed - filing.overlap
    log.info("shop.clock_went_back", was=cursor.since, now=now)
    with transaction():
        for table in COPIES:
            columns: Any = table
            table.update(read_at=back).where(columns.read_at > now).execute()
        Order.update(lines_at=back).where(Order.lines_at > now).execute()
        Cursor.update(since=back, walk_began=None, walked=0, last_id=0).where(
            Cursor.since > now, ~Cursor.name.startswith("sweep ")
        ).execute()
        Cursor.update(since=back).where(Cursor.since > now).execute()


def _arrive(cursor: Cursor, page: Page, kind: Kind, now: datetime | None) -> None:
    """The walk is through: the next one begins where this one began. `now` is null for a walk that
    was cut short in between: it tells nothing of the present."""
    cursor.polled_at = now or cursor.polled_at
    cursor.since = cursor.walk_began if cursor.since is None or kind.by_change else cursor.since
    cursor.hurry = False
    # The next walk over a list without dates begins at this end, even if the jump went beyond.
    cursor.walked = min(cursor.walked, page.total)
    if kind.by_change:
        cursor.walk_began, cursor.walked, cursor.last_id = None, 0, 0


class Progress:
    """A line a minute about a long walk, with an estimate from the rate of this run.

    The time is that of the shop's answers: a job reads no clock.
    """

    def __init__(self, name: str, cursor: Cursor) -> None:
        self._name, self._cursor = name, cursor
        self._walked = cursor.walked
        self._began: datetime | None = None
        self._told: datetime | None = None

    def look(self, page: Page) -> None:
        now = page.served_at
        if self._began is None or self._told is None:
            self._began = self._told = now
            self._walked = self._cursor.walked
            return
        if now - self._told < TOLD_EVERY or not self._cursor.walked:
            return
        self._told = now
        walked, total = self._cursor.walked, self._cursor.total
        rate = (walked - self._walked) / (now - self._began).total_seconds()
        left = f"{(total - walked) / rate / 60:.0f}min" if rate > 0 else "unknown"
        log.info("mirror.filling", kind=self._name, rows=walked, of=total, left=left)
