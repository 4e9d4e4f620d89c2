"""Orders, refunds and notes as wc/v3 shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agent.sandbox.shop.currencies import currency_symbol
from agent.sandbox.shop.rows import ORDER_ADDRESS, Note, Order, Refund
from agent.sandbox.shop.view import Fields, JsonObject, View, gmt, metas, number

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import CouponLine, OrderLine, ShippingLine

REFUND_METHODS = ("GET", "DELETE")
EDITABLE = ("pending", "on-hold", "auto-draft")
UNPAID = ("pending", "failed")
BY_COURIER = "PAC"


def _line(view: View, line: OrderLine) -> JsonObject:
    reduced = str(line.reduced)
    marks = []
    if line.reduced:
        mark: JsonObject = {"id": line.reduced_meta, "key": "_reduced_stock", "value": reduced}
        marks = [mark | {"display_key": "_reduced_stock", "display_value": reduced}]
    return {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id,
        "variation_id": line.variation_id,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": view.amount(line.subtotal),
        "subtotal_tax": view.amount(line.subtotal * 0),
        "total": view.amount(line.total),
        "total_tax": view.amount(line.total * 0),
        "taxes": [],
        "meta_data": marks,
        "sku": line.sku,
        "price": number(line.total, line.quantity or 1),  # the only amount that is no text
        "image": {"id": 0 if line.variation_id else "", "src": ""},
        "parent_name": line.parent_name,
    }


def _shipping_line(view: View, line: ShippingLine) -> JsonObject:
    return {
        "id": line.id,
        "method_title": BY_COURIER,
        "method_id": "flat_rate",
        "instance_id": "",
        "total": view.amount(line.total),
        "total_tax": view.amount(line.total * 0),
        "taxes": [],
        "tax_status": "taxable",
        "meta_data": [],
    }


def _coupon_line(line: CouponLine) -> JsonObject:
    nominal = number(line.nominal_amount)
    about = json.dumps(
        [line.coupon_id, line.code, line.discount_type, nominal], separators=(",", ":")
    )
    mark: JsonObject = {"id": line.meta_id, "key": "coupon_info", "value": about}
    return {
        "id": line.id,
        "code": line.code,
        "discount": format(line.discount.normalize(), "f"),  # as stored: "8.8"
        "discount_tax": "0",
        "meta_data": [mark | {"display_key": "coupon_info", "display_value": about}],
        "discount_type": line.discount_type,
        "nominal_amount": nominal,
        "free_shipping": False,
    }


def _refund_in_order(view: View, number: int) -> JsonObject:
    refund = view.shop.refunds[number]
    return {"id": refund.id, "reason": refund.reason, "total": view.amount(-refund.amount)}


def _order_links(view: View, order: Order) -> JsonObject:
    links = view.links("orders", order.id)
    mails = view.url("orders", order.id, "actions/email_templates")
    links["email_templates"] = [{"embeddable": True, "href": mails}]
    if order.customer_id:
        links["customer"] = [{"href": view.url("customers", order.customer_id)}]
    return links


def _zero(view: View, order: Order) -> str:
    return view.amount(order.total * 0)  # the shop charges no taxes


ORDER = Fields[Order](
    {
        "id": lambda _, order: order.id,
        "parent_id": lambda *_: 0,
        "status": lambda _, order: order.status,
        "currency": lambda view, _: view.shop.currency,
        "version": lambda view, _: view.shop.version,
        "prices_include_tax": lambda *_: False,
        "date_created": lambda view, order: view.local(order.created),
        "date_modified": lambda view, order: view.local(order.modified),
        "discount_total": lambda view, order: view.amount(order.discount_total),
        "discount_tax": _zero,
        "shipping_total": lambda view, order: view.amount(order.shipping_total),
        "shipping_tax": _zero,
        "cart_tax": _zero,
        "total": lambda view, order: view.amount(order.total),
        "total_tax": _zero,
        "customer_id": lambda _, order: order.customer_id,
        "order_key": lambda _, order: order.order_key,
        "billing": lambda _, order: {
            name: order.billing[name] for name in (*ORDER_ADDRESS, "email", "phone")
        },
        "shipping": lambda _, order: {
            name: order.shipping[name] for name in (*ORDER_ADDRESS, "phone")
        },
        "payment_method": lambda _, order: order.payment_method,
        "payment_method_title": lambda _, order: order.payment_title,
        "transaction_id": lambda *_: "",
        "customer_ip_address": lambda _, order: (
            "127.0.0.1" if order.created_via == "checkout" else ""
        ),
        "customer_user_agent": lambda _, order: (
            "Mozilla/5.0" if order.created_via == "checkout" else ""
        ),
        "created_via": lambda _, order: order.created_via,
        "customer_note": lambda _, order: order.customer_note,
        "date_completed": lambda view, order: view.local(order.completed),
        "date_paid": lambda view, order: view.local(order.paid),
        "cart_hash": lambda *_: "",
        "number": lambda _, order: str(order.id),
        "meta_data": lambda _, order: metas(order.meta),
        "line_items": lambda view, order: [_line(view, line) for line in order.lines],
        "tax_lines": lambda *_: [],
        "shipping_lines": lambda view, order: [
            _shipping_line(view, line) for line in order.shipping_lines
        ],
        "fee_lines": lambda *_: [],
        "coupon_lines": lambda _, order: [_coupon_line(line) for line in order.coupon_lines],
        "refunds": lambda view, order: [_refund_in_order(view, refund) for refund in order.refunds],
        "payment_url": lambda view, order: (
            f"{view.home}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order.order_key}"
        ),
        "is_editable": lambda _, order: order.status in EDITABLE,
        "needs_payment": lambda _, order: order.status in UNPAID and order.total > 0,
        "needs_processing": lambda _, order: bool(order.lines),
        "date_created_gmt": lambda _, order: gmt(order.created),
        "date_modified_gmt": lambda _, order: gmt(order.modified),
        "date_completed_gmt": lambda _, order: gmt(order.completed),
        "date_paid_gmt": lambda _, order: gmt(order.paid),
        "currency_symbol": lambda view, _: currency_symbol(view.shop.currency),
        "_links": _order_links,
    }
)

_REFUND = {
    "date_created": lambda view, refund: view.local(refund.created),
    "date_created_gmt": lambda _, refund: gmt(refund.created),
    "amount": lambda view, refund: view.amount(refund.amount),
    "reason": lambda _, refund: refund.reason,
    "refunded_by": lambda *_: 1,
    "refunded_payment": lambda *_: False,
    "meta_data": lambda *_: [],
    "line_items": lambda *_: [],
    "shipping_lines": lambda *_: [],
    "tax_lines": lambda *_: [],
    "fee_lines": lambda *_: [],
    "_links": lambda view, refund: view.links(
        "orders",
        refund.order_id,
        "refunds",
        refund.id,
        methods=REFUND_METHODS,
        up=view.url("orders", refund.order_id),
    ),
}

# below an order the parent is known, so only the list of all refunds names it
ORDER_REFUND = Fields[Refund]({"id": lambda _, refund: refund.id, **_REFUND})
REFUND = Fields[Refund](
    {
        "id": lambda _, refund: refund.id,
        "parent_id": lambda _, refund: refund.order_id,
        **_REFUND,
    }
)


def note_fields(order: Order) -> Fields[Note]:
    """The notes of one order; a note does not know whose it is."""
    return Fields[Note](
        {
            "id": lambda _, note: note.id,
            "author": lambda *_: "WooCommerce",
            "date_created": lambda view, note: view.local(note.created),
            "date_created_gmt": lambda _, note: gmt(note.created),
            "note": lambda _, note: note.text,
            "customer_note": lambda _, note: note.for_customer,
            "_links": lambda view, note: view.links(
                "orders",
                order.id,
                "notes",
                note.id,
                methods=REFUND_METHODS,
                up=view.url("orders", order.id),
            ),
        }
    )
