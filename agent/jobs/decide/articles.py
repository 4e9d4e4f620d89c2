"""What the shop has that somebody may be told of: articles that are back or cheaper, new products."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from agent.rules.audience import Arrival
from agent.rules.interest import IN_STOCK, Article, places, units_of
from models import Message, Product
from models.base import among, instant, raw, tuples
from models.outbox import UNCOUNTED
from models.waiting import Stir

VISIBLE = ("visible", "catalog", "")  # in the shop's lists; "search" and "hidden" are not


def articles() -> dict[tuple[int, int], Article]:
    """(product, variation or 0) -> how it is now, for all that moved."""
    moved = list(Stir.select())
    wanted = {one.product_id for one in moved}
    found = {product.woo_id: product for product in _products(wanted)}
    variations: dict[int, list[Any]] = {}
    for product in found.values():
        if product.parent_id:
            variations.setdefault(product.parent_id, []).append(product)
    known: dict[tuple[int, int], Article] = {}
    for one in moved:
        parent = found.get(one.product_id)
        product = found.get(one.variation_id or one.product_id)
        if parent is None or product is None:
            continue
        article = _article(product, parent, one.sold_out_at)
        own = variations.get(product.woo_id)
        if own:
            units = units_of([_article(each, product, None) for each in own])
            article = replace(article, units=units)
        known[one.product_id, one.variation_id] = article
    return known


def places_of(
    known: Mapping[tuple[int, int], Article],
    *,
    people_per_unit: int,
    wave_after: timedelta,
    now: datetime,
) -> dict[int, int]:
    """Article -> how many more people may be told now that it is back; those not counted are not there."""
    product = Message.product_id + 0  # not the column: all messages would be read in its order
    query = (
        Message.select(product, Message.variation_id, fn.COUNT(Message.id))
        .where(
            Message.campaign == "back_in_stock",
            Message.created_at > now - wave_after,
            Message.state.not_in(UNCOUNTED),
        )
        .group_by(product, Message.variation_id)
    )
    told = {(product, variation): count for product, variation, count in tuples(query)}
    free: dict[int, int] = {}
    for key, article in known.items():
        count = places(article.units, people_per_unit, told.get(key, 0))
        if count is not None:
            free[article.article_id] = count
    return free


def arrivals() -> dict[int, list[Arrival]]:
    """Category -> the products in it that can be bought, newest first."""
    by_category: dict[int, list[Arrival]] = {}
    query = (
        Product.select(
            Product.woo_id, Product.name, Product.permalink, Product.categories, Product.created_at
        )
        .where(
            Product.parent_id == 0,
            Product.status == "publish",
            Product.visibility.in_(VISIBLE),
            Product.stock_status == IN_STOCK,
            Product.price.is_null(False),
            Product.created_at.is_null(False),
        )
        .order_by(Product.created_at.desc(), Product.woo_id.desc())
    )
    for number, name, url, categories, published in raw(query):
        own = frozenset(json.loads(categories))
        one = Arrival(number, name, url, own, instant(published))
        for category in one.categories:
            by_category.setdefault(category, []).append(one)
    return by_category


def _products(wanted: set[int]) -> list[Any]:
    """These products with all their variations."""
    return list(
        Product.select().where(among(Product.woo_id, wanted) | among(Product.parent_id, wanted))
    )


def _article(product: Any, parent: Any, sold_out_at: datetime | None) -> Article:
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
        sold_out_at=sold_out_at,
    )
