"""What a coupon is in the shop: what we ask for, and what the shop made of it."""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import Any

from models import Coupon

MARK = "_winback_message"  # meta key that says which message a coupon was made for
# How WooCommerce's codes begin when it looked at this coupon and does not want it. Anything else (a
# certificate, a redirect, a page that is gone) is about the shop, and passes.
ABOUT_IT = ("woocommerce_rest_", "rest_invalid_param", "coupon_invalid_")

Json = Mapping[str, Any]
LEFT = "it is tried again in the night; if it stays, remove it in WooCommerce > Marketing > Coupons"

# What nobody asked for, and a plugin may put on every new coupon: with any of it the message would
# promise what the checkout then refuses, or give away what nobody decided.
UNASKED = {
    "free shipping": "free_shipping",
    "not for sale items": "exclude_sale_items",
    "limit of items": "limit_usage_to_x_items",
    "least amount": "minimum_amount",
    "most amount": "maximum_amount",
    "products": "product_ids",
    "products left out": "excluded_product_ids",
    "categories": "product_categories",
    "categories left out": "excluded_product_categories",
}


def wanted(coupon: Coupon) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "discount_type": "percent",
        "amount": str(coupon.percent),  # a number is refused
        "individual_use": True,
        "usage_limit": 1,
        "email_restrictions": [coupon.email],
        # date_expires_gmt is ignored without a word, and the coupon would never expire
        "date_expires": coupon.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": "Made by winback for one customer.",
        "meta_data": [{"key": MARK, "value": coupon.message_uid}],
    }


def deviations(coupon: Coupon, echo: Json) -> list[str]:
    """WooCommerce answers 201 and stores something else when it does not like a value."""
    expires = coupon.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    emails = echo.get("email_restrictions")
    checks = {
        "code": (is_of(coupon, echo), "code"),
        "amount": (_number(echo.get("amount")) == coupon.percent, "amount"),
        "kind": (echo.get("discount_type") == "percent", "discount_type"),
        "expiry": (echo.get("date_expires_gmt") == expires, "date_expires_gmt"),
        # WooCommerce writes addresses in small letters, and compares them so
        "e-mail": (emails in ([coupon.email], [coupon.email.lower()]), "email_restrictions"),
        "usage limit": (echo.get("usage_limit") == 1, "usage_limit"),
        "single use": (echo.get("individual_use") is True, "individual_use"),
        "status": (echo.get("status") == "publish", "status"),
    }
    checks |= {name: (_is_nothing(echo.get(field)), field) for name, field in UNASKED.items()}
    return [f"{name} {echo.get(field)!r}" for name, (fits, field) in checks.items() if not fits]


def is_of(coupon: Coupon, echo: Json) -> bool:
    """Is this the row of that code? WooCommerce does not tell capitals from small letters."""
    return str(echo.get("code", "")).lower() == coupon.code.lower()


def is_marked(coupon: Coupon, echo: Json) -> bool:
    """Did we make it, for that message?"""
    marks = [one.get("value") for one in echo.get("meta_data") or () if one.get("key") == MARK]
    return coupon.message_uid in map(str, marks)


def _number(told: object) -> Decimal | None:
    try:
        return Decimal(str(told))
    except InvalidOperation:
        return None


def _is_nothing(told: object) -> bool:
    """An amount of nothing is "0.00", "0" or "", by version and currency."""
    return not told or (isinstance(told, str) and _number(told) == 0)
