"""What is known of a person, a shop, some products and an order -> what the placeholders stand for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from agent.rules import formats
from agent.rules.languages import locale_of
from agent.rules.names import first_name, last_name
from agent.rules.order_values import order_values
from agent.rules.placeholders import (
    CODES,
    COUNTRY,
    CUSTOMER_FIELDS,
    DATE,
    MONEY,
    NAME,
    ORDER_FIELDS,
)
from agent.rules.shop_texts import address, path, plain, reviews
from agent.rules.shown import CouponShown, MessageFacts, OrderShown, ProductShown, ShipmentShown
from agent.rules.visible import cut

__all__ = [
    "CouponShown",
    "MessageFacts",
    "OrderShown",
    "ProductShown",
    "ShipmentShown",
    "values",
]

MOST_PRODUCTS: Final = 3
LONGEST_IN_LIST: Final = 75  # characters of a product's name, where three stand in one value


def values(facts: MessageFacts, language: str, shop_language: str = "") -> dict[str, str]:
    """Placeholder -> text, in the words of `language` and the formats of where the person lives.

    What is not known is not in it, and gives way to its fallback. `shop_language` is that of the
    shop's own texts, "" if nobody knows.
    """
    locale = locale_of(language, facts.region)
    found = {
        **_person(facts, locale),
        "shop_name": plain(facts.shop_name),
        "shop_url": facts.shop_url,
        **_products(facts, locale),
        **_listed("recommended", facts.recommended, locale),
        **_coupon(facts, locale),
        **(order_values(facts.news, language, locale, shop_language) if facts.news else {}),
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
        "last_product": plain(facts.last_product.name) if facts.last_product else "",
    }


def _products(facts: MessageFacts, locale: str) -> dict[str, str]:
    found = _listed("product", facts.products, locale)
    first = facts.products[0] if facts.products else None
    reviewed = first or facts.last_product
    if reviewed is not None:
        found["review_url"] = reviews(reviewed.url)
    if first is None:
        return found
    found["product_name"] = found.get("product_1", "")
    # one that has no page of its own is found in the shop
    found["product_url"] = address(first.url) or facts.shop_url
    found["product_path"] = path(first.url, facts.shop_url)
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
    named = dict.fromkeys(text for one in products if (text := plain(one.name)))
    names = list(named)[:MOST_PRODUCTS]
    found = {f"{name}_{number}": text for number, text in enumerate(names, start=1)}
    short = [cut(text, LONGEST_IN_LIST) for text in names]
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
        return formats.listed(tuple(filter(None, map(plain, map(str, value)))), locale)
    if kind is COUNTRY:
        return formats.country_name(str(value), locale)
    if kind is NAME:
        return first_name(str(value)) if name == "first_name" else last_name(str(value))
    return plain(str(value))


def _date(moment: datetime, facts: MessageFacts, locale: str) -> str:
    """The day on which it is so in `facts.zone`; "" at either end of the calendar, where it has none."""
    try:
        day = moment.astimezone(facts.zone).date()
    except OverflowError:
        return ""
    return formats.long_date(day, locale)
