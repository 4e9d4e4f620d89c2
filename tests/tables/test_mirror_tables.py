"""Copies of the shop: a later read wins, and nothing that was learnt otherwise is lost."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_rows import NOON, SECOND, a_product, a_refund, an_order

from models import Customer, Order, OrderLine, Product, Refund, ShopFact
from models.mirror import ROWS_A_STATEMENT

MANY = ROWS_A_STATEMENT + 1  # more than one statement takes


def a_line(woo_id: int, order_id: int, **columns: Any) -> dict[str, Any]:
    return {"woo_id": woo_id, "order_id": order_id, "product_id": 5, "name": "Shirt"} | columns


def lines() -> dict[int, int]:
    return {line.woo_id: line.order_id for line in OrderLine.select()}


def test_a_row_is_written_and_then_overwritten() -> None:
    assert Order.absorb([an_order(status="pending")]) == 1
    assert Order.absorb([an_order(status="completed", read_at=NOON + SECOND)]) == 1
    assert [order.status for order in Order.select()] == ["completed"]


def test_an_earlier_read_never_overwrites_a_later_one() -> None:
    Order.absorb([an_order(status="completed", read_at=NOON)])
    assert Order.absorb([an_order(status="pending", read_at=NOON - SECOND)]) == 0
    order = Order.get()
    assert (order.status, order.read_at) == ("completed", NOON)


def test_a_read_of_the_same_instant_overwrites() -> None:
    # pages of one walk may carry one row twice, and the second time is the newer
    Order.absorb([an_order(status="pending")])
    assert Order.absorb([an_order(status="completed")]) == 1
    assert Order.get().status == "completed"


def test_a_restored_shops_older_rows_come_in_with_a_later_read() -> None:
    Order.absorb([an_order(status="completed", modified_at=NOON)])
    restored = an_order(
        status="pending", modified_at=NOON - timedelta(days=7), read_at=NOON + SECOND
    )
    assert Order.absorb([restored]) == 1
    assert Order.get().status == "pending"
    assert Order.get().modified_at == NOON - timedelta(days=7)


def test_one_row_that_is_too_old_does_not_stop_the_others() -> None:
    Order.absorb([an_order(1, read_at=NOON + SECOND)])
    assert Order.absorb([an_order(1, status="pending"), an_order(2, status="pending")]) == 1
    assert {one.woo_id: one.status for one in Order.select()} == {1: "completed", 2: "pending"}


def test_what_is_null_in_a_later_read_becomes_null() -> None:
    Product.absorb([a_product(stock_quantity=5)])
    Product.absorb([a_product(stock_quantity=None, price=None)])
    assert (Product.get().stock_quantity, Product.get().price) == (None, None)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (Customer, {"woo_id": 5, "email": "ana@example.com", "read_at": NOON}),
        (Product, a_product(5)),
        (Order, an_order(5)),
        (Refund, a_refund(5, 1, 100)),
    ],
)
def test_every_kind_of_copy_is_written_in_batches_of_any_size(
    table: type[Any], row: dict[str, Any]
) -> None:
    assert table.absorb([]) == 0
    rows = [row | {"woo_id": number} for number in range(1, MANY + 1)]
    assert table.absorb(rows) == MANY
    assert table.absorb(row | {"read_at": NOON - SECOND} for row in rows) == 0
    assert table.select().count() == MANY


def test_reading_an_order_again_keeps_what_came_with_its_lines() -> None:
    Order.absorb([an_order()])
    Order.lines_read({1: ["welcome"]}, NOON + SECOND)
    Order.absorb([an_order(status="refunded", read_at=NOON + SECOND, lines_at=None)])
    order = Order.get()
    assert order.status == "refunded"
    assert order.lines_at == NOON + SECOND
    assert order.coupons == ["welcome"]


@settings(max_examples=30)
@given(reads=st.lists(st.integers(0, 5), min_size=1, max_size=6), random=st.randoms())
def test_whatever_order_the_answers_come_in_the_latest_read_stays(
    reads: list[int], random: Random
) -> None:
    Order.delete().execute()
    rows = [an_order(status=f"read {second}", read_at=NOON + second * SECOND) for second in reads]
    random.shuffle(rows)
    for row in rows:
        Order.absorb([row])
    assert Order.get().status == f"read {max(reads)}"


def test_an_order_whose_lines_were_never_read_wants_them() -> None:
    Order.absorb([an_order(1), an_order(2, modified_at=None)])
    assert Order.without_lines(10) == [1, 2]


@pytest.mark.parametrize(
    ("read_after_change", "wanted"),
    [(-SECOND, [1]), (timedelta(0), [1]), (SECOND, [])],
)
def test_lines_read_within_the_second_of_a_change_are_read_again(
    read_after_change: timedelta, wanted: list[int]
) -> None:
    Order.absorb([an_order()])
    Order.lines_read({1: []}, NOON + read_after_change)
    assert Order.without_lines(10) == wanted


def test_lines_of_an_order_without_a_date_of_change_are_read_once() -> None:
    Order.absorb([an_order(modified_at=None)])
    Order.lines_read({1: []}, NOON)
    assert Order.without_lines(10) == []


def test_an_order_that_changes_wants_its_lines_again() -> None:
    Order.absorb([an_order()])
    Order.lines_read({1: []}, NOON + SECOND)
    later = NOON + 2 * SECOND
    Order.absorb([an_order(modified_at=later, read_at=later)])
    assert Order.without_lines(10) == [1]


def test_the_newest_orders_come_first_and_no_more_than_asked_for() -> None:
    Order.absorb(an_order(number) for number in (3, 1, 2))
    assert Order.without_lines(2) == [3, 2]


def test_codes_are_noted_with_the_lines() -> None:
    Order.absorb(an_order(number) for number in (1, 2, 3))
    Order.lines_read({1: ["welcome", "summer"], 2: []}, NOON + SECOND)
    found = {one.woo_id: (one.coupons, one.lines_at) for one in Order.select()}
    assert found == {
        1: (["welcome", "summer"], NOON + SECOND),
        2: ([], NOON + SECOND),
        3: (None, None),
    }


def test_a_code_that_was_taken_off_an_order_is_forgotten() -> None:
    # given an order that used a code of ours
    Order.absorb([an_order()])
    Order.lines_read({1: ["welcome"]}, NOON + SECOND)
    # when the shop takes it off, and the lines are read again
    Order.lines_read({1: []}, NOON + 2 * SECOND)
    assert Order.get().coupons == []


def test_the_lines_of_an_order_are_replaced_as_a_whole() -> None:
    OrderLine.replace_for([1, 2], [a_line(11, 1), a_line(12, 1), a_line(21, 2)])
    OrderLine.replace_for([1], [a_line(12, 1, quantity=3), a_line(13, 1, quantity=1)])
    assert lines() == {12: 1, 13: 1, 21: 2}
    assert OrderLine.get_by_id(12).quantity == 3


def test_an_order_may_lose_all_its_lines() -> None:
    OrderLine.replace_for([1, 2], [a_line(11, 1), a_line(21, 2)])
    OrderLine.replace_for([1], [])
    assert lines() == {21: 2}


def test_a_line_may_move_to_another_order() -> None:
    OrderLine.replace_for([1], [a_line(11, 1)])
    OrderLine.replace_for([2], [a_line(11, 2)])
    assert lines() == {11: 2}


def test_more_lines_than_fit_a_statement_are_replaced() -> None:
    orders = range(1, MANY + 1)
    OrderLine.replace_for(orders, (a_line(number, number) for number in orders))
    OrderLine.replace_for(orders, (a_line(number + MANY, number) for number in orders))
    assert sorted(lines()) == [number + MANY for number in orders]


def test_what_the_shop_says_of_itself_is_overwritten_by_name() -> None:
    ShopFact.put({"zone": "Europe/Madrid", "currency": "EUR"})
    ShopFact.put({"zone": "Europe/Lisbon"})
    assert ShopFact.all() == {"zone": "Europe/Lisbon", "currency": "EUR"}


def test_an_old_order_whose_lines_were_never_read_is_noticed() -> None:
    Order.absorb([an_order(1, created_at=NOON)])
    assert Order.never_read_lines(before=NOON + SECOND)
    assert not Order.never_read_lines(before=NOON)
    Order.lines_read({1: []}, NOON)
    assert not Order.never_read_lines(before=NOON + SECOND)


def test_the_shop_is_known_once_all_is_known_that_the_jobs_need() -> None:
    ShopFact.put({"zone": "UTC", "currency": "EUR", "country": "ES", "name": "", "url": ""})
    assert not ShopFact.complete()
    ShopFact.put({"order_statuses": "completed"})
    assert ShopFact.complete()
