"""What a message can show of people, products, coupons and orders, before it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo


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
class ShipmentShown:
    """A parcel. Not every plugin notes who carries it, or where it can be followed."""

    number: str
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShown:
    """The order that a message of order news is about. Amounts are minor units of `currency`.

    `kind` is what the news are of (see order_kinds), `status` the order's own. `items` are its articles
    in the order's order, `item_count` their pieces, which is what WooCommerce's e-mails count.
    `refunded` is what was given back by now, of all refunds. `delivery` is a date (2026-12-01) or what
    the shop says of it in words. `status_name` and `payment_instructions` are the shop's own texts, and
    in its language. News of a shipment have a shipment.
    """

    kind: str
    number: str
    status: str
    currency: str
    total: int
    item_count: int
    items: tuple[ProductShown, ...] = ()
    status_name: str = ""
    refunded: int = 0
    shipment: ShipmentShown | None = None
    delivery: str = ""
    payment_title: str = ""
    payment_instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """All that a message can say.

    `order` and `customer` are rows of the mirror by column, or the columns of them that the texts
    ask for; see ORDER_FIELDS and CUSTOMER_FIELDS. `products` are what the message is about. Order news
    have `news`, and `order` is the row of that order. Dates are those of `zone`.
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
    news: OrderShown | None = None
