"""What the shop has that somebody may be told of again: articles that are back or cheaper."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import SQL, fn

from agent.rules.interest import IN_STOCK, Article, places, units_of
from models import Message, Product
from models.base import among, instant, raw, tuples
from models.outbox import UNANSWERED, UNCOUNTED
from models.waiting import Stir

LEAVING = timedelta(minutes=5)  # in which a wave leaves: it need not be a whole hour ago
LONGEST_WAY = timedelta(days=1)  # of a message without an answer, from its decision on


def articles() -> dict[tuple[int, int], Article]:
    """(product, variation or 0) -> how it is now, for all that moved."""
    moved = raw(Stir.select(Stir.product_id, Stir.variation_id, Stir.sold_out_at))
    found = {product.woo_id: product for product in _products({number for number, *_ in moved})}
    variations: dict[int, list[_Row]] = {}
    for product in found.values():
        if product.parent_id:
            variations.setdefault(product.parent_id, []).append(product)
    known: dict[tuple[int, int], Article] = {}
    for number, variation, sold_out_at in moved:
        parent, itself = found.get(number), found.get(variation or number)
        if parent is None or itself is None:
            continue
        article = _article(itself, parent, instant(sold_out_at) if sold_out_at else None)
        shared = parent.stock_quantity  # where the product is counted, its variations are not
        own = [_article(each, parent, None) for each in variations.get(parent.woo_id, ())]
        if shared is None and own:
            shared = units_of(own)
        if shared != article.units_of_product:
            article = replace(article, units_of_product=shared)
        known[number, variation] = article
    return known


class Waves:
    """How many more people may be told now that an article is back.

    Who waits for any variation, and who waits for one, share the units: each has a place among those
    of the article and among those of the product. Who is not told yet has a place too: the next wave
    begins a while after this one has left.
    """

    def __init__(
        self,
        known: Iterable[Article],
        *,
        people_per_unit: int,
        wave_after: timedelta,
        now: datetime,
    ) -> None:
        # The next look comes an hour after the last, and what was told then left some moments later.
        limited = [
            one for one in known if one.units is not None or one.units_of_product is not None
        ]
        self._free: dict[Place, int] = {}
        if not limited:
            return
        told = _told_of_late(now - wave_after + min(LEAVING, wave_after / 4))
        of_product: Counter[int] = Counter()
        for (product, _), count in told.items():
            of_product[product] += count
        for one in limited:
            counted = {(ARTICLE, one.article_id): (one.units, told[one.key])}
            if not one.variation_id:
                counted = {}
            counted[PRODUCT, one.product_id] = (one.units_of_product, of_product[one.product_id])
            for place, (units, already) in counted.items():
                free = places(units, people_per_unit, already)
                if free is not None:
                    self._free[place] = free

    def free(self, article: Article) -> int | None:
        """None: the shop does not count it, and everybody may be told."""
        both = (self._free.get(place) for place in _places(article))
        return min((one for one in both if one is not None), default=None)

    def take(self, article: Article) -> None:
        for place in _places(article):
            if place in self._free:
                self._free[place] -= 1


Place = tuple[str, int]
ARTICLE, PRODUCT = "article", "product"


def _places(article: Article) -> tuple[Place, Place]:
    return (ARTICLE, article.article_id), (PRODUCT, article.product_id)


def _told_of_late(since: datetime) -> Counter[tuple[int, int]]:
    """(product, variation or 0) -> people who wait to be told that it is back, or were after `since`."""
    product = Message.product_id + 0  # not the column: all messages would be read in its order
    # an expression too, or all that this campaign ever wrote would be read
    back = Message.campaign.concat("") == "back_in_stock"
    told: Counter[tuple[int, int]] = Counter()
    for which in (
        Message.state == SQL("'queued'"),
        Message.accepted_at > since,
        (Message.created_at > since - LONGEST_WAY) & Message.state.in_(UNANSWERED),
    ):
        query = Message.select(product, Message.variation_id, fn.COUNT(Message.id)).where(
            which, back, Message.state.not_in(UNCOUNTED)
        )
        for number, variation, count in tuples(query.group_by(product, Message.variation_id)):
            told[number, variation] += count
    return told


class _Row(NamedTuple):
    """What `_article` looks at of a product."""

    woo_id: int
    parent_id: int
    name: str
    permalink: str
    price: int | None
    status: str
    stock_status: str
    stock_quantity: int | None


def _products(wanted: set[int]) -> list[_Row]:
    """These products with all their variations."""
    query = Product.select(*(getattr(Product, name) for name in _Row._fields)).where(
        among(Product.woo_id, wanted) | among(Product.parent_id, wanted)
    )
    return [_Row(*row) for row in raw(query)]


def _article(product: _Row, parent: _Row, sold_out_at: datetime | None) -> Article:
    """`parent` is the product itself where it is no variation."""
    is_variation = product is not parent
    units = product.stock_quantity
    name = parent.name
    if is_variation and product.name and product.name != parent.name:
        name = f"{parent.name} - {product.name}"
    return Article(
        article_id=product.woo_id,
        product_id=parent.woo_id,
        variation_id=product.woo_id if is_variation else 0,
        name=name,
        url=product.permalink or parent.permalink,
        price=product.price,
        in_stock=product.stock_status == IN_STOCK and (units is None or units > 0),
        for_sale=product.status == "publish" and parent.status == "publish",
        units=units,
        units_of_product=units,
        sold_out_at=sold_out_at,
    )
