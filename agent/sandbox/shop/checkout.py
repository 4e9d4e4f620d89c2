"""The checkout of the sandbox shop: from a basket to an order."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from agent.sandbox.shop.orders import Orders
from agent.sandbox.shop.payments import title_of, usual_payment
from agent.sandbox.shop.prices import shown_price
from agent.sandbox.shop.rows import (
    ORDER_ADDRESS,
    ZERO,
    CouponLine,
    Order,
    OrderLine,
    ShippingLine,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from agent.sandbox.shop.rows import Product


class Checkout(Orders):
    def place_order(
        self,
        lines: Sequence[tuple[int, int, int]],
        *,
        customer_id: int = 0,
        billing: Mapping[str, str],
        status: str = "processing",
        created: datetime | None = None,
        paid: bool | None = None,
        meta: Mapping[str, object] | None = None,
        coupon_codes: Sequence[str] = (),
        shipping_total: Decimal | str | int = 0,
        created_via: str = "checkout",
        payment_method: str | None = None,
        payment_title: str = "",
        customer_note: str = "",
    ) -> int:
        """A new order of `lines` (product id, variation id or 0, quantity).

        It takes counted stock for a status that does, sets the date paid for a paid status (or as
        `paid` says), and counts the use of its coupons. An order placed as "refunded" has no refund
        yet; see `refund`. Without a `payment_method` it has the usual one (see payments.py).
        NotFound, CouponRefused, or ValueError for an unknown status.
        """
        with self.lock:
            self.check_status(status)
            moment = self.moment(created)
            if customer_id:
                self.customer(customer_id)
            items = [self._line(*line) for line in lines]
            order = Order(
                id=0,
                status=status,
                customer_id=customer_id,
                order_key="wc_order_"
                + "".join(self.random.choices(string.ascii_letters + string.digits, k=13)),
                billing=dict.fromkeys((*ORDER_ADDRESS, "email", "phone"), "") | dict(billing),
                shipping={
                    name: "" if name == "phone" else billing.get(name, "")
                    for name in (*ORDER_ADDRESS, "phone")
                },
                lines=[line for line, _, _ in items],
                shipping_lines=[],
                coupon_lines=[],
                discount_total=ZERO,
                shipping_total=self.money(shipping_total),
                total=ZERO,
                created_via=created_via,
                payment_method="",
                payment_title=payment_title,
                customer_note=customer_note,
                created=moment,
                modified=moment,
            )
            for code in coupon_codes:
                self._use_coupon(order, code, items, moment)
            if order.shipping_total:
                order.shipping_lines = [
                    ShippingLine(id=self.new_line_id(), total=order.shipping_total)
                ]
            goods = sum((line.total for line in order.lines), ZERO)
            order.total = self.money(goods + order.shipping_total)
            # nothing can be refused any more: from here on the shop changes
            order.id = self.new_id()
            order.payment_method = (
                usual_payment(order.id, status) if payment_method is None else payment_method
            )
            order.payment_title = payment_title or title_of(self.gateways, order.payment_method)
            order.meta = self.new_meta(meta or {})
            self.orders.add(order)
            self.follow_status(order, moment)
            if paid is not None:
                order.paid = moment if paid else None
            elif status == "refunded":
                order.paid = moment
            self.tell("order", "created", order.id)
            self.tell("order", "updated", order.id)
            return order.id

    def _line(
        self, product_id: int, variation_id: int, quantity: int
    ) -> tuple[OrderLine, Product, Product]:
        product = self.product(product_id)
        bought = self.product(variation_id) if variation_id else product
        price = shown_price(bought, self.now())
        amount = self.money((price or "0").replace(",", ".")) * quantity
        line = OrderLine(
            id=self.new_line_id(),
            product_id=product_id,
            variation_id=variation_id,
            name=bought.name,
            parent_name=product.name if variation_id else None,
            sku=bought.sku or product.sku,
            quantity=quantity,
            subtotal=amount,
            total=amount,
        )
        return line, bought, product

    def _use_coupon(
        self,
        order: Order,
        code: str,
        items: Sequence[tuple[OrderLine, Product, Product]],
        moment: datetime,
    ) -> None:
        subtotal = sum((line.subtotal for line in order.lines), ZERO)
        coupon = self.accepted_coupon(
            code, emails=self.emails_of(order), subtotal=subtotal, moment=moment
        )
        discount = self.apply_coupon(coupon, items)
        order.discount_total += discount
        order.coupon_lines.append(
            CouponLine(
                id=self.new_line_id(),
                coupon_id=coupon.id,
                code=coupon.code,
                discount=discount,
                discount_type=coupon.discount_type,
                nominal_amount=coupon.amount,
                meta_id=self.new_meta_id(),
            )
        )
