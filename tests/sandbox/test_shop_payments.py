"""How orders of the sandbox shop are paid, and what the shop says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shop_stage import BUYER, Client, small_shop

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop


@pytest.fixture
def shop() -> Shop:
    made = small_shop()
    made.add_product(name="Boné", price="10")  # 10
    return made


def paid(shop: Shop, number: int) -> tuple[str, str]:
    one = Client(shop).get(f"orders/{number}").json
    return one["payment_method"], one["payment_method_title"]


def test_an_order_that_waits_for_money_is_paid_by_transfer_and_others_as_most_are(
    shop: Shop,
) -> None:
    waits = shop.place_order([(10, 0, 1)], billing=BUYER, status="on-hold")
    others = {paid(shop, shop.place_order([(10, 0, 1)], billing=BUYER)) for _ in range(6)}
    assert paid(shop, waits) == ("bacs", "Direct bank transfer")
    assert others == {("stripe", "Credit / debit card"), ("cod", "COD")}
    # it keeps what it was placed with
    shop.set_status(waits, "processing")
    assert paid(shop, waits) == ("bacs", "Direct bank transfer")


def test_an_order_can_be_paid_in_any_other_way(shop: Shop) -> None:
    named = shop.place_order([(10, 0, 1)], billing=BUYER, payment_method="pix", payment_title="Pix")
    strange = shop.place_order([(10, 0, 1)], billing=BUYER, payment_method="pix")
    sent = Client(shop).post("orders", {"line_items": [{"product_id": 10}]}).json
    assert [paid(shop, one) for one in (named, strange, sent["id"])] == [
        ("pix", "Pix"),
        ("pix", "PIX"),
        ("", ""),
    ]
    sent = {"payment_method": "cod", "payment_method_title": "In cash"}
    assert Client(shop).put(f"orders/{named}", sent).json["payment_method_title"] == "In cash"
    assert paid(shop, named) == ("cod", "In cash")


def test_the_gateways_tell_their_instructions_where_they_have_some(shop: Shop) -> None:
    shop.gateways["bacs"].instructions = "IBAN ..."
    rows = Client(shop).get("payment_gateways", _fields="id,settings").json
    assert [list(row) for row in rows] == [["id", "settings"]] * 4
    told = {row["id"]: row["settings"].get("instructions", {}).get("value") for row in rows}
    cash = "Pay with cash upon delivery."
    assert told == {"bacs": "IBAN ...", "cheque": "", "cod": cash, "stripe": None}
