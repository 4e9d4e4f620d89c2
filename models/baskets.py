"""What was bought with what, and what can be recommended: the questions to the mirror."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from peewee import Case, fn

from models.base import among, stream, tuples
from models.histories import bought
from models.insight import Bestseller, Companion, Taste
from models.mirror import NOT_ORDERS, Order, OrderLine, Product

VISIBLE = ("visible", "catalog", "")  # in the shop's lists; "search" and "hidden" are not
IN_STOCK = "instock"

# No variation: it is bought through its product. The sum keeps SQLite from beginning with the index of
# parents, under which all products without one stand.
IN_THE_SHOP = (
    (Product.parent_id + 0 == 0) & (Product.status == "publish") & Product.visibility.in_(VISIBLE)
)
CAN_BE_BOUGHT = (
    IN_THE_SHOP
    & (Product.stock_status == IN_STOCK)
    & (Product.stock_quantity.is_null() | (Product.stock_quantity > 0))
    & Product.price.is_null(False)
)


class Sold(NamedTuple):
    """A line of an order that counts as bought."""

    order: int
    day: str  # ISO date, UTC
    product: int
    units: int


def sold(
    paid_statuses: Sequence[str], since: datetime, products: Iterable[int] | None = None
) -> Iterator[Sold]:
    """What was bought since `since`, the lines of each order together; or only the orders that had one
    of `products`, with all their lines.
    """
    query = (
        Order.select(
            Order.woo_id,
            fn.SUBSTR(Order.created_at, 1, 10),
            OrderLine.product_id,
            OrderLine.quantity,
        )
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .where(Order.created_at > since, OrderLine.product_id > 0, bought(paid_statuses))
    )
    if products is None:
        query = query.order_by(Order.created_at, Order.woo_id)
    else:
        some = OrderLine.select(OrderLine.order_id).where(among(OrderLine.product_id, products))
        query = query.where(Order.woo_id.in_(some)).order_by(Order.woo_id)
    return map(Sold._make, stream(query))


def categories_in_the_shop() -> dict[int, list[int]]:
    """product -> its categories, of those that somebody who looks around can find."""
    return dict(tuples(Product.select(Product.woo_id, Product.categories).where(IN_THE_SHOP)))


def products_of(
    contacts: Iterable[int], paid_statuses: Sequence[str]
) -> Iterator[tuple[int, int, bool]]:
    """(contact, product, was it bought?) of all that was on their orders, newest first; what was
    ordered and not paid yet, or given back, was not bought.
    """
    newest = fn.MAX(Order.created_at)
    query = (
        Order.select(
            Order.holder_id,
            OrderLine.product_id,
            fn.MAX(Case(None, [(bought(paid_statuses), 1)], 0)),
        )
        .join(OrderLine, on=(OrderLine.order_id == Order.woo_id))
        .where(
            among(Order.holder_id, contacts),
            Order.status.not_in(NOT_ORDERS),
            OrderLine.product_id > 0,
        )
        .group_by(Order.holder_id, OrderLine.product_id)
        .order_by(Order.holder_id, newest.desc(), OrderLine.product_id)
    )
    for contact, product, was_bought in tuples(query):
        yield contact, product, bool(was_bought)


def tastes_of(contacts: Iterable[int]) -> list[tuple[int, int]]:
    """(contact, category), what they bought most of first."""
    query = (
        Taste.select(Taste.contact_id, Taste.category_id)
        .where(among(Taste.contact_id, contacts))
        .order_by(Taste.contact_id, Taste.bought.desc(), Taste.category_id)
    )
    return [(contact, category) for contact, category in tuples(query)]


def companions_of(products: Iterable[int]) -> list[tuple[int, int]]:
    """(product, other), best first, of others that can be bought now."""
    query = (
        Companion.select(Companion.product_id, Companion.other_id)
        .join(Product, on=(Product.woo_id == Companion.other_id))
        .where(among(Companion.product_id, products), CAN_BE_BOUGHT)
        .order_by(Companion.product_id, Companion.score.desc(), Companion.other_id)
    )
    return [(product, other) for product, other in tuples(query)]


def bestsellers_of(categories: Iterable[int]) -> list[tuple[int, int]]:
    """(category, product), best first, of products that can be bought now."""
    query = (
        Bestseller.select(Bestseller.category_id, Bestseller.product_id)
        .join(Product, on=(Product.woo_id == Bestseller.product_id))
        .where(among(Bestseller.category_id, categories), CAN_BE_BOUGHT)
        .order_by(Bestseller.category_id, Bestseller.sold.desc(), Bestseller.product_id)
    )
    return [(category, product) for category, product in tuples(query)]


def next_with_companions(after: int, limit: int) -> list[int]:
    """Products that have companions, by their number."""
    query = Companion.select(Companion.product_id).distinct().where(Companion.product_id > after)
    return [one for (one,) in tuples(query.order_by(Companion.product_id).limit(limit))]


def count_with_companions() -> int:
    query: Any = Companion.select(fn.COUNT(Companion.product_id.distinct()))
    return int(query.scalar())
