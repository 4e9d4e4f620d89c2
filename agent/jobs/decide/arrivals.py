"""What is new in the shop, by category."""

import json
from collections.abc import Sequence
from datetime import datetime

from agent.rules.audience import Arrival
from agent.rules.interest import IN_STOCK
from agent.rules.selection import Arrivals
from models import Product
from models.base import instant, raw

VISIBLE = ("visible", "catalog", "")  # in the shop's lists; "search" and "hidden" are not


class NewProducts:
    """The products that can be bought, read no further back than somebody asks.

    Most people who are asked about have been quiet for weeks, and a shop has products of many years.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._read_back_to: datetime | None = now  # None: to the beginning
        self._by_category: dict[int, list[Arrival]] = {}
        self._categories: dict[str, frozenset[int]] = {}  # a shop has many products of few of them

    @property
    def by_category(self) -> Arrivals:
        """Those that were read until now; more of them when more are read."""
        return self._by_category

    def since(self, moment: datetime | None) -> Arrivals:
        """All that were published after `moment`, or all there are, and perhaps older ones too."""
        back_to = self._read_back_to
        if back_to is not None and (moment is None or moment < back_to):
            # twice as far each time, or everybody who has been quiet a little longer asks again
            far = None if moment is None else min(moment, back_to - (self._now - back_to))
            for one in self._published(far, back_to):
                for category in one.categories:
                    self._by_category.setdefault(category, []).append(one)
            self._read_back_to = far
        return self._by_category

    def _published(self, after: datetime | None, until: datetime) -> Sequence[Arrival]:
        """Newest first."""
        query = Product.select(
            Product.woo_id, Product.name, Product.permalink, Product.categories, Product.created_at
        ).where(
            Product.parent_id + 0 == 0,  # not the column: by date, and no further back
            Product.status == "publish",
            Product.visibility.in_(VISIBLE),
            Product.stock_status == IN_STOCK,
            Product.price.is_null(False),
            Product.stock_quantity.is_null() | (Product.stock_quantity > 0),
            Product.created_at <= until,
        )
        if after is not None:
            query = query.where(Product.created_at > after)
        return [
            Arrival(number, name, url, self._read(categories), instant(published))
            for number, name, url, categories, published in raw(
                query.order_by(Product.created_at.desc(), Product.woo_id.desc())
            )
        ]

    def _read(self, categories: str) -> frozenset[int]:
        known = self._categories.get(categories)
        if known is None:
            known = self._categories[categories] = frozenset(json.loads(categories))
        return known
