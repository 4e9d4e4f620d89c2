"""shop -> mirror: roles, categories, our coupons, and how a long walk tells how far it is."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from jobs_stage import Counter
from mirror_compare import differences

from agent.jobs.pull.kinds import CUSTOMERS
from agent.sandbox.shop.shop import Asked
from models import Category, Coupon, Customer, ShopCoupon


def only_roles(counter: Counter, *roles: str) -> None:
    mirror = replace(counter.settings.mirror, customer_roles=roles)
    counter.settings = replace(counter.settings, mirror=mirror)


def join(counter: Counter, name: str, role: str = "customer") -> int:
    return counter.shop.add_customer(
        first_name=name, last_name="Example", email=f"{name}@example.com", role=role
    )


# roles


def test_one_role_is_asked_for_by_its_name(counter: Counter) -> None:
    only_roles(counter, "customer")
    ana = join(counter, "ana")
    join(counter, "writer", "author")
    counter.pull_all()
    assert [one.woo_id for one in Customer.select()] == [ana]
    assert {one["role"] for one in counter.asked("wc/v3/customers")} == {"customer"}


def test_of_several_roles_the_others_are_left_out(counter: Counter) -> None:
    only_roles(counter, "customer", "subscriber")
    wanted = [join(counter, "ana"), join(counter, "bea", "subscriber")]
    join(counter, "writer", "author")
    counter.pull_all()
    assert [one.woo_id for one in Customer.select().order_by(Customer.woo_id)] == wanted


@pytest.mark.parametrize("roles", [("customer",), ("customer", "subscriber")])
def test_an_account_that_changes_to_another_role_leaves_the_mirror(
    counter: Counter, roles: tuple[str, ...]
) -> None:
    only_roles(counter, *roles)
    ana = join(counter, "ana")
    counter.pull_all()
    counter.later(hours=1)
    counter.shop.update_customer(ana, role="author")
    counter.sweep(CUSTOMERS)
    assert Customer.select().count() == 0


# categories and coupons


def until_all_turns_came(counter: Counter) -> None:
    mirror = replace(counter.settings.mirror, rest=timedelta(minutes=10))
    counter.settings = replace(counter.settings, mirror=mirror)
    for _ in range(25):
        counter.later(minutes=1)
        counter.cycle()


@pytest.mark.long
def test_categories_are_mirrored_renamed_and_removed(counter: Counter) -> None:
    shop = counter.shop
    clothes = shop.add_category("Clothes")
    shirts = shop.add_category("Shirts &amp; Tops", parent=clothes)
    counter.pull_all()
    until_all_turns_came(counter)
    row = Category.get_by_id(shirts)
    assert (row.name, row.parent_id) == ("Shirts & Tops", clothes)

    shop.categories[shirts].name = "Tops"
    shop.categories.remove(clothes)
    until_all_turns_came(counter)
    assert [(one.woo_id, one.name) for one in Category.select()] == [(shirts, "Tops")]


@pytest.mark.long
def test_of_our_coupons_their_use_is_known_and_of_others_nothing(counter: Counter) -> None:
    shop = counter.shop
    for code in ("WB-Abc", "SUMMER"):
        coupon = shop.new_coupon(code)
        coupon.amount, coupon.discount_type = shop.money(5), "fixed_cart"
        shop.add_coupon(coupon)
    ours, _ = shop.coupons
    Coupon.insert(
        code="WB-Abc", message_uid="uid-1", email="ana@example.com", percent=15,
        expires_at=counter.now + timedelta(days=7), woo_id=ours.id,
    ).execute()  # fmt: skip
    counter.pull_all()
    until_all_turns_came(counter)
    assert [(one.code, one.usage_count) for one in ShopCoupon.select()] == [("wb-abc", 0)]

    counter.order(coupon_codes=["WB-Abc"])
    until_all_turns_came(counter)
    assert ShopCoupon.get().usage_count == 1

    shop.coupons.remove(ours.id)
    until_all_turns_came(counter)
    assert ShopCoupon.select().count() == 0


# a long walk


def test_a_long_walk_tells_once_a_minute_how_far_it_is_and_how_long_it_will_take(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.page_size(11)  # ten new rows a page
    for _ in range(100):
        counter.order()

    def takes_time(one: Asked) -> None:
        if one.path == "wc/v3/orders":
            counter.later(seconds=30)

    counter.shop.on_request = takes_time
    with caplog.at_level(logging.INFO):
        counter.poll()
    told = [one.fields for one in caplog.records if one.message == "mirror.filling"]  # type: ignore[attr-defined]
    assert 3 <= len(told) <= 5  # five minutes
    assert told[0]["of"] == 100
    assert [one["rows"] for one in told] == sorted(one["rows"] for one in told)
    assert all(one["left"].endswith("min") for one in told)
    assert differences(counter.shop)[0].startswith("lines")  # they are filled later
