"""shop -> mirror: whatever happens under the walk, nothing is lost."""

import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import responses
from jobs_stage import (
    DAY,
    Counter,
    Killed,
    Misprint,
    dying_after,
    gmt,
    in_the_shop,
    mirrored,
    nothing,
)

from agent.clients.shop import Shop as ShopClient
from agent.errors import ConfigError, Retryable
from agent.jobs.pull import read_shop_facts
from agent.jobs.pull.cycle import poll
from agent.jobs.pull.kinds import CUSTOMERS
from agent.sandbox.shop.trouble import Maintenance
from models import Contact, Cursor, Customer, Order, OrderLine, Product, Refund, ShopFact
from models.base import close_database, migrate, open_database

ZONES = ("America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "UTC")


def at_beat(number: int, do: Callable[[], object]) -> Callable[[], None]:
    """A beat that does something when it is called for the `number`-th time, counted from 1."""
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == number:
            do()

    return beat


def everything() -> list[list[dict[str, object]]]:
    """All that a full pull leaves behind, row by row."""
    tables = (Order, OrderLine, Product, Refund, Customer, Contact)
    found = [list(one.select().order_by(one._meta.primary_key).dicts()) for one in tables]
    lists = Cursor.select().where(Cursor.name.in_(("orders", "products", "refunds", "customers")))
    return [*found, list(lists.order_by(Cursor.name).dicts())]


# what arrives


def test_the_first_poll_brings_every_order_and_product_page_by_page(counter: Counter) -> None:
    for _ in range(5):
        counter.order("202-555-0101")

    assert Cursor.named("orders").since is None
    counter.poll()

    assert Cursor.named("orders").since is not None
    assert mirrored() == in_the_shop(counter.shop)
    assert [one.name for one in Product.select()] == ["Shirt"]
    assert (
        len(counter.asked("wc/v3/orders")) == 4
    )  # two, then one more each: the seam is read twice


def test_orders_are_asked_for_without_their_lines_and_by_id(counter: Counter) -> None:
    counter.order("202-555-0101")
    counter.poll()

    asked = counter.asked("wc/v3/orders")[0]
    assert "line_items" not in asked["_fields"]
    assert (asked["orderby"], asked["order"]) == ("id", "asc")
    assert "trash" in asked["status"].split(",")


def test_an_order_is_copied_in_minor_units_and_utc(counter: Counter) -> None:
    placed = counter.now - timedelta(days=3, seconds=5)
    number = counter.order(
        "202-555-0101",
        amount=3,
        created=placed,
        billing={"email": " Ana@Example.COM ", "first_name": "ana", "last_name": "O&#039;Neil"},
    )
    counter.poll()

    order = Order.get_by_id(number)
    assert (order.total, order.currency) == (12000, "BRL")
    assert order.created_at == order.paid_at == placed
    assert (order.email, order.last_name) == ("ana@example.com", "O'Neil")
    assert order.lines_at is None


def test_an_empty_shop_is_walked_through_at_once(counter: Counter) -> None:
    assert counter.poll()["orders"] == 0
    assert Cursor.named("orders").since is not None


def test_statuses_of_plugins_are_mirrored_too(counter: Counter) -> None:
    counter.shop.add_order_status("shipped", "Shipped")
    read_shop_facts(counter.client, counter.settings)
    number = counter.order(status="shipped")
    counter.poll()

    assert mirrored() == [(number, "shipped")]


def test_a_shop_without_draft_checkouts_is_not_asked_for_them(counter: Counter) -> None:
    # an unknown status makes WooCommerce refuse the whole request
    del counter.shop.statuses["checkout-draft"]
    read_shop_facts(counter.client, counter.settings)
    number = counter.order()
    counter.poll()
    counter.read_lines()

    assert mirrored() == [(number, "processing")]
    assert Order.get_by_id(number).lines_at is not None


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_any_page_size_comes_to_an_end(counter: Counter, rows: int) -> None:
    counter.page_size(rows)
    for _ in range(5):
        counter.order()
    counter.poll(dying_after(50))

    assert mirrored() == in_the_shop(counter.shop)


def test_orders_of_one_second_all_arrive(counter: Counter) -> None:
    for _ in range(7):
        counter.order(created=counter.now - DAY)
    counter.poll()
    for number, _ in mirrored():
        counter.shop.set_status(number, "completed")  # all in this very second
    counter.poll()

    assert mirrored() == in_the_shop(counter.shop)


# a walk that is cut short


@pytest.mark.long
@pytest.mark.parametrize("beats", range(20))
def test_a_walk_killed_anywhere_ends_like_one_that_was_not(
    counter: Counter, tmp_path: Path, beats: int
) -> None:
    # given what an undisturbed walk leaves behind
    for _ in range(5):
        counter.shop.refund(counter.order("202-555-0101"), "5.00")
        counter.shop.add_product(name="Hat", price="9.90")
    counter.pull_all()
    undisturbed = everything()

    # when another one dies, is started again, and dies again
    close_database()
    open_database(tmp_path / "other.db")
    migrate()
    read_shop_facts(counter.client, counter.settings)
    with pytest.raises(Killed):
        counter.pull_all(dying_after(beats))
    with pytest.raises(Killed):
        counter.pull_all(dying_after(1))
    counter.pull_all()

    # then nobody can tell
    assert everything() == undisturbed


def test_a_walk_goes_on_where_it_was_and_does_not_begin_again(counter: Counter) -> None:
    for _ in range(5):
        counter.order()
    with pytest.raises(Killed):
        counter.poll(dying_after(2))
    assert len(mirrored()) == 3

    counter.forget_requests()
    counter.poll()
    asked = counter.asked("wc/v3/orders")
    # a set: what was under way when the first walk died may have arrived since
    assert {one["offset"] for one in asked if "modified_after" not in one} == {"2", "3"}
    # and what changed since the walk began, before it was cut short, is asked for at once
    assert [one["offset"] for one in asked if "modified_after" in one][:1] == ["0"]


def test_changes_between_a_walk_that_was_cut_short_and_its_rest_are_found(
    counter: Counter,
) -> None:
    numbers = [counter.order() for _ in range(5)]
    with pytest.raises(Killed):
        counter.poll(dying_after(2))

    # three hours later, one that had been copied was paid, one that had been copied is gone
    counter.later(hours=3)
    counter.shop.set_status(numbers[0], "completed")
    counter.shop.trash_order(numbers[1])
    counter.poll()
    counter.poll()

    assert mirrored() == in_the_shop(counter.shop)


def test_a_page_that_fails_leaves_the_cursor_where_it_was(counter: Counter) -> None:
    for _ in range(3):
        counter.order()
    counter.poll()
    since = Cursor.get_by_id("orders").since
    counter.shop.trouble = Maintenance()
    with pytest.raises(Retryable):
        counter.poll()

    assert Cursor.get_by_id("orders").since == since
    counter.shop.trouble = None
    counter.poll()


# rows that move under the walk


@pytest.mark.parametrize("gone", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2], [0, 1, 2, 3, 4, 5]])
@pytest.mark.parametrize("page", [2, 3])
def test_rows_deleted_under_the_walk_hide_none_of_the_others(
    counter: Counter, gone: list[int], page: int
) -> None:
    numbers = [counter.order() for _ in range(7)]

    def delete() -> None:
        for place in gone:
            counter.shop.delete_order(numbers[place])

    counter.poll(at_beat(page, delete))

    assert set(in_the_shop(counter.shop)) <= set(mirrored())


def test_a_deletion_beside_an_insertion_does_not_close_the_seam_wrongly(counter: Counter) -> None:
    numbers = [counter.order() for _ in range(6)]

    def swap() -> None:
        counter.shop.delete_order(numbers[0])
        counter.order()

    counter.poll(at_beat(2, swap))

    assert set(in_the_shop(counter.shop)) <= set(mirrored())


def test_rows_that_change_under_the_walk_are_found_by_the_next_poll(counter: Counter) -> None:
    numbers = [counter.order(created=counter.now - 3 * DAY) for _ in range(5)]
    counter.poll()
    counter.later(hours=1)
    for number in numbers:
        counter.shop.set_status(number, "on-hold")

    # when the first of them changes again while the walk is at the third, and the walk takes long
    def change() -> None:
        counter.later(minutes=10)
        counter.shop.set_status(numbers[0], "cancelled")
        counter.later(minutes=10)

    counter.poll(at_beat(3, change))
    counter.poll()

    assert mirrored() == in_the_shop(counter.shop)


def test_a_change_in_the_second_of_the_poll_is_found_without_any_overlap(
    open_counter: Callable[..., Counter], write_settings: Callable[..., object]
) -> None:
    # the shop's bounds are strict, and its dates have no fractions
    counter = open_counter()
    object.__setattr__(counter.settings.shop, "overlap", timedelta(0))
    number = counter.order()
    counter.later(hours=1)
    counter.poll()
    counter.shop.set_status(number, "cancelled")
    counter.later(minutes=1)
    counter.poll()

    assert mirrored() == [(number, "cancelled")]


def test_customers_deleted_under_their_cursor_hide_nobody(counter: Counter) -> None:
    def join(name: str) -> int:
        return counter.shop.add_customer(
            first_name=name, last_name="Example", email=f"{name}@example.com"
        )

    first = [join(name) for name in ("ana", "bruno", "carla")]
    counter.walk(CUSTOMERS)
    counter.shop.delete_customer(first[0])
    counter.shop.delete_customer(first[2])
    new = join("diego")
    counter.walk(CUSTOMERS)

    assert new in [one.woo_id for one in Customer.select()]


# the change cursor


@pytest.mark.parametrize("timezone", ZONES)
def test_a_change_is_found_in_shops_east_and_west_of_greenwich(
    open_counter: Callable[..., Counter], timezone: str
) -> None:
    counter = open_counter(timezone=timezone)
    old = counter.order(created=counter.now - 3 * DAY)
    untouched = counter.order(created=counter.now - 3 * DAY)
    counter.poll()
    counter.later(hours=2)
    counter.shop.set_status(old, "completed")
    counter.shop.set_price(counter.shirt, "41.50")
    counter.later(minutes=1)
    counter.forget_requests()
    came = counter.poll()

    assert dict(mirrored())[old] == "completed"
    assert Product.get_by_id(counter.shirt).price == 4150
    assert came["orders"] == 1  # and not order `untouched` again
    assert untouched in dict(mirrored())


def test_the_cursor_asks_in_naive_utc(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(timezone="Asia/Kolkata")
    counter.poll()
    polled = counter.now
    counter.forget_requests()
    counter.later(minutes=5)
    counter.poll()

    for path in ("wc/v3/orders", "wc/v3/products"):
        asked = counter.asked(path)[0]
        assert asked["dates_are_gmt"] == "true"
        overlap = counter.settings.shop.overlap
        assert asked["modified_after"] <= gmt(polled - overlap)
        assert asked["modified_after"] >= gmt(polled - overlap - timedelta(seconds=1))


def test_the_cursor_follows_the_clock_of_the_shop(counter: Counter) -> None:
    counter.poll()
    ours = counter.now + timedelta(hours=7)  # our clock is wrong; the shop's is not asked by it
    counter.later(minutes=1)
    poll(counter.client, counter.settings, now=ours, beat=nothing)

    cursor = Cursor.get_by_id("orders")
    assert cursor.since == counter.now
    assert cursor.polled_at == ours


# trash, restore, refunds


def test_trash_and_restore_are_seen_by_the_next_poll(counter: Counter) -> None:
    number = counter.order(created=counter.now - DAY)
    counter.poll()
    counter.later(minutes=1)
    counter.shop.trash_order(number)
    counter.poll()
    assert mirrored() == [(number, "trash")]

    counter.later(minutes=1)
    counter.shop.restore_order(number)
    counter.poll()
    assert mirrored() == [(number, "processing")]


def test_a_refund_is_found_with_its_order(counter: Counter) -> None:
    number = counter.order(created=counter.now - DAY)
    counter.pull_all()
    counter.later(minutes=10)
    counter.shop.refund(number, Decimal("12.50"), "too small")
    counter.cycle()

    refund = Refund.get()
    assert (refund.order_id, refund.amount) == (number, 1250)
    assert Order.get_by_id(number).total == 4000  # as charged


def test_refunds_are_only_asked_for_when_an_order_moved(counter: Counter) -> None:
    counter.order(created=counter.now - DAY)
    counter.pull_all()
    counter.later(minutes=10)
    counter.forget_requests()
    counter.poll()
    assert counter.asked("wc/v3/refunds") == []


# what cannot be copied


def test_an_order_that_cannot_be_copied_is_set_aside_and_the_rest_comes(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.page_size(100)  # with smaller ones it may stand on a seam, and is told twice
    before, bad, after = counter.order(), counter.order(amount=2), counter.order()
    counter.shop.trouble = Misprint('"total":"80.00"', '"total":"80,00 R$"')
    with caplog.at_level(logging.WARNING):
        counter.poll()

    assert [number for number, _ in mirrored()] == [before, after]
    [told] = [one for one in caplog.records if one.message == "mirror.set_aside"]
    assert told.fields["id"] == bad
    assert "80,00" in told.fields["reason"]

    # and comes when it is mended
    counter.shop.trouble = None
    counter.later(hours=1)
    counter.shop.set_status(bad, "completed")
    counter.poll()
    assert dict(mirrored())[bad] == "completed"


def test_a_product_without_a_price_is_a_product(counter: Counter) -> None:
    free = counter.shop.add_product(name="On request", price="")
    odd = counter.shop.add_product(name="Odd", price="ask us")
    counter.poll()

    assert Product.get_by_id(free).price is None
    assert Product.get_by_id(odd).price is None


# variations and customers


def test_variations_come_with_their_parents_and_their_own_stock(counter: Counter) -> None:
    parent = counter.shop.add_product(name="Dress", price="", type="variable")
    small = counter.shop.add_variation(parent, attributes={"Size": "S"}, price="99", stock=3)
    counter.shop.add_variation(parent, attributes={"Size": "M"}, price="99", stock=0)
    counter.cycle()
    row = Product.get_by_id(small)
    assert (row.parent_id, row.price, row.stock_quantity) == (parent, 9900, 3)

    counter.later(hours=1)
    counter.shop.set_stock(small, 1)
    counter.cycle()
    assert Product.get_by_id(small).stock_quantity == 1


def test_the_administrators_come_too(counter: Counter) -> None:
    counter.cycle()
    assert [one.role for one in Customer.select()] == ["administrator"]


# what the shop says of itself


def test_the_facts_of_the_shop_are_kept(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(timezone="Asia/Kolkata", currency="INR", country="IN", name="Dukaan")
    facts = ShopFact.all()

    assert facts["zone"] == "Asia/Kolkata"
    assert (facts["currency"], facts["country"], facts["name"]) == ("INR", "IN", "Dukaan")
    assert facts["url"].startswith(counter.url)
    assert "checkout-draft" in facts["order_statuses"].split()


@pytest.mark.parametrize(
    ("offset", "zone"), [(-3, "Etc/GMT+3"), (0, "Etc/GMT+0"), (5, "Etc/GMT-5")]
)
def test_a_whole_hour_offset_is_a_zone(
    database: Path, write_settings: Callable[..., object], offset: int, zone: str
) -> None:
    assert _facts_of_a_shop_at(offset, write_settings)["zone"] == zone


def test_a_half_hour_offset_is_refused_with_its_remedy(
    database: Path, write_settings: Callable[..., object]
) -> None:
    with pytest.raises(ConfigError) as caught:
        _facts_of_a_shop_at(5.5, write_settings)
    assert "[shop] timezone" in caught.value.fix


def test_a_zone_in_the_config_beats_the_shops(
    database: Path, write_settings: Callable[..., object]
) -> None:
    more = (
        '[shop]\nurl = "https://shop.example"\nkey = "ck_a"\nsecret = "cs_b"\n'
        'timezone = "Asia/Kolkata"'
    )
    assert _facts_of_a_shop_at(5.5, lambda: write_settings(more))["zone"] == "Asia/Kolkata"


def _facts_of_a_shop_at(offset: float, write_settings: Callable[..., object]) -> dict[str, str]:
    """A shop whose WordPress knows an offset and no city."""
    api = "https://shop.example/wp-json"
    date = {"Date": "Mon, 02 Mar 2026 12:00:00 GMT"}
    client = ShopClient(
        "https://shop.example", "ck_a", "cs_b", sleep=lambda _: None, user_agent="winback/0"
    )
    site = {"name": "Example Shop", "timezone_string": "", "gmt_offset": offset}
    status = {
        "environment": {"home_url": "https://shop.example", "version": "9.9.5"},
        "settings": {"currency": "EUR"},
    }
    country = [{"id": "woocommerce_default_country", "value": "ES:M"}]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.get(f"{api}/", json=site)
        wire.get(f"{api}/wc/v3/system_status", json=status)
        wire.get(f"{api}/wc/v3/variations", json=[], headers=date)
        wire.get(f"{api}/wc/v3/settings/general", json=country, headers=date)
        wire.get(f"{api}/wc/v3/reports/orders/totals", json=[{"slug": "pending"}], headers=date)
        facts = read_shop_facts(client, write_settings())
    client.close()
    assert facts["country"] == "ES"
    return facts
