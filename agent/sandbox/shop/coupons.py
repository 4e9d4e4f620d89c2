"""The coupons of the sandbox shop: whether an order may use one, and what it takes off."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.sandbox.shop.ground import Ground, NotFound
from agent.sandbox.shop.prices import on_sale
from agent.sandbox.shop.rows import ZERO, Coupon, OrderLine
from agent.sandbox.shop.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from agent.sandbox.shop.rows import Product

DISCOUNT_TYPES = ("percent", "fixed_cart", "fixed_product")


class CouponRefused(ValueError):
    """The shop does not take this coupon for this order; the text says why, as WooCommerce does."""


class Coupons(Ground):
    def _open_coupons(self) -> None:
        self.coupons: Table[Coupon] = Table()

    def new_coupon(self, code: str) -> Coupon:
        """An empty coupon, not yet in the shop (see `add_coupon`)."""
        moment = self.now()
        here = self.local(moment)
        return Coupon(
            id=0,
            code=code,
            created=moment,
            modified=moment,
            created_local=here,
            modified_local=here,
        )

    def add_coupon(self, row: Coupon) -> int:
        """Put a coupon into the shop. ValueError if its code is taken (upper and lower case alike)."""
        with self.lock:
            if self.coupon_by_code(row.code) is not None:
                raise ValueError(f"the coupon code {row.code!r} already exists")
            row.id = self.new_id()
            self.coupons.add(row)
            self.tell("coupon", "created", row.id)
            return row.id

    def coupon(self, number: int) -> Coupon:
        """The coupon with this id, also a trashed one. NotFound if there is none."""
        row = self.coupons.get(number)
        if row is None:
            raise NotFound("coupon", number)
        return row

    def coupon_by_code(self, code: str) -> Coupon | None:
        """The coupon that buyers reach by `code`: upper and lower case alike, none in the trash."""
        wanted = code.casefold()
        for row in self.coupons:
            if row.status == "publish" and row.code.casefold() == wanted:
                return row
        return None

    def save_coupon(self, row: Coupon) -> None:
        """Note that a coupon has been changed now."""
        self._stamp_coupon(row)
        self.tell("coupon", "updated", row.id)

    def _stamp_coupon(self, row: Coupon) -> None:
        row.modified = self.now()
        row.modified_local = self.local(row.modified)
        self.coupons.changed()

    def trash_coupon(self, number: int) -> None:
        """Into the trash; its code is free again."""
        with self.lock:
            row = self.coupon(number)
            row.status = "trash"
            self._stamp_coupon(row)
            self.tell("coupon", "deleted", number)

    def delete_coupon(self, number: int) -> None:
        """For good."""
        with self.lock:
            self.coupon(number)
            self.coupons.remove(number)

    def accepted_coupon(
        self, code: str, *, emails: Sequence[str], subtotal: Decimal, moment: datetime
    ) -> Coupon:
        """The coupon that an order by these `emails` may use at `moment`. CouponRefused if none."""
        row = self.coupon_by_code(code)
        if row is None:
            raise CouponRefused(f'Coupon "{code}" cannot be applied because it does not exist.')
        if row.expires is not None and moment >= row.expires:
            raise CouponRefused(f'Coupon "{code}" has expired.')
        if row.usage_limit is not None and len(row.used_by) >= row.usage_limit:
            raise CouponRefused(f'Usage limit for coupon "{code}" has been reached.')
        people = {email.lower() for email in emails if email}
        uses = max((row.used_by.count(email) for email in people), default=0)
        if row.usage_limit_per_user is not None and uses >= row.usage_limit_per_user:
            raise CouponRefused(f'Usage limit for coupon "{code}" has been reached.')
        if row.email_restrictions and not any(
            fnmatchcase(email, allowed) for email in people for allowed in row.email_restrictions
        ):
            raise CouponRefused(f'Please enter a valid email to use coupon code "{code}".')
        if subtotal < row.minimum_amount:
            raise CouponRefused(f"The minimum spend for this coupon is {row.minimum_amount}.")
        if row.maximum_amount and subtotal > row.maximum_amount:
            raise CouponRefused(f"The maximum spend for this coupon is {row.maximum_amount}.")
        return row

    def apply_coupon(
        self, row: Coupon, items: Sequence[tuple[OrderLine, Product, Product]]
    ) -> Decimal:
        """Lower the totals of the lines it is for, and return by how much. CouponRefused if none is.

        `items` are lines with what is bought (a product or a variation) and the product itself,
        which carries the categories.
        """
        now = self.now()
        lines = [line for line, bought, product in items if _is_for(row, bought, product, now)]
        if not lines:
            raise CouponRefused("Sorry, this coupon is not applicable to selected products.")
        before = sum((line.total for line in lines), ZERO)
        if row.discount_type == "percent":
            for line in lines:
                line.total -= self.money(line.total * row.amount / 100)
        elif row.discount_type == "fixed_product":
            for line in lines:
                line.total -= min(line.total, row.amount * line.quantity)
        else:
            left = min(row.amount, before)
            for line in lines[:-1]:
                part = self.money(left * line.total / before) if before else ZERO
                line.total -= part
            taken = before - sum((line.total for line in lines), ZERO)
            lines[-1].total -= left - taken  # the last cent goes where the division ends
        return before - sum((line.total for line in lines), ZERO)


def _is_for(coupon: Coupon, bought: Product, product: Product, now: datetime) -> bool:
    numbers, categories = {bought.id, product.id}, set(product.categories)
    if coupon.product_ids and not numbers & set(coupon.product_ids):
        return False
    if coupon.product_categories and not categories & set(coupon.product_categories):
        return False
    if numbers & set(coupon.excluded_product_ids):
        return False
    if categories & set(coupon.excluded_product_categories):
        return False
    return not (coupon.exclude_sale_items and on_sale(bought, now))
