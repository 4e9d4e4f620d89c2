"""A person and an order that are nobody's: what a message says where no customer's own values may be told.

None of these rows is in a table, and none has an id that one there could have. Products are the shop's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from agent.rules.phones import Phone
from agent.rules.placeholders import KNOWN
from agent.rules.shown import ProductShown
from models import Contact, Order, Product

FIRST_NAME: Final = "Ana"
LAST_NAME: Final = "Example"
EMAIL: Final = "ana@shop.example"
ORDER_NUMBER: Final = "1001"
NO_ID: Final = 0
"""The id of what is in no table: those of the shop and of the database begin with 1."""

_ORDERED_BEFORE: Final = timedelta(days=90)
_ARRIVES_AFTER: Final = timedelta(days=3)
_TOTAL: Final = 5_000  # minor units, where the shop has no product with a price
_OF_THE_SHOP: Final = frozenset({"shop_name", "shop_url", "country"})
_OF_THE_MESSAGE: Final = ("product_", "recommended_", "coupon_", "price", "old_price", "discount_")


def example_contact(phone: Phone) -> Contact:
    """Somebody with this number, whom the mirror does not know; without an id."""
    return Contact(
        phone=phone.e164,
        region=phone.region,
        zones=" ".join(phone.zones),
        first_name=FIRST_NAME,
        last_name=LAST_NAME,
        email=EMAIL,
        marketing="yes",
        order_news="yes",
    )


def is_example(contact: Contact) -> bool:
    """Is this somebody whom no table has?"""
    number: int | None = contact.id  # peewee gives one when the row is written
    return number is None


def example_article() -> ProductShown:
    """The newest product of the shop that can be bought; a made-up one where it has none."""
    product = (
        Product.select()
        .where(Product.parent_id == 0, Product.status == "publish")
        .order_by((Product.stock_status == "instock").desc(), Product.created_at.desc())
        .first()
    )
    if product is None:
        return ProductShown(name="Example product")
    return ProductShown(name=product.name, url=product.permalink, price=product.price)


def example_order(
    contact: Contact, article: ProductShown, facts: Mapping[str, str], now: datetime
) -> Order:
    """One piece of `article`, paid; by `facts` in the shop's currency, and in a way that it takes."""
    ordered = now - _ORDERED_BEFORE
    return Order(
        woo_id=NO_ID,
        number=ORDER_NUMBER,
        status="processing",
        currency=facts.get("currency", ""),
        total=article.price or _TOTAL,
        contact_id=contact.id,
        email=EMAIL,
        phone=contact.phone,
        country=contact.region,
        first_name=FIRST_NAME,
        last_name=LAST_NAME,
        created_at=ordered,
        paid_at=ordered,
        modified_at=ordered,
        lines_at=now,
        read_at=now,
        details={
            "payment_title": "Example payment",
            "delivery": (now + _ARRIVES_AFTER).date().isoformat(),
        },
    )


def example_customer(contact: Contact, now: datetime) -> Mapping[str, Any]:
    """The row of their account in the shop."""
    return {
        "first_name": FIRST_NAME,
        "last_name": LAST_NAME,
        "email": EMAIL,
        "phone": contact.phone,
        "country": contact.region,
        "role": "customer",
        "created_at": now - _ORDERED_BEFORE,
        "modified_at": now - _ORDERED_BEFORE,
    }


def are_examples(names: frozenset[str], values: Mapping[str, str]) -> list[str]:
    """Those of the placeholders `names` that such a person or order gave a value, in the manual's order."""
    order = [*KNOWN, *sorted(names - KNOWN.keys())]
    return [
        name
        for name in order
        if name in names
        and name in values
        and name not in _OF_THE_SHOP
        and not name.startswith(_OF_THE_MESSAGE)
    ]
