"""What one person ordered, and what they looked at and wished for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import Case

from agent.config import Settings
from agent.explain.explanation import InterestShown, OrderShown, OrdersShown
from models import History, Interest, Order, Product
from models.base import among
from models.histories import bought

NEWEST_ORDERS = 10
NEWEST_INTERESTS = 200  # sights, of which there may be several of one article


def orders_of(settings: Settings, contact: int) -> OrdersShown:
    """Under any of their names."""
    history = History.get_or_none(History.contact_id == contact)
    counts = Case(None, [(bought(settings.audience.paid_statuses), 1)], 0).alias("counts")
    newest: Any = (
        Order.select(Order, counts)
        .where(Order.holder_id == contact)
        .order_by(Order.created_at.desc(), Order.woo_id.desc())
        .limit(NEWEST_ORDERS)
    )
    return OrdersShown(
        bought=history.bought if history else 0,
        spent=history.spent if history else 0,
        last_order_at=history.last_order_at if history else None,
        newest=tuple(
            OrderShown(
                order_id=one.woo_id,
                number=one.number or str(one.woo_id),
                created_at=one.created_at,
                status=one.status,
                total=one.total,
                currency=one.currency,
                counts=bool(one.counts),
            )
            for one in newest
        ),
    )


def interest_of(settings: Settings, contact: int, now: datetime) -> tuple[InterestShown, ...]:
    """By article, what was looked at last first."""
    newest = (
        Interest.select()
        .where(Interest.contact_id == contact)
        .order_by(Interest.seen_at.desc(), Interest.id.desc())
        .limit(NEWEST_INTERESTS)
    )
    by_article: dict[tuple[int, int], list[Any]] = {}
    for one in newest:
        by_article.setdefault((one.product_id, one.variation_id), []).append(one)
    numbers = {number for article in by_article for number in article if number}
    products = {one.woo_id: one for one in Product.select().where(among(Product.woo_id, numbers))}
    since = now - settings.interest.look_back
    return tuple(
        _interest(article, sights, products, since) for article, sights in by_article.items()
    )


def _interest(
    article: tuple[int, int],
    sights: Sequence[Any],
    products: dict[int, Any],
    since: datetime,
) -> InterestShown:
    """`sights`: the newest first."""
    product, variation = article
    now = products.get(variation or product)
    priced = next((one.price for one in sights if one.price is not None), None)
    return InterestShown(
        product_id=product,
        variation_id=variation,
        name=_name(products.get(product), now),
        kinds=tuple(dict.fromkeys(one.kind for one in sights)),
        first_at=min(one.first_at for one in sights),
        seen_at=sights[0].seen_at,
        price_seen=priced,
        price_now=now.price if now else None,
        stock_seen=next((one.stock_status for one in sights if one.stock_status), ""),
        stock_now=now.stock_status if now else "",
        units_now=now.stock_quantity if now else None,
        counts=sights[0].seen_at > since,
    )


def _name(product: Any, article: Any) -> str:
    if product is None:
        return "no longer in the shop"
    if article is None or article is product or article.name in {"", product.name}:
        return str(product.name)
    return f"{product.name} - {article.name}"
