"""shop -> mirror: what orders were seen to do, by which means ever their rows came."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, Counter, file_orders, open_shop, order_json
from mirror_compare import differences
from peewee import IntegrityError

from agent.config import Settings
from agent.jobs.pull import follow_hints, read_shop_facts
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import ORDERS, REFUNDS
from agent.sandbox.shop.rows import Order as ShopOrder
from models import Found, Hint, Order, OrderChange
from models.base import database as handle
from models.order_changes import REFUND, SHIPMENTS, STATUS, TOTAL

READY = "ready-for-pickup"
OLD = 11  # number of the order that was there before we came
TRACKING = "_wc_shipment_tracking_items"


@pytest.fixture
def full(counter: Counter) -> Counter:
    """A shop with an order, mirrored yesterday, that knows a status of its own."""
    counter.page_size(100)
    counter.shop.add_order_status(READY, "Ready for pickup")
    read_shop_facts(counter.client, counter.settings)
    assert counter.order(created=counter.now - 3 * DAY) == OLD
    counter.shop.refund(OLD, "1.00")
    counter.shop.set_order_meta(OLD, TRACKING, parcel("JD0001"))
    counter.later(minutes=1)
    counter.pull_all()
    counter.later(days=1)
    counter.cycle()
    return counter


def parcel(*numbers: str) -> list[dict[str, str]]:
    return [{"tracking_provider": "dhl", "tracking_number": number} for number in numbers]


def seen() -> list[tuple[int, str, str, str]]:
    query = OrderChange.select().order_by(OrderChange.id)
    return [(one.order_id, one.what, one.was, one.became) for one in query]


def last() -> OrderChange:
    found: OrderChange = OrderChange.select().order_by(OrderChange.id.desc()).get()
    return found


def row(counter: Counter, number: int) -> ShopOrder:
    return counter.shop.order(number)


def test_what_orders_did_before_we_came_is_no_change(full: Counter) -> None:
    assert differences(full.shop) == []
    assert seen() == []


def test_a_first_fill_that_was_cut_short_tells_nothing_of_the_orders_that_were_there(
    counter: Counter,
) -> None:
    """Two rows a page; the process dies between two of them, and goes on a day later."""
    old = [counter.order(created=counter.now - 3 * DAY) for _ in range(9)]
    counter.later(hours=1)
    with pytest.raises(SystemExit):
        counter.walk(ORDERS, beat=_ending_after(3))
    assert 0 < Order.select().count() < len(old)
    # meanwhile one of them goes on, and one is new
    counter.later(days=1)
    counter.shop.set_status(old[0], "completed")
    new = counter.order()
    counter.later(minutes=1)
    counter.cycle()
    counter.cycle()
    assert Order.select().count() == len(old) + 1
    assert {number for number, *_ in seen()} <= {old[0], new}


def _ending_after(beats: int) -> Callable[[], None]:
    left = iter(range(beats))

    def beat() -> None:
        if next(left, None) is None:
            raise SystemExit

    return beat


def test_another_total_is_a_change_of_an_order_that_was_there(full: Counter) -> None:
    number = full.order(amount=1)
    full.later(seconds=20)
    full.poll()
    full.later(minutes=1)
    with full.shop.lock:
        order = full.shop.order(number)
        full.shop.add_line(order, full.shop.new_line(full.shirt))
        full.shop.add_up(order)
        full.shop.save_order(order)
    full.later(seconds=20)
    full.poll()
    assert seen() == [(number, STATUS, "", "processing"), (number, TOTAL, "4000", "8000")]


def test_a_poll_sees_a_new_order_and_each_status_that_it_finds(full: Counter) -> None:
    number = full.order(status="on-hold")
    full.later(seconds=20)
    full.poll()
    assert seen() == [(number, STATUS, "", "on-hold")]
    assert (last().changed_at, last().seen_at) == (row(full, number).modified, full.now)
    assert (last().decided_at, last().outcome) == (None, "")
    # one of the shop's own
    full.later(minutes=1)
    full.shop.set_status(number, READY)
    moved = full.now
    full.later(seconds=20)
    full.poll()
    assert seen()[1:] == [(number, STATUS, "on-hold", READY)]
    assert (last().changed_at, last().seen_at) == (moved, full.now)
    # what is read once more is no change, and neither is one that moves only a date
    full.poll()
    full.later(minutes=1)
    full.shop.set_order_meta(number, "_some", "thing")
    full.poll()
    assert len(seen()) == 2


def test_of_many_moves_between_two_polls_the_last_is_seen_and_none_where_it_is_back(
    full: Counter,
) -> None:
    for status in ("on-hold", "processing", "completed"):
        full.shop.set_status(OLD, status)
    full.later(minutes=1)
    full.poll()
    for status in ("cancelled", "completed"):
        full.shop.set_status(OLD, status)
    full.later(minutes=1)
    full.poll()
    assert [(was, became) for _, _, was, became in seen()] == [("processing", "completed")]


def test_a_hint_of_a_webhook_brings_the_change_before_the_poll(full: Counter) -> None:
    full.shop.set_status(OLD, "completed")
    full.later(seconds=3)
    Hint.note("orders", [OLD], "webhook", full.now)
    follow_hints(full.client, full.settings, now=full.now, beat=lambda: None)
    assert seen() == [(OLD, STATUS, "processing", "completed")]
    assert last().seen_at == full.now
    full.poll()
    assert len(seen()) == 1
    assert Found.get(Found.kind == "orders", Found.means == "webhook").rows == 1


def test_a_sweep_sees_what_was_written_past_woocommerce(full: Counter) -> None:
    full.shop.write_order_raw(OLD, status="completed")
    full.later(minutes=1)
    full.poll()
    assert seen() == []
    full.sweep(ORDERS)
    assert seen() == [(OLD, STATUS, "processing", "completed")]
    # it moved no date: nobody knows when it was, only when the shop told us
    read_at = Order.get_by_id(OLD).read_at
    assert (last().changed_at, last().seen_at) == (read_at, full.now)


def test_the_drift_meter_and_the_count_see_changes_too(full: Counter) -> None:
    full.shop.write_order_raw(OLD, status="completed")
    full.later(minutes=1)
    full.drift()
    assert seen() == [(OLD, STATUS, "processing", "completed")]
    # an importer's order, dated long before any poll looks: the shop only has one more
    imported = full.order(created=full.now - 9 * DAY)
    for _ in range(60):
        full.later(minutes=1)
        full.cycle()
        if len(seen()) == 2:
            break
    assert seen()[1:] == [(imported, STATUS, "", "processing")]
    assert last().changed_at == row(full, imported).modified  # which tells what it is


def test_a_draft_is_no_order_until_it_is_placed(full: Counter) -> None:
    number = full.order(status="checkout-draft")
    full.shop.set_order_meta(number, TRACKING, parcel("JD0002"))
    full.later(minutes=1)
    full.poll()
    assert seen() == []
    full.shop.set_status(number, "pending")
    full.later(minutes=1)
    full.poll()
    assert seen() == [(number, STATUS, "", "pending"), (number, SHIPMENTS, "", "JD0002")]


def test_the_trash_is_a_change_and_so_is_the_way_back(full: Counter) -> None:
    full.shop.trash_order(OLD)
    full.later(minutes=1)
    full.poll()
    full.shop.restore_order(OLD)
    full.later(minutes=1)
    full.poll()
    assert seen() == [
        (OLD, STATUS, "processing", "trash"),
        (OLD, STATUS, "trash", "processing"),
    ]


def test_an_order_that_was_deleted_leaves_its_history(full: Counter) -> None:
    full.shop.set_status(OLD, "completed")
    full.later(minutes=1)
    full.poll()
    full.shop.delete_order(OLD)
    full.sweep(ORDERS)
    assert Order.get_or_none(Order.woo_id == OLD) is None
    assert len(seen()) == 1


def test_an_answer_that_set_out_earlier_than_the_copy_is_no_change(full: Counter) -> None:
    page = full.client.page("orders", include=OLD)
    full.shop.set_status(OLD, "completed")
    full.later(minutes=1)
    full.poll()
    ORDERS.absorb(page.rows, page.read_at, Filing.from_settings(full.settings, full.now))
    assert seen() == [(OLD, STATUS, "processing", "completed")]
    assert Order.get_by_id(OLD).status == "completed"


def test_other_tracking_numbers_are_a_change_and_the_same_ones_are_none(full: Counter) -> None:
    assert Order.get_by_id(OLD).details["shipments"] == [
        {"carrier": "DHL", "number": "JD0001", "url": ""}
    ]
    for numbers in (["JD0001"], ["JD0002", "JD0001"], ["JD0001", "JD0002"], []):
        full.shop.set_order_meta(OLD, TRACKING, parcel(*numbers))
        full.later(minutes=1)
        full.poll()
    assert seen() == [
        (OLD, SHIPMENTS, "JD0001", "JD0002, JD0001"),
        (OLD, SHIPMENTS, "JD0001, JD0002", ""),
    ]
    assert last().changed_at == row(full, OLD).modified


def test_a_number_that_a_plugin_wrote_past_the_order_is_found_by_the_sweep(full: Counter) -> None:
    """Meta data that is saved by itself moves no date. It is no news of the mirror: the shop's own
    columns are the same."""
    full.shop.write_order_raw(OLD, meta={TRACKING: parcel("JD0003")})
    full.later(minutes=1)
    full.sweep(ORDERS)
    assert seen() == [(OLD, SHIPMENTS, "JD0001", "JD0003")]
    assert not Found.select().where(Found.kind == "orders", Found.means == "sweep").exists()
    assert full.drift()["differing"] == 0


def test_another_config_reads_other_numbers_without_any_order_having_done_something(
    full: Counter,
) -> None:
    full.shop.set_order_meta(OLD, "erp_parcel", "ER0001")
    full.later(minutes=1)
    full.poll()
    news = replace(full.settings.order_news, shipment_meta=("erp_parcel",))
    full.settings = replace(full.settings, order_news=news)
    full.sweep(ORDERS)
    assert Order.get_by_id(OLD).details["shipments"][0]["number"] == "ER0001"
    assert seen() == []
    # from then on it is watched
    full.shop.set_order_meta(OLD, "erp_parcel", "ER0002")
    full.later(minutes=1)
    full.poll()
    assert seen() == [(OLD, SHIPMENTS, "ER0001", "ER0002")]


def test_after_an_upgrade_the_details_are_read_in_silence(full: Counter) -> None:
    """Rows of the version before have none of it."""
    Order.update(details={}, details_rule="").execute()
    full.sweep(ORDERS)
    assert Order.get_by_id(OLD).details["shipments"]
    assert seen() == []


def test_a_new_order_may_have_a_number_already(full: Counter) -> None:
    number = full.order(meta={TRACKING: parcel("JD0004")}, status="completed")
    full.later(minutes=1)
    full.poll()
    assert seen() == [(number, STATUS, "", "completed"), (number, SHIPMENTS, "", "JD0004")]


def test_refunds_are_seen_in_part_and_in_full_and_their_deletion_is_not(full: Counter) -> None:
    number = full.order(amount=2)  # 80.00
    full.later(minutes=1)
    full.cycle()
    part = full.shop.refund(number, "19.90", "Troca")
    given = full.now
    full.later(minutes=1)
    full.cycle()
    assert seen()[1:] == [(number, REFUND, "", "1990")]
    assert (last().changed_at, last().seen_at) == (given, full.now)
    full.shop.delete_refund(part)
    full.sweep(REFUNDS)
    assert len(seen()) == 2
    full.shop.refund(number, "80.00")
    full.later(minutes=1)
    full.cycle()
    assert sorted(seen()[2:]) == [
        (number, REFUND, "", "8000"),
        (number, STATUS, "processing", "refunded"),
    ]


def test_a_change_is_written_with_its_row_or_not_at_all(full: Counter) -> None:
    full.shop.set_status(OLD, "completed")
    full.later(minutes=1)
    refuse = "CREATE TRIGGER full BEFORE UPDATE ON shop_order BEGIN SELECT RAISE(ABORT, 'no'); END"
    handle.execute_sql(refuse)
    with pytest.raises(IntegrityError, match="no"):
        full.poll()
    assert (seen(), Order.get_by_id(OLD).status) == ([], "processing")
    handle.execute_sql("DROP TRIGGER full")
    full.poll()
    assert (len(seen()), Order.get_by_id(OLD).status) == (1, "completed")


def test_a_page_of_orders_takes_as_many_statements_as_one_order(
    settings: Settings, database: Path, now: Any
) -> None:
    open_shop()
    filing = Filing.from_settings(settings, now)

    def statements(begin: int, rows: int) -> int:
        orders = [order_json(number, now) for number in range(begin, begin + rows)]
        return len(_traced(lambda: ORDERS.absorb(orders, now, filing)))

    file_orders(settings, now, order_json(1, now))  # whatever is asked for only once
    assert statements(100, 90) - statements(10, 2) == (90 - 2) * 2  # the rows, and their changes
    assert OrderChange.select().count() == 93


def _traced(act: Callable[[], object]) -> list[str]:
    traced: list[str] = []
    connection = handle.obj.connection()
    connection.set_trace_callback(traced.append)
    act()
    connection.set_trace_callback(None)
    return traced


def test_an_order_that_comes_twice_in_a_page_changed_once(
    settings: Settings, database: Path, now: Any
) -> None:
    open_shop()
    file_orders(settings, now, order_json(7, now), order_json(7, now, status="cancelled"))
    assert seen() == [(7, STATUS, "", "cancelled")]


def test_the_contract_of_the_details(full: Counter) -> None:
    number = full.order(
        status="on-hold",
        meta={
            "_delivery_date": "2026-12-01",
            TRACKING: [{"tracking_number": "JD0005", "custom_tracking_provider": "Bike"}],
        },
    )
    full.later(minutes=1)
    full.poll()
    connection = handle.obj.connection()
    [(text,)] = connection.execute("SELECT details FROM shop_order WHERE woo_id = ?", [number])
    assert json.loads(text) == {
        "payment_method": "bacs",
        "payment_title": "Direct bank transfer",
        "delivery": "2026-12-01",
        "shipments": [{"carrier": "Bike", "number": "JD0005", "url": ""}],
    }
