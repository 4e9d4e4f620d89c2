"""What a product costs: the price that is stored, and the one that is computed when it is read.

Source: WooCommerce 9.9.5, `WC_Product::is_on_sale`, `WC_Product_Data_Store_CPT::handle_updated_props`
and `WC_Product_Variation_Data_Store_CPT::read_product_data`; measured in q03_simple_scheduled_sale
and q03_date_modified_matrix.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.shop.rows import Product


def number_of(price: str) -> Decimal:
    """A price that somebody typed, as a number to compare by; 0 for what is none."""
    try:
        return Decimal(price or 0)
    except InvalidOperation:
        return Decimal(0)


def on_sale(row: Product, now: datetime) -> bool:
    """Whether the sale price holds at `now`. This follows the clock at once; `price` need not."""
    if not row.sale_price or number_of(row.regular_price) <= number_of(row.sale_price):
        return False
    started = row.sale_from is None or row.sale_from <= now
    return started and (row.sale_to is None or row.sale_to >= now)


def price_for(row: Product, now: datetime) -> str:
    """What regular price, sale price and its dates make at `now`."""
    return row.sale_price if on_sale(row, now) else row.regular_price


def shown_price(row: Product, now: datetime) -> str:
    """The `price` that the API shows and a buyer pays.

    TRAP: a variation's is computed when it is read, so a scheduled sale flips it by the clock and
    no date moves. All others show what was stored by the last save or by the cron.
    """
    return price_for(row, now) if row.type == "variation" else row.price


def sale_is_stored(row: Product) -> bool:
    """Whether the last save or the cron found it on sale: what lists and parents go by."""
    return bool(row.sale_price) and row.price == row.sale_price
