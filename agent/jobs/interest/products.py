"""Which article is meant, and what it was like at a moment, in sets."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from agent.rules.articles import Article, Copy, find, retailer_ids, spelt_out
from agent.rules.events import What
from models import Product, ProductChange
from models.base import among, tuples


def find_articles(products: Collection[What], retailer_id: str) -> dict[What, Article]:
    """The article of each that is known for certain. `retailer_id` is the catalogue's pattern."""
    read = retailer_ids(retailer_id)
    named = {what: spelt_out(what, read) for what in products}
    ids = {number for one in named.values() for number in (one.product_id, one.variation_id)}
    by_id = {one.product_id: one for _, one in _copies(among(Product.woo_id, sorted(ids)))}
    by_sku = defaultdict[str, list[Copy]](list)
    if skus := sorted({one.sku for one in named.values() if one.sku}):
        for sku, one in _copies(among(Product.sku, skus)):
            by_sku[sku].append(one)
    found = {what: find(one, by_id, by_sku) for what, one in named.items()}
    return {what: article for what, article in found.items() if article is not None}


def _copies(which: object) -> list[tuple[str, Copy]]:
    query = Product.select(Product.sku, Product.woo_id, Product.parent_id, Product.status)
    return [
        (sku, Copy(number, parent, trashed=status == "trash"))
        for sku, number, parent, status in tuples(query.where(which))
    ]


class Past:
    """What the mirror had of some articles since a moment: price in minor units, and stock status.

    What is told late was seen at another price than today's.
    """

    def __init__(self, articles: Collection[Article], since: datetime) -> None:
        wanted = sorted({variation or product for product, variation in articles})
        products = Product.select(Product.woo_id, Product.price, Product.stock_status)
        self._now = {
            number: (price, stock)
            for number, price, stock in tuples(products.where(among(Product.woo_id, wanted)))
        }
        changes = (
            ProductChange.select(
                ProductChange.product_id,
                ProductChange.field,
                ProductChange.seen_at,
                ProductChange.was,
            )
            .where(
                among(ProductChange.product_id, wanted),
                ProductChange.field.in_(("price", "stock_status")),
                ProductChange.seen_at > since,
            )
            .order_by(ProductChange.seen_at, ProductChange.id)
        )
        self._moments = defaultdict[tuple[int, str], list[datetime]](list)
        self._was = defaultdict[tuple[int, str], list[str | None]](list)
        for number, name, moment, was in tuples(changes):
            self._moments[number, name].append(moment)
            self._was[number, name].append(was)

    def price(self, article: Article, at: datetime) -> int | None:
        """None where there was none, or the mirror does not have it."""
        number = article[1] or article[0]
        changed, was = self._before(number, "price", at)
        if changed:
            return None if was is None else int(was)
        price: int | None = self._now.get(number, (None, ""))[0]
        return price

    def stock_status(self, article: Article, at: datetime) -> str:
        """'' where the mirror does not have it."""
        number = article[1] or article[0]
        changed, was = self._before(number, "stock_status", at)
        return (was or "") if changed else self._now.get(number, (None, ""))[1]

    def _before(self, number: int, name: str, at: datetime) -> tuple[bool, str | None]:
        """Whether it changed after `at`, and what it was until then."""
        place = bisect_right(self._moments[number, name], at)
        changed = place < len(self._moments[number, name])
        return changed, self._was[number, name][place] if changed else None
