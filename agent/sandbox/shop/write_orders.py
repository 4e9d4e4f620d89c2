"""What may be written to an order over the API, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sandbox.shop.coupons import CouponRefused
from agent.sandbox.shop.errors import WooError
from agent.sandbox.shop.params import Params, Rule, array, boolean, mapping, one_of, text, whole
from agent.sandbox.shop.writes import amount_of, entries, merge_meta, texts_of

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Order, OrderLine
    from agent.sandbox.shop.shop import Shop


def write_rules(shop: Shop) -> dict[str, Rule]:
    return {
        "status": one_of("auto-draft", *shop.statuses),
        "customer_id": whole,
        "customer_note": text,
        "billing": mapping,
        "shipping": mapping,
        "line_items": array,
        "shipping_lines": array,
        "coupon_lines": array,
        "meta_data": array,
        "set_paid": boolean,
        "payment_method": text,
        "payment_method_title": text,
    }


def place(shop: Shop, sent: Params) -> int:
    """Make the order that was sent. WooError 400 for what it does not have, or may not use."""
    paid = sent.flag("set_paid")
    lines = [(*_bought(shop, one), one.number("quantity", 1)) for one in _lines(sent)]
    if (customer := sent.number("customer_id")) and shop.customers.get(customer) is None:
        raise WooError("woocommerce_rest_invalid_customer_id", "Customer ID is invalid.", 400)
    shipping = [Params({"total": text}, one) for one in entries(sent, "shipping_lines")]
    try:
        number = shop.place_order(
            lines,
            customer_id=customer,
            billing=texts_of(sent, "billing"),
            status=sent.text("status", "processing" if paid else "pending"),
            paid=True if paid else None,
            coupon_codes=[str(one.get("code", "")) for one in entries(sent, "coupon_lines")],
            shipping_total=shipping[0].text("total", "0") if shipping else 0,
            created_via="rest-api",
            payment_method=sent.text("payment_method"),
            payment_title=sent.text("payment_method_title"),
            customer_note=sent.text("customer_note"),
        )
    except CouponRefused as refusal:
        raise WooError("woocommerce_rest_invalid_coupon", str(refusal), 400) from refusal
    merge_meta(shop, shop.orders[number].meta, sent)
    return number


def write_order(shop: Shop, order: Order, sent: Params) -> None:
    """Change an order by what was sent, and save it. WooError 400."""
    _write_lines(shop, order, sent)
    order.billing.update(texts_of(sent, "billing", order.billing))
    order.shipping.update(texts_of(sent, "shipping", order.shipping))
    order.payment_method = sent.text("payment_method", order.payment_method)
    order.payment_title = sent.text("payment_method_title", order.payment_title)
    order.customer_note = sent.text("customer_note", order.customer_note)
    order.customer_id = sent.number("customer_id", order.customer_id)
    merge_meta(shop, order.meta, sent)
    if {"billing", "shipping", "line_items"} & set(sent):
        shop.add_up(order)
    shop.save_order(order)


def _write_lines(shop: Shop, order: Order, sent: Params) -> None:
    """Lines with an id are changed, or removed by quantity 0; those without are added."""
    changes: list[tuple[OrderLine, Params]] = []
    new: list[OrderLine] = []
    for one in _lines(sent):
        if number := one.number("id"):
            line = next((line for line in order.lines if line.id == number), None)
            if line is None:
                message = "Order item ID provided is not associated with order."
                raise WooError("woocommerce_rest_invalid_item_id", message, 400)
            changes.append((line, one))
        else:
            line = shop.new_line(*_bought(shop, one), one.number("quantity", 1))
            _write_amounts(shop, line, one)
            new.append(line)
    for line, one in changes:
        if "quantity" in one and not one.number("quantity"):
            shop.remove_line(order, line)
            continue
        # TRAP: a quantity alone leaves the amounts of its line
        line.quantity = one.number("quantity", line.quantity)
        _write_amounts(shop, line, one)
        shop.adjust_stock(order, line)
    for line in new:
        shop.add_line(order, line)


def _write_amounts(shop: Shop, line: OrderLine, one: Params) -> None:
    line.name = one.text("name", line.name)
    line.total = shop.money(amount_of(one.text("total", str(line.total))))
    whole_price = shop.money(amount_of(one.text("subtotal", str(line.subtotal))))
    line.subtotal = max(whole_price, line.total)  # a discount is never below zero


def _lines(sent: Params) -> list[Params]:
    numbers = dict.fromkeys(("id", "product_id", "variation_id", "quantity"), whole)
    texts = dict.fromkeys(("name", "total", "subtotal"), text)
    return [Params({**numbers, **texts}, one) for one in entries(sent, "line_items")]


def _bought(shop: Shop, line: Params) -> tuple[int, int]:
    """Product and variation of a line; WooError 400 if there is no such thing."""
    bought = line.number("variation_id") or line.number("product_id")
    variation = shop.variations.get(bought)
    if variation is None and shop.products.get(bought) is None:
        message = "Product ID or SKU is required."
        raise WooError("woocommerce_rest_required_product_reference", message, 400)
    return (variation.parent_id, bought) if variation else (bought, 0)
