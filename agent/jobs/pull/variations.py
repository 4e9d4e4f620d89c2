"""Variations, which every WooCommerce lists in another way.

Since 10.3 `wc/v3/variations` has all of them. Before, `wc-analytics/variations` does, unless a host
has switched WooCommerce's analytics off. `products/<id>/variations` is always there, one request a
product. Which of them a shop has is asked, not guessed from its version.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.clients.shop import Page, Shop
from agent.errors import Garbled, Refused, Unauthorized
from agent.jobs.pull.around import by_places
from agent.jobs.pull.filing import GONE, Filing, News, forget
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
) -> News:
    """Read all variations of these products again.

    What a product does not list any more is forgotten: deleted, or in the trash with its product.
    """
    together = ShopFact.all().get("variations_by_parent", "")
    batches = [list(parents)] if together else [[parent] for parent in parents]
    news = dict[int, tuple[str, ...]]()
    for batch in batches:
        news |= _read(shop, filing, together, batch, beat)
    return news


def _read(
    shop: Shop, filing: Filing, together: str, parents: list[int], beat: Callable[[], None]
) -> News:
    pages, whole = _all_pages(shop, filing, together, parents, beat)
    came: set[int] = set()
    news = dict[int, tuple[str, ...]]()
    with transaction():
        for page in pages:
            rows = [{"parent_id": parents[0], **row} for row in page.rows]
            news |= VARIATIONS.absorb(rows, page.served_at, filing).news
            came |= {int(row["id"]) for row in rows}
        if not whole:
            return news
        query = Product.select(Product.woo_id).where(Product.parent_id.in_(parents))
        gone = [number for (number,) in tuples(query) if number not in came]
        forget(Product, "variations", gone, filing)
    return news | dict.fromkeys(gone, GONE)


def _all_pages(
    shop: Shop, filing: Filing, together: str, parents: list[int], beat: Callable[[], None]
) -> tuple[list[Page], bool]:
    """The pages of these products' variations, and whether nothing is missing in between."""
    if together:
        kind = replace(VARIATIONS, endpoint=lambda _: together)
        bounds = {"parent": ",".join(map(str, parents))}
    else:
        kind = replace(VARIATIONS, endpoint=lambda _: f"products/{parents[0]}/variations")
        bounds = {}
    around = by_places(shop, kind, filing, beat, bounds)
    pages: list[Page] = []
    came: set[int] = set()
    begin, size = 0, filing.page_size
    while True:
        try:
            page = around.read(range(begin, begin + size))
        except Refused as no:
            if isinstance(no, Unauthorized) or together:
                raise
            return [], True  # the product itself is no more
        pages.append(page)
        came |= {int(row["id"]) for row in page.rows}
        begin += size
        if begin >= page.total:
            return pages, len(came) == page.total


def next_parent(after: int) -> int | None:
    """The variable product that follows `after` by id; None behind the last."""
    query = Product.select(Product.woo_id).where(
        Product.woo_id > after, Product.type.startswith("variable")
    )
    found: int | None = query.order_by(Product.woo_id).limit(1).scalar()
    return found


def count_parents() -> int:
    return int(Product.select().where(Product.type.startswith("variable")).count())
