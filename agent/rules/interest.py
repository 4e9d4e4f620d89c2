"""What a person saw of one article, and what it is now: do they wait for it, is it cheaper?

An article is what is bought: a variation, or a product that has none (or of which no certain one was
looked at).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

SOLD_OUT = "outofstock"
IN_STOCK = "instock"


@dataclass(frozen=True, slots=True)
class Sight:
    """One interest: what the person saw, from `first_at` to `seen_at`. Price in minor units."""

    kind: str  # view, wishlist, cart
    first_at: datetime
    seen_at: datetime
    price: int | None
    stock_status: str

    @property
    def stands(self) -> bool:
        """A wish or a cart goes on after the look at the product; a view is over with it."""
        return self.kind != "view"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """How it is in the shop now. `units` is None where the shop does not count them."""

    article_id: int  # of the variation, or of the product
    product_id: int
    variation_id: int = 0
    name: str = ""
    url: str = ""
    price: int | None = None
    in_stock: bool = False
    for_sale: bool = True  # published
    units: int | None = None
    units_of_product: int | None = None  # of all its variations together
    sold_out_at: datetime | None = None  # when it was last seen to go out of stock

    @property
    def key(self) -> tuple[int, int]:
        """(product, variation or 0)"""
        return self.product_id, self.variation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One article that one person looked at or wished for, in the time that is looked back."""

    article: Article
    since: datetime  # their first sight of it, also if that is longer ago: the place in the queue
    sights: tuple[Sight, ...]  # at least one
    bought_at: datetime | None = None  # the newest order with it
    told_back_at: datetime | None = None  # the newest message that it is back
    told_prices: tuple[tuple[datetime, int], ...] = ()  # what messages told of it, and when

    @property
    def sold_out_for_them_at(self) -> datetime | None:
        """When they last met it sold out: they saw it so, or it went while it stood on their list."""
        met = [sight.seen_at for sight in self.sights if sight.stock_status == SOLD_OUT]
        gone = self.article.sold_out_at
        if gone and any(sight.stands and sight.seen_at <= gone for sight in self.sights):
            met.append(gone)
        return max(met, default=None)

    @property
    def waits(self) -> bool:
        """They met it sold out, and have not seen it back, bought it or been told since."""
        out_at = self.sold_out_for_them_at
        if out_at is None:
            return False
        met_it_again = [s.seen_at for s in self.sights if s.stock_status == IN_STOCK]
        later = [*met_it_again, self.bought_at, self.told_back_at]
        return not any(moment is not None and moment > out_at for moment in later)

    @property
    def price_seen(self) -> int | None:
        """The price that they saw last."""
        sight = self._last_priced
        return sight.price if sight else None

    @property
    def _last_priced(self) -> Sight | None:
        priced = (sight for sight in self.sights if sight.price is not None)
        return max(priced, key=lambda sight: sight.seen_at, default=None)

    @property
    def bought_since(self) -> bool:
        return self.bought_at is not None and self.bought_at >= self.since

    def cheaper_by(self, more_than_percent: int) -> bool:
        """Is it cheaper than they saw it, by more than this share? Exactly that share is none."""
        seen, now = self.price_seen, self.article.price
        if seen is None or now is None:
            return False
        return now * 100 < seen * (100 - more_than_percent)

    @property
    def told_of_this_price(self) -> bool:
        """Have they been told of this price, or of a lower one, since they saw the one before?"""
        now, sight = self.article.price, self._last_priced
        if now is None or sight is None:
            return False
        return any(price <= now for at, price in self.told_prices if at > sight.seen_at)


def units_of(variations: Iterable[Article]) -> int | None:
    """Units of a product that has variations: of those in stock, together; None if one is not counted."""
    units = [one.units for one in variations if one.in_stock]
    return None if None in units else sum(one for one in units if one is not None)


def places(units: int | None, people_per_unit: int, told: int) -> int | None:
    """How many more people may be told that an article is back; None: as many as there are.

    `told`: how many were told in the time after which the next wave begins.
    """
    return None if units is None else max(0, people_per_unit * max(units, 0) - told)


def oldest_first(wishes: Sequence[Wish]) -> list[Wish]:
    """In the order in which a person's wishes are looked at."""
    return sorted(wishes, key=lambda wish: (wish.since, wish.article.article_id))
