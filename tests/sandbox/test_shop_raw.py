"""Writes that pass by WooCommerce: what is shown is new, and no date says so."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shop_stage import BUYER, START, Client, small_shop

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.ground import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.shop.shop import Shop

RECORDINGS = Path(__file__).parent.parent / "recordings"
SINCE = {"modified_after": START.isoformat()[:19], "dates_are_gmt": "true"}
CAP, SHIRT, MEDIUM, ORDER = 10, 11, 12, 13


@pytest.fixture
def shop() -> Shop:
    """An hour after its rows were written."""
    made = small_shop()
    made.add_product(name="Boné", price="20", stock=5)
    made.add_product(name="Camiseta", price="", type="variable")
    made.add_variation(SHIRT, attributes={"Tamanho": "M"}, price="88.00", stock=3)
    person = made.add_customer(first_name="Ana", last_name="B", email="ana@example.com")
    made.place_order([(CAP, 0, 2)], billing=BUYER, customer_id=person)
    assert isinstance(made.clock, MovedClock)
    made.clock.advance(timedelta(hours=1))
    return made


RAW: list[tuple[Callable[[Shop], object], str, dict[str, object]]] = [
    (
        lambda shop: shop.write_stock_raw(CAP, 0),
        f"products/{CAP}",
        {"stock_quantity": 0, "stock_status": "instock"},
    ),
    (
        lambda shop: shop.write_stock_raw(MEDIUM, 0, stock_status="outofstock"),
        f"products/{SHIRT}/variations/{MEDIUM}",
        {"stock_quantity": 0, "stock_status": "outofstock"},
    ),
    (
        lambda shop: shop.write_price_raw(CAP, "9.99"),
        f"products/{CAP}",
        {"price": "9.99", "regular_price": "20"},
    ),
    (
        lambda shop: shop.write_price_raw(CAP, "9.99", regular_price="25"),
        f"products/{CAP}",
        {"price": "9.99", "regular_price": "25"},
    ),
    (
        lambda shop: shop.write_price_raw(MEDIUM, "9.99"),
        f"products/{SHIRT}/variations/{MEDIUM}",
        {"price": "9.99", "regular_price": "9.99", "sale_price": ""},
    ),
    (
        lambda shop: shop.write_price_raw(MEDIUM, "9.99", regular_price="99"),
        f"products/{SHIRT}/variations/{MEDIUM}",
        {"price": "9.99", "regular_price": "99", "sale_price": "9.99"},
    ),
    (
        lambda shop: shop.write_product_raw(CAP, name="Chapéu", status="draft", meta={"_erp": 1}),
        f"products/{CAP}",
        {"name": "Chapéu", "status": "draft"},
    ),
    (
        lambda shop: shop.write_product_raw(MEDIUM, status="private", stock=None),
        f"products/{SHIRT}/variations/{MEDIUM}",
        {"status": "private", "manage_stock": False},
    ),
    (
        lambda shop: shop.write_order_raw(
            ORDER, status="completed", total="7", customer_id=0, meta={"_agreed": "no"}
        ),
        f"orders/{ORDER}",
        {"status": "completed", "total": "7.00", "customer_id": 0, "date_completed": None},
    ),
    (
        lambda shop: shop.save_line_alone(ORDER, 1, quantity=9, total="90"),
        f"orders/{ORDER}",
        {"total": "40.00"},
    ),
]


@pytest.mark.parametrize(("change", "path", "shown"), RAW)
def test_a_raw_write_is_shown_and_moves_no_date(
    shop: Shop, change: Callable[[Shop], object], path: str, shown: dict[str, object]
) -> None:
    client = Client(shop)
    before = client.get(path).json
    listed = client.get(path.rpartition("/")[0]).json
    change(shop)
    after = client.get(path).json
    assert {name: after[name] for name in shown} == shown
    assert after["date_modified_gmt"] == before["date_modified_gmt"]
    for some in ("orders", "products", f"products/{SHIRT}/variations"):
        assert client.ids(some, **SINCE) == []
    assert client.get(path.rpartition("/")[0]).json != listed  # no stale page


def test_the_recorded_shop_moved_no_date_either() -> None:
    def moved(name: str, test: str) -> Any:
        rows = json.loads((RECORDINGS / name).read_text(encoding="utf-8"))
        return next(row["date_modified_changed"] for row in rows if row["test"].startswith(test))

    for test in (
        "data_store->update_product_stock()",
        "update_post_meta _stock",
        "update_post_meta _price",
    ):
        assert moved("q03_date_modified_matrix.json", test) is False


def test_a_raw_phone_is_shown_and_moves_no_date(shop: Shop) -> None:
    client = Client(shop)
    shop.write_order_raw(ORDER, billing={"phone": "+1 212 555 0177"})
    shop.write_customer_raw(2, phone="+1 212 555 0177", first_name="Bia", meta={"newsletter": "no"})
    order, person = client.get(f"orders/{ORDER}").json, client.get("customers/2").json
    assert order["billing"]["phone"] == person["billing"]["phone"] == "+1 212 555 0177"
    assert (person["first_name"], person["billing"]["first_name"]) == ("Bia", "Ana")
    assert person["meta_data"][0]["value"] == "no"
    assert order["date_modified_gmt"] == person["date_modified_gmt"] == START.isoformat()[:19]


def test_a_line_saved_alone_changes_the_line_only(shop: Shop) -> None:
    shop.save_line_alone(ORDER, 1, quantity=3)
    shop.save_line_alone(ORDER, 1, total="1.5")
    row = Client(shop).get(f"orders/{ORDER}").json
    line = row["line_items"][0]
    assert (line["quantity"], line["total"], row["total"]) == (3, "1.50", "40.00")
    with pytest.raises(NotFound, match="no order line 99"):
        shop.save_line_alone(ORDER, 99, quantity=1)


def test_the_parent_learns_of_a_raw_price_with_the_next_save(shop: Shop) -> None:
    client = Client(shop)
    shop.write_price_raw(MEDIUM, "9.99")
    assert client.get(f"products/{SHIRT}").json["price"] == "88.00"
    shop.set_stock(MEDIUM, 2)
    assert client.get(f"products/{SHIRT}").json["price"] == "9.99"


def test_a_later_save_does_not_undo_a_raw_price(shop: Shop) -> None:
    shop.write_price_raw(CAP, "9.99")
    shop.set_stock(CAP, 2)
    shop.place_order([(CAP, 0, 1)], billing=BUYER)
    client = Client(shop)
    assert client.get(f"products/{CAP}").json["price"] == "9.99"
    assert client.put(f"products/{CAP}", {"regular_price": "20"}).json["price"] == "9.99"
    assert client.put(f"products/{CAP}", {"regular_price": "21"}).json["price"] == "21"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda shop: shop.write_product_raw(CAP, colour="red"),
        lambda shop: shop.write_product_raw(CAP, meta="red"),
        lambda shop: shop.write_order_raw(ORDER, colour="red"),
        lambda shop: shop.write_customer_raw(2, colour="red"),
    ],
)
def test_a_field_that_does_not_exist_is_a_mistake(
    shop: Shop, mistake: Callable[[Shop], object]
) -> None:
    with pytest.raises(ValueError, match=r"field|mapping"):
        mistake(shop)
