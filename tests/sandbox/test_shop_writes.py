"""Writes over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from shop_stage import BUYER, START, Client, small_shop

from agent.sandbox.clock import MovedClock

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop


@pytest.fixture
def shop() -> Shop:
    made = small_shop()
    shirt = made.add_product(name="Camiseta", price="", type="variable")  # 10
    made.add_variation(shirt, attributes={"Tamanho": "M"}, price="20", stock=4)  # 11
    made.add_product(name="Boné", price="10", stock=5)  # 12
    made.place_order([(12, 0, 1)], billing=BUYER)  # 13
    assert isinstance(made.clock, MovedClock)
    made.clock.advance(timedelta(hours=1))
    return made


def test_an_order_can_be_made_with_all_that_belongs_to_it(shop: Shop) -> None:
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    sent = {
        "set_paid": True,
        "customer_id": person,
        "billing": BUYER,
        "line_items": [{"product_id": 10, "variation_id": 11, "quantity": 2}, {"product_id": 12}],
        "shipping_lines": [{"method_id": "flat_rate", "total": "5.00"}],
        "meta_data": [{"key": "_agreed", "value": "yes"}],
    }
    made = Client(shop).post("orders", sent).json
    assert (made["status"], made["total"], made["customer_id"]) == ("processing", "55.00", person)
    assert made["date_paid_gmt"] == "2026-03-02T13:00:00"
    assert made["meta_data"][0]["key"] == "_agreed"
    assert (shop.product(11).stock, shop.product(12).stock) == (2, 3)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"line_items": [{"product_id": 99}]}, "woocommerce_rest_required_product_reference"),
        ({"customer_id": 99}, "woocommerce_rest_invalid_customer_id"),
        ({"line_items": "12"}, "rest_invalid_param"),
        ({"billing": "Ana"}, "rest_invalid_param"),
        ({"set_paid": "perhaps"}, "rest_invalid_param"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(shop: Shop, sent: object, code: str) -> None:
    answer = Client(shop).post("orders", sent)
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert len(shop.orders) == 1


def test_an_order_can_be_changed_and_an_empty_change_is_one_too(shop: Shop) -> None:
    client = Client(shop)
    sent = {
        "status": "completed",
        "billing": {"phone": "+1 212 555 0102"},
        "meta_data": [{"key": "_a", "value": 1}, {"key": "_b", "value": 2}],
    }
    changed = client.put("orders/13", sent).json
    assert (changed["status"], changed["billing"]["phone"]) == ("completed", "+1 212 555 0102")
    assert changed["billing"]["email"] == BUYER["email"]
    assert changed["date_modified_gmt"] == "2026-03-02T13:00:00"
    removed = client.put("orders/13", {"meta_data": [{"key": "_a", "value": None}]}).json
    assert [one["key"] for one in removed["meta_data"]] == ["_b"]
    assert client.put("orders/99", {}).status_code == 400
    assert client.get("orders/99").status_code == 404
    assert client.delete("orders/99").status_code == 404


def test_deleting_twice_says_so(shop: Shop) -> None:
    client = Client(shop)
    assert client.delete("orders/13").json["status"] == "processing"
    assert client.delete("orders/13").status_code == 410
    assert client.delete("orders/13", force="true").json["status"] == "trash"
    assert client.delete("products/12").json["status"] == "publish"
    assert client.delete("products/12").status_code == 410
    assert client.delete("products/12", force="true").status_code == 200
    assert client.get("products/12").json["code"] == "woocommerce_rest_product_invalid_id"


def test_stock_and_price_are_written_and_move_the_parent(shop: Shop) -> None:
    client = Client(shop)
    sent = {"stock_quantity": 9, "regular_price": "25", "sale_price": "19.9"}
    changed = client.put("products/10/variations/11", sent).json
    assert (changed["stock_quantity"], changed["price"], changed["on_sale"]) == (9, "19.9", True)
    parent = client.get("products/10").json
    assert (parent["price"], parent["date_modified_gmt"]) == ("19.9", "2026-03-02T13:00:00")
    assert parent["attributes"][0]["options"] == ["M"]
    assert "&ndash;" not in parent["price_html"]
    assert client.put("products/12", {"manage_stock": False}).json["stock_quantity"] is None
    assert client.put("products/12", {"stock_quantity": 3}).json["stock_quantity"] is None
    assert client.put("products/12", {"manage_stock": True}).json["stock_status"] == "outofstock"
    assert client.put("products/12", {"regular_price": 5}).json["code"] == "rest_invalid_param"
    assert client.put("products/99", {}).status_code == 400
    assert client.put("products/12/variations/11", {}).status_code == 400


def test_refunds_are_made_listed_and_deleted(shop: Shop) -> None:
    client = Client(shop)
    made = client.post("orders/13/refunds", {"amount": "1,50", "api_refund": False}).json
    assert made["amount"] == "1.50"
    moved = client.get("orders/13").json["date_modified_gmt"]
    assert client.ids("orders/13/refunds") == client.ids("refunds") == [made["id"]]
    assert client.get(f"orders/13/refunds/{made['id']}").json["amount"] == "1.50"
    assert client.get("orders/13/refunds/99").status_code == 404
    assert client.get("orders/99/refunds").json["code"] == "woocommerce_rest_order_invalid_id"
    assert client.delete(f"orders/13/refunds/{made['id']}").status_code == 501
    assert client.delete(f"orders/13/refunds/{made['id']}", force="true").status_code == 200
    assert client.get("orders/13").json["date_modified_gmt"] == moved
    answer = client.post("orders/13/refunds", {"amount": "abc", "api_refund": False})
    assert (answer.status_code, answer.json["data"]) == (500, 500)


def test_notes_are_kept_newest_first(shop: Shop) -> None:
    client = Client(shop)
    for words in ("one", "two"):
        client.post("orders/13/notes", {"note": words, "customer_note": words == "two"})
    shown = client.get("orders/13/notes").json
    assert [(one["note"], one["customer_note"]) for one in shown] == [("two", True), ("one", False)]
    assert client.get("orders/13").json["date_modified_gmt"] == START.isoformat()[:19]


def test_an_account_is_deleted_only_by_force(shop: Shop) -> None:
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    client = Client(shop)
    assert client.get(f"customers/{person}").json["email"] == "a@example.com"
    assert client.delete(f"customers/{person}", force="true").status_code == 200
    assert client.get(f"customers/{person}").json["code"] == "woocommerce_rest_invalid_id"


def test_the_index_names_the_time_zone_to_everybody(shop: Shop) -> None:
    shown = Client(shop).get("/wp-json/").json
    assert (shown["timezone_string"], shown["gmt_offset"]) == ("America/Sao_Paulo", -3)
    assert Client(small_shop(timezone="Asia/Kolkata")).get("/wp-json").json["gmt_offset"] == 5.5
    assert "wc/v3" in shown["namespaces"]


def test_the_shop_tells_its_own_currency_version_and_statuses() -> None:
    shop = small_shop(currency="KWD", decimals=3, country="KW", version="10.3.1")
    shop.add_order_status("shipped", "Shipped")
    order = shop.place_order([], billing=BUYER, status="shipped")
    client = Client(shop)
    settings = {one["id"]: one["value"] for one in client.get("settings/general").json}
    assert settings["woocommerce_currency"] == "KWD"
    assert settings["woocommerce_price_num_decimals"] == "3"
    assert settings["woocommerce_default_country"] == "KW"
    assert client.get("data/currencies/current").json["code"] == "KWD"
    assert client.get("system_status").json["environment"]["version"] == "10.3.1"
    totals = client.get("reports/orders/totals").json
    assert totals[-1] == {"slug": "shipped", "name": "Shipped", "total": 1}
    assert client.get(f"orders/{order}").json["total"] == "0.000"
    assert client.ids("orders", status="shipped") == [order]
    assert Client(small_shop(currency="XTS")).get("data/currencies/current").json["name"] == "XTS"
