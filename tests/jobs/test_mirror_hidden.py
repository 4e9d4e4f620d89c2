"""shop -> mirror: what WooCommerce does not date, and by which means it is found all the same.

Each story is a day at a shop whose mirror is full. A cycle asks by date; the rest comes by turns, so
"in its time" means after as many cycles as the turns need.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from jobs_stage import DAY, Counter
from mirror_compare import differences

from agent.jobs.pull.kinds import CUSTOMERS, ORDERS, PRODUCTS, TRASHED, VARIATIONS
from agent.sandbox.shop.shop import Asked
from agent.sandbox.shop.trouble import Page, Trouble
from models import (
    Cursor,
    Customer,
    Found,
    Hint,
    Order,
    OrderLine,
    Product,
    ProductChange,
    Refund,
    ShopFact,
)


@pytest.fixture
def full(counter: Counter) -> Counter:
    """A shop with a bit of everything, mirrored yesterday; nobody has looked since."""
    shop = counter.shop
    counter.page_size(100)
    counter.hat = shop.add_product(name="Hat", price="15", stock=9)  # type: ignore[attr-defined]
    counter.dress = shop.add_product(name="Dress", price="", type="variable")  # type: ignore[attr-defined]
    counter.small = shop.add_variation(  # type: ignore[attr-defined]
        counter.dress, attributes={"Size": "S"}, price="99", stock=3
    )
    counter.ana = shop.add_customer(  # type: ignore[attr-defined]
        first_name="Ana", last_name="Example", email="ana@example.com", phone="202-555-0101"
    )
    for _ in range(3):
        counter.order(created=counter.now - 3 * DAY)
    counter.later(minutes=1)
    counter.pull_all()
    assert differences(shop) == []
    counter.later(days=1)
    counter.cycle()
    counter.forget_requests()
    return counter


def changes(product: int) -> list[tuple[str, str | None, str | None, str]]:
    query = ProductChange.select().where(ProductChange.product_id == product)
    return [(one.field, one.was, one.became, one.means) for one in query.order_by(ProductChange.id)]


def sweep_in(counter: Counter, *, hours: int) -> None:
    mirror = replace(counter.settings.mirror, sweep_hours=hours)
    counter.settings = replace(counter.settings, mirror=mirror)


def found_by(kind: str) -> set[str]:
    return {one.means for one in Found.select().where(Found.kind == kind, Found.means != "poll")}


# what an order points at, at once


def test_stock_that_an_order_took_without_a_date_is_read_at_once(full: Counter) -> None:
    number = full.shop.place_order([(full.hat, 0, 2)], billing={"country": "BR"})
    # the shop of woocommerce#40060: the stock went down, and no date tells
    full.shop.product(full.hat).modified -= DAY
    full.shop.products.changed()
    full.later(seconds=1)
    full.cycle()

    assert Product.get_by_id(full.hat).stock_quantity == 7
    assert changes(full.hat) == [("stock_quantity", "9", "7", "order")]
    assert OrderLine.get(OrderLine.order_id == number).quantity == 2


def test_stock_of_a_variation_too(full: Counter) -> None:
    full.shop.place_order([(full.dress, full.small, 3)], billing={"country": "BR"})
    for number in (full.dress, full.small):
        full.shop.product(number).modified -= DAY
    full.shop.variations.changed()
    full.shop.products.changed()
    full.later(seconds=1)
    full.cycle()

    assert sorted(changes(full.small)) == [
        ("stock_quantity", "3", "0", "order"), ("stock_status", "instock", "outofstock", "order"),
    ]  # fmt: skip


def test_the_billing_block_of_an_order_points_at_the_account(full: Counter) -> None:
    full.shop.write_customer_raw(full.ana, phone="202-555-0144")
    full.order("202-555-0144", customer_id=full.ana)
    full.later(seconds=1)
    full.cycle()

    assert Customer.get_by_id(full.ana).phone == "202-555-0144"


def test_an_account_made_at_the_checkout_is_there_with_its_order(full: Counter) -> None:
    new = full.shop.add_customer(first_name="Bea", last_name="Example", email="bea@example.com")
    full.order("202-555-0145", customer_id=new)
    full.later(seconds=1)
    full.cycle()

    assert Customer.get_by_id(new).first_name == "Bea"


# scheduled sales, at their moment


def test_a_variations_price_flips_with_the_clock_and_is_read_then(full: Counter) -> None:
    starts, ends = full.now + timedelta(hours=2), full.now + timedelta(hours=4)
    full.shop.schedule_sale(full.small, "79", starts, ends)
    full.later(minutes=1)
    full.cycle()
    assert Product.get_by_id(full.small).price == 9900

    full.clock.set(starts + timedelta(minutes=1))
    full.cycle()
    assert Product.get_by_id(full.small).price == 7900

    full.clock.set(ends + timedelta(minutes=1))
    full.cycle()
    assert Product.get_by_id(full.small).price == 9900
    assert [one[:3] for one in changes(full.small)] == [
        ("price", "9900", "7900"), ("price", "7900", "9900"),
    ]  # fmt: skip


def test_a_products_price_comes_when_the_cron_has_run(full: Counter) -> None:
    starts = full.now + timedelta(hours=2)
    full.shop.schedule_sale(full.hat, "9", starts, None)
    full.later(minutes=1)
    full.cycle()
    full.clock.set(starts + timedelta(hours=1))
    full.cycle()
    assert Product.get_by_id(full.hat).price == 1500

    full.later(minutes=1)
    full.shop.run_cron()
    full.later(minutes=1)
    full.cycle()
    assert Product.get_by_id(full.hat).price == 900


# writes past WooCommerce, by the sweep


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda c: c.shop.write_stock_raw(c.hat, 4), PRODUCTS),
        (lambda c: c.shop.write_price_raw(c.hat, "12.50"), PRODUCTS),
        (lambda c: c.shop.write_product_raw(c.hat, name="Cap", status="draft"), PRODUCTS),
        (lambda c: c.shop.write_stock_raw(c.small, 0, stock_status="outofstock"), VARIATIONS),
        (lambda c: c.shop.write_price_raw(c.small, "89"), VARIATIONS),
        (lambda c: c.shop.write_customer_raw(c.ana, phone="202-555-0199"), CUSTOMERS),
        (lambda c: c.shop.write_order_raw(min(o.id for o in c.shop.orders), status="failed"), ORDERS),
        (lambda c: c.shop.delete_product(c.hat), PRODUCTS),
        (lambda c: c.shop.delete_product(c.small), VARIATIONS),
        (lambda c: c.shop.delete_customer(c.ana), CUSTOMERS),
        (lambda c: c.shop.delete_order(max(o.id for o in c.shop.orders)), ORDERS),
    ],
)  # fmt: skip
def test_the_sweep_finds_what_no_poll_does(
    full: Counter, write: Callable[[Counter], object], kind: object
) -> None:
    write(full)
    full.later(minutes=1)
    full.poll()
    assert differences(full.shop)  # the cursor cannot see it

    full.sweep(kind)  # type: ignore[arg-type]  # a Kind
    assert differences(full.shop) == []
    assert found_by(kind.name) == {"sweep"}  # type: ignore[attr-defined]


@pytest.mark.long
def test_within_a_sweep_interval_of_cycles_all_of_it_is_found(full: Counter) -> None:
    full.shop.write_stock_raw(full.hat, 4)
    full.shop.write_price_raw(full.small, "89")
    full.shop.write_customer_raw(full.ana, phone="202-555-0199")
    full.shop.delete_order(max(one.id for one in full.shop.orders))
    line = full.shop.order(min(one.id for one in full.shop.orders)).lines[0]
    full.shop.save_line_alone(min(one.id for one in full.shop.orders), line.id, quantity=5)
    sweep_in(full, hours=2)
    for _ in range(2 * 12 + 6):
        full.later(minutes=5)
        full.cycle()
    remaining = differences(full.shop)
    assert [one for one in remaining if not one.startswith("lines")] == []

    # lines have their own, longer time
    for _ in range(full.settings.mirror.lines_sweep // DAY * 4):
        full.later(hours=6)
        full.cycle()
    assert differences(full.shop) == []


def test_a_row_that_hides_among_ids_that_are_there_is_missed_by_nobody(full: Counter) -> None:
    full.page_size(2)
    for _ in range(7):
        full.order()
    full.later(minutes=1)
    full.cycle()
    numbers = [one.id for one in full.shop.orders]
    for number in (numbers[0], numbers[3], numbers[4], numbers[-1]):
        full.shop.delete_order(number)
    full.sweep(ORDERS)
    full.sweep(ORDERS)  # pages of two: what went in front of the sweep shows in the next round

    assert differences(full.shop) == []


def test_an_imported_order_with_old_dates_is_found(full: Counter) -> None:
    number = full.order(created=full.now - 30 * DAY)
    full.shop.order(number).modified = full.now - 30 * DAY
    full.shop.orders.changed()
    full.poll()
    assert Order.get_or_none(Order.woo_id == number) is None
    full.sweep(ORDERS)
    assert Order.get_by_id(number).status == "processing"


# counts tell of deletions at once


def turn(full: Counter, name: str) -> None:
    """Let a whole round of turns pass."""
    before = Cursor.named(f"turn {name}").polled_at
    for _ in range(60):
        full.later(minutes=1)
        full.cycle()
        if Cursor.named(f"turn {name}").polled_at != before:
            return
    pytest.fail(f"{name} was never asked for")


def test_a_deleted_refund_is_missed_by_its_count(full: Counter) -> None:
    number = min(one.id for one in full.shop.orders)
    first = full.shop.refund(number, Decimal(5))
    full.shop.refund(number, Decimal(7))
    full.later(minutes=1)
    full.cycle()
    assert Refund.select().count() == 2

    full.shop.delete_refund(first)
    turn(full, "count refunds")
    full.cycle()
    assert [one.amount for one in Refund.select()] == [700]
    assert differences(full.shop) == []


def test_an_order_deleted_for_good_is_missed_by_its_count(full: Counter) -> None:
    full.shop.delete_order(max(one.id for one in full.shop.orders))
    turn(full, "count orders")
    assert differences(full.shop) == []
    assert found_by("orders") <= {"count", "lines"}


def test_an_order_that_comes_between_poll_and_count_alarms_nobody(full: Counter) -> None:
    full.shop.on_request = lambda one: (
        full.order() if one.path == "wc/v3/orders" and one.params.get("per_page") == "1" else None
    )
    turn(full, "count orders")
    full.shop.on_request = None
    assert not Cursor.get_by_id("sweep orders").hurry


# trash


def test_a_trashed_product_is_seen_by_the_list_of_the_trash(full: Counter) -> None:
    full.shop.trash_product(full.hat)
    full.later(seconds=1)
    full.poll()
    assert Product.get_by_id(full.hat).status == "publish"
    full.walk(TRASHED)
    assert Product.get_by_id(full.hat).status == "trash"

    full.later(minutes=5)
    full.shop.restore_product(full.hat)
    full.later(seconds=1)
    full.cycle()
    assert Product.get_by_id(full.hat).status == "publish"


def test_the_variations_of_a_trashed_product_go_and_come_with_it(full: Counter) -> None:
    full.shop.trash_product(full.dress)
    turn(full, "trashed products")
    assert Product.get_or_none(Product.woo_id == full.small) is None
    assert differences(full.shop) == []

    full.shop.restore_product(full.dress)
    full.later(minutes=1)
    full.cycle()
    assert differences(full.shop) == []
    assert changes(full.small) == []  # that it came back is no change of stock


# shops that list variations in other ways


@pytest.mark.long
@pytest.mark.parametrize(
    ("version", "analytics"), [("10.3.0", True), ("10.3.0", False), ("9.9.5", False)]
)
def test_variations_are_exact_whatever_lists_them(
    open_counter: Callable[..., Counter], version: str, analytics: bool
) -> None:
    counter = open_counter(version=version)
    counter.page_size(100)
    counter.shop.analytics = analytics
    ShopFact.delete().where(ShopFact.name == "version").execute()  # as at the first start
    dresses = [
        counter.shop.add_product(name=f"Dress {one}", price="", type="variable") for one in range(3)
    ]
    sizes = [
        counter.shop.add_variation(dress, attributes={"Size": size}, price="99", stock=3)
        for dress in dresses
        for size in "SML"
    ]
    ShopFact.delete().execute()
    counter.pull_all()
    assert differences(counter.shop) == []

    counter.later(minutes=5)
    counter.shop.set_stock(sizes[4], 1)
    counter.cycle()
    assert differences(counter.shop) == []
    counter.shop.write_price_raw(sizes[5], "45")
    counter.shop.delete_product(sizes[0])
    sweep_in(counter, hours=2)
    for _ in range(2 * 12 + 6):
        counter.later(minutes=5)
        counter.cycle()
    assert differences(counter.shop) == []


# what the shop says of itself


def test_a_status_whose_plugin_went_is_asked_for_no_more(full: Counter) -> None:
    full.shop.add_order_status("shipped", "Shipped")
    turn(full, "fact statuses")
    full.shop.remove_order_status("shipped")
    number = full.order()
    full.later(minutes=1)
    full.cycle()
    assert Order.get_by_id(number).status == "processing"


def test_orders_that_had_a_status_before_its_plugin_came_back_are_found(full: Counter) -> None:
    number = full.order(created=full.now - 9 * DAY)
    row = full.shop.order(number)
    row.status, row.modified = "shipped", full.now - 9 * DAY
    full.shop.orders.changed()
    full.shop.add_order_status("shipped", "Shipped")
    turn(full, "fact statuses")
    assert Order.get_by_id(number).status == "shipped"


def test_a_shop_that_moves_to_another_zone_loses_nothing(full: Counter) -> None:
    full.shop.timezone = "Pacific/Auckland"
    full.order()
    full.later(minutes=1)
    full.cycle()
    turn(full, "fact site")
    full.shop.set_price(full.hat, "11")
    full.later(minutes=1)
    full.cycle()
    assert differences(full.shop) == []
    assert ShopFact.all()["zone"] == "Pacific/Auckland"


# cost


@pytest.mark.long
def test_an_idle_cycle_asks_three_small_questions_at_most(full: Counter) -> None:
    for _ in range(100):
        full.later(minutes=1)
        full.forget_requests()
        full.cycle()
        assert len(full.shop.asked) <= 3, [one.path for one in full.shop.asked]


@pytest.mark.long
def test_all_turns_come_round_in_their_time(full: Counter) -> None:
    for _ in range(120):
        full.later(minutes=1)
        full.cycle()
    waited = {
        cursor.name: full.now - cursor.polled_at
        for cursor in Cursor.select().where(Cursor.name.startswith("turn "))
    }
    assert max(waited.values()) < timedelta(hours=9)  # pages of a sweep, an hour and more apart
    assert waited["turn trashed products"] <= timedelta(minutes=10)
    assert waited["turn count orders"] <= timedelta(minutes=20)


@pytest.mark.long
def test_after_a_stop_the_sweep_catches_up(full: Counter) -> None:
    """It does not begin to spread what it should have read long ago."""
    full.page_size(5)
    for _ in range(120):
        full.order()
    full.later(minutes=1)
    full.cycle()
    for _ in range(100):
        full.later(minutes=1)
        full.cycle()
    swept_to = Cursor.get_by_id("sweep orders").walked
    assert 0 < swept_to < 60

    full.later(days=1)
    for _ in range(10):
        full.later(minutes=1)
        full.cycle()
    assert Cursor.get_by_id("sweep orders").since > full.now - 2 * DAY


def test_hints_are_not_kept_when_they_were_worked_off(full: Counter) -> None:
    full.order("202-555-0101", customer_id=full.ana)
    full.later(minutes=1)
    full.cycle()
    assert Hint.select().count() == 0


# what a shop may do to a mirror


@pytest.mark.long
def test_deletions_in_a_long_list_are_found_by_halves(full: Counter) -> None:
    full.page_size(5)
    numbers = [full.order() for _ in range(200)]
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    for place in (3, 4, 90, 199):
        full.shop.delete_order(numbers[place])
    full.forget_requests()
    turn(full, "count orders")

    assert differences(full.shop) == []
    pages = [one for one in full.asked("wc/v3/orders") if one.get("per_page") == "5"]
    assert len(pages) < 50  # of 51 that a sweep takes, and with the polls of up to 20 cycles


def test_a_shop_that_suddenly_has_nothing_is_not_believed(
    full: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(30):
        full.order()
    full.later(minutes=1)
    full.cycle()
    kept = full.shop.orders
    full.shop.orders = type(kept)()
    with caplog.at_level(logging.WARNING):
        full.sweep(ORDERS)
    assert Order.select().count() == 33
    assert "mirror.all_gone" in [one.message for one in caplog.records]

    full.shop.orders = kept
    full.sweep(ORDERS)
    assert differences(full.shop) == []


def test_a_shop_that_refuses_one_list_is_read_without_it(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.order("202-555-0101")
    counter.shop.trouble = Without("/wc/v3/refunds")
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            counter.later(minutes=1)
            counter.cycle()
    assert Order.select().count() == 1
    assert Customer.select().count() == 1
    told = [one for one in caplog.records if one.message == "mirror.refused"]
    assert len(told) == 1

    counter.shop.trouble = None
    counter.later(hours=1)
    counter.cycle()
    assert Cursor.named("refunds").since is not None


class Without(Trouble):
    """A shop whose host has switched one list off."""

    def __init__(self, path: str) -> None:
        self.path = path

    def instead(self, home: str, address: str) -> Page | None:
        if self.path not in address:
            return None
        body = '{"code":"rest_no_route","message":"No route.","data":{"status":404}}'
        return Page(404, body, type="application/json; charset=UTF-8", from_rest=True)


def test_a_product_that_goes_to_the_trash_during_the_first_pull_takes_its_variations_along(
    counter: Counter,
) -> None:
    dress = counter.shop.add_product(name="Dress", price="", type="variable")
    counter.shop.add_variation(dress, attributes={"Size": "S"}, price="99", stock=3)
    trashed = []

    def meddle(one: Asked) -> None:
        if one.path.endswith("/customers") and not trashed:
            trashed.append(dress)
            counter.shop.trash_product(dress)

    counter.shop.on_request = meddle
    counter.pull_all()
    counter.later(minutes=1)
    counter.cycle()
    assert trashed
    assert differences(counter.shop) == []
