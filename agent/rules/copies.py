"""The shop's JSON -> the columns of the mirror. The only place that knows both.

Dates come from the `*_gmt` fields; WooCommerce writes them in UTC without an offset. Money becomes
minor units. Each function raises KeyError, TypeError or ValueError for an answer that lacks what the
mirror cannot do without.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from html import unescape
from typing import Any

from agent.rules.consent import ConsentFields
from agent.rules.languages import normalized
from agent.rules.money import minor_units
from agent.rules.order_details import DetailFields

Json = Mapping[str, Any]
Row = dict[str, Any]

_LARGEST = 2**63 - 1  # what an integer column holds

ORDER_FIELDS = (
    "id,number,status,currency,total,total_tax,shipping_total,customer_id,billing,"
    "date_created_gmt,date_paid_gmt,date_modified_gmt,payment_method,payment_method_title,"
    "meta_data,lang"  # lang is Polylang's own
)
LINE_FIELDS = "id,currency,line_items,coupon_lines"
ORDER_REFUND_FIELDS = "id,currency,refunds"
REFUND_FIELDS = "id,parent_id,amount,date_created_gmt"
PRODUCT_FIELDS = (
    "id,parent_id,name,sku,type,status,catalog_visibility,price,regular_price,"
    "date_on_sale_from_gmt,date_on_sale_to_gmt,stock_status,stock_quantity,permalink,categories,"
    "date_created_gmt,date_modified_gmt"
)
CUSTOMER_FIELDS = (
    "id,email,first_name,last_name,role,billing,date_created_gmt,date_modified_gmt,meta_data"
)

CATEGORY_FIELDS = "id,name,slug,parent"
COUPON_FIELDS = "id,code,status,usage_count,date_expires_gmt,date_modified_gmt"

_ERASED = "deleted@site.invalid"  # what WordPress writes for an e-mail that it erases
DRAFTS = ("checkout-draft", "auto-draft", "draft")  # carts in the making, not orders
_NO_DETAILS = DetailFields()


def order(
    one: Json,
    read_at: datetime,
    consent: ConsentFields,
    language_meta: Sequence[str] = (),
    details: DetailFields = _NO_DETAILS,
) -> Row:
    """An order's header; `language_meta` are the meta fields that may tell the customer's language,
    `details` those with what its news need.

    Raises ValueError where its id or a sum makes no sense.
    """
    billing = {} if is_erased(one) else one.get("billing") or {}
    currency = str(one["currency"])
    status = str(one["status"])
    return {
        "woo_id": int(one["id"]),
        "number": str(one.get("number") or one["id"]),
        "status": status,
        "currency": currency,
        "total": minor_units(one["total"], currency),
        "tax": minor_units(one.get("total_tax") or "0", currency),
        "shipping": minor_units(one.get("shipping_total") or "0", currency),
        "customer_id": int(one.get("customer_id") or 0),
        "email": _email(billing.get("email")),
        "phone": _text(billing.get("phone")),
        "country": _text(billing.get("country")).upper(),
        "first_name": _text(billing.get("first_name")),
        "last_name": _text(billing.get("last_name")),
        # a box that was ticked while the checkout goes on may yet be unticked
        **consent.columns(() if status in DRAFTS else one.get("meta_data") or ()),
        "language": _language(one, language_meta),
        "details": details.read(one),
        "details_rule": details.fingerprint,
        "created_at": _utc(one.get("date_created_gmt")),
        "paid_at": _utc(one.get("date_paid_gmt")),
        "modified_at": _utc(one.get("date_modified_gmt")),
        "read_at": read_at,
    }


def is_erased(one: Json) -> bool:
    """Has the shop's own privacy tool erased whose order (or account) this is?

    Of an order it makes the e-mail deleted@site.invalid, names [deleted], each digit of the phone a 0 and
    the customer id 0, and notes it in the meta field `_anonymized`; of an account it empties the whole
    billing block. Source: WooCommerce, class WC_Privacy_Erasers.
    """
    billing = one.get("billing") or {}
    if "total" not in one:
        return bool(billing) and not any(billing.values())
    meta = ((each.get("key"), each.get("value")) for each in one.get("meta_data") or ())
    return _email(billing.get("email")) == _ERASED or ("_anonymized", "yes") in meta


def order_lines(one: Json) -> tuple[list[Row], list[str]]:
    """The lines of an order and the coupon codes that it used (lower case)."""
    currency = str(one["currency"])
    lines = [
        {
            "woo_id": int(line["id"]),
            "order_id": int(one["id"]),
            "product_id": int(line.get("product_id") or 0),
            "variation_id": int(line.get("variation_id") or 0),
            "name": _text(line.get("parent_name") or line.get("name")),
            "quantity": _whole(line.get("quantity")) or 0,
            "total": minor_units(line.get("total") or "0", currency),
        }
        for line in one["line_items"]
    ]
    return lines, [str(used["code"]).lower() for used in one.get("coupon_lines") or ()]


def refund(one: Json, read_at: datetime, currency: str) -> Row:
    """A refund; the shop gives its amount in the currency of the order."""
    return {
        "woo_id": int(one["id"]),
        "order_id": int(one["parent_id"]),
        "amount": abs(minor_units(one["amount"], currency)),
        "created_at": _utc(one.get("date_created_gmt")),
        "read_at": read_at,
    }


def refunds_of(one: Json) -> dict[int, int]:
    """Refund id -> amount in minor units, as an order lists its own; there they are negative."""
    currency = str(one["currency"])
    return {
        int(given["id"]): abs(minor_units(given["total"], currency)) for given in one["refunds"]
    }


def category(one: Json, read_at: datetime) -> Row:
    """A category of products."""
    return {
        "woo_id": int(one["id"]),
        "parent_id": int(one.get("parent") or 0),
        "name": _text(one.get("name")),
        "slug": str(one.get("slug") or ""),
        "read_at": read_at,
    }


def coupon(one: Json, read_at: datetime) -> Row:
    """A coupon as the shop has it."""
    return {
        "woo_id": int(one["id"]),
        "code": _text(one["code"]).lower(),
        "status": str(one.get("status") or ""),
        "usage_count": int(one.get("usage_count") or 0),
        "expires_at": _utc(one.get("date_expires_gmt")),
        "modified_at": _utc(one.get("date_modified_gmt")),
        "read_at": read_at,
    }


def product(one: Json, read_at: datetime, currency: str) -> Row:
    """A product or a variation. A price that is no number is none: the shop stores what it is told."""
    return {
        "woo_id": int(one["id"]),
        "parent_id": int(one.get("parent_id") or 0),
        "name": _text(one.get("name")),
        "sku": _text(one.get("sku")),
        "type": str(one.get("type") or "variation"),
        "status": str(one["status"]),
        "visibility": str(one.get("catalog_visibility") or ""),
        "price": _price(one.get("price"), currency),
        "regular_price": _price(one.get("regular_price"), currency),
        "stock_status": str(one["stock_status"]),
        "stock_quantity": _whole(one.get("stock_quantity")),
        "permalink": str(one.get("permalink") or ""),
        "categories": [int(category["id"]) for category in one.get("categories") or ()],
        "sale_from": _utc(one.get("date_on_sale_from_gmt")),
        "sale_to": _utc(one.get("date_on_sale_to_gmt")),
        "created_at": _utc(one.get("date_created_gmt")),
        "modified_at": _utc(one.get("date_modified_gmt")),
        "read_at": read_at,
    }


def customer(one: Json, read_at: datetime, consent: ConsentFields) -> Row:
    """A registered customer; the billing block names the person where the account does not."""
    billing = one.get("billing") or {}
    return {
        "woo_id": int(one["id"]),
        "email": _email(one.get("email") or billing.get("email")),
        "first_name": _text(one.get("first_name") or billing.get("first_name")),
        "last_name": _text(one.get("last_name") or billing.get("last_name")),
        "role": str(one.get("role") or ""),
        "phone": _text(billing.get("phone")),
        "country": _text(billing.get("country")).upper(),
        **consent.columns(one.get("meta_data") or ()),
        "created_at": _utc(one.get("date_created_gmt")),
        "modified_at": _utc(one.get("date_modified_gmt")),
        "read_at": read_at,
    }


def each(
    rows: Iterable[Json], copy: Callable[[Json], Row]
) -> tuple[list[Row], list[tuple[Any, str]]]:
    """Copy row by row: what can be copied, and (id, reason) of what cannot. Nothing stops the rest."""
    copied: list[Row] = []
    set_aside: list[tuple[Any, str]] = []
    for one in rows:
        try:
            copied.append(_storable(copy(one)))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            number = one.get("id") if isinstance(one, Mapping) else None
            set_aside.append((number, f"{type(error).__name__}: {error}"))
    return copied, set_aside


def shop_date(moment: datetime) -> str:
    """An instant as the shop's filters take it, together with `dates_are_gmt=true`: without a Z.

    With a Z the shop shifts the value to its own zone before it compares, and shops east of UTC lose
    rows without a word.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _storable(row: Row) -> Row:
    """Raises ValueError for what no column holds: it would take all the rows of its batch with it."""
    for name, value in row.items():
        if isinstance(value, int) and abs(value) > _LARGEST:
            msg = f"{name} is too large"
            raise ValueError(msg)
        if isinstance(value, str):
            value.encode()  # UnicodeEncodeError, a ValueError, where half an emoji was cut off
    return row


def _language(one: Json, keys: Sequence[str]) -> str:
    """As the first of `keys` that has one says, else Polylang; "" if nobody does."""
    meta = {entry.get("key"): entry.get("value") for entry in one.get("meta_data") or ()}
    said = (normalized(value) for value in (*map(meta.get, keys), one.get("lang")))
    return next(filter(None, said), "")


def _utc(value: object) -> datetime | None:
    """None for what is no date: WordPress writes -0001-11-30 where a post has none."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    """Whole units. Shops that sell by weight have fractions: of those, what is there in full."""
    try:
        number = Decimal(str(value)) if value not in {None, ""} else None
        return None if number is None else int(number.to_integral_value(ROUND_FLOOR))
    except ArithmeticError:
        return None


def _text(value: object) -> str:
    return unescape(str(value or "")).strip()


def _email(value: object) -> str:
    return _text(value).lower()


def _price(value: object, currency: str) -> int | None:
    try:
        return minor_units(str(value), currency) if value not in {None, ""} else None
    except ValueError:
        return None
