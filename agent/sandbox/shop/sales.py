"""Scheduled sales of the sandbox shop, and the cron job on which their prices depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sandbox.shop.catalog import Catalog, settle_price

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agent.sandbox.shop.catalog import Price
    from agent.sandbox.shop.rows import Product


class Sales(Catalog):
    """Section 3 of the measurements: when a sale begins or ends, `on_sale` follows the clock, and
    so does a variation's `price`; a simple product's and a parent's wait for the cron, and so do
    all dates. A shop whose cron is dead is one where nobody calls `run_cron`.
    """

    def schedule_sale(
        self,
        number: int,
        sale_price: Price,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> None:
        """Put a product or variation on sale from `starts` to `ends` (aware; None: no bound).

        An ordinary save: `date_modified` moves now, and not when the sale begins or ends.
        """
        with self.lock:
            row = self.product(number)
            row.sale_price = str(sale_price)
            row.sale_from = None if starts is None else self.moment(starts)
            row.sale_to = None if ends is None else self.moment(ends)
            settle_price(row, self.now())
            self.save_product(row)

    def run_cron(self) -> None:
        """WooCommerce's daily job `wc_scheduled_sales`: begins and ends the sales that are due."""
        with self.lock:
            now = self.now()
            for row in self._those(lambda row: _begins(row, now)):
                row.sale_from = None  # TRAP: the day a running sale began is forgotten
                if not row.sale_price:
                    row.sale_to = None
                settle_price(row, now)
                self.save_product(row)
            for row in self._those(lambda row: _ends(row, now)):
                row.sale_price, row.sale_from, row.sale_to = "", None, None
                settle_price(row, now)
                self.save_product(row)

    def _those(self, due: Callable[[Product], bool]) -> list[Product]:
        return [row for table in (self.products, self.variations) for row in table if due(row)]


# as its SQL has it: strictly in the past, and only if the stored price is not the right one yet
def _begins(row: Product, now: datetime) -> bool:
    return row.sale_from is not None and row.sale_from < now and row.price != row.sale_price


def _ends(row: Product, now: datetime) -> bool:
    return row.sale_to is not None and row.sale_to < now and row.price != row.regular_price
