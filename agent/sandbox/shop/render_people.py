"""Customers and coupons as wc/v3 shows them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from agent.sandbox.shop.rows import CUSTOMER_ADDRESS, Coupon, Customer
from agent.sandbox.shop.view import ALL_METHODS, Fields, JsonObject, View, gmt, metas

if TYPE_CHECKING:
    from decimal import Decimal


def _avatar(row: Customer) -> str:
    digest = sha256(row.email.strip().lower().encode()).hexdigest()
    return f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g"


def _customer_links(view: View, row: Customer) -> JsonObject:
    # nobody deletes the account that the key belongs to
    methods = ALL_METHODS if row.role != "administrator" else ALL_METHODS[:-1]
    return view.links("customers", row.id, methods=methods)


CUSTOMER = Fields[Customer](
    {
        "id": lambda _, row: row.id,
        "date_created": lambda view, row: view.local(row.created),
        "date_created_gmt": lambda _, row: gmt(row.created),
        "date_modified": lambda view, row: view.local(row.modified),
        "date_modified_gmt": lambda _, row: gmt(row.modified),
        "email": lambda _, row: row.email,
        "first_name": lambda _, row: row.first_name,
        "last_name": lambda _, row: row.last_name,
        "role": lambda _, row: row.role,
        "username": lambda _, row: row.username,
        "billing": lambda _, row: {
            name: row.billing[name] for name in (*CUSTOMER_ADDRESS, "email", "phone")
        },
        "shipping": lambda _, row: {
            name: row.shipping[name] for name in (*CUSTOMER_ADDRESS, "phone")
        },
        "is_paying_customer": lambda _, row: row.is_paying,
        "avatar_url": lambda _, row: _avatar(row),
        "meta_data": lambda _, row: metas(row.meta),
        "_links": _customer_links,
    }
)


def _stored(view: View, amount: Decimal) -> str:
    return str(view.shop.money(amount))


COUPON = Fields[Coupon](
    {
        "id": lambda _, row: row.id,
        "code": lambda _, row: row.code,
        "amount": lambda view, row: _stored(view, row.amount),
        "status": lambda _, row: row.status,
        "date_created": lambda view, row: view.local(row.created),
        "date_created_gmt": lambda _, row: gmt(row.created),
        "date_modified": lambda view, row: view.local(row.modified),
        "date_modified_gmt": lambda _, row: gmt(row.modified),
        "discount_type": lambda _, row: row.discount_type,
        "description": lambda _, row: row.description,
        "date_expires": lambda view, row: view.local(row.expires),
        "date_expires_gmt": lambda _, row: gmt(row.expires),
        "usage_count": lambda _, row: len(row.used_by),
        "individual_use": lambda _, row: row.individual_use,
        "product_ids": lambda _, row: row.product_ids,
        "excluded_product_ids": lambda _, row: row.excluded_product_ids,
        "usage_limit": lambda _, row: row.usage_limit,
        "usage_limit_per_user": lambda _, row: row.usage_limit_per_user,
        "limit_usage_to_x_items": lambda _, row: row.limit_usage_to_x_items,
        "free_shipping": lambda _, row: row.free_shipping,
        "product_categories": lambda _, row: row.product_categories,
        "excluded_product_categories": lambda _, row: row.excluded_product_categories,
        "exclude_sale_items": lambda _, row: row.exclude_sale_items,
        "minimum_amount": lambda view, row: _stored(view, row.minimum_amount),
        "maximum_amount": lambda view, row: _stored(view, row.maximum_amount),
        "email_restrictions": lambda _, row: row.email_restrictions,
        "used_by": lambda _, row: row.used_by,
        "meta_data": lambda _, row: metas(row.meta),
        "_links": lambda view, row: view.links("coupons", row.id),
    }
)
