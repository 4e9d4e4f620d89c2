"""orders -> what goes with what, and what sells most.

Only the products whose orders changed are counted again, and each hour a slice of those that have
companions: orders leave the year that is looked at without a change. So much a run; the rest waits
for the next.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from agent.config import Settings
from agent.rules.recommend import (
    LATELY,
    WINDOW,
    Companion,
    Together,
    bestsellers,
    companions,
    weight,
)
from models import Basis, Bestseller, Cursor, ShopFact, Stale
from models import Companion as CompanionTable
from models.base import among, transaction
from models.baskets import (
    Sold,
    categories_in_the_shop,
    count_with_companions,
    next_with_companions,
    sold,
)
from models.insight import COUNTING, PRODUCT
from models.refresh import refresh

SLICES = 24  # runs in which every product comes to its turn
PRODUCTS_A_BATCH = 200
ORDERS_A_BATCH = 20_000
ORDERS_A_RUN = 1_000_000
Beat = Callable[[], None]


def count_companions(settings: Settings, *, now: datetime, beat: Beat) -> dict[str, int]:
    """Bring companions and bestsellers up to date. Returns how many products were counted anew."""
    facts = ShopFact.all()
    orders = Cursor.get_or_none(Cursor.name == "orders", Cursor.since.is_null(False))
    if orders is None:
        return {}
    refresh(settings.audience.paid_statuses, facts["currency"], beat=beat)
    paid: Sequence[str] = Basis.get().paid_statuses
    year = Year.read(paid, now, beat)
    _write_bestsellers(bestsellers(year.units, categories_in_the_shop()))
    _mark_next_slice()
    counted, left = 0, ORDERS_A_RUN
    while left > 0 and (products := _next_products(year)):
        beat()
        _count(products, year, paid, now)
        counted += len(products)
        left -= sum(year.orders[product] for product in products)
    return {"products": counted} if counted else {}


@dataclass(slots=True)
class Year:
    """What sold in the year that is looked at, by product."""

    weights: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    orders: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    units: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # of late

    @classmethod
    def read(cls, paid_statuses: Sequence[str], now: datetime, beat: Beat) -> "Year":
        year = cls()
        lately = (now - LATELY).date().isoformat()
        weights = Weights(now)
        for place, lines in enumerate(_orders(sold(paid_statuses, now - WINDOW))):
            if place % ORDERS_A_BATCH == 0:
                beat()
            day = lines[0].day
            for product in {line.product for line in lines}:
                year.weights[product] += weights[day]
                year.orders[product] += 1
            if day > lately:
                for line in lines:
                    year.units[line.product] += line.units
        return year


class Weights(dict[str, float]):
    """ISO date -> what an order of that day weighs now."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._today = now.date()

    def __missing__(self, day: str) -> float:
        self[day] = weight(self._today - date.fromisoformat(day))
        return self[day]


def _orders(lines: Iterable[Sold]) -> Iterator[list[Sold]]:
    for _, of_one in groupby(lines, attrgetter("order")):
        yield list(of_one)


def _write_bestsellers(rows: Sequence[tuple[int, int, int]]) -> None:
    names = ("category_id", "product_id", "sold")
    order = (Bestseller.category_id, Bestseller.sold.desc(), Bestseller.product_id)
    with transaction():
        before = Bestseller.select(*(getattr(Bestseller, name) for name in names)).order_by(*order)
        if list(before.tuples()) != list(rows):
            Bestseller.delete().execute()
            Bestseller.write_each(
                (dict(zip(names, row, strict=True)) for row in rows), lambda insert: insert
            )


def _mark_next_slice() -> None:
    """And those whose counting was cut short."""
    cursor = Cursor.named("companions")
    slice_ = -(-count_with_companions() // SLICES)
    products = next_with_companions(cursor.last_id, slice_)
    cursor.last_id = products[-1] if products else 0
    with transaction():
        cut_short = Stale.waiting(COUNTING, PRODUCTS_A_BATCH)
        Stale.drop(COUNTING, cut_short)
        Stale.mark(PRODUCT, (*cut_short, *products))
        cursor.save()


def _next_products(year: Year) -> list[int]:
    """The next to be counted, as many as have so many orders together.

    Round and round, or the first few that sell every hour would leave no time for the others.
    """
    cursor = Cursor.named("companions counted")
    products: list[int] = []
    orders = 0
    with transaction():
        following = Stale.waiting(PRODUCT, PRODUCTS_A_BATCH, after=str(cursor.last_id))
        for value in following or Stale.waiting(PRODUCT, PRODUCTS_A_BATCH):
            orders += year.orders[int(value)]
            if products and orders > ORDERS_A_BATCH:
                break
            products.append(int(value))
        marks = [str(product) for product in products]
        Stale.drop(PRODUCT, marks)
        Stale.mark(COUNTING, marks)
        cursor.last_id = products[-1] if products else 0
        cursor.save()
    return products


def _count(
    products: Sequence[int], year: Year, paid_statuses: Sequence[str], now: datetime
) -> None:
    """Read without a transaction, because it takes long; what changes meanwhile is marked again."""
    weights, wanted = Weights(now), set(products)
    support: dict[tuple[int, int], int] = defaultdict(int)
    together: dict[tuple[int, int], float] = defaultdict(float)
    for lines in _orders(sold(paid_statuses, now - WINDOW, products)):
        basket = {line.product for line in lines}
        for product in basket & wanted:
            for other in basket:
                support[product, other] += 1
                together[product, other] += weights[lines[0].day]
    pairs: dict[int, dict[int, Together]] = {product: {} for product in products}
    for (product, other), count in support.items():
        if product != other:
            pairs[product][other] = Together(count, together[product, other])
    with transaction():
        CompanionTable.delete().where(among(CompanionTable.product_id, products)).execute()
        CompanionTable.write_each(
            (
                _row(product, one)
                for product in products
                for one in companions(product, pairs[product], year.weights)
            ),
            lambda insert: insert,
        )
        Stale.drop(COUNTING, map(str, products))


def _row(product: int, one: Companion) -> dict[str, object]:
    return {
        "product_id": product,
        "other_id": one.product,
        "support": one.support,
        "score": one.score,
    }
