"""interest -> who waits for what: a list of articles for the dashboard, worked out ahead.

Somebody waits for an article that they saw sold out, wished for or have in a cart, within the time that
[interest] look_back says. Told are those for whom it was back in that time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from peewee import Case, chunked, fn

from agent.config import Settings
from models import Awaited, Contact, Interest, LookedAt, Message, Product, ProductChange
from models.base import among, instant, raw, tuples
from models.looked_at import SOLD_OUT
from models.outbox import UNCOUNTED

PRODUCTS_AT_A_TIME = 100
MANY = 500  # people who wait for one article, from which on some of them are looked up ahead
SHOWN = 50  # of those who wait for one article
MOST = 5_000  # articles that are listed: those for which most people wait
BACK = "back_in_stock"

Article = tuple[int, int]
"""(product, variation or 0)"""

WAITS = (Interest.stock_status == SOLD_OUT) | (Interest.kind != "view")


def list_awaited(settings: Settings, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Count anew, some products at a time, and write the list at once."""
    since = now - settings.interest.look_back
    rows: list[dict[str, Any]] = []
    for products in chunked(_candidates(since), PRODUCTS_AT_A_TIME):
        beat()
        rows += _waiting(products, since)
    rows.sort(key=lambda row: row["people"], reverse=True)
    return {"articles": Awaited.replace_all(rows[:MOST])}


def waiting_longest(article: Article, since: datetime) -> list[tuple[int, str, str]]:
    """Those of SHOWN who have waited longest, of all who showed interest since then: (contact, since when
    as the table has it, kind of interest)."""
    product, variation = article
    first = fn.MIN(Interest.first_at)
    query = (
        Interest.select(Interest.contact_id, first, fn.MAX(Interest.kind))  # wishlist, view, cart
        .where(
            Interest.product_id == product,
            Interest.variation_id == variation,
            Interest.seen_at > since,
            WAITS,
            Interest.source != "told",
        )
        .group_by(Interest.contact_id)
        .order_by(first, Interest.contact_id)
        .limit(SHOWN)
    )
    return raw(query)


def _candidates(since: datetime) -> list[int]:
    """Products that are sold out or have a variation that is, or that were or came back since then."""
    product = Case(None, [(Product.parent_id > 0, Product.parent_id)], Product.woo_id)
    sold_out = Product.select(product).where(Product.stock_status == SOLD_OUT)
    seen = LookedAt.select(LookedAt.product_id).where(LookedAt.sold_out_at > since)
    changed = (
        ProductChange.select(product)
        .join(Product, on=(Product.woo_id == ProductChange.product_id))
        .where(ProductChange.field == "stock_status", ProductChange.seen_at > since)
    )
    return sorted({number for query in (sold_out, seen, changed) for (number,) in tuples(query)})


def _waiting(products: Iterable[int], since: datetime) -> list[dict[str, Any]]:
    products = list(products)
    agreed = fn.COUNT(Case(None, [(Contact.marketing == "yes", Interest.contact_id)]).distinct())
    query = (
        Interest.select(
            Interest.product_id,
            Interest.variation_id,
            fn.COUNT(Interest.contact_id.distinct()),
            agreed,
            fn.MIN(Interest.first_at),
        )
        .join(Contact, on=(Contact.id == Interest.contact_id))
        .where(
            among(Interest.product_id, products),
            Interest.seen_at > since,
            WAITS,
            Interest.source != "told",
        )
        .group_by(Interest.product_id, Interest.variation_id)
    )
    goods = _goods(products)
    told = _told(products, since)
    found = []
    for product, variation, people, agreeing, first in raw(query):
        name, status, units = goods.get((product, variation), ("", "", None))
        if status != SOLD_OUT and (product, variation) not in told:
            continue  # wished for, and never away
        count, last = told.get((product, variation), (0, None))
        found.append(
            {
                "product_id": product,
                "variation_id": variation,
                "name": name,
                "stock_status": status,
                "stock_quantity": units,
                "people": people,
                "agreed": agreeing,
                "since": instant(first),
                "told": count,
                "told_at": instant(last) if last else None,
                "longest": waiting_longest((product, variation), since) if people > MANY else [],
            }
        )
    return found


def _goods(products: list[int]) -> dict[Article, tuple[str, str, int | None]]:
    """Article -> its name, stock status and units."""
    columns = (
        Product.woo_id, Product.parent_id, Product.name, Product.stock_status,
        Product.stock_quantity,
    )  # fmt: skip
    both = among(Product.woo_id, products) | among(Product.parent_id, products)
    rows = tuples(Product.select(*columns).where(both))
    names = {number: name for number, parent, name, *_ in rows if not parent}
    goods: dict[Article, tuple[str, str, int | None]] = {}
    for number, parent, name, status, units in rows:
        if not parent:
            goods[number, 0] = name, status, units
            continue
        whole = names.get(parent, "")
        full = name if not whole or name.startswith(whole) else f"{whole} - {name}"
        goods[parent, number] = full, status, units
    return goods


def _told(products: list[int], since: datetime) -> dict[Article, tuple[int, str | None]]:
    """Article -> how many were told that it is back since then, and when the newest was decided."""
    query = (
        Message.select(
            Message.product_id,
            Message.variation_id,
            fn.COUNT(Message.id),
            fn.MAX(Message.created_at),
        )
        .where(
            among(Message.product_id, products),
            Message.created_at > since,
            Message.campaign.concat("") == BACK,
            Message.state.concat("").not_in(UNCOUNTED),
        )
        .group_by(Message.product_id, Message.variation_id)
    )
    return {(product, variation): (count, at) for product, variation, count, at in raw(query)}
