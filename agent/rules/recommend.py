"""What goes with what, from the orders that had both; and what of it suits a person.

How close two products p and q are:

    score = together / sqrt(alone(p) * alone(q)) * support / (support + SHRINK)

`together` adds up the orders with both, `alone` those with either, each order weighing half as much
for every HALF_LIFE that it is old: the cosine of item-to-item recommendations (Sarwar, Karypis, Konstan,
Riedl: Item-based collaborative filtering recommendation algorithms, WWW 2001), which keeps what sells
to everybody from being everybody's companion. `support` counts the orders with both; the last factor
shrinks what few orders say (Koren: Factorization meets the neighborhood, KDD 2008, equation 2), and
below LEAST_SUPPORT it is chance. As all weights fade alike, a score stays as it is until an order comes
or leaves the WINDOW.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from math import sqrt
from typing import NamedTuple

WINDOW = timedelta(days=365)
HALF_LIFE = timedelta(days=90)
LATELY = timedelta(days=90)  # for bestsellers
LEAST_SUPPORT = 3  # orders
SHRINK = 10  # orders: with as many, a score counts half
BEST = 20  # of a product, of a category
WHOLE_SHOP = 0  # where categories have their numbers
DIGITS = 9  # of a score: the rest depends on the order of adding up


class Companion(NamedTuple):
    """What is bought together with a product."""

    product: int
    support: int
    score: float


class Together(NamedTuple):
    """The orders that had two products."""

    support: int
    weight: float


Advice = tuple[int, int | None]
"""A product, and the one that the person bought it goes with; None where many people buy it."""


def weight(age: timedelta) -> float:
    """Of an order. One from the future, by a clock that is ahead, is new."""
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))


def companions(
    product: int, together: Mapping[int, Together], alone: Mapping[int, float]
) -> list[Companion]:
    """The closest to `product`, best first.

    `alone` has the weight of the orders with each product; one that it does not have was first sold
    after that was counted, and comes with its next order.
    """
    found = [
        Companion(
            other,
            both.support,
            round(
                both.weight
                / sqrt(alone[product] * alone[other])
                * (both.support / (both.support + SHRINK)),
                DIGITS,
            ),
        )
        for other, both in together.items()
        if both.support >= LEAST_SUPPORT and alone.get(product) and alone.get(other)
    ]
    return sorted(found, key=lambda one: (-one.score, one.product))[:BEST]


def bestsellers(
    sold: Mapping[int, int], categories: Mapping[int, Iterable[int]]
) -> list[tuple[int, int, int]]:
    """(category, product, units) of what sold most in each category and in the whole shop.

    `categories` has those of every product that counts.
    """
    by_category: dict[int, list[tuple[int, int]]] = {}
    for product, own in categories.items():
        units = sold.get(product, 0)
        if units > 0:
            for category in {WHOLE_SHOP, *own}:
                by_category.setdefault(category, []).append((-units, product))
    return [
        (category, product, -units)
        for category, rows in sorted(by_category.items())
        for units, product in sorted(rows)[:BEST]
    ]


def advise(
    bought: Sequence[int],
    had: Iterable[int],
    likes: Sequence[int],
    *,
    go_with: Mapping[int, Sequence[int]],
    selling: Mapping[int, Sequence[int]],
    most: int,
) -> list[Advice]:
    """What to recommend to a person: what goes with the last things they bought, then what sells most
    in the categories they like, then in the whole shop. Nothing that they had.

    `bought` comes newest first, `likes` dearest first; `go_with` and `selling` best first, with
    nothing in them that cannot be bought.
    """
    with_bought = ((other, one) for one in bought for other in go_with.get(one, ()))
    popular = ((product, None) for one in (*likes, WHOLE_SHOP) for product in selling.get(one, ()))
    passed = set(had)
    advice: list[Advice] = []
    for product, because in chain[Advice](with_bought, popular):
        if len(advice) == most:
            break
        if product not in passed:
            passed.add(product)
            advice.append((product, because))
    return advice
