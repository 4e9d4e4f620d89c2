"""Changing what was ordered: by the admin's page, and over the API."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from agent.sandbox.shop.checkout import Checkout
from agent.sandbox.shop.orders import STOCK_STATUSES
from agent.sandbox.shop.rows import ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent.sandbox.shop.rows import Order, OrderLine


class Edits(Checkout):
    def edit_order(
        self,
        number: int,
        lines: Mapping[int, int] = MappingProxyType({}),
        *,
        add: Sequence[tuple[int, int, int]] = (),
    ) -> None:
        """As in the admin's order page: `lines` names quantities by line id (0 removes the line),
        `add` new ones as in `place_order`. Totals, stock and `date_modified` follow. NotFound.
        """
        with self.lock:
            order = self.order(number)
            changes = [(self.line_of(order, line), wanted) for line, wanted in lines.items()]
            new = [self.new_line(*one) for one in add]
            for line, wanted in changes:
                if not wanted:
                    self.remove_line(order, line)
                    continue
                # the page's script keeps the price of one piece
                line.subtotal = self.money(line.subtotal * wanted / (line.quantity or 1))
                line.total = self.money(line.total * wanted / (line.quantity or 1))
                line.quantity = wanted
                self.adjust_stock(order, line)
            for line in new:
                self.add_line(order, line)
            self.add_up(order)
            self.save_order(order)

    def new_line(self, product: int, variation: int = 0, quantity: int = 1) -> OrderLine:
        """A line at today's price, not yet part of an order. NotFound."""
        return self._line(product, variation, quantity)[0]

    def add_line(self, order: Order, line: OrderLine) -> None:
        order.lines.append(line)
        self.adjust_stock(order, line)

    def remove_line(self, order: Order, line: OrderLine) -> None:
        """Take a line out of an order, and put what it took back on the shelf."""
        self.adjust_stock(order, line, 0)
        order.lines.remove(line)

    def adjust_stock(self, order: Order, line: OrderLine, wanted: int | None = None) -> None:
        """`wc_maybe_adjust_line_item_product_stock`: what a line took from the shelf becomes its
        quantity (or `wanted`), if the order's status is one that takes goods.
        """
        row = self.variations.get(line.variation_id) or self.products.get(line.product_id)
        if row is None or row.stock is None or order.status not in STOCK_STATUSES:
            return
        target = line.quantity if wanted is None else wanted
        if target != line.reduced:
            self.take_stock(row, target - line.reduced, self.now())
            line.reduced, line.reduced_meta = target, line.reduced_meta or self.new_meta_id()

    def add_up(self, order: Order) -> None:
        """`calculate_totals`: discount and total from the lines as they are now."""
        goods = sum((line.total for line in order.lines), ZERO)
        whole = sum((line.subtotal for line in order.lines), ZERO)
        order.discount_total = self.money(whole - goods)
        order.total = self.money(goods + order.shipping_total)
