"""Reading every row once more, a page at a time: what moved no date, and what is no more.

A sweep walks the whole list by id like the first walk does. Between the last row of one page and the
last of the next the shop has just the rows that came: whatever the mirror has there beside them is
asked for by its id, and forgotten if the shop does not have it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.clients.shop import Page, Shop
from agent.jobs.pull.around import by_places
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import Kind
from agent.jobs.pull.walk import ANY_ID, move_on, offset, page_size, seam_holds, step_back
from agent.log import Log
from models import Cursor, Hint
from models.base import transaction, tuples

log = Log(__name__)


def swept(kind: Kind) -> str:
    """Name of the cursor that tells how far the sweep of this kind is."""
    return f"sweep {kind.name}"


def sweep_on(shop: Shop, kind: Kind, filing: Filing, *, beat: Callable[[], None]) -> int:
    """Read the next page of the round; returns how many rows were news.

    The round is through when the cursor stands at the beginning again; `since` then tells when it
    began, by the shop's clock.
    """
    cursor = Cursor.named(swept(kind))
    filing = replace(filing, means="count" if cursor.hurry else "sweep")
    begin = offset(cursor)
    page = by_places(shop, kind, filing, beat, {}).read(range(begin, begin + page_size(filing)))
    if not seam_holds(page, cursor):
        step_back(kind, cursor, filing)
        cursor.save()
        return 0
    if cursor.walk_began is None:
        cursor.walk_began = page.read_at
    with transaction():
        after = _known_up_to(cursor, page)
        done = move_on(cursor, page, filing)
        news, _ = file_whole(kind, page, filing, after=after, to_the_end=done)
        cursor.polled_at = filing.now
        if done:
            _end(kind, cursor, page, filing)
        cursor.save()
    return news


def _known_up_to(cursor: Cursor, page: Page) -> int:
    """The id behind which this page shows all that the shop has."""
    if cursor.walked == 0:
        return 0
    if cursor.last_id == ANY_ID:  # nothing could be loaded before it: who knows what is there
        return int(page.rows[0]["id"]) if page.rows else ANY_ID
    return cursor.last_id


def file_whole(
    kind: Kind, page: Page, filing: Filing, *, after: int, to_the_end: bool
) -> tuple[int, list[int]]:
    """File a page of the whole list that begins at or before the row `after`.

    Returns how many rows are news, and the ids of those of ours that the shop did not give where they
    should stand: they are doubted, and asked for by their ids. Runs in the caller's transaction.
    """
    news = len(kind.absorb(page.rows, page.read_at, filing).news)
    columns: Any = kind.table
    held = kind.held(filing).where(columns.woo_id > after)
    if not to_the_end:
        held = held.where(columns.woo_id < (int(page.rows[-1]["id"]) if page.rows else 0))
    came = {int(row["id"]) for row in page.rows}
    missing = [number for (number,) in tuples(held) if number not in came]
    if missing:
        Hint.note(*kind.missing(missing), filing.means, filing.now)
    return news, missing


def _end(kind: Kind, cursor: Cursor, page: Page, filing: Filing) -> None:
    columns: Any = kind.table
    read = kind.held(filing).where(columns.read_at >= cursor.walk_began).count()
    cursor.beyond = max(0, page.total - read)
    cursor.since, cursor.walk_began = cursor.walk_began, None
    cursor.walked, cursor.last_id, cursor.hurry = 0, 0, False
    if not kind.by_change:  # a list without dates is read by its sweep only
        Cursor.update(polled_at=filing.now).where(Cursor.name == kind.name).execute()
