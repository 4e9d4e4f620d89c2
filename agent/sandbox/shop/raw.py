"""Writes that pass by WooCommerce: importers, ERP plugins, SQL. No date moves and nothing follows.

Measured in q03_date_modified_matrix (`update_post_meta`, `update_product_stock`) and
q04_order_modified_matrix (a line item that is saved by itself): a mirror that asks by
`modified_after` never hears of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sandbox.shop.orders import Orders
from agent.sandbox.shop.people import OWN_FIELDS

if TYPE_CHECKING:
    from decimal import Decimal

    from agent.sandbox.shop.catalog import Price
    from agent.sandbox.shop.rows import Meta, Product

PRODUCT_TEXTS = (
    *("name", "status", "sku", "price", "regular_price", "sale_price"),
    *("stock_status", "catalog_visibility", "backorders"),
)
ORDER_TEXTS = ("status", "customer_note", "payment_method", "payment_title")


class RawWrites(Orders):
    """Each changes its row as SQL would, checks nothing, and leaves every `date_modified`."""

    def write_stock_raw(
        self, number: int, stock: int | None, *, stock_status: str | None = None
    ) -> None:
        """`_stock` of a product or variation; `stock_status` stays unless it is given too."""
        fields: dict[str, object] = {"stock": stock}
        if stock_status is not None:
            fields["stock_status"] = stock_status
        self.write_product_raw(number, **fields)

    def write_price_raw(
        self, number: int, price: Price, *, regular_price: Price | None = None
    ) -> None:
        """`_price` of a product or variation, so that the API shows `price`; a parent's stays.

        A variation's price is computed from the regular and the sale price whenever it is read, and
        a `_price` alone would never be seen: there the regular price is written too (as `price`,
        unless it is given), and the sale price so that `price` comes out.
        """
        paid, regular = str(price), None if regular_price is None else str(regular_price)
        fields: dict[str, object] = {"price": paid}
        if self.product(number).type == "variation":
            regular = paid if regular is None else regular
            fields["sale_price"] = "" if regular == paid else paid
        if regular is not None:
            fields["regular_price"] = regular
        self.write_product_raw(number, **fields)

    def write_product_raw(self, number: int, **fields: object) -> None:
        """Fields of a product or variation: PRODUCT_TEXTS, `stock` (a number or None), and `meta`
        (a mapping to merge). ValueError for another.
        """
        with self.lock:
            row = self.product(number)
            for name, value in fields.items():
                if name == "stock":
                    row.stock = value if isinstance(value, int) else None
                elif name == "meta":
                    self._write_meta_raw(row.meta, value)
                elif name in PRODUCT_TEXTS:
                    setattr(row, name, str(value))
                else:
                    raise ValueError(f"a product has no field {name!r} to write")
            self._changed_raw(row)

    def write_order_raw(self, number: int, **fields: object) -> None:
        """Fields of an order: ORDER_TEXTS, `total`, `customer_id`, and `billing`, `shipping`,
        `meta` (mappings to merge). ValueError for another. No stock moves, whatever the status.
        """
        with self.lock:
            row = self.order(number)
            for name, value in fields.items():
                if name in {"billing", "shipping"} and isinstance(value, dict):
                    address: dict[str, str] = getattr(row, name)
                    address.update({key: str(one) for key, one in value.items()})
                elif name == "meta":
                    self._write_meta_raw(row.meta, value)
                elif name == "total":
                    row.total = self.money(str(value))
                elif name == "customer_id" and isinstance(value, int):
                    row.customer_id = value
                elif name in ORDER_TEXTS:
                    setattr(row, name, str(value))
                else:
                    raise ValueError(f"an order has no field {name!r} to write")
            self.orders.changed()

    def write_customer_raw(self, number: int, **fields: object) -> None:
        """User meta of an account: its own names and e-mail, or fields of its billing address
        (phone, city, ...), and `meta` (a mapping to merge). ValueError for another.
        """
        with self.lock:
            row = self.customer(number)
            for name, value in fields.items():
                if name == "meta":
                    self._write_meta_raw(row.meta, value)
                elif name in OWN_FIELDS:
                    setattr(row, name, str(value))
                elif name in row.billing:
                    row.billing[name] = str(value)
                else:
                    raise ValueError(f"a customer has no field {name!r} to write")
            self.customers.changed()

    def save_line_alone(
        self,
        number: int,
        line: int,
        *,
        quantity: int | None = None,
        total: Decimal | str | int | None = None,
    ) -> None:
        """`WC_Order_Item->save()`: a line changes, and neither total nor date of its order do.

        NotFound if the order has no such line.
        """
        with self.lock:
            row = self.line_of(self.order(number), line)
            if quantity is not None:
                row.quantity = quantity
            if total is not None:
                row.total = self.money(total)
            self.orders.changed()

    def _write_meta_raw(self, meta: list[Meta], values: object) -> None:
        if not isinstance(values, dict):
            raise ValueError("meta takes a mapping of keys and values")  # noqa: TRY004 - as for all fields
        for key, value in values.items():
            self.write_meta(meta, str(key), value)

    def _changed_raw(self, row: Product) -> None:
        (self.variations if row.parent_id else self.products).changed()
