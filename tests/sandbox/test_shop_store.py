"""What the sandbox shop's operations do to its rows: section by section as it was measured."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from shop_stage import BUYER, START, small_shop

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.coupons import CouponRefused
from agent.sandbox.shop.ground import NotFound, slug_of
from agent.sandbox.shop.orders import RefundRefused

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

HOUR = timedelta(hours=1)


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def pass_an_hour(shop: Shop) -> datetime:
    assert isinstance(shop.clock, MovedClock)
    shop.clock.advance(HOUR)
    return shop.now()


def test_ids_ascend_over_all_kinds_and_customers_have_their_own(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10")
    order = shop.place_order([(product, 0, 1)], billing=BUYER)
    refund = shop.refund(order, "1")
    assert product < order < refund
    assert shop.add_customer(first_name="A", last_name="B", email="a@example.com") == 2


def test_an_order_adds_up_and_takes_the_stock(shop: Shop) -> None:
    # given a simple product, and a variable one that is cheaper in M
    simple = shop.add_product(name="Boné", price="89.90", sale_price="79.9", stock=5)
    shirt = shop.add_product(name="Camiseta", price="", type="variable")
    medium = shop.add_variation(shirt, attributes={"Tamanho": "M"}, price="88.00", stock=3)
    shop.add_variation(shirt, attributes={"Tamanho": "G"}, price="99", stock=3)
    later = pass_an_hour(shop)
    # when some are bought
    order = shop.order(
        shop.place_order([(simple, 0, 2), (shirt, medium, 1)], billing=BUYER, shipping_total="19.9")
    )
    # then prices, totals and names are the shop's
    assert order.total == Decimal("267.70")
    assert [line.name for line in order.lines] == ["Boné", "Camiseta - M"]
    assert order.lines[1].parent_name == "Camiseta"
    # and the stock is less, which moves the variation and its parent too
    assert (shop.product(simple).stock, shop.product(medium).stock) == (3, 2)
    assert {shop.product(one).modified for one in (simple, medium, shirt)} == {later}
    assert shop.product(shirt).price == "88.00"
    assert order.paid == later


def test_a_product_is_out_of_stock_when_the_last_is_sold_and_so_is_its_parent(shop: Shop) -> None:
    shirt = shop.add_product(name="Camiseta", price="", type="variable")
    only = shop.add_variation(shirt, attributes={"Tamanho": "M"}, price="88", stock=1)
    order = shop.place_order([(shirt, only, 1)], billing=BUYER)
    assert [shop.product(one).stock_status for one in (only, shirt)] == ["outofstock"] * 2
    shop.set_status(order, "cancelled")
    assert [shop.product(one).stock_status for one in (only, shirt)] == ["instock"] * 2
    assert shop.product(only).stock == 1


def test_unpaid_orders_leave_the_stock_until_they_are_paid(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10", stock=5)
    order = shop.place_order([(product, 0, 2)], billing=BUYER, status="pending")
    assert (shop.product(product).stock, shop.order(order).paid) == (5, None)
    shop.set_status(order, "processing")
    shop.set_status(order, "completed")  # is not taken a second time
    assert shop.product(product).stock == 3
    assert shop.order(order).completed == shop.now()


def test_a_history_written_late_does_not_make_a_product_look_older(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10", stock=5)
    shop.place_order([(product, 0, 1)], billing=BUYER, created=START - 10 * HOUR)
    assert shop.product(product).modified == START
    assert shop.order(11).modified == START - 10 * HOUR


def test_every_save_moves_date_modified_and_a_note_does_not(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10", stock=5)
    order = shop.order(shop.place_order([(product, 0, 1)], billing=BUYER))
    for change in (
        lambda: shop.set_status(order.id, "on-hold"),
        lambda: shop.set_order_meta(order.id, "_agreed", "yes"),
        lambda: shop.refund(order.id, "1"),
        lambda: shop.trash_order(order.id),
        lambda: shop.restore_order(order.id),
        lambda: shop.save_order(order),
    ):
        moment = pass_an_hour(shop)
        change()
        assert order.modified == moment
    assert order.status == "on-hold"
    pass_an_hour(shop)
    shop.add_note(order.id, "called")
    shop.delete_refund(order.refunds[0])
    assert order.modified == shop.now() - HOUR


def test_meta_is_overwritten_under_its_id(shop: Shop) -> None:
    order = shop.order(shop.place_order([], billing=BUYER, meta={"_agreed": "no"}))
    number = order.meta[0].id
    shop.set_order_meta(order.id, "_agreed", "yes")
    shop.set_order_meta(order.id, "_other", 1)
    assert [(one.key, one.value) for one in order.meta] == [("_agreed", "yes"), ("_other", 1)]
    assert order.meta[0].id == number


def test_refunds_leave_the_total_and_end_where_the_order_does(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10")
    order = shop.order(shop.place_order([(product, 0, 1)], billing=BUYER))
    shop.refund(order.id, "4")
    for wrong in ("6.01", "0", "-1"):
        with pytest.raises(RefundRefused):
            shop.refund(order.id, wrong)
    assert (order.total, order.status) == (Decimal(10), "processing")
    shop.refund(order.id, "6")
    assert (order.total, order.status) == (Decimal(10), "refunded")


def test_setting_the_status_to_refunded_gives_the_rest_back(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10")
    order = shop.order(shop.place_order([(product, 0, 1)], billing=BUYER))
    shop.refund(order.id, "4")
    shop.set_status(order.id, "refunded")
    assert [shop.refunds[one].amount for one in order.refunds] == [Decimal(4), Decimal(6)]


def test_deleting_for_good_leaves_no_trace(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10")
    order = shop.place_order([(product, 0, 1)], billing=BUYER)
    refund = shop.refund(order, "1")
    shop.delete_order(order, force=False)
    assert shop.order(order).status == "trash"
    shop.delete_order(order)
    assert shop.refunds.get(refund) is None
    with pytest.raises(NotFound, match=f"no order {order}"):
        shop.order(order)


def test_a_product_goes_into_the_trash_and_comes_back_with_its_variations(shop: Shop) -> None:
    shirt = shop.add_product(name="Camiseta", price="", type="variable", status="draft")
    size = shop.add_variation(shirt, attributes={"Tamanho": "M"}, price="88")
    shop.trash_product(shirt)
    assert (shop.product(shirt).status, shop.product(size).status) == ("trash", "trash")
    shop.restore_product(shirt)
    assert (shop.product(shirt).status, shop.product(size).status) == ("draft", "publish")
    shop.delete_product(size)
    assert shop.product(shirt).variations == []
    shop.delete_product(shirt)
    with pytest.raises(NotFound):
        shop.product(shirt)


def test_prices_stay_as_they_were_typed(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="89")
    shop.set_price(product, "137.5", "88.00")
    row = shop.product(product)
    assert (row.price, row.regular_price, row.sale_price) == ("88.00", "137.5", "88.00")
    shop.set_price(product, Decimal(140))
    assert (row.price, row.sale_price) == ("140", "")


def test_stock_can_stop_being_counted(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="89", stock=1)
    shop.set_stock(product, None)
    shop.place_order([(product, 0, 7)], billing=BUYER)
    assert shop.product(product).stock is None


def test_paying_makes_a_paying_customer_without_moving_the_account(shop: Shop) -> None:
    person = shop.add_customer(first_name="Ana", last_name="B", email="ana@example.com")
    pass_an_hour(shop)
    shop.place_order([], billing=BUYER, customer_id=person)
    assert shop.customer(person).is_paying
    assert shop.customer(person).modified == START


def test_an_account_can_be_changed_field_by_field(shop: Shop) -> None:
    person = shop.add_customer(
        first_name="Ana", last_name="B", email="ana@example.com", meta={"newsletter": "no"}
    )
    moment = pass_an_hour(shop)
    shop.update_customer(person, first_name="Bia", phone="+1 212 555 0101", meta={"newsletter": 1})
    row = shop.customer(person)
    assert (row.first_name, row.billing["first_name"]) == ("Bia", "Bia")
    assert (row.billing["phone"], row.meta[0].value, row.modified) == ("+1 212 555 0101", 1, moment)
    with pytest.raises(ValueError, match="no field 'colour'"):
        shop.update_customer(person, colour="red")


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        (lambda shop: shop.place_order([(999, 0, 1)], billing=BUYER), NotFound),
        (lambda shop: shop.place_order([], billing=BUYER, customer_id=99), NotFound),
        (lambda shop: shop.place_order([], billing=BUYER, status="shipped"), ValueError),
        (lambda shop: shop.place_order([], billing=BUYER, coupon_codes=["no"]), CouponRefused),
        (lambda shop: shop.add_variation(999, attributes={}, price="1"), NotFound),
        (lambda shop: shop.add_category("A", parent=5), NotFound),
        (
            lambda shop: shop.add_customer(first_name="", last_name="", email="", role="x"),
            ValueError,
        ),
        (
            lambda shop: shop.add_product(name="A", price="1", created=START.replace(tzinfo=None)),
            ValueError,
        ),
        (lambda shop: shop.delete_refund(5), NotFound),
        (lambda shop: shop.customer(99), NotFound),
    ],
)
def test_what_does_not_exist_is_refused_and_changes_nothing(shop: Shop, mistake, error) -> None:
    with pytest.raises(error):
        mistake(shop)
    assert (len(shop.orders), len(shop.products), len(shop.customers)) == (0, 0, 1)


def test_only_a_variable_product_has_variations(shop: Shop) -> None:
    simple = shop.add_product(name="Boné", price="1")
    with pytest.raises(ValueError, match="simple, not variable"):
        shop.add_variation(simple, attributes={"Tamanho": "M"}, price="1")


def test_a_plugin_can_bring_a_status(shop: Shop) -> None:
    shop.add_order_status("shipped", "Shipped")
    order = shop.place_order([], billing=BUYER)
    shop.set_status(order, "shipped")
    assert shop.order(order).status == "shipped"


def test_equal_names_get_different_slugs(shop: Shop) -> None:
    first = shop.add_product(name="Café & Pão", price="1")
    second = shop.add_product(name="Café & Pão", price="1")
    assert [shop.product(one).slug for one in (first, second)] == ["cafe-pao", "cafe-pao-2"]
    assert slug_of("日本") == "item"


def test_ten_thousand_orders_are_placed_in_a_moment(shop: Shop) -> None:
    products = [shop.add_product(name=f"P{i}", price="89.9", stock=10**6) for i in range(100)]
    began = time.monotonic()
    for number in range(10_000):
        created = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        lines = [(products[number % 100], 0, 1), (products[number % 77], 0, 2)]
        shop.place_order(lines, billing=BUYER, created=created)
    assert time.monotonic() - began < 6  # about 0.5 alone; two cores are shared with others
