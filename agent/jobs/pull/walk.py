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
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.around import Around
from agent.jobs.pull.kinds import Filing, Kind
from agent.log import Log
from agent.rules.copies import shop_date
from models import Cursor
from models.base import transaction

log = Log(__name__)

STRICT = timedelta(seconds=1)  # the shop finds what changed after a bound, never what changed in it
LEAST_A_PAGE = 2  # rows: the seam, and one that is new
ANY_ID = 2**63 - 1  # as `last_id`: the row before is not known, so whatever follows is right


def walk(shop: Shop, kind: Kind, filing: Filing, *, beat: Callable[[], None]) -> int:
    """Walk on from where the cursor stands; returns how many rows are news.

    A poll looks back a little behind its cursor, so most rows of a quiet minute are no news.

    The cursor moves in the transaction that writes the page, so a walk that is cut short anywhere
    goes on from there.
    """
    cursor = Cursor.named(kind.name)
    seen = shop_date(cursor.since) if kind.by_change and cursor.since else ""
    newest = cursor.last_id
    news = 0
    while True:
        page = _ask(shop, kind, cursor, filing, beat)
        if _clock_went_back(page, cursor, filing):
            log.warning(
                "shop.clock_went_back", kind=kind.name, was=cursor.since, now=page.served_at
            )
            cursor.since, cursor.walk_began, cursor.walked, cursor.last_id = None, None, 0, 0
            cursor.save()
            seen, newest = "", 0
            continue
        if not _seam_holds(page, cursor):
            log.info("walk.step_back", kind=kind.name, walked=cursor.walked)
            cursor.walked = max(0, cursor.walked - _page_size(filing))
            cursor.last_id = 0 if cursor.walked == 0 else cursor.last_id
            continue
        if cursor.walk_began is None:
            cursor.walk_began = page.served_at
        with transaction():
            kind.absorb(page.rows, page.served_at, filing)
            done = _move_on(cursor, page, kind, filing)
        news += sum(_is_news(row, kind, seen, newest) for row in page.rows)
        if done:
            return news


def begin_again(kind: Kind) -> None:
    """Let the next walk start at the first row."""
    Cursor.update(walked=0, last_id=0, walk_began=None).where(Cursor.name == kind.name).execute()


def _ask(shop: Shop, kind: Kind, cursor: Cursor, filing: Filing, beat: Callable[[], None]) -> Page:
    """The next page, without the rows that the shop breaks on."""
    every: dict[str, str | int] = {**kind.params(filing), "_fields": kind.fields, "orderby": "id"}
    bounds: dict[str, str | int] = {}
    if kind.by_change and cursor.since is not None:
        bounds["modified_after"] = shop_date(cursor.since - filing.overlap - STRICT)
        bounds["dates_are_gmt"] = "true"

    def ask(places: Sequence[int]) -> Page:
        cut: dict[str, str | int] = {"per_page": len(places), "offset": places[0]}
        return shop.page(kind.endpoint, **every, **bounds, order="asc", **cut)

    def ends_of_the_list(_: Sequence[int]) -> Iterator[Callable[[], Page]]:
        """The shop's oldest row and its newest: a poll may have no row but the one that breaks."""
        for order in ("asc", "desc"):
            yield partial(shop.page, kind.endpoint, **every, order=order, per_page=1)

    begin = _offset(cursor)
    around = Around(kind.name, "place", ask, ends_of_the_list, beat)
    return around.read(range(begin, begin + _page_size(filing)))


def _offset(cursor: Cursor) -> int:
    return max(cursor.walked - 1, 0)


def _page_size(filing: Filing) -> int:
    return max(filing.page_size, LEAST_A_PAGE)


def _clock_went_back(page: Page, cursor: Cursor, filing: Filing) -> bool:
    """Does the shop count an earlier time than at the last poll?

    Then its clock was ahead for a while. What changed since it was set right carries dates that a
    poll from there would never ask for.
    """
    return cursor.since is not None and page.served_at < cursor.since - filing.overlap


def _seam_holds(page: Page, cursor: Cursor) -> bool:
    """Does this page begin at or before the last row that we have? If not, something is missing."""
    if cursor.walked == 0 or cursor.last_id == ANY_ID:
        return True
    if not page.rows:
        return _offset(cursor) < page.total  # there are rows here, but none that can be loaded
    return int(page.rows[0]["id"]) <= cursor.last_id


def _is_news(row: dict[str, Any], kind: Kind, seen: str, newest: int) -> bool:
    """Did the row change since the last poll, as far as its dates tell? (They compare as texts.)"""
    if not kind.by_change:
        return int(row["id"]) > newest
    return str(row.get("date_modified_gmt") or row.get("date_created_gmt") or "~") >= seen


def _move_on(cursor: Cursor, page: Page, kind: Kind, filing: Filing) -> bool:
    """Write where the walk stands now. True when it is through."""
    begin, size, came = _offset(cursor), _page_size(filing), len(page.rows)
    done = came < size and begin + size >= page.total
    if came >= LEAST_A_PAGE or (done and came):
        cursor.walked = begin + came
        cursor.last_id = int(page.rows[-1]["id"])
    elif not done:
        # Nothing behind the seam can be loaded, and going on by rows would stay here for ever.
        cursor.walked = begin + size
        cursor.last_id = ANY_ID
    cursor.total = page.total
    if done:
        cursor.polled_at = filing.now
        cursor.since = cursor.walk_began if cursor.since is None or kind.by_change else cursor.since
        # The next walk over a list without dates begins at this end, even if the jump went beyond.
        cursor.walked = min(cursor.walked, page.total)
        if kind.by_change:
            cursor.walk_began, cursor.walked, cursor.last_id = None, 0, 0
    cursor.save()
    return done
