"""What is changed after it was made: an order's lines, an account, a product's shelves."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from shop_stage import BUYER, START, Client, small_shop

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.ground import NotFound

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

CAP, SHIRT, MEDIUM, ORDER = 10, 11, 12, 13
LATER = "2026-03-02T13:00:00"


@pytest.fixture
def shop() -> Shop:
    """An hour after a cap at 20 and a shirt at 30 were ordered twice each, with shipping for 5."""
    made = small_shop()
    made.add_product(name="Boné", price="20", stock=10)
    made.add_product(name="Camiseta", price="", type="variable")
    made.add_variation(SHIRT, attributes={"Tamanho": "M"}, price="30", stock=10)
    made.place_order([(CAP, 0, 2), (SHIRT, MEDIUM, 2)], billing=BUYER, shipping_total=5)
    assert isinstance(made.clock, MovedClock)
    made.clock.advance(timedelta(hours=1))
    return made


def stocks(shop: Shop) -> tuple[int | None, int | None]:
    return shop.product(CAP).stock, shop.product(MEDIUM).stock


def test_the_admin_changes_removes_and_adds_lines(shop: Shop) -> None:
    order = shop.order(ORDER)
    cap, shirt = (line.id for line in order.lines)
    shop.edit_order(ORDER, {cap: 3})
    assert (order.total, stocks(shop), order.modified) == (Decimal(125), (7, 8), shop.now())
    shop.edit_order(ORDER, {cap: 1, shirt: 0})
    assert (order.total, stocks(shop)) == (Decimal(25), (9, 10))
    shop.set_price(MEDIUM, "33")
    shop.edit_order(ORDER, add=[(SHIRT, MEDIUM, 2)])
    assert (order.total, stocks(shop)) == (Decimal(91), (9, 8))
    assert [line.quantity for line in order.lines] == [1, 2]
    shop.set_status(ORDER, "cancelled")
    assert stocks(shop) == (10, 10)
    shop.edit_order(ORDER, {cap: 5})  # a cancelled order takes nothing
    assert stocks(shop) == (10, 10)


def test_an_edit_of_what_is_not_there_changes_nothing(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.edit_order(ORDER, {1: 9, 99: 1})
    with pytest.raises(NotFound):
        shop.edit_order(ORDER, {1: 9}, add=[(99, 0, 1)])
    assert (stocks(shop), shop.order(ORDER).modified) == ((8, 8), START)


def test_lines_are_edited_over_the_api(shop: Shop) -> None:
    client = Client(shop)
    cap, shirt = (line.id for line in shop.order(ORDER).lines)
    # TRAP: a quantity alone leaves what the line costs, and so the total
    shown = client.put(f"orders/{ORDER}", {"line_items": [{"id": cap, "quantity": 3}]}).json
    assert (shown["total"], shown["line_items"][0]["quantity"]) == ("105.00", 3)
    assert (stocks(shop), shown["date_modified_gmt"]) == ((7, 8), LATER)
    sent = [{"id": cap, "quantity": 4, "subtotal": "80", "total": "72,00"}]
    shown = client.put(f"orders/{ORDER}", {"line_items": sent}).json
    assert (shown["total"], shown["discount_total"]) == ("137.00", "8.00")
    sent = [{"id": shirt, "quantity": 0}, {"product_id": CAP, "total": "1"}]
    shown = client.put(f"orders/{ORDER}", {"line_items": sent}).json
    assert [line["product_id"] for line in shown["line_items"]] == [CAP, CAP]
    assert (shown["total"], stocks(shop)) == ("78.00", (5, 10))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"id": 99, "quantity": 1}, "woocommerce_rest_invalid_item_id"),
        ({"quantity": 1}, "woocommerce_rest_required_product_reference"),
        ({"id": "x"}, "rest_invalid_param"),
    ],
)
def test_a_line_that_makes_no_sense_changes_nothing(
    shop: Shop, line: dict[str, object], code: str
) -> None:
    sent = {"line_items": [{"id": 1, "quantity": 9}, line], "customer_note": "x"}
    answer = Client(shop).put(f"orders/{ORDER}", sent)
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert (shop.order(ORDER).modified, stocks(shop)) == (START, (8, 8))


def test_a_new_address_adds_up_what_lines_say_now(shop: Shop) -> None:
    """WooCommerce computes totals anew when an address is sent: a line saved alone shows then."""
    client = Client(shop)
    shop.save_line_alone(ORDER, 1, total="1")
    assert client.put(f"orders/{ORDER}", {"customer_note": "x"}).json["total"] == "105.00"
    assert client.put(f"orders/{ORDER}", {"billing": {"city": "Rio"}}).json["total"] == "66.00"


def test_an_account_is_made_and_changed_over_the_api(shop: Shop) -> None:
    client = Client(shop)
    sent = {
        "email": "bia@example.com",
        "first_name": "Bia",
        "billing": {"phone": "+1 212 555 0142", "colour": "red"},
        "meta_data": [{"key": "newsletter", "value": "yes"}],
    }
    made = client.post("customers", sent)
    number = made.json["id"]
    assert (made.status_code, made.json["billing"]["phone"]) == (201, "+1 212 555 0142")
    assert made.headers["Location"].endswith(f"/customers/{number}")
    assert (made.json["first_name"], made.json["billing"]["first_name"]) == ("Bia", "")
    assert client.post("customers", sent).json["code"] == "registration-error-email-exists"
    assert isinstance(shop.clock, MovedClock)
    shop.clock.advance(timedelta(hours=1))
    changed = {"email": "b@example.com", "last_name": "Lima", "billing": {"city": "Rio"}}
    shown = client.put(f"customers/{number}", changed).json
    assert (shown["email"], shown["last_name"]) == ("b@example.com", "Lima")
    assert (shown["billing"]["city"], shown["billing"]["phone"]) == ("Rio", "+1 212 555 0142")
    assert shown["date_modified_gmt"] == "2026-03-02T14:00:00"
    assert client.ids("customers", email="b@example.com") == [number]
    cleared = {"meta_data": [{"key": "newsletter", "value": None}]}
    assert client.put(f"customers/{number}", cleared).json["meta_data"] == []


def test_an_account_that_makes_no_sense_is_refused(shop: Shop) -> None:
    client = Client(shop)
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    assert client.post("customers", {}).json["code"] == "rest_missing_callback_param"
    refused = client.post("customers", {"email": "nobody"}).json
    assert refused["data"]["params"] == {"email": "Invalid email address."}
    taken = client.put(f"customers/{person}", {"email": "Admin@shop.example"}).json
    assert taken["code"] == "woocommerce_rest_customer_invalid_email"
    assert client.put("customers/99", {}).json["code"] == "woocommerce_rest_invalid_id"
    assert client.put(f"customers/{person}", {"email": "A@example.com"}).status_code == 200


def test_a_product_changes_its_shelves_over_the_api(shop: Shop) -> None:
    first, second = shop.add_category("Bonés"), shop.add_category("Novidades")
    client = Client(shop)
    sent = {"categories": [{"id": second}, {"id": first}, {"id": 99}, {"id": second}]}
    shown = client.put(f"products/{CAP}", sent).json
    assert [one["id"] for one in shown["categories"]] == [second, first]
    assert client.ids("products", category=first) == [CAP]
    client.put(f"products/{CAP}", {"categories": [{"id": second}]})
    assert client.ids("products", category=first) == []
    counts = {one["id"]: one["count"] for one in client.get("products/categories").json}
    assert counts == {first: 0, second: 1}
    assert shop.product(CAP).modified == shop.now()
