"""The lines of orders: read after the headers, again after a change, and never without end."""

import logging

import pytest
from jobs_stage import DAY, Counter, Misprint

from models import Order, OrderLine


def lines_of(number: int) -> list[tuple[str, int, int]]:
    """(article, how many, for how much) of an order, as the mirror has it."""
    rows = OrderLine.select().where(OrderLine.order_id == number).order_by(OrderLine.woo_id)
    return [(one.name, one.quantity, one.total) for one in rows]


@pytest.fixture
def with_orders(counter: Counter) -> Counter:
    """Three orders of yesterday in the mirror, without their lines."""
    counter.page_size(100)
    for amount in (1, 2, 3):
        counter.order(amount=amount, created=counter.now - DAY)
    counter.poll()
    counter.forget_requests()
    return counter


def numbers() -> list[int]:
    return [one.woo_id for one in Order.select().order_by(Order.woo_id)]


def test_the_lines_of_new_orders_are_read_in_one_request(with_orders: Counter) -> None:
    assert with_orders.read_lines() == 3
    assert [lines_of(one) for one in numbers()] == [
        [("Shirt", 1, 4000)], [("Shirt", 2, 8000)], [("Shirt", 3, 12000)],
    ]  # fmt: skip
    assert len(with_orders.asked("wc/v3/orders")) == 1


def test_what_has_been_read_is_not_asked_for_again(with_orders: Counter) -> None:
    with_orders.read_lines()
    with_orders.forget_requests()
    assert with_orders.read_lines() == 0
    assert with_orders.asked("wc/v3/orders") == []


def test_the_lines_of_a_changed_order_are_replaced(with_orders: Counter) -> None:
    with_orders.read_lines()
    with_orders.later(hours=1)
    first = with_orders.shop.order(numbers()[0])
    hat = with_orders.shop.add_product(name="Hat", price="15")
    swapped, _, _ = with_orders.shop._line(hat, 0, 2)
    first.lines = [swapped]
    with_orders.shop.save_order(first)
    with_orders.poll()
    with_orders.later(minutes=1)

    assert with_orders.read_lines() == 1
    assert lines_of(first.id) == [("Hat", 2, 3000)]


def test_an_order_that_changes_in_the_second_of_the_read_is_read_again_later(
    with_orders: Counter,
) -> None:
    # given an order that has changed just now
    with_orders.later(hours=1)
    number = numbers()[0]
    with_orders.shop.set_status(number, "completed")
    with_orders.poll()
    with_orders.forget_requests()

    # then one run asks for it once, as its lines may still change in this second
    with_orders.read_lines()
    assert len(with_orders.asked("wc/v3/orders")) == 1

    # and the next run once more
    with_orders.later(seconds=1)
    assert with_orders.read_lines() == 1
    assert with_orders.read_lines() == 0


def test_orders_of_this_second_do_not_hold_up_the_older_ones(counter: Counter) -> None:
    old = [counter.order(created=counter.now - DAY) for _ in range(3)]
    new = [counter.order() for _ in range(3)]
    counter.poll()
    assert counter.read_lines() == 6
    assert all(lines_of(number) for number in old + new)


def test_a_deleted_order_is_not_asked_for_again_and_again(with_orders: Counter) -> None:
    gone = numbers()[1]
    with_orders.shop.delete_order(gone)
    assert with_orders.read_lines() == 3
    assert lines_of(gone) == []

    with_orders.forget_requests()
    assert with_orders.read_lines() == 0
    assert with_orders.asked("wc/v3/orders") == []


def test_the_lines_of_a_trashed_order_are_read_too(with_orders: Counter) -> None:
    with_orders.shop.trash_order(numbers()[0])
    assert with_orders.read_lines() == 3


def test_codes_that_an_order_used_are_kept_in_small_letters(counter: Counter) -> None:
    coupon = counter.shop.new_coupon("WB-Abc10")
    coupon.amount, coupon.discount_type = counter.shop.money(5), "fixed_cart"
    counter.shop.add_coupon(coupon)
    number = counter.order(created=counter.now - DAY, coupon_codes=["wb-abc10"])
    counter.poll()
    counter.read_lines()
    assert Order.get_by_id(number).coupons == ["wb-abc10"]
    assert lines_of(number) == [("Shirt", 1, 3500)]


def test_a_variation_is_called_by_its_product(counter: Counter) -> None:
    dress = counter.shop.add_product(name="Dress &amp; Belt", price="", type="variable")
    small = counter.shop.add_variation(dress, attributes={"Size": "S"}, price="99")
    number = counter.shop.place_order([(dress, small, 1)], billing={}, created=counter.now - DAY)
    counter.poll()
    counter.read_lines()
    assert lines_of(number) == [("Dress & Belt", 1, 9900)]


def test_an_order_whose_lines_make_no_sense_does_not_stop_the_others(
    with_orders: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    with_orders.shop.trouble = Misprint('"total":"80.00"', '"total":"eighty"')
    with caplog.at_level(logging.WARNING):
        assert with_orders.read_lines() == 3

    first, bad, last = numbers()
    assert lines_of(first)
    assert lines_of(last)
    assert lines_of(bad) == []
    [told] = [one for one in caplog.records if one.message == "mirror.set_aside"]
    assert told.fields["id"] == bad

    # and it is not asked for until it changes
    with_orders.forget_requests()
    assert with_orders.read_lines() == 0
    with_orders.shop.trouble = None
    with_orders.later(hours=1)
    with_orders.shop.save_order(with_orders.shop.order(bad))
    with_orders.poll()
    with_orders.later(minutes=1)
    with_orders.read_lines()
    assert lines_of(bad) == [("Shirt", 2, 8000)]


def test_a_run_reads_the_newest_first_and_leaves_the_rest_to_the_next(counter: Counter) -> None:
    orders = [counter.order(created=counter.now - DAY) for _ in range(5)]
    counter.poll()
    assert counter.read_lines(most=1) == 2
    assert [one for one in orders if lines_of(one)] == orders[-2:]
