"""The shop's window: what somebody who looks into it puts into the cart."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

    from agent.sandbox.town.goods import Good, Option, Shelf
    from agent.sandbox.town.people import Person

Item = tuple["Good", "Option | None", int]  # what, which variation, how many


class Window:
    """Chooses what somebody buys: more of what they like, and never what did not exist yet."""

    def __init__(self, goods: Sequence[Good]) -> None:
        """`goods` oldest first. ValueError if there are none."""
        if not goods:
            raise ValueError("a shop needs at least one product")
        self._all = self._by_age(goods)
        self._shelves: dict[Shelf, tuple[Sequence[Good], list[datetime]]] = {}
        for good in goods:
            if good.shelf not in self._shelves:
                of_shelf = [other for other in goods if other.shelf is good.shelf]
                self._shelves[good.shelf] = self._by_age(of_shelf)

    def basket(self, random: Random, person: Person, moment: datetime) -> tuple[Item, ...]:
        """One to four products, mostly one, mostly from the shelf the person likes."""
        size = 1 + int(random.expovariate(1.6))
        items = [self._item(random, person, moment) for _ in range(min(size, 4))]
        # The same thing twice would be one line in a cart.
        unique = {(good, option): pieces for good, option, pieces in items}
        return tuple((good, option, pieces) for (good, option), pieces in unique.items())

    def _item(self, random: Random, person: Person, moment: datetime) -> Item:
        goods, created = self._all
        if random.random() < 0.6 and person.favourite in self._shelves:
            goods, created = self._shelves[person.favourite]
        # What came first is there from the beginning, even if it is a little young for this order.
        there = max(1, bisect_right(created, moment))
        # The nicer of two: a few things sell well, most sell now and then.
        one, other = (goods[int(random.random() * there)] for _ in range(2))
        good = one if one.appeal > other.appeal else other
        option = random.choice(good.options) if good.options else None
        return good, option, 1 if random.random() < 0.86 else random.randint(2, 3)

    @staticmethod
    def _by_age(goods: Sequence[Good]) -> tuple[Sequence[Good], list[datetime]]:
        return goods, [good.created for good in goods]
