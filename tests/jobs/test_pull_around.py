"""shop -> mirror: rows that the shop leaves out or breaks on, and a clock that is set right."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from jobs_stage import DAY, Counter, in_the_shop, mirrored, nothing

from agent.clients.shop import Page
from agent.errors import Garbled, Retryable
from agent.jobs.pull.around import Around
from agent.jobs.pull.kinds import CUSTOMERS
from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.trouble import Fatal, Maintenance, Notice, Trouble
from models import Cursor, Customer, Order, OrderLine


class LeftOut(Trouble):
    """WooCommerce counts these rows and cannot load them: its pages are short by them."""

    def __init__(self, *ids: int) -> None:
        self.ids = ids

    def spoil(self, body: str) -> str:
        rows = json.loads(body)
        if not isinstance(rows, list):
            return body
        return json.dumps([row for row in rows if row.get("id") not in self.ids])


class BreaksOn(Trouble):
    """PHP dies of these orders: what has one of them among its rows is no JSON."""

    def __init__(self, *ids: int, lines_only: bool = False) -> None:
        self.ids, self.lines_only = ids, lines_only

    def spoil(self, body: str) -> str:
        broken = any(f'"id":{number},' in body for number in self.ids)
        if broken and (not self.lines_only or '"line_items"' in body):
            return f"<b>Fatal error</b>: Uncaught TypeError in plugin.php<br />{body}"
        return body


class WrongClock(MovedClock):
    """A clock that can be set right: `ahead` may become less, which looks like time going back."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock(now: datetime) -> WrongClock:
    """In place of the clock of the other stories: the shop, and `counter.now`, go by it."""
    return WrongClock(now)


def set_aside(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    told = [one for one in caplog.records if one.message == "mirror.set_aside"]
    return [one.fields for one in told]  # type: ignore[attr-defined]  # put there by our Log


def at_request(number: int, do: Callable[[], object]) -> Callable[[], None]:
    """A beat that does something before the `number`-th request, counted from 1."""
    left = number

    def beat() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            do()

    return beat


# rows that WooCommerce leaves out


@pytest.mark.parametrize("rows", [2, 3, 4, 100])
@pytest.mark.parametrize(
    "places",
    [
        [0],
        [1],
        [2],
        [3],
        [4],
        [11],
        [0, 1],
        [3, 4, 5, 6, 7],
        [0, 2, 4, 6, 8, 10],
        range(11),
        range(12),
    ],
)
def test_rows_that_the_shop_leaves_out_hide_none_of_the_others(
    counter: Counter, rows: int, places: list[int]
) -> None:
    counter.page_size(rows)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(12)]
    lost = [numbers[place] for place in places]
    counter.shop.trouble = LeftOut(*lost)
    counter.poll(at_request(100, pytest.fail))

    assert mirrored() == [row for row in in_the_shop(counter.shop) if row[0] not in lost]
    assert Cursor.get_by_id("orders").since is not None


@pytest.mark.parametrize("left_out", [[3], [3, 4], [2, 3, 4, 5]])
@pytest.mark.parametrize("gone", [[0], [0, 1], [1, 6]])
@pytest.mark.parametrize("request_number", [2, 3])
def test_rows_deleted_beside_rows_that_are_left_out_hide_none_of_the_others(
    counter: Counter, left_out: list[int], gone: list[int], request_number: int
) -> None:
    counter.page_size(4)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(10)]
    lost = [numbers[place] for place in left_out]
    counter.shop.trouble = LeftOut(*lost)

    def delete() -> None:
        for place in gone:
            counter.shop.delete_order(numbers[place])

    counter.poll(at_request(request_number, delete))

    present = {row for row in in_the_shop(counter.shop) if row[0] not in lost}
    assert present <= set(mirrored())


def test_a_row_left_out_at_the_end_of_the_customers_hides_nobody_who_joins_later(
    counter: Counter,
) -> None:
    def join(name: str) -> int:
        return counter.shop.add_customer(
            first_name=name, last_name="Example", email=f"{name}@example.com"
        )

    join("ana")
    lost = [join(name) for name in ("bruno", "carla", "diego")]
    counter.shop.trouble = LeftOut(*lost)
    counter.walk(CUSTOMERS, at_request(100, pytest.fail))
    new = [join("eva"), join("fabio")]
    counter.walk(CUSTOMERS, at_request(100, pytest.fail))

    assert set(new) <= {one.woo_id for one in Customer.select()}


# rows that the shop breaks on


@pytest.mark.parametrize("places", [[0], [4], [9], [3, 4], [0, 5]])
def test_an_order_that_breaks_the_shop_is_stepped_over_and_the_rest_comes(
    counter: Counter, caplog: pytest.LogCaptureFixture, places: list[int]
) -> None:
    counter.page_size(5)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(10)]
    broken = [numbers[place] for place in places]
    counter.shop.trouble = BreaksOn(*broken)
    with caplog.at_level(logging.WARNING):
        counter.poll()

    assert mirrored() == [row for row in in_the_shop(counter.shop) if row[0] not in broken]
    assert {one["place"] for one in set_aside(caplog)} == set(places)
    assert {one["kind"] for one in set_aside(caplog)} == {"orders"}

    # and comes when it is mended and saved
    counter.shop.trouble = None
    counter.later(hours=1)
    for number in broken:
        counter.shop.set_status(number, "completed")
    counter.poll()
    assert mirrored() == in_the_shop(counter.shop)


def test_a_poll_with_nothing_but_an_order_that_breaks_the_shop_comes_through(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = [counter.order(created=counter.now - 3 * DAY) for _ in range(3)]
    counter.poll()
    counter.later(hours=1)
    counter.shop.set_status(numbers[1], "completed")
    counter.shop.trouble = BreaksOn(numbers[1])
    with caplog.at_level(logging.WARNING):
        counter.poll()

    assert Cursor.get_by_id("orders").since == counter.now
    assert len(set_aside(caplog)) == 1


def test_an_order_whose_lines_break_the_shop_does_not_hold_up_the_others(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.page_size(10)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(25)]
    counter.poll()
    counter.shop.trouble = BreaksOn(numbers[24], lines_only=True)
    counter.forget_requests()
    with caplog.at_level(logging.WARNING):
        assert counter.read_lines() == 25

    assert [one["id"] for one in set_aside(caplog)] == [numbers[24]]
    with_lines = {line.order_id for line in OrderLine.select()}
    assert with_lines == set(numbers[:24])
    assert len(counter.asked("wc/v3/orders")) < 25

    # and it is asked for again only when it changes
    counter.forget_requests()
    assert counter.read_lines() == 0
    counter.shop.trouble = None
    counter.later(hours=1)
    counter.shop.set_status(numbers[24], "refunded")
    counter.poll()
    counter.later(minutes=1)
    assert counter.read_lines() == 1
    assert OrderLine.select().where(OrderLine.order_id == numbers[24]).exists()


@pytest.mark.parametrize("trouble", [Fatal(), Notice(), Maintenance()])
def test_nothing_is_set_aside_while_the_shop_is_down(
    counter: Counter, caplog: pytest.LogCaptureFixture, trouble: Trouble
) -> None:
    counter.page_size(10)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(10)]
    counter.poll()
    counter.shop.trouble = trouble
    counter.later(hours=1)
    counter.shop.set_status(numbers[0], "completed")
    with caplog.at_level(logging.WARNING):
        with pytest.raises((Retryable, Garbled)):
            counter.poll()
        with pytest.raises((Retryable, Garbled)):
            counter.read_lines()

    assert set_aside(caplog) == []
    assert Order.select().where(Order.lines_at.is_null()).count() == 10
    counter.shop.trouble = None
    counter.poll()
    assert mirrored() == in_the_shop(counter.shop)


def test_lines_that_all_break_the_shop_are_not_set_aside_one_by_one(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.page_size(10)
    numbers = [counter.order(created=counter.now - DAY) for _ in range(5)]
    counter.poll()
    counter.shop.trouble = BreaksOn(*numbers, lines_only=True)
    counter.forget_requests()
    with caplog.at_level(logging.WARNING), pytest.raises(Garbled):
        counter.read_lines()

    assert set_aside(caplog) == []
    assert len(counter.asked("wc/v3/orders")) <= 5


def test_a_shop_that_comes_back_between_a_row_and_its_witness_keeps_the_row(
    now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([False, True, True])  # the row, the witness, the row once more

    def ask(wanted: object) -> Page:
        if not next(answers):
            raise Retryable("no answer", fix="wait")
        return Page(rows=[{"id": 7}], total=1, served_at=now)

    around = Around("orders", "id", ask, lambda _: [lambda: ask([8])], nothing)
    assert around.read([7]).rows == [{"id": 7}]
    assert set_aside(caplog) == []


# the shop's clock


def test_a_clock_that_was_ahead_for_a_while_freezes_no_row(
    counter: Counter, clock: WrongClock, caplog: pytest.LogCaptureFixture
) -> None:
    # given polls under a clock that is a day ahead
    number = counter.order(created=counter.now - DAY, status="pending")
    other = counter.order(created=counter.now - DAY, status="pending")
    clock.ahead = DAY
    counter.poll()
    counter.read_lines()

    # when it is set right, and an order is paid
    clock.ahead = timedelta(0)
    counter.later(minutes=1)
    counter.shop.set_status(number, "completed")
    counter.later(minutes=1)
    counter.forget_requests()
    with caplog.at_level(logging.INFO):
        counter.poll()

    # then it is there, and so are its lines
    assert mirrored() == [(number, "completed"), (other, "pending")]
    assert Cursor.get_by_id("orders").since == counter.now
    assert "shop.clock_went_back" in [one.message for one in caplog.records]
    assert counter.read_lines() == 1

    # and the next poll is one like any other
    counter.forget_requests()
    caplog.clear()
    counter.later(minutes=1)
    counter.poll()
    assert "modified_after" in counter.asked("wc/v3/orders")[0]
    assert "shop.clock_went_back" not in [one.message for one in caplog.records]


def test_a_clock_that_goes_back_by_less_than_the_overlap_is_nothing_new(
    counter: Counter, clock: WrongClock, caplog: pytest.LogCaptureFixture
) -> None:
    number = counter.order(created=counter.now - DAY, status="pending")
    clock.ahead = counter.settings.shop.overlap
    counter.poll()
    clock.ahead = timedelta(0)
    with caplog.at_level(logging.WARNING):
        counter.poll()
    assert caplog.records == []
    assert mirrored() == [(number, "pending")]


# each order once


def test_an_order_dated_in_the_future_is_asked_for_once_a_run(
    counter: Counter, clock: WrongClock
) -> None:
    numbers = [counter.order(created=counter.now - DAY) for _ in range(3)]
    clock.ahead = timedelta(hours=5)
    counter.shop.set_status(numbers[0], "completed")
    clock.ahead = timedelta(0)
    counter.poll()
    counter.forget_requests()
    counter.page_size(1)

    assert counter.read_lines(most=1000) == 3
    assert len(counter.asked("wc/v3/orders")) == 3
