"""Is a row really gone? A mirror that forgets too easily takes a buyer for one who went quiet.

An id that no list has is believed to be gone when each list counts none under it and the shop, asked
for the row itself, says that there is no such id. A row that WooCommerce counts and cannot load, an
order whose status belongs to a plugin that is switched off, a cache that mixes up answers, a shop
that lost its database for a moment: none of them gives all these answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.clients.shop import Page, Shop
from agent.errors import Garbled, Refused, Retryable
from agent.jobs.pull.around import ids_of
from agent.jobs.pull.filing import LEFT_OUT, Filing
from agent.jobs.pull.kinds import Kind
from agent.log import Log
from models.base import transaction

log = Log(__name__)

MOST = 25  # rows that are asked for one by one in a cycle
FEW = 20  # rows: so many may have been deleted by hand
NO_SUCH_ROW = ("_invalid_id", "_term_invalid")  # how WooCommerce's codes for it end


@dataclass(slots=True)
class Confirmed:
    """What came of it: gone for sure, news of those that are there after all, and not yet asked."""

    gone: list[int] = field(default_factory=list)
    news: dict[int, tuple[str, ...]] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)


def confirm(
    shop: Shop, lists: Sequence[Kind], filing: Filing, ids: Sequence[int], beat: Callable[[], None]
) -> Confirmed:
    """Make sure of at most MOST of them."""
    made = Confirmed(open=set(ids[MOST:]))
    doubted = list(ids[:MOST])
    for kind in lists:
        doubted = _without(shop, kind, filing, doubted, beat)
    if not doubted or not _is_plausible(shop, lists, filing):
        return made
    kind = lists[0]
    for number in doubted:
        beat()
        found = look_for(shop, kind.endpoint(filing), number, kind.fields)
        if found is None:
            made.gone.append(number)
            continue
        with transaction():
            filed = kind.absorb(found.rows, found.read_at, filing)
        made.news |= filed.news
    return made


def look_for(shop: Shop, endpoint: str, number: int, fields: str) -> Page | None:
    """A page of the row itself; None where the shop says that there is no such id. Raises Refused else."""
    try:
        return shop.item(f"{endpoint}/{number}", _fields=fields)
    except Refused as no:
        if no.code.endswith(NO_SUCH_ROW):
            return None
        raise


def _is_plausible(shop: Shop, lists: Sequence[Kind], filing: Filing) -> bool:
    """Is there anything in these lists at all? A shop that lost everything at once has most likely
    lost its plugin or its database, and all comes back."""
    if lists[0].held(filing).count() <= FEW:
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
        if not page.counted or not came <= set(ids):
            return []
    if total == len(came):
        return [number for number in ids if number not in came]
    if len(ids) == 1:
        reason = "the shop cannot load it"
        log.warning("mirror.set_aside", kind=kind.name, id=ids[0], reason=reason, fix=LEFT_OUT)
        return []
    half = len(ids) // 2
    return [
        *_without(shop, kind, filing, ids[:half], beat),
        *_without(shop, kind, filing, ids[half:], beat),
    ]
