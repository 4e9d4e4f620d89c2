"""The rows of the sandbox shop. Plain data; what may happen to them stands in the other modules.

Moments are aware, in UTC, in whole seconds, as WooCommerce stores them. Product prices are text as
somebody typed them ("89", "88.00"); amounts of orders are Decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

ZERO = Decimal(0)

PERSON = ("first_name", "last_name", "company", "address_1", "address_2", "city")
ORDER_ADDRESS = (*PERSON, "state", "postcode", "country")
CUSTOMER_ADDRESS = (*PERSON, "postcode", "country", "state")  # WooCommerce has another order here


@dataclass(slots=True)
class Meta:
    id: int
    key: str
    value: object  # any JSON value


@dataclass(slots=True)
class Category:
    id: int
    name: str
    slug: str
    parent: int


@dataclass(slots=True, kw_only=True)
class Product:
    """A product, or a variation of one (then `parent_id` is set and `type` is "variation")."""

    id: int
    type: str
    name: str
    slug: str
    status: str
    sku: str
    price: str  # as stored (see prices.py); a variable product has its cheapest variation's
    regular_price: str
    sale_price: str
    sale_from: datetime | None = None  # None: the sale price holds from the beginning
    sale_to: datetime | None = None
    stock: int | None  # None: stock is not counted
    stock_status: str
    backorders: str = "no"
    catalog_visibility: str = "visible"
    categories: tuple[int, ...] = ()
    parent_id: int = 0
    attributes: dict[str, str] = field(default_factory=dict)  # of a variation: {"Tamanho": "M"}
    variations: list[int] = field(default_factory=list)
    total_sales: int = 0
    meta: list[Meta] = field(default_factory=list)
    status_before_trash: str = ""
    created: datetime
    modified: datetime
    # posts keep the local time as it was written, also if the shop moves to another zone later
    created_local: datetime
    modified_local: datetime


@dataclass(slots=True, kw_only=True)
class Customer:
    id: int
    role: str
    email: str
    first_name: str
    last_name: str
    username: str
    billing: dict[str, str]
    shipping: dict[str, str]
    is_paying: bool = False
    meta: list[Meta] = field(default_factory=list)
    created: datetime
    modified: datetime | None


@dataclass(slots=True, kw_only=True)
class Coupon:
    id: int
    code: str
    amount: Decimal = ZERO
    discount_type: str = "fixed_cart"
    description: str = ""
    expires: datetime | None = None
    individual_use: bool = False
    product_ids: list[int] = field(default_factory=list)
    excluded_product_ids: list[int] = field(default_factory=list)
    product_categories: list[int] = field(default_factory=list)
    excluded_product_categories: list[int] = field(default_factory=list)
    usage_limit: int | None = None
    usage_limit_per_user: int | None = None
    limit_usage_to_x_items: int | None = None
    free_shipping: bool = False
    exclude_sale_items: bool = False
    minimum_amount: Decimal = ZERO
    maximum_amount: Decimal = ZERO
    email_restrictions: list[str] = field(default_factory=list)
    used_by: list[str] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    status: str = "publish"
    created: datetime
    modified: datetime
    created_local: datetime
    modified_local: datetime


@dataclass(slots=True, kw_only=True)
class OrderLine:
    id: int
    product_id: int
    variation_id: int
    name: str
    parent_name: str | None
    sku: str
    quantity: int
    subtotal: Decimal  # before coupons
    total: Decimal
    reduced: int = 0  # how many were taken from the stock for this line
    reduced_meta: int = 0  # the id under which WooCommerce notes that


@dataclass(slots=True, kw_only=True)
class CouponLine:
    id: int
    coupon_id: int
    code: str
    discount: Decimal
    discount_type: str
    nominal_amount: Decimal
    meta_id: int


@dataclass(slots=True, kw_only=True)
class ShippingLine:
    id: int
    total: Decimal


@dataclass(slots=True, kw_only=True)
class Note:
    id: int
    text: str
    for_customer: bool
    created: datetime


@dataclass(slots=True, kw_only=True)
class Order:
    id: int
    status: str
    customer_id: int  # 0: a guest
    order_key: str
    billing: dict[str, str]
    shipping: dict[str, str]
    lines: list[OrderLine]
    shipping_lines: list[ShippingLine]
    coupon_lines: list[CouponLine]
    discount_total: Decimal
    shipping_total: Decimal
    total: Decimal  # refunds do not lower it
    created_via: str
    payment_method: str
    payment_title: str
    customer_note: str = ""
    refunds: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    coupons_counted: bool = False
    status_before_trash: str = ""
    created: datetime
    modified: datetime
    paid: datetime | None = None
    completed: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Webhook:
    id: int
    name: str
    status: str
    topic: str
    delivery_url: str
    secret: str  # is never shown
    failures: int = 0  # in a row; not shown either
    created: datetime
    modified: datetime | None = None

    @property
    def resource(self) -> str:
        return self.topic.partition(".")[0]

    @property
    def event(self) -> str:
        return self.topic.partition(".")[2]


@dataclass(slots=True, kw_only=True)
class Refund:
    id: int
    order_id: int
    amount: Decimal
    reason: str
    created: datetime
    modified: datetime
