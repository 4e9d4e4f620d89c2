"""What is known of a person, a shop and some products -> what the placeholders stand for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from html import unescape
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from agent.rules import formats
from agent.rules.languages import locale_of
from agent.rules.names import first_name, last_name
from agent.rules.placeholders import (
    CODES,
    COUNTRY,
    CUSTOMER_FIELDS,
    DATE,
    MONEY,
    NAME,
    ORDER_FIELDS,
)
from agent.rules.visible import cut, visible
from agent.rules.wording import LONGEST_VALUE

MOST_PRODUCTS: Final = 3
LONGEST_IN_LIST: Final = 75  # characters of a product's name, where three stand in one value

# What browsers take for a tag; "5 < 6" is none.
_TAG = re.compile(r"</?[a-z][^<>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductShown:
    """A product as a message names it. Prices are minor units of the shop's currency."""

    name: str
    url: str = ""
    price: int | None = None
    old_price: int | None = None  # what this person saw


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponShown:
    """A personal coupon."""

    code: str
    percent: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """All that a message can say.

    `order` and `customer` are rows of the mirror by column, or the columns of them that the texts
    ask for; see ORDER_FIELDS and CUSTOMER_FIELDS. `products` are what the message is about.
    """

    shop_name: str
    shop_url: str
    currency: str
    zone: tzinfo
    first_name: str = ""
    last_name: str = ""
    region: str = ""
    orders_count: int = 0
    last_product: ProductShown | None = None
    products: tuple[ProductShown, ...] = ()
    recommended: tuple[ProductShown, ...] = ()
    coupon: CouponShown | None = None
    order: Mapping[str, object] = field(default_factory=dict)
    customer: Mapping[str, object] = field(default_factory=dict)


def values(facts: MessageFacts, language: str) -> dict[str, str]:
    """Placeholder -> text, in the words of `language` and the formats of where the person lives.

    What is not known is not in it, and gives way to its fallback.
    """
    locale = locale_of(language, facts.region)
    found = {
        **_person(facts, locale),
        "shop_name": _plain(unescape(facts.shop_name)),
        "shop_url": facts.shop_url,
        **_products(facts, locale),
        **_listed("recommended", facts.recommended, locale),
        **_coupon(facts, locale),
        **dict(_fields("order", ORDER_FIELDS, facts.order, facts, locale)),
        **dict(_fields("customer", CUSTOMER_FIELDS, facts.customer, facts, locale)),
    }
    return {name: text for name, text in found.items() if text}


def _person(facts: MessageFacts, locale: str) -> dict[str, str]:
    first, last = first_name(facts.first_name), last_name(facts.last_name)
    return {
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}".strip(),
        "country": formats.country_name(facts.region, locale) if facts.region else "",
        "orders_count": str(facts.orders_count),
        "last_product": _plain(facts.last_product.name) if facts.last_product else "",
    }


def _products(facts: MessageFacts, locale: str) -> dict[str, str]:
    found = _listed("product", facts.products, locale)
    first = facts.products[0] if facts.products else None
    reviewed = first or facts.last_product
    if reviewed is not None and (url := _address(reviewed.url)):
        found["review_url"] = _address(f"{url.partition('#')[0]}#reviews")  # WooCommerce's anchor
    if first is None:
        return found
    found["product_name"] = found.get("product_1", "")
    # one that has no page of its own is found in the shop
    found["product_url"] = _address(first.url) or facts.shop_url
    found["product_path"] = _path(first.url, facts.shop_url)
    now, before = first.price, first.old_price
    if now is not None:
        found["price"] = formats.money(now, facts.currency, locale)
    if before is not None:
        found["old_price"] = formats.money(before, facts.currency, locale)
    if now is not None and before is not None and 0 <= now < before:
        # never more than it is: 19.9 % is said to be 19 %
        found["price_drop_percent"] = formats.percent((before - now) * 100 // before, locale)
    return found


def _listed(name: str, products: Sequence[ProductShown], locale: str) -> dict[str, str]:
    """{name}_1 to _3 and {name}_list. Variations may share their name, which is said once then."""
    named = dict.fromkeys(plain for one in products if (plain := _plain(one.name)))
    names = list(named)[:MOST_PRODUCTS]
    found = {f"{name}_{number}": plain for number, plain in enumerate(names, start=1)}
    short = [cut(plain, LONGEST_IN_LIST) for plain in names]
    return {**found, f"{name}_list": formats.listed(tuple(short), locale)}


def _coupon(facts: MessageFacts, locale: str) -> dict[str, str]:
    coupon = facts.coupon
    if coupon is None:
        return {}
    return {
        "coupon_code": coupon.code,
        "discount_percent": formats.percent(coupon.percent, locale),
        "coupon_expires": _date(coupon.expires_at, facts, locale),
    }


def _fields(
    prefix: str,
    fields: Mapping[str, tuple[str, str]],
    row: Mapping[str, object],
    facts: MessageFacts,
    locale: str,
) -> Iterator[tuple[str, str]]:
    """Those fields of which `row` has the column, each written as its kind is."""
    for name, (column, kind) in fields.items():
        value = row.get(column)
        if value not in (None, "", 0) or (kind is MONEY and value == 0):
            yield f"{prefix}.{name}", _written(name, kind, value, row, facts, locale)


def _written(
    name: str,
    kind: str,
    value: object,
    row: Mapping[str, object],
    facts: MessageFacts,
    locale: str,
) -> str:
    if kind is MONEY and isinstance(value, int):
        # an order may be in another currency than the shop is now
        return formats.money(value, str(row.get("currency") or facts.currency), locale)
    if kind is DATE and isinstance(value, datetime):
        return _date(value, facts, locale)
    if kind is CODES and isinstance(value, Sequence):
        return formats.listed(tuple(map(str, value)), locale)
    if kind is COUNTRY:
        return formats.country_name(str(value), locale)
    if kind is NAME:
        return first_name(str(value)) if name == "first_name" else last_name(str(value))
    return str(value)


def _date(moment: datetime, facts: MessageFacts, locale: str) -> str:
    """The day on which it is so in the shop; "" at either end of the calendar, where it has none."""
    try:
        day = moment.astimezone(facts.zone).date()
    except OverflowError:
        return ""
    return formats.long_date(day, locale)


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """What the shop calls something, without the markup that WordPress lets stand in titles."""
    return visible(_TAG.sub(" ", text))


def _address(url: str) -> str:
    """An address that can be sent whole; "" for one that cannot."""
    written = visible(url)
    return written if len(written) <= LONGEST_VALUE and " " not in written else ""


@lru_cache(maxsize=4096)
def _path(url: str, shop_url: str) -> str:
    """What follows the shop's own address in that of a product: product/blue-shirt/."""
    try:
        parts, home = urlsplit(visible(url)), urlsplit(shop_url).path.rstrip("/")
    except ValueError:  # half an IPv6 address
        return ""
    path = parts.path
    if path.startswith(f"{home}/"):
        path = path[len(home) :]
    return urlunsplit(("", "", path.lstrip("/"), parts.query, ""))
