"""Is what an alert is about still so? Nobody is told about what is gone again.

The mirror answers, and where its copy is not of this very moment, the shop is asked first: a hint
makes the next look read the article again, with all others of the queue in one request, and the
message waits for that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.rules.interest import IN_STOCK
from models import Cursor, Hint, Message, Product
from models.base import among

FRESH = timedelta(minutes=2)  # a copy that is younger is taken for the shop's own word
LOOK_AGAIN = timedelta(seconds=10)
GONE = "what it is about is sold out again"  # or is not for sale any more
DEARER = "what it is about is not that cheap any more"
MEANS = "alert"


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of the articles that some messages are about."""

    why_not: Mapping[int, str] = field(default_factory=dict)  # message -> reason to cancel it
    unread: frozenset[int] = frozenset()  # messages that wait for another look at the shop


def look_at_articles(messages: Iterable[Message], now: datetime) -> Standing:
    """What became of the articles of `messages`; notes hints for those that must be read again.

    Runs in the caller's transaction.
    """
    named = {message: _named(message) for message in messages}
    numbers = {number for own in named.values() for article in own for number in article}
    if not numbers:
        return Standing()
    copies = {one.woo_id: one for one in Product.select().where(among(Product.woo_id, numbers))}
    oldest = Cursor.shops_clock(now) - FRESH
    why_not: dict[int, str] = {}
    unread: set[int] = set()
    products: set[int] = set()
    parents: set[int] = set()  # of variations
    for message, articles in named.items():
        for number, variation in articles:
            product, article = copies.get(number), copies.get(variation or number)
            reason = _gone(product, article) or _told_wrong(message, article)
            if reason:
                why_not[message.id] = reason
            elif article is not None and article.read_at < oldest:
                unread.add(message.id)
                (parents if variation else products).add(number)
    Hint.note("products", products, MEANS, now)
    Hint.note("variations", parents, MEANS, now)
    return Standing(why_not, frozenset(unread))


def _named(message: Message) -> list[tuple[int, int]]:
    """(product, variation or 0) of each article that the message names."""
    if message.product_id is not None:
        return [(message.product_id, message.variation_id)]
    about: Any = message.about
    recommended = (one["product"] for one in about.get("recommended", ()))
    return [(number, 0) for number in (*about.get("products", ()), *recommended)]


def _gone(product: Any, article: Any) -> str:
    if product is None or article is None:
        return GONE
    counted = article.stock_quantity
    in_stock = article.stock_status == IN_STOCK and (counted is None or counted > 0)
    return "" if in_stock and product.status == article.status == "publish" else GONE


def _told_wrong(message: Message, article: Any) -> str:
    """Is the price not what the message says? One that is lower still disappoints nobody."""
    if message.price is None:
        return ""
    return DEARER if article.price is None or article.price > message.price else ""
