"""Variations, which every WooCommerce lists in another way.

Since 10.3 `wc/v3/variations` has all of them. Before, `wc-analytics/variations` does, unless a host
has switched WooCommerce's analytics off. `products/<id>/variations` is always there, one request a
product. Which of them a shop has is asked, not guessed from its version.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agent.clients.shop import Page, Shop
from agent.errors import Garbled, Refused
from agent.jobs.pull.around import by_places
from agent.jobs.pull.filing import GONE, Filing, News, forget
from agent.jobs.pull.gone import MOST, NO_SUCH_ROW, look_for
from agent.jobs.pull.kinds import ANALYTICS_VARIATIONS, VARIATIONS
from agent.log import Log
from models import Product, ShopFact
from models.base import transaction, tuples

log = Log(__name__)

EVERYWHERE = ("variations", ANALYTICS_VARIATIONS)  # in the order of preference
PER_PARENT = ""


def probe_variations(shop: Shop) -> str:
    """Find out where the shop lists all variations, keep and return it; "" where nowhere."""
    found = next((endpoint for endpoint in EVERYWHERE if _answers(shop, endpoint)), PER_PARENT)
    before = ShopFact.all().get("variations")
    if found != before:
        log.info("shop.variations", listed=found or "per product")
    ShopFact.put({"variations": found, "variations_by_parent": _by_parent(shop, found)})
    return found


def _answers(shop: Shop, endpoint: str) -> bool:
    try:
        shop.page(endpoint, per_page=1, _fields="id,parent_id,status")
    except (Refused, Garbled) as no:
        log.debug("shop.no_list", endpoint=endpoint, what=no.what)
        return False
    return True


def _by_parent(shop: Shop, endpoint: str) -> str:
    """`endpoint`, if its list can be narrowed down to some products; else "".

    A filter that WooCommerce does not know is ignored without a word, so it is tried on a product
    that does not exist.
    """
    if endpoint == PER_PARENT:
        return ""
    page = shop.page(endpoint, parent=str(2**31 - 1), per_page=1, _fields="id")
    return "" if page.rows else endpoint


def read_variations_of(
    shop: Shop, filing: Filing, parents: Sequence[int], beat: Callable[[], None]
) -> tuple[News, set[int]]:
    """Read all variations of these products again. Returns the news, and the products of which it
    could not be made sure in this cycle.
    """
    together = ShopFact.all().get("variations_by_parent", "")
    batches = [list(parents)] if together else [[parent] for parent in parents]
    news, left = dict[int, tuple[str, ...]](), set[int]()
    for batch in batches:
        came: set[int] = set()
        for page in _all_pages(shop, filing, together, batch, beat):
            rows = [{"parent_id": batch[0], **row} for row in page.rows]
            with transaction():
                news |= VARIATIONS.absorb(rows, page.read_at, filing).news
            came |= {int(row["id"]) for row in rows}
        found, unsure = _look_for_missing(shop, filing, batch, came, beat)
        news |= found
        left |= unsure
    return news, left


def _look_for_missing(
    shop: Shop, filing: Filing, parents: list[int], came: set[int], beat: Callable[[], None]
) -> tuple[News, set[int]]:
    """Those that their products do not list any more: deleted, moved to another product, or in the
    trash, where they go together with their product."""
    ours = tuples(
        Product.select(Product.woo_id, Product.parent_id).where(Product.parent_id.in_(parents))
    )
    there = tuples(
        Product.select(Product.woo_id).where(Product.woo_id.in_(parents), Product.status != "trash")
    )
    present = {parent for (parent,) in there}
    missing = [(number, parent) for number, parent in ours if number not in came]
    gone = [number for number, parent in missing if parent not in present]
    doubted = [(number, parent) for number, parent in missing if parent in present]
    news = dict[int, tuple[str, ...]]()
    for number, _ in doubted[:MOST]:
        beat()
        found = look_for(shop, "products", number, VARIATIONS.fields)
        if found is None or found.rows[0].get("status") == "trash":
            gone.append(number)
            continue
        with transaction():
            news |= VARIATIONS.absorb(found.rows, found.read_at, filing).news
    with transaction():
        forget(Product, "variations", gone, filing)
    return news | dict.fromkeys(gone, GONE), {parent for _, parent in doubted[MOST:]}


def _all_pages(
    shop: Shop, filing: Filing, together: str, parents: list[int], beat: Callable[[], None]
) -> Iterator[Page]:
    """The pages of these products' variations."""
    if together:
        kind = replace(VARIATIONS, endpoint=lambda _: together)
        bounds = {"parent": ",".join(map(str, parents))}
    else:
        kind = replace(VARIATIONS, endpoint=lambda _: f"products/{parents[0]}/variations")
        bounds = {}
    around = by_places(shop, kind, filing, beat, bounds)
    begin, total = 0, 1
    while begin < total:
        try:
            page = around.read(range(begin, begin + filing.page_size))
        except Refused as no:
            if not no.code.endswith(NO_SUCH_ROW):
                raise
            return  # the product itself is no more
        yield page
        begin, total = begin + filing.page_size, page.total


def next_parent(after: int) -> int | None:
    """The product that follows `after` by id and has variations, or may have some; None behind the
    last. One that is no longer variable may have left some with us."""
    variable = Product.select(Product.woo_id).where(
        Product.woo_id > after, Product.type.startswith("variable")
    )
    held = Product.select(Product.parent_id).where(Product.parent_id > after)
    found = [
        query.order_by(column).limit(1).scalar()
        for query, column in ((variable, Product.woo_id), (held, Product.parent_id))
    ]
    return min((number for number in found if number is not None), default=None)


def count_parents() -> int:
    return int(Product.select().where(Product.type.startswith("variable")).count())
