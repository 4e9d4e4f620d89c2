"""Attempts to make the order news say something twice, too late, untruly, to the wrong person, or never."""

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import file_orders, order_json
from order_desk import OpenDesk, OrderDesk, messages

from agent.clients.outcomes import Declined, action_of
from agent.jobs.order_news import tell_orders
from agent.jobs.send.outcomes import write_outcomes
from agent.jobs.send.recheck import recheck
from agent.sandbox.clock import Clock
from models import Hint, Message, Order, OrderChange, Pause
from models.base import database
from models.delivery import EVERYTHING

NIGHT = '[limits]\nquiet_from = "22:00"\nquiet_until = "08:00"'


@pytest.fixture
def night(open_desk: OpenDesk) -> OrderDesk:
    """It is late in New York, and nothing leaves before the morning."""
    desk = open_desk(NIGHT)
    desk.clock.set(desk.now.replace(hour=4, minute=0) + timedelta(days=1))
    return desk


def morning(desk: OrderDesk) -> None:
    """It is past eight there, and a minute more."""
    desk.clock.set(desk.now.replace(hour=14, minute=0))
    desk.later(minutes=2)


def bodies(desk: OrderDesk) -> list[tuple[str, ...]]:
    return [one.parameters["body"] for one in desk.sent]


# ---- what is lost


def test_a_shipment_that_is_replaced_in_the_night_is_told_in_the_morning(night: OrderDesk) -> None:
    number = night.order()
    night.fill()
    night.shop.set_order_meta(number, "_tracking_number", "JD0001")
    night.later(minutes=2)
    night.shop.set_order_meta(number, "_tracking_number", "JD0002")
    night.later(minutes=2)
    morning(night)
    assert [body[2] for body in bodies(night)] == ["JD0002"]


def test_a_second_refund_in_the_night_is_told_with_the_first(night: OrderDesk) -> None:
    number = night.order()
    night.fill()
    night.shop.refund(number, 5)
    night.later(minutes=2)
    night.shop.refund(number, 10)
    night.later(minutes=2)
    morning(night)
    assert night.told == ["order_partly_refunded"]
    assert any("15.00" in one for one in bodies(night)[0])


def test_a_failed_payment_between_the_order_and_its_end(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order(status="on-hold")
    desk.later(minutes=2)
    desk.shop.set_status(number, "failed")
    desk.later(minutes=2)
    desk.shop.set_status(number, "cancelled")
    desk.later(minutes=2)
    assert desk.told == ["order_on_hold", "order_cancelled"]


# ---- to whom


def test_a_number_that_was_corrected_in_the_night_gets_the_news_and_not_the_wrong_one(
    night: OrderDesk,
) -> None:
    number = night.order("+12025550111")
    night.fill()
    night.shop.set_status(number, "on-hold")
    night.later(minutes=2)
    night.shop.order(number).billing["phone"] = "+12025550122"
    night.shop.save_order(night.shop.order(number))
    night.later(minutes=2)
    morning(night)
    assert "+12025550111" not in {one.to for one in night.sent}


def test_a_new_number_on_the_order_gets_the_next_news_only(desk: OrderDesk) -> None:
    number = desk.order("+12025550111")
    desk.fill()
    desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    desk.shop.order(number).billing["phone"] = "+12025550122"
    desk.shop.save_order(desk.shop.order(number))
    desk.later(minutes=2)
    desk.shop.set_status(number, "processing")
    desk.later(minutes=2)
    assert [(one.template, one.to) for one in desk.sent[:1]] == [("order_on_hold", "+12025550111")]
    assert "+12025550111" not in {one.to for one in desk.sent[1:]}


# ---- told untruly


@pytest.mark.long
def test_an_old_order_that_comes_back_from_the_trash_is_no_news(desk: OrderDesk) -> None:
    number = desk.order(status="completed")
    desk.fill()
    desk.later(minutes=2)
    desk.shop.trash_order(number)
    desk.later(minutes=5)
    desk.shop.restore_order(number)
    desk.later(minutes=5)
    assert desk.told == []


@pytest.mark.parametrize("status", ["on-hold", "completed"])
def test_nobody_hears_that_the_order_came_after_they_heard_more(
    desk: OrderDesk, status: str
) -> None:
    desk.fill()
    number = desk.order(status=status)
    desk.later(minutes=2)
    for one in ("pending", status):
        desk.shop.set_status(number, one)
        desk.later(minutes=2)
    assert desk.told == [f"order_{status.replace('-', '_')}"]


def test_the_number_that_is_new_is_told_and_not_one_that_was_there(desk: OrderDesk) -> None:
    number = desk.order(meta={"_tracking_number": "OLD0001"})
    desk.fill()
    desk.shop.set_order_meta(
        number, "_wc_shipment_tracking_items", [{"tracking_number": "NEW0002"}]
    )
    desk.later(minutes=2)
    assert [body[2] for body in bodies(desk)] == ["NEW0002"]


def test_a_number_that_was_taken_back_makes_no_news_of_the_others(desk: OrderDesk) -> None:
    number = desk.order(meta={"_tracking_number": "OLD0001,OLD0002"})
    desk.fill()
    desk.shop.set_order_meta(number, "_tracking_number", "OLD0001")
    desk.later(minutes=2)
    assert desk.told == []


# ---- one bad row


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59", "0001-01-01T00:00:00"])
def test_one_order_with_a_wild_date_does_not_silence_the_others(desk: OrderDesk, date: str) -> None:
    number = desk.order()
    desk.fill()
    desk.shop.set_status(number, "completed")
    wild = order_json(70_000, desk.now, "+12025550199", modified=desk.now, status="processing")
    for one in (wild, wild | {"status": "completed", "date_modified_gmt": date}):
        file_orders(desk.settings, desk.now, one)
    desk.later(minutes=3)
    assert desk.told == ["order_completed"]


# ---- clocks


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_shop_whose_clock_is_wrong_by_a_day_has_news_all_the_same(
    desk: OrderDesk, hours: int
) -> None:
    desk.shop.clock = AnotherClock(desk.clock, timedelta(hours=hours))
    desk.fill()
    number = desk.order()
    desk.later(minutes=2)
    desk.shop.set_status(number, "completed")
    desk.later(minutes=2)
    assert desk.told == ["order_confirmation", "order_completed"]
    left = [one.expires_at - one.created_at for one in Message.select()]
    assert all(timedelta(hours=23) < one <= timedelta(hours=24) for one in left)


class AnotherClock(Clock):
    """Of a server that shows another time."""

    def __init__(self, clock: Clock, ahead: timedelta) -> None:
        self._clock, self._ahead = clock, ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead


def test_our_own_clock_was_hours_ahead_when_an_order_changed(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    desk.shop.set_status(number, "completed")
    desk.later(minutes=1)
    ahead = OrderChange.update(seen_at=desk.now + timedelta(hours=3))
    assert ahead.where(OrderChange.decided_at.is_null()).execute() == 1
    desk.later(minutes=2)
    assert desk.told == ["order_completed"]


# ---- what may have gone out


@pytest.mark.long
@pytest.mark.parametrize("overtaken", [True, False])
def test_what_may_have_left_once_is_told_though_it_does_not_leave_again(
    open_desk: OpenDesk, overtaken: bool
) -> None:
    desk = open_desk("[order_news]\nresend_unsure = true")
    number = desk.order()
    desk.fill()
    desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    assert desk.told == ["order_on_hold"]
    # its answer was lost, it waits to be sent once more, and WhatsApp is paused
    Message.update(state="queued", resent=True, wamid=None, not_before=desk.now).execute()
    Pause.put(EVERYTHING, "operator", "", now=desk.now)
    if not overtaken:
        desk.clock.advance(timedelta(hours=25))
        desk.later(minutes=2)
    desk.shop.set_status(number, "processing")
    desk.later(minutes=3)
    Pause.lift(EVERYTHING)
    desk.later(minutes=3)
    desk.shop.set_status(number, "on-hold")
    desk.later(minutes=3)
    assert desk.told == ["order_on_hold", "order_processing"]
    assert messages(number)[0] == ("order_on_hold", "abandoned")


@pytest.mark.parametrize("code", [130429, 131000])  # too fast, and an unknown error
def test_a_refusal_that_may_pass_is_tried_again_three_times_at_steps_of_five_minutes(
    desk: OrderDesk, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    number = desk.order()
    desk.fill()
    monkeypatch.setattr(desk, "send", lambda: None)
    desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    waits = []
    while True:
        message = Message.get()
        Message.claim([message.id], now=desk.now, day=desk.now.date())
        refusal = Declined(action=action_of(code), code=code, detail="", fbtrace_id="")
        write_outcomes([(message, refusal)], desk.settings, now=desk.now, tally=Counter())
        message = Message.get()
        if message.state != "queued":
            break
        waits.append(message.not_before - desk.now)
        desk.clock.set(message.not_before)
    assert message.state == "refused"
    assert waits == [timedelta(minutes=5)] * 3


# ---- many


@pytest.mark.long
def test_while_the_shop_is_away_news_that_wait_for_it_hold_up_nothing(
    desk: OrderDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [desk.order(f"+1202555{number:04}") for number in range(60)]
    desk.fill()
    monkeypatch.setattr(desk, "send", lambda: None)
    for number in orders:
        desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    news = Message.select().where(Message.state == "queued")
    assert news.count() == len(orders)
    desk.clock.advance(timedelta(minutes=10))
    Hint.note("orders", orders, "news", desk.now - timedelta(minutes=1))  # the shop is away
    due = Message.due(desk.now, 5)
    recheck(due, desk.settings, now=desk.now, zone=ZoneInfo("America/New_York"))
    assert Message.due(desk.now, 5) == []
    desk.later(minutes=1)
    monkeypatch.undo()
    desk.later(minutes=1)
    assert desk.told == ["order_on_hold"] * len(orders)


@pytest.mark.long
def test_a_bulk_is_told_of_once(desk: OrderDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.fill()
    rows = [
        {
            "order_id": 50_000 + number, "what": "status", "was": "", "became": "processing",
            "changed_at": desk.now, "seen_at": desk.now,
        }
        for number in range(1200)
    ]  # fmt: skip
    OrderChange.add(rows)
    Order.write_each(
        [
            {
                "woo_id": row["order_id"], "status": "processing", "created_at": desk.now,
                "modified_at": desk.now, "read_at": desk.now,
            }
            for row in rows
        ],
        lambda insert: insert,
    )  # fmt: skip
    caplog.clear()
    desk.later(minutes=2)
    assert [one.message for one in caplog.records if "bulk" in one.message] == ["order_news.bulk"]


@pytest.mark.long
def test_the_decision_and_the_last_look_ask_in_sets(
    desk: OrderDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    orders = [desk.order(f"+1202555{number:04}") for number in range(100)]
    desk.fill()
    monkeypatch.setattr(desk, "send", lambda: None)
    for number in orders:
        desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    database.connection().set_trace_callback(asked.append)
    zone, needed = ZoneInfo("America/New_York"), []
    for many in (2, 100):
        asked.clear()
        verdict = recheck(Message.due(desk.now, many), desk.settings, now=desk.now, zone=zone)
        assert len(verdict.send) + len(verdict.unread) == many
        needed.append(len(asked))
    assert needed[0] == needed[1]
    for many in (2, 100):
        OrderChange.update(decided_at=None, seen_at=desk.now - timedelta(minutes=1)).where(
            OrderChange.order_id.in_(orders[:many])
        ).execute()
        asked.clear()
        tell_orders(desk.settings, now=desk.now, beat=lambda: None)
        needed.append(len(asked))
    assert needed[2] == needed[3]
    asked.clear()
    tell_orders(desk.settings, now=desk.now, beat=lambda: None)
    assert len(asked) <= 3  # nothing happened


def test_an_order_that_is_edited_while_its_news_wait_is_told_as_it_is_now(
    night: OrderDesk,
) -> None:
    night.fill()
    number = night.order()
    night.later(minutes=3)
    with night.shop.lock:
        order = night.shop.order(number)
        night.shop.add_line(order, night.shop.new_line(night.counter.shirt))
        night.shop.add_up(order)
        night.shop.save_order(order)
    night.later(minutes=3)
    assert messages(number) == [
        ("order_confirmation", "cancelled"),
        ("order_confirmation", "queued"),
    ]
    morning(night)
    assert night.told == ["order_confirmation"]
    assert night.sent[0].parameters["body"][2:4] == ("$120.00", "3")


def test_news_that_name_no_amount_do_not_mind_an_edit(night: OrderDesk) -> None:
    number = night.order()
    night.fill()
    night.later(seconds=5)
    night.shop.set_status(number, "completed")
    night.later(minutes=3)
    with night.shop.lock:
        order = night.shop.order(number)
        night.shop.add_line(order, night.shop.new_line(night.counter.shirt))
        night.shop.add_up(order)
        night.shop.save_order(order)
    night.later(minutes=3)
    assert messages(number) == [("order_completed", "queued")]
    assert night.outcomes(number) == ["order_completed", "nothing to tell"]
