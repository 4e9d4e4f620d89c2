"""Who may use a coupon, and what it takes off."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from shop_stage import BUYER, START, Client, small_shop

from agent.sandbox.shop.coupons import CouponRefused

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop


@pytest.fixture
def shop() -> Shop:
    made = small_shop()
    shelf = made.add_category("Bonés")
    made.add_product(name="Boné", price="10.01", categories=[shelf])  # 11
    made.add_product(name="Meia", price="5", sale_price="3.33")  # 12
    return made


def coupon(shop: Shop, **fields: Any) -> None:
    row = shop.new_coupon("SAVE")
    for name, value in fields.items():
        setattr(row, name, value)
    shop.add_coupon(row)


def buy(shop: Shop, email: str = "ana@example.com", customer: int = 0) -> Decimal:
    lines = [(11, 0, 3), (12, 0, 2)]  # 30.03 + 6.66
    billing = {**BUYER, "email": email}
    number = shop.place_order(lines, billing=billing, customer_id=customer, coupon_codes=["save"])
    order = shop.order(number)
    assert order.total == sum(line.total for line in order.lines)
    assert order.discount_total == sum(line.subtotal - line.total for line in order.lines)
    return order.discount_total


@pytest.mark.parametrize(
    ("fields", "discount"),
    [
        ({"discount_type": "percent", "amount": Decimal(10)}, "3.67"),
        ({"discount_type": "fixed_cart", "amount": Decimal(10)}, "10"),
        ({"discount_type": "fixed_cart", "amount": Decimal(99)}, "36.69"),
        ({"discount_type": "fixed_product", "amount": Decimal(1)}, "5"),
        ({"discount_type": "fixed_product", "amount": Decimal(9), "product_ids": [12]}, "6.66"),
        ({"discount_type": "percent", "amount": Decimal(50), "product_ids": [12]}, "3.33"),
        (
            {"discount_type": "percent", "amount": Decimal(10), "excluded_product_ids": [12]},
            "3.00",
        ),
        ({"discount_type": "percent", "amount": Decimal(10), "exclude_sale_items": True}, "3.00"),
        ({"discount_type": "percent", "amount": Decimal(10), "product_categories": [10]}, "3.00"),
        (
            {
                "discount_type": "percent",
                "amount": Decimal(10),
                "excluded_product_categories": [10],
            },
            "0.67",
        ),
    ],
)
def test_a_coupon_takes_off_what_it_says(shop: Shop, fields: Any, discount: str) -> None:
    coupon(shop, **fields)
    assert buy(shop) == Decimal(discount)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires": START}, "has expired"),
        ({"usage_limit": 1, "used_by": ["x@example.com"]}, "Usage limit"),
        ({"usage_limit_per_user": 1, "used_by": ["ana@example.com"]}, "Usage limit"),
        ({"email_restrictions": ["bia@example.com"]}, "valid email"),
        ({"minimum_amount": Decimal(50)}, "minimum spend"),
        ({"maximum_amount": Decimal(5)}, "maximum spend"),
        ({"product_ids": [99]}, "not applicable"),
        ({"status": "trash"}, "does not exist"),
    ],
)
def test_a_coupon_is_refused_with_a_reason_and_no_order_is_made(
    shop: Shop, fields: Any, reason: str
) -> None:
    coupon(shop, amount=Decimal(5), **fields)
    with pytest.raises(CouponRefused, match=reason):
        buy(shop)
    assert len(shop.orders) == 0


def test_addresses_match_with_wildcards_and_by_the_account(shop: Shop) -> None:
    coupon(shop, amount=Decimal(5), email_restrictions=["*@example.org"])
    assert buy(shop, "ANA@Example.org") == 5
    person = shop.add_customer(first_name="A", last_name="B", email="ana@example.org")
    assert buy(shop, "other@example.com", person) == 5


def test_uses_are_counted_and_a_cancelled_order_gives_its_use_back(shop: Shop) -> None:
    coupon(shop, amount=Decimal(5), usage_limit=1, expires=START + timedelta(days=1))
    buy(shop)
    row = shop.coupon_by_code("save")
    assert row is not None
    assert row.used_by == ["ana@example.com"]
    with pytest.raises(CouponRefused):
        buy(shop)
    shop.set_status(next(iter(shop.orders)).id, "cancelled")
    assert row.used_by == []
    assert buy(shop) == 5


def test_a_code_is_taken_in_any_spelling_until_its_coupon_is_trashed(shop: Shop) -> None:
    coupon(shop)
    with pytest.raises(ValueError, match="already exists"):
        coupon(shop)
    row = shop.coupon_by_code("sAvE")
    assert row is not None
    shop.trash_coupon(row.id)
    coupon(shop)


def test_the_api_says_why_an_order_with_a_coupon_is_refused(shop: Shop) -> None:
    line = {"product_id": 11, "quantity": 1}
    answer = Client(shop).post("orders", {"line_items": [line], "coupon_lines": [{"code": "no"}]})
    assert answer.status_code == 400
    assert answer.json["code"] == "woocommerce_rest_invalid_coupon"


def test_a_coupon_can_be_changed_and_its_echo_is_honest(shop: Shop) -> None:
    client = Client(shop)
    made = client.post("coupons", {"code": "A1", "amount": "5", "product_ids": [11]}).json
    sent = {"amount": "7,5", "free_shipping": True, "minimum_amount": "20", "description": "x"}
    changed = client.put(f"coupons/{made['id']}", sent).json
    assert (changed["amount"], changed["minimum_amount"]) == ("7.50", "20.00")
    assert (changed["free_shipping"], changed["product_ids"]) == (True, [11])
    assert client.get(f"coupons/{made['id']}").json == changed
    assert client.put("coupons/999", {}).status_code == 400
    client.post("coupons", {"code": "B1", "amount": "5"})
    assert client.put(f"coupons/{made['id']}", {"code": "b1"}).status_code == 400
    refused = client.put(f"coupons/{made['id']}", {"amount": "-1", "discount_type": "percent"})
    assert refused.json["code"] == "coupon_invalid_amount"
    assert client.get(f"coupons/{made['id']}").json["discount_type"] == "fixed_cart"
    client.delete(f"coupons/{made['id']}")
    assert client.delete(f"coupons/{made['id']}").status_code == 410
    assert client.ids("coupons", search="b1") == [made["id"] + 1]
    assert client.delete(f"coupons/{made['id']}", force="true").status_code == 200
