"""Who looks at what in the sandbox shop: what people saw there, as a shop's own tracking would know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.sandbox.shop.prices import shown_price

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.town.believable import Town
    from agent.sandbox.town.goods import Good, Option
    from agent.sandbox.town.people import Person

KINDS = {"view": 70, "wishlist_add": 16, "cart": 14}  # of looks, in 100
AGREED = 0.8  # of a crowd: people who want to hear from the shop, and look oftener
SOME_SIZE = 0.85  # of looks at what has sizes: at one of them


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at something, or wished for it, or put it into the cart, and saw this."""

    person: Person
    product_id: int
    variation_id: int  # 0: none was chosen, or there are none
    kind: str  # one of KINDS, or wishlist_remove
    price: str  # "" where the shop shows none
    stock_status: str
    at: datetime

    @property
    def number(self) -> int:
        """The shop's id of what was looked at."""
        return self.variation_id or self.product_id


class Passersby:
    """Makes people look. `looks` keeps all of it, oldest first."""

    def __init__(self, shop: Shop, town: Town) -> None:
        self.looks: list[Look] = []
        self._shop, self._town = shop, town

    def crowd(self, random: Random, size: int) -> list[Person]:
        """Up to `size` different people who can be reached, most of them agreed."""
        found: dict[str, Person] = {}
        for _ in range(size * 6):
            person = random.choice(self._town.people)
            likes_us = bool(person.said)
            if not person.reachable or likes_us is not (random.random() < AGREED):
                continue
            found.setdefault(person.lines[0].e164, person)
            if len(found) == size:
                break
        return list(found.values())

    def look(
        self, random: Random, person: Person, good: Good, option: Option | None, at: datetime
    ) -> Look:
        """`person` looks at it now, at what it costs now."""
        kind = random.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        return self._see(person, good.id, option.id if option else 0, kind, at)

    def forget(self, look: Look, at: datetime) -> None:
        """They take it off their wishlist."""
        self._see(look.person, look.product_id, look.variation_id, "wishlist_remove", at)

    def some_option(self, random: Random, good: Good) -> Option | None:
        """The size somebody asks for, if there are any."""
        return random.choice(good.options) if good.options and random.random() < SOME_SIZE else None

    def _see(self, person: Person, product: int, variation: int, kind: str, at: datetime) -> Look:
        row = self._shop.product(variation or product)
        price = shown_price(row, self._shop.now())
        look = Look(person, product, variation, kind, price, row.stock_status, at)
        self.looks.append(look)
        return look
