"""A sandbox shop with the rows that the recordings of a real WooCommerce speak about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.shop import Shop

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
LAST_YEAR = datetime(2025, 11, 22, 12, 0, tzinfo=UTC)
BUYER = {
    "first_name": "João",
    "last_name": "de Andrade",
    "email": "joao@example.com",
    "phone": "71949565805",
    "country": "BR",
}
SIZES = ("P", "M", "G")


def recorded_shop() -> Shop:
    """Ids, statuses and dates are those of the recordings; names and amounts need not be."""
    shop = Shop(MovedClock(NOW), consumer_key="ck_EXAMPLE", consumer_secret="cs_EXAMPLE")
    parent = at(shop, 16).add_category("Categoria 1")
    child = shop.add_category("Categoria 10", parent=parent)
    shop.add_category("Categoria 2")
    for number in (*range(100, 120), 398, 905, 913, 999):
        at(shop, number).add_product(
            name=f"Produto {number}",
            price="206.89",
            sku=f"SKU-{number}",
            stock=300,
            categories=[parent, child],
            created=LAST_YEAR,
            meta={"_custom_erp_id": f"ERP{number}"},
        )
    at(shop, 882).add_product(name="Sob encomenda", price="89", stock=0, created=LAST_YEAR)
    shop.product(882).backorders = "yes"
    shop.set_stock(882, 0)
    shop.set_price(999, "236.23", "188.98")
    _variable(shop, 1214, "52")
    _variable(shop, 1298, "73")
    _variable(shop, 1406, "100")
    # only the date counts: it was written in São Paulo
    tied = shop.product(1214)
    tied.modified = datetime(2026, 11, 22, 12, 23, 18, tzinfo=UTC)
    tied.modified_local = shop.local(tied.modified)
    _coupons(shop)
    _people(shop)
    _orders(shop)
    return shop


def at(shop: Shop, number: int) -> Shop:
    """The next row gets this id."""
    shop._ids = count(number)
    return shop


def _variable(shop: Shop, number: int, name: str) -> None:
    at(shop, number).add_product(
        name=f"Camiseta {name}", price="", sku=f"VAR-{name}", type="variable", created=LAST_YEAR
    )
    for size, price in zip(SIZES, ("88.00", "137.5", "89"), strict=True):
        shop.add_variation(
            number, attributes={"Tamanho": size}, price=price, stock=12, sku=f"VAR-{name}-{size}"
        )


def _coupons(shop: Shop) -> None:
    for number, code in enumerate(("promo1", "promo21", "promo50"), start=1459):
        row = shop.new_coupon(code)
        row.discount_type, row.amount = "percent", Decimal(10)
        at(shop, number).add_coupon(row)


def _people(shop: Shop) -> None:
    for number in (2, 541, 1160, 4000):
        shop._customer_ids = count(number)
        shop.add_customer(
            first_name="Adriana",
            last_name="Almeida",
            email="joao.souza1159@hotmail.com" if number == 1160 else f"a{number}@example.com",
            created=LAST_YEAR,
            meta={"newsletter": "yes"},
        )


def _orders(shop: Shop) -> None:
    for number in (17247, 17248, 17252, 17256, 17261, 17263, 20300, 21598, 22436, 22457):
        created = LAST_YEAR + timedelta(hours=number - 17000)
        lines = [(999, 0, 3), (1406, 1408, 2)]
        at(shop, number).place_order(
            lines,
            customer_id=541,
            billing=BUYER,
            status="completed" if number == 20300 else "processing",
            created=created,
            meta={"_utm_source": "google"},
            coupon_codes=["promo1"] if number == 17256 else (),
            shipping_total="19.90",
        )
    guests = {22460: "checkout-draft", 22461: "auto-draft", 22482: "processing"}
    for number, status in guests.items():
        at(shop, number).place_order([(999, 0, 1)], billing=BUYER, status=status)
    for number in (22348, 17256):
        if number not in shop.orders._rows:
            at(shop, number).place_order([(999, 0, 3)], billing=BUYER, created=LAST_YEAR)
        at(shop, {22348: 22349, 17256: 22357}[number])
        shop.refund(number, shop.order(number).total if number == 22348 else "1.00", "Troca")
    at(shop, 20974).refund(17261, "1.00", "teste")
    at(shop, 22374).place_order([(999, 0, 1)], billing=BUYER, created=LAST_YEAR, customer_id=541)
    shop.order(22374).modified = datetime(2026, 11, 21, 15, 21, 55, tzinfo=UTC)
    shop.trash_order(22436)
    shop.orders.changed()
    at(shop, 30000)
