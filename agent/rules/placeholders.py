"""What a text of the config may say with a placeholder, and which campaign or order news can fill it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.rules.order_kinds import KINDS, REFUNDS, SHIPPING, STATUS_UPDATE

CAMPAIGNS: Final = frozenset(
    {"we_miss_you", "new_arrivals", "loyalty_reward", "back_in_stock", "price_drop"}
)
_QUIET = frozenset({"we_miss_you", "new_arrivals", "loyalty_reward"})
_ABOUT_PRODUCTS = frozenset({"new_arrivals", "back_in_stock", "price_drop"})
_ABOUT_ONE_PRODUCT = frozenset({"back_in_stock", "price_drop"})
_WITH_COUPON = frozenset({"loyalty_reward"})
_CHEAPER = frozenset({"price_drop"})
_NONE: frozenset[str] = frozenset()

# Order news are known here by their kind; the shop's own statuses all by one.
NEWS: Final = frozenset({*KINDS, STATUS_UPDATE})
_SHIPPED: Final = frozenset({SHIPPING})
_REFUNDED: Final = frozenset(REFUNDS)
_ALL: Final = CAMPAIGNS | NEWS


@dataclass(frozen=True, slots=True)
class Filling:
    """Which campaigns and order news can fill a placeholder, and which of them always can.

    Where it may come out empty, a text has to say what is written instead.
    """

    by: frozenset[str] = CAMPAIGNS
    always_by: frozenset[str] = _NONE


KNOWN: Final[Mapping[str, Filling]] = MappingProxyType(
    {
        # the person
        "first_name": Filling(_ALL),
        "last_name": Filling(_ALL),
        "full_name": Filling(_ALL),
        "country": Filling(_ALL),
        "orders_count": Filling(always_by=CAMPAIGNS),
        "last_product": Filling(),
        # the shop
        "shop_name": Filling(_ALL, always_by=_ALL),
        "shop_url": Filling(_ALL, always_by=_ALL),
        # the products that the message is about; a product may have no name
        "product_list": Filling(_ABOUT_PRODUCTS),
        "product_name": Filling(_ABOUT_PRODUCTS),
        "product_1": Filling(_ABOUT_PRODUCTS),
        "product_2": Filling(_ABOUT_PRODUCTS),
        "product_3": Filling(_ABOUT_PRODUCTS),
        "product_url": Filling(_ABOUT_PRODUCTS, always_by=_ABOUT_PRODUCTS),
        "product_path": Filling(_ABOUT_PRODUCTS),
        "review_url": Filling(_ALL),
        # what we would recommend
        "recommended_list": Filling(_QUIET),
        "recommended_1": Filling(_QUIET),
        "recommended_2": Filling(_QUIET),
        "recommended_3": Filling(_QUIET),
        # the price of the one product; what is back in stock may have none
        "price": Filling(_ABOUT_ONE_PRODUCT, always_by=_CHEAPER),
        "old_price": Filling(_CHEAPER, always_by=_CHEAPER),
        "price_drop_percent": Filling(_CHEAPER, always_by=_CHEAPER),
        # the coupon
        "coupon_code": Filling(_WITH_COUPON, always_by=_WITH_COUPON),
        "discount_percent": Filling(_WITH_COUPON, always_by=_WITH_COUPON),
        "coupon_expires": Filling(_WITH_COUPON, always_by=_WITH_COUPON),
        # the order that the news are about
        "order_number": Filling(NEWS, always_by=NEWS),
        "order_total": Filling(NEWS, always_by=NEWS),
        "item_count": Filling(NEWS, always_by=NEWS),
        "item_list": Filling(NEWS),
        "estimated_delivery": Filling(NEWS),
        "payment_method": Filling(NEWS),
        "payment_instructions": Filling(NEWS),
        "status_text": Filling(NEWS),
        "status_emoji": Filling(NEWS, always_by=NEWS),
        "action_needed": Filling(NEWS),
        "refund_amount": Filling(_REFUNDED, always_by=_REFUNDED),
        "carrier_name": Filling(_SHIPPED),
        "tracking_number": Filling(_SHIPPED, always_by=_SHIPPED),
        "tracking_url": Filling(_SHIPPED),
    }
)
"""Every placeholder but the fields of the order and the customer, in the order of the manual."""

TEXT, NAME, MONEY, DATE, COUNTRY, CODES = "text", "name", "money", "date", "country", "codes"

ORDER_FIELDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "number": ("number", TEXT),
        "date": ("created_at", DATE),
        "total": ("total", MONEY),
        "tax": ("tax", MONEY),
        "shipping": ("shipping", MONEY),
        "currency": ("currency", TEXT),
        "status": ("status", TEXT),
        "coupons": ("coupons", CODES),
        "first_name": ("first_name", NAME),
        "last_name": ("last_name", NAME),
        "email": ("email", TEXT),
        "phone": ("phone", TEXT),
        "country": ("country", COUNTRY),
        "language": ("language", TEXT),
        "paid_on": ("paid_at", DATE),
        "changed_on": ("modified_at", DATE),
        "customer_id": ("customer_id", TEXT),
        "id": ("woo_id", TEXT),
    }
)
"""{order.FIELD} -> the column of the newest order that counts as bought, and what it holds."""

CUSTOMER_FIELDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "first_name": ("first_name", NAME),
        "last_name": ("last_name", NAME),
        "email": ("email", TEXT),
        "phone": ("phone", TEXT),
        "country": ("country", COUNTRY),
        "role": ("role", TEXT),
        "since": ("created_at", DATE),
        "changed_on": ("modified_at", DATE),
        "id": ("woo_id", TEXT),
    }
)
"""{customer.FIELD} -> the column of the person's account in the shop, and what it holds."""

FIELDS: Final = frozenset(
    {
        *(f"order.{name}" for name in ORDER_FIELDS),
        *(f"customer.{name}" for name in CUSTOMER_FIELDS),
    }
)
"""Each of these may be empty: a guest has no account, an order of the till no e-mail."""

NEVER_CUT: Final = frozenset(
    {
        *("shop_url", "product_url", "review_url", "tracking_url"),
        *("payment_instructions", "action_needed"),
    }
)
"""An address that is cut leads nowhere, and no money comes to an account of which the end is missing."""

PATHS: Final = frozenset({"product_path"})
"""Ends of an address, for the URL button alone; their slashes stay slashes."""

BUTTON_LINK: Final = "button_link"
"""No placeholder: the whole counted address of the URL button, among the values of a message that has
one."""


def fillable(campaign: str) -> list[str]:
    """The placeholders that a campaign can fill, in the order of the manual."""
    return [name for name, filling in KNOWN.items() if campaign in filling.by] + sorted(FIELDS)


def is_known(name: str) -> bool:
    """Is there such a placeholder, in whatever campaign?"""
    return name in KNOWN or name in FIELDS


def can_fill(campaign: str, name: str) -> bool:
    """Can this campaign fill that placeholder, now and then at least?"""
    return name in FIELDS or (name in KNOWN and campaign in KNOWN[name].by)


def needs_fallback(campaign: str, name: str) -> bool:
    """May the value of a placeholder that is known be empty in this campaign?"""
    return name in FIELDS or campaign not in KNOWN[name].always_by
