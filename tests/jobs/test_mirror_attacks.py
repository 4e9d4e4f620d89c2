"""shop -> mirror: attacks on the promise that the mirror is exact; each of them once succeeded."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Response, request
from jobs_stage import DAY, Counter, Misprint, Stall, dying_after
from mirror_compare import differences

from agent.errors import WinbackError
from agent.jobs.pull.kinds import ORDERS, REFUNDS, VARIATIONS
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import Page, Trouble
from models import Cursor, Hint, Order, OrderLine, Product, Refund, ShopFact

NO_ROUTE = '{"code":"rest_no_route","message":"No route.","data":{"status":404}}'
JSON = "application/json; charset=UTF-8"


class Without(Trouble):
    """A shop that refuses what has `path` in its address."""

    def __init__(self, path: str, status: int = 404, body: str = NO_ROUTE) -> None:
        self.path, self.status, self.body = path, status, body

    def instead(self, home: str, address: str) -> Page | None:
        if self.path not in address:
            return None
        return Page(self.status, self.body, type=JSON, from_rest=True)


class LeftOut(Trouble):
    """WooCommerce counts these rows and cannot load them."""

    def __init__(self, *ids: int) -> None:
        self.ids = ids

    def spoil(self, body: str) -> str:
        rows = json.loads(body)
        if not isinstance(rows, list):
            return body
        return json.dumps([row for row in rows if row.get("id") not in self.ids])


@pytest.fixture
def full(counter: Counter) -> Counter:
    return fill(counter)


def fill(counter: Counter) -> Counter:
    shop = counter.shop
    counter.page_size(100)
    counter.hat = shop.add_product(name="Hat", price="15", stock=9)  # type: ignore[attr-defined]
    counter.dress = shop.add_product(name="Dress", price="", type="variable")  # type: ignore[attr-defined]
    counter.small = shop.add_variation(  # type: ignore[attr-defined]
        counter.dress, attributes={"Size": "S"}, price="99", stock=3
    )
    counter.large = shop.add_variation(  # type: ignore[attr-defined]
        counter.dress, attributes={"Size": "L"}, price="99", stock=3
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
    for _ in range(8):  # until all turns have been taken, so that none is due by chance
        counter.later(minutes=10)
        counter.cycle()
    counter.forget_requests()
    return counter


def minutes(counter: Counter, number: int) -> None:
    for _ in range(number):
        counter.later(minutes=1)
        counter.cycle()


def before_the_date(counter: Counter, stall: Stall, do: Callable[[Response], object]) -> None:
    """Let something happen after the shop has read its rows and before its answer is dated."""
    app = shop_app(counter.shop)

    def meddle(response: Response) -> Response:
        do(response)
        return response

    app.after_request(meddle)  # those that were registered last come first
    stall.serve(app)


def redated(counter: Counter, stall: Stall, change: Callable[[datetime], datetime]) -> None:
    """A proxy in front of the shop whose Date is its own."""
    inner = shop_app(counter.shop)

    def app(environ: Any, start: Any) -> Any:
        def dated(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if name != "Date"]
            kept.append(("Date", format_datetime(change(counter.shop.now()), usegmt=True)))
            return start(status, kept, *more)

        return inner(environ, dated)

    stall.serve(app)


def cached(counter: Counter, stall: Stall, ignored: str) -> None:
    """A cache in front of the shop that leaves one parameter out of its keys."""
    inner, kept = shop_app(counter.shop), dict[str, Any]()

    def app(environ: Any, start: Any) -> Any:
        asked = parse_qsl(environ["QUERY_STRING"])
        told = [one for one in asked if one[0] != ignored and not one[0].startswith("oauth_")]
        key = f"{environ['PATH_INFO']} {sorted(told)}"
        if key not in kept:

            def keep(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
                kept[key] = [status, headers]

            body = b"".join(inner(environ, keep))
            kept[key].append(body)
        status, headers, body = kept[key]
        start(status, headers)
        return [body]

    stall.serve(app)


# false deletions


@pytest.mark.long
def test_an_order_that_got_the_status_of_a_new_plugin_is_not_forgotten(full: Counter) -> None:
    number = max(one.id for one in full.shop.orders)
    minutes(full, 1)
    full.shop.add_order_status("shipped", "Shipped")
    full.shop.set_status(number, "shipped")
    for _ in range(60):
        minutes(full, 1)
        assert Order.get_or_none(Order.woo_id == number) is not None
        assert OrderLine.select().where(OrderLine.order_id == number).exists()


@pytest.mark.long
def test_orders_of_a_status_whose_plugin_is_switched_off_are_not_forgotten(full: Counter) -> None:
    full.shop.add_order_status("shipped", "Shipped")
    number = max(one.id for one in full.shop.orders)
    full.shop.set_status(number, "shipped")
    minutes(full, 70)
    assert Order.get_by_id(number).status == "shipped"

    full.shop.remove_order_status("shipped")  # while it is updated
    minutes(full, 60)
    assert full.client.one(f"orders/{number}")["status"] == "shipped"  # the shop has it
    assert Order.get_or_none(Order.woo_id == number) is not None


@pytest.mark.parametrize("body", [NO_ROUTE, "<html><title>404 Not Found</title></html>"])
def test_a_refused_list_of_one_products_variations_deletes_none(
    open_counter: Callable[..., Counter], body: str
) -> None:
    counter = open_counter()
    counter.shop.analytics = False
    ShopFact.delete().execute()
    fill(counter)
    assert ShopFact.all()["variations"] == ""
    counter.shop.trouble = Without("/variations", 404, body)  # as while WooCommerce is updated
    counter.shop.set_stock(counter.small, 2)  # type: ignore[attr-defined]
    counter.later(minutes=1)
    with suppress(WinbackError):
        counter.cycle()
    assert Product.select().where(Product.parent_id == counter.dress).count() == 2  # type: ignore[attr-defined]


class BreaksOnLines(Trouble):
    """PHP dies of one order's lines, until its plugin is mended."""

    def __init__(self, number: int) -> None:
        self.number = number

    def spoil(self, body: str) -> str:
        if f'"id":{self.number},' in body and '"line_items"' in body:
            return f"<b>Fatal error</b>: Uncaught TypeError in plugin.php<br />{body}"
        return body


@pytest.mark.long
def test_lines_that_the_shop_breaks_on_for_an_hour_are_neither_dropped_nor_out_of_date(
    full: Counter,
) -> None:
    number = full.order()
    minutes(full, 3)
    line = full.shop.order(number).lines[0].id
    full.shop.trouble = BreaksOnLines(number)
    full.shop.edit_order(number, {line: 4})
    minutes(full, 3)
    assert OrderLine.get_or_none(OrderLine.woo_id == line) is not None
    full.shop.trouble = None
    minutes(full, 24 * 60 // 15)
    full.later(days=1)
    minutes(full, 60)
    assert OrderLine.get_by_id(line).quantity == 4


def test_a_quantity_that_is_no_whole_number_drops_no_lines(full: Counter) -> None:
    number = full.order()
    minutes(full, 3)
    full.shop.trouble = Misprint('"quantity":2', '"quantity":"2.5"')
    line = full.shop.order(number).lines[0].id
    full.shop.edit_order(number, {line: 2})
    minutes(full, 3)
    assert OrderLine.select().where(OrderLine.order_id == number).exists()


class CachedInclude(Trouble):
    """A cache whose key leaves `include` out: it gives the answer to another question."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.answers = counter, dict[str, str]()

    def instead(self, home: str, address: str) -> Page | None:
        if "include=" not in address:
            return None
        other = self.counter.shirt  # type: ignore[attr-defined]
        rows = json.dumps([{"id": other}])
        return Page(200, rows, {"X-WP-Total": "1"}, type=JSON, from_rest=True)


def test_an_answer_about_other_rows_deletes_none(full: Counter) -> None:
    full.shop.trouble = CachedInclude(full)
    Hint.note("products", [full.hat], "webhook", full.now)
    full.later(minutes=1)
    full.cycle()
    assert Product.get_or_none(Product.woo_id == full.hat) is not None


class Empty(Trouble):
    """Something in front of the shop says 200 and nothing, to questions that it thinks odd."""

    def instead(self, home: str, address: str) -> Page | None:
        return Page(200, "[]", type=JSON) if "include=" in address else None


def test_an_empty_answer_without_a_count_deletes_none(full: Counter) -> None:
    full.shop.trouble = Empty()
    Hint.note("products", [full.hat], "webhook", full.now)
    full.later(minutes=1)
    full.cycle()
    assert Product.get_or_none(Product.woo_id == full.hat) is not None


# what is never found


def test_a_variation_that_cannot_be_loaded_hides_no_deletion_of_its_sisters(full: Counter) -> None:
    medium = full.shop.add_variation(full.dress, attributes={"Size": "M"}, price="99", stock=3)
    full.shop.save_product(full.shop.product(medium))
    full.shop.trouble = LeftOut(medium)
    minutes(full, 2)
    full.shop.delete_product(full.large)
    for _ in range(3):
        full.later(minutes=1)
        full.sweep(VARIATIONS)
    assert Product.get_or_none(Product.woo_id == full.large) is None


def test_a_line_that_changes_while_its_order_is_read_is_read_again(
    full: Counter, stall: Stall
) -> None:
    number = full.order()
    line = full.shop.order(number).lines[0].id
    changed = []

    def meddle(_: Response) -> None:
        if "line_items" in request.args.get("_fields", "") and not changed:
            changed.append(line)
            full.later(seconds=1)
            full.shop.edit_order(number, {line: 7})
            full.later(seconds=1)  # the answer took two seconds, and its date is that of its end

    before_the_date(full, stall, meddle)
    full.later(seconds=30)
    full.cycle()
    assert changed
    minutes(full, 10)
    assert OrderLine.get_by_id(line).quantity == 7


def test_undated_stock_that_goes_while_the_product_is_read_is_read_again(
    full: Counter, stall: Stall
) -> None:
    full.shop.set_price(full.hat, "16")  # so that the poll brings it
    bought = []

    def meddle(_: Response) -> None:
        if request.path.endswith("/products") and not bought:
            full.later(seconds=1)
            bought.append(full.shop.place_order([(full.hat, 0, 2)], billing={"country": "BR"}))
            full.shop.product(full.hat).modified -= DAY  # woocommerce#40060
            full.shop.products.changed()
            full.later(seconds=1)

    before_the_date(full, stall, meddle)
    full.later(seconds=30)
    full.cycle()
    assert bought
    minutes(full, 10)
    assert Product.get_by_id(full.hat).stock_quantity == 7


@pytest.mark.long
def test_a_proxy_whose_clock_is_ahead_of_the_shops_is_learned_from_the_first_that_was_missed(
    full: Counter, stall: Stall
) -> None:
    redated(full, stall, lambda now: now + timedelta(minutes=10))
    minutes(full, 3)
    full.later(seconds=30)
    first = full.order()
    minutes(full, 35)  # the count of orders tells
    assert Order.get_or_none(Order.woo_id == first) is not None

    second = full.order()
    full.shop.set_price(full.hat, "11")
    minutes(full, 1)
    assert Order.get_or_none(Order.woo_id == second) is not None
    assert Product.get_by_id(full.hat).price == 1100


@pytest.mark.parametrize("stock", ['"2.5"', '""'])
def test_a_stock_that_is_no_whole_number_takes_nothing_else_of_the_product_along(
    full: Counter, stock: str
) -> None:
    full.shop.trouble = Misprint('"stock_quantity":9', f'"stock_quantity":{stock}')
    full.shop.set_price(full.hat, "11")
    full.later(minutes=1)
    full.cycle()
    assert Product.get_by_id(full.hat).price == 1100


def test_a_date_of_year_zero_takes_nothing_else_of_the_row_along(full: Counter) -> None:
    class Zero(Trouble):
        def spoil(self, body: str) -> str:
            rows = json.loads(body)
            for row in rows if isinstance(rows, list) else ():
                if row.get("id") == full.hat and "date_created_gmt" in row:
                    row["date_created_gmt"] = "-0001-11-30T00:00:00"
            return json.dumps(rows)

    full.shop.trouble = Zero()
    full.shop.set_price(full.hat, "11")
    full.later(minutes=1)
    full.cycle()
    assert Product.get_by_id(full.hat).price == 1100


def test_a_hint_given_anew_after_the_clock_was_set_back_is_not_lost(full: Counter) -> None:
    Hint.note("products", [full.hat], "webhook", full.now)
    [read] = Hint.waiting("products", 10)
    Hint.note("products", [full.hat], "webhook", full.now - timedelta(seconds=5))
    Hint.settle([read])
    assert Hint.select().exists()


# what stops all the rest


def test_a_shop_that_refuses_its_accounts_is_read_on(full: Counter) -> None:
    full.shop.trouble = Without("/wc/v3/customers")
    full.order("202-555-0144", customer_id=full.ana)
    number = min(one.id for one in full.shop.orders)
    refund = full.shop.refund(number, full.shop.money(5))
    for _ in range(3):
        full.later(minutes=1)
        full.cycle()
    assert Refund.get_or_none(Refund.woo_id == refund) is not None


def test_a_shop_that_refuses_its_refunds_from_now_on_is_read_on(full: Counter) -> None:
    full.shop.trouble = Without("/wc/v3/refunds")
    for _ in range(3):
        full.order()
        full.later(minutes=1)
        full.cycle()


def test_a_host_that_switches_analytics_off_is_asked_in_another_way(full: Counter) -> None:
    full.shop.analytics = False
    full.shop.set_stock(full.small, 1)
    for _ in range(3):
        full.later(minutes=1)
        full.cycle()
    assert Product.get_by_id(full.small).stock_quantity == 1


def test_a_full_pull_of_a_shop_that_refuses_one_list_ends(counter: Counter) -> None:
    counter.order("202-555-0101")
    counter.shop.trouble = Without("/wc/v3/refunds")
    counter.pull_all(dying_after(500))


class Breaks(Trouble):
    """A plugin dies of every request for what has `path` in its address; all else is well."""

    def __init__(self, path: str) -> None:
        self.path = path

    def instead(self, home: str, address: str) -> Page | None:
        if self.path not in address:
            return None
        return Page(500, "<html><title>There has been a critical error</title></html>")


@pytest.mark.long
@pytest.mark.parametrize(
    "path",
    ["system_status", "reports/orders/totals", "products/categories", "/customers", "/refunds"],
)
def test_one_question_that_breaks_the_shop_stops_no_other(full: Counter, path: str) -> None:
    full.shop.trouble = Breaks(path)
    failed = 0
    for _ in range(90):  # an hour, after which that question has its turn
        full.later(minutes=1)
        try:
            full.cycle()
        except WinbackError:
            failed += 1
    full.shop.trash_product(full.hat)
    full.shop.delete_order(max(one.id for one in full.shop.orders))
    for _ in range(60):
        full.later(minutes=1)
        with suppress(WinbackError):
            full.cycle()
    assert differences(full.shop) == []
    assert failed < 10  # each that fails puts the next poll off


# loops and floods


def test_a_cache_that_ignores_the_offset_is_not_read_for_ever(full: Counter, stall: Stall) -> None:
    full.page_size(5)
    for _ in range(20):
        full.order()
    full.later(minutes=1)
    cached(full, stall, "offset")
    with suppress(WinbackError):
        full.poll(dying_after(100))


def test_a_proxy_whose_clock_is_behind_the_shops_costs_no_lines_each_cycle(
    full: Counter, stall: Stall
) -> None:
    redated(full, stall, lambda now: now - timedelta(minutes=10))
    minutes(full, 20)
    full.shop.place_order(
        [(full.hat, 0, 1), (full.dress, full.small, 1)], billing={"country": "BR"}
    )
    full.forget_requests()
    minutes(full, 9)
    lines = [one for one in full.asked("wc/v3/orders") if "line_items" in one.get("_fields", "")]
    assert len(lines) <= 2


@pytest.mark.long
def test_rows_that_cannot_be_loaded_let_nobody_doubt_all_the_others(full: Counter) -> None:
    full.page_size(2)
    numbers = [full.order() for _ in range(60)]
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    full.shop.trouble = LeftOut(*numbers[50:54])
    full.forget_requests()
    full.sweep(ORDERS)
    again = [one for one in full.asked("wc/v3/orders") if "include" in one]
    assert sum(len(one["include"].split(",")) for one in again) < 20


@pytest.mark.long
def test_many_categories_do_not_make_an_idle_cycle_dear(full: Counter) -> None:
    for number in range(250):
        full.shop.add_category(f"Shelf {number}")
    minutes(full, 70)
    most = 0
    for _ in range(70):
        full.forget_requests()
        minutes(full, 1)
        most = max(most, len(full.shop.asked))
    assert most <= 3


@pytest.mark.long
def test_orders_dated_in_the_future_do_not_keep_the_lines_of_others_away(full: Counter) -> None:
    full.page_size(2)
    for _ in range(41):  # 20 pages of two, and one
        number = full.order()
        full.shop.order(number).modified = full.now + 365 * DAY
    full.shop.orders.changed()
    minutes(full, 3)
    number = full.order()
    minutes(full, 10)
    assert OrderLine.select().where(OrderLine.order_id == number).exists()


def test_an_order_dated_in_the_future_costs_nothing_a_cycle(full: Counter) -> None:
    number = full.order()
    full.shop.order(number).modified = full.now + 365 * DAY
    full.shop.orders.changed()
    minutes(full, 3)
    full.forget_requests()
    minutes(full, 10)
    lines = [one for one in full.asked("wc/v3/orders") if "line_items" in one.get("_fields", "")]
    assert len(lines) <= 1


def test_two_servers_with_two_clocks_do_not_make_us_read_everything_each_cycle(
    full: Counter, stall: Stall
) -> None:
    full.page_size(10)
    for _ in range(100):
        full.order(created=full.now - 9 * DAY)
    full.later(minutes=1)
    full.cycle()
    minutes(full, 5)
    redated(full, stall, lambda now: now - timedelta(minutes=5 * (now.minute % 2)))
    full.forget_requests()
    minutes(full, 10)
    assert len(full.shop.asked) < 60


def test_a_deleted_refund_is_found_by_halves_as_well(full: Counter) -> None:
    full.page_size(2)
    number = full.shop.place_order([(full.shirt, 0, 90)], billing={"country": "BR"})
    refunds = [full.shop.refund(number, full.shop.money(1)) for _ in range(40)]
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    full.shop.delete_refund(refunds[17])
    full.forget_requests()
    before = Cursor.named("turn count refunds").polled_at
    while Cursor.named("turn count refunds").polled_at == before:
        minutes(full, 1)
    assert Refund.select().count() == 39
    pages = [one for one in full.asked("wc/v3/refunds") if one.get("per_page") == "2"]
    assert len(pages) < 10  # a sweep takes 39


@pytest.mark.long
def test_one_cycle_of_a_large_clean_up_is_bounded(full: Counter) -> None:
    full.page_size(2)
    numbers = [full.order() for _ in range(200)]
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    for number in numbers[::4]:
        full.shop.delete_order(number)
    most = 0
    for _ in range(30):
        full.forget_requests()
        minutes(full, 1)
        most = max(most, len(full.shop.asked))
    assert most < 100


@pytest.mark.long
def test_a_search_that_finds_nothing_new_is_given_up(full: Counter) -> None:
    full.page_size(2)
    for _ in range(200):
        full.order()
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    number = full.order(created=full.now - 30 * DAY)
    full.shop.order(number).modified = full.now - 30 * DAY
    full.shop.orders.changed()
    full.shop.trouble = LeftOut(number)
    most = 0
    for _ in range(45):
        full.forget_requests()
        minutes(full, 1)
        most = max(
            most, len([one for one in full.asked("wc/v3/orders") if one.get("per_page") == "1"])
        )
    assert most < 40


@pytest.mark.long
def test_one_row_that_cannot_be_loaded_makes_no_sweep_of_each_deletion(full: Counter) -> None:
    full.page_size(5)
    numbers = [full.order() for _ in range(200)]
    full.later(minutes=1)
    while full.cycle():
        full.later(minutes=1)
    broken = full.order(created=full.now - 30 * DAY)
    full.shop.order(broken).modified = full.now - 30 * DAY
    full.shop.orders.changed()
    full.shop.trouble = LeftOut(broken)
    full.sweep(ORDERS)
    minutes(full, 20)
    full.shop.delete_order(numbers[90])
    full.forget_requests()
    minutes(full, 25)
    assert Order.get_or_none(Order.woo_id == numbers[90]) is None
    pages = [one for one in full.asked("wc/v3/orders") if one.get("per_page") == "5"]
    assert len(pages) < 40  # 25 of them are polls; a sweep takes 51


@pytest.mark.long
def test_carts_that_lie_about_do_not_make_an_idle_cycle_dear(full: Counter) -> None:
    for number in range(60):
        dress = full.shop.add_product(name=f"Dress {number}", price="", type="variable")
        size = full.shop.add_variation(dress, attributes={"Size": "S"}, price="9", stock=3)
        full.shop.place_order([(dress, size, 1)], billing={"country": "BR"}, status="pending")
    minutes(full, 10)
    most = 0
    for _ in range(40):
        full.forget_requests()
        minutes(full, 1)
        most = max(most, len(full.shop.asked))
    assert most <= 3


def test_a_refund_whose_order_cannot_be_copied_is_forgotten_with_it(full: Counter) -> None:
    number = full.order()
    full.shop.refund(number, full.shop.money(5))
    full.shop.write_order_raw(number, total="33.33")
    full.shop.trouble = Misprint('"total":"33.33"', '"total":"a lot"')
    minutes(full, 2)
    full.walk(REFUNDS)
    assert Order.get_or_none(Order.woo_id == number) is None
    assert Refund.select().count() == 1
    full.shop.delete_order(number)
    full.sweep(REFUNDS)
    minutes(full, 2)
    full.sweep(REFUNDS)
    assert Refund.select().count() == 0


@pytest.mark.long
def test_a_product_that_is_no_longer_variable_leaves_no_variations_unread(
    open_counter: Callable[..., Counter],
) -> None:
    counter = open_counter()
    counter.shop.analytics = False
    ShopFact.delete().execute()
    fill(counter)
    full: Any = counter
    full.shop.product(full.dress).type = "simple"
    for number in (full.small, full.large):  # WC_Post_Data::product_type_changed
        full.shop.delete_product(number)
    full.shop.save_product(full.shop.product(full.dress))
    full.settings = replace(full.settings, mirror=replace(full.settings.mirror, sweep_hours=2))
    for _ in range(30):
        full.later(minutes=5)
        full.cycle()
    assert differences(full.shop) == []
