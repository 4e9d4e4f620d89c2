"""One walk over one kind of row: everything the first time, then what changed.

Always by id, ascending: walks in any other order lose rows in WooCommerce, because rows with equal
sort values swap between pages. Pages are cut by offset, and each begins with the last row of the one
before it: if that seam does not hold, rows vanished under the walk and it steps back. Rows that
change or appear meanwhile carry a later date, so the next poll, which begins where this one began,
finds them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.kinds import Filing, Kind
from agent.log import Log
from agent.rules.copies import shop_date
from models import Cursor
from models.base import transaction

log = Log(__name__)

STRICT = timedelta(seconds=1)  # the shop finds what changed after a bound, never what changed in it
LEAST_A_PAGE = 2  # rows: the seam, and one that is new


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
        beat()
        page = _ask(shop, kind, cursor, filing)
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


def _ask(shop: Shop, kind: Kind, cursor: Cursor, filing: Filing) -> Page:
    params: dict[str, str | int] = {
        **kind.params(filing),
        "_fields": kind.fields,
        "orderby": "id",
        "order": "asc",
        "per_page": _page_size(filing),
        "offset": max(cursor.walked - 1, 0),
    }
    if kind.by_change and cursor.since is not None:
        params["modified_after"] = shop_date(cursor.since - filing.overlap - STRICT)
        params["dates_are_gmt"] = "true"
    return shop.page(kind.endpoint, **params)


def _page_size(filing: Filing) -> int:
    return max(filing.page_size, LEAST_A_PAGE)


def _seam_holds(page: Page, cursor: Cursor) -> bool:
    """Does this page begin at or before the last row that we have? If not, something is missing."""
    if cursor.walked == 0:
        return True
    return bool(page.rows) and int(page.rows[0]["id"]) <= cursor.last_id


def _is_news(row: dict[str, Any], kind: Kind, seen: str, newest: int) -> bool:
    """Did the row change since the last poll, as far as its dates tell? (They compare as texts.)"""
    if not kind.by_change:
        return int(row["id"]) > newest
    return str(row.get("date_modified_gmt") or row.get("date_created_gmt") or "~") >= seen


def _move_on(cursor: Cursor, page: Page, kind: Kind, filing: Filing) -> bool:
    """Write where the walk stands now. True when it is through."""
    if page.rows:
        cursor.walked = max(cursor.walked - 1, 0) + len(page.rows)
        cursor.last_id = int(page.rows[-1]["id"])
    cursor.total = page.total
    done = len(page.rows) < _page_size(filing)
    if done:
        cursor.polled_at = filing.now
        cursor.since = cursor.walk_began if cursor.since is None or kind.by_change else cursor.since
        if kind.by_change:
            cursor.walk_began, cursor.walked, cursor.last_id = None, 0, 0
    cursor.save()
    return done
