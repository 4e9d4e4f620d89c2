"""Faults 17 to 20 of the system that this one replaces, and what happens to news that have to wait."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from order_desk import OWN_STATUS, PHONE, OpenDesk, OrderDesk, messages

from agent.jobs.order_news.preview import preview
from agent.rules.order_kinds import KINDS
from agent.rules.wording import fill
from agent.templates import usable_mappings
from models import Hint, Message, Pause
from models.delivery import EVERYTHING

NIGHT = '[limits]\nquiet_from = "22:00"\nquiet_until = "08:00"'
IN_THE_NIGHT = timedelta(hours=16)  # after noon UTC: eleven in the evening in New York
UNTIL_THE_MORNING = timedelta(hours=10)
BLANK = re.compile(r"\{\{\d+\}\}")
MARKUP = re.compile(r"<[^>]*>|&#?\w+;")
ALL_BUT_DELIVERED = ("on-hold", "processing", OWN_STATUS, "completed", "cancelled", "refunded")


# 17: quiet hours drop


def test_fault_17_quiet_hours_hold_what_they_catch_and_do_not_drop_it(open_desk: OpenDesk) -> None:
    desk = open_desk(NIGHT)
    number = desk.order()
    desk.clock.advance(IN_THE_NIGHT)
    desk.fill()
    desk.shop.set_status(number, "completed")
    desk.later(minutes=5)
    assert desk.told == []
    assert messages(number) == [("order_completed", "queued")]
    desk.clock.advance(UNTIL_THE_MORNING)
    desk.later(minutes=1)
    assert desk.told == ["order_completed"]


# 18: retries for ever, or without arguments


@pytest.mark.long
def test_fault_18_a_retry_says_all_that_the_first_try_said(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order()
    desk.whatsapp.fail_next(131016, times=3)
    desk.later(minutes=20)
    assert messages(number) == [("order_confirmation", "delivered")]
    assert Message.get().attempts == 4
    assert [one.parameters["body"] for one in desk.sent] == [
        ("Ana", str(number), "$80.00", "2", "-")
    ]


@pytest.mark.long
def test_fault_18_nothing_is_tried_for_ever(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order()
    desk.whatsapp.fail_next(131016, times=1000)
    desk.later(minutes=30)
    assert messages(number) == [("order_confirmation", "refused")]
    desk.clock.advance(timedelta(hours=5))
    desk.later(minutes=2)
    assert Message.get().attempts == 4


# 19: parameter counts differ by path; empty parameters


@pytest.mark.long
def test_fault_19_every_path_fills_all_variables_of_its_template_and_none_is_empty(
    desk: OrderDesk,
) -> None:
    """Of an order of which next to nothing is known, and of somebody without a name."""
    nobody = {"first_name": "", "last_name": ""}
    desk.fill()
    number = desk.order(billing=nobody)
    desk.later(minutes=2)
    desk.shop.refund(number, 5)
    desk.later(minutes=2)
    desk.shop.set_order_meta(number, "_tracking_number", "EX000001")
    desk.later(minutes=2)
    for status in ALL_BUT_DELIVERED:
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    desk.change('[order_news.order_delivered]\nenabled = true\nstatuses = ["completed"]')
    other = desk.order(billing=nobody, status="on-hold")
    desk.later(minutes=2)
    desk.shop.set_status(other, "completed")
    desk.later(minutes=2)
    # by the decision
    for one in desk.sent:
        _is_filled(desk, one.template or "", one.parameters["body"])
    kinds = {*KINDS, f"statuses.{OWN_STATUS}"}
    assert {one.campaign for one in Message.select()} == kinds
    # and by the preview
    for kind in kinds:
        mappings = usable_mappings(desk.settings)[kind]
        composed = preview(desk.settings, kind, None, mappings, now=desk.now).composed
        texts = mappings[composed.language].shown
        _is_filled(desk, composed.template, [fill(text, composed.values) for text in texts])


def _is_filled(desk: OrderDesk, template: str, values: Sequence[str]) -> None:
    shown = desk.whatsapp.templates.find(template, "en")
    assert shown is not None
    assert len(values) == len(BLANK.findall(shown.body)), template
    assert all(value.strip() for value in values), template


# 20: HTML in totals


@pytest.mark.parametrize(
    ("phone", "currency", "total"),
    [
        (PHONE, "USD", "$80.00"),
        (PHONE, "EUR", "€80.00"),
        ("+5511961234567", "BRL", "R$80.00"),  # in the language of the only template
    ],
)
def test_fault_20_there_is_no_html_in_a_total(
    desk: OrderDesk, phone: str, currency: str, total: str
) -> None:
    desk.shop.currency = currency
    desk.fill()
    desk.order(phone)
    desk.later(minutes=2)
    [message] = desk.sent
    assert message.parameters["body"][2].replace("\xa0", "") == total


@pytest.mark.long
def test_fault_20_nor_in_anything_else_that_a_shop_writes_with_it(desk: OrderDesk) -> None:
    desk.shop.add_order_status(OWN_STATUS, "<b>Ready</b> &amp; packed")
    desk.counter.shirt = desk.shop.add_product(
        name="Shirt &amp; <i>tie</i> &#8211; new", price="40"
    )
    desk.change('[order_news.order_delivered]\nenabled = true\nstatuses = ["completed"]')
    desk.fill()
    number = desk.order(billing={"first_name": "Ana &amp; <b>Bia</b>"})
    for status in ALL_BUT_DELIVERED:
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    assert len(desk.sent) == len(ALL_BUT_DELIVERED)
    for one in desk.sent:
        for value in one.parameters["body"]:
            assert not MARKUP.search(value), (one.template, value)


# what had to wait


def test_what_waited_is_compared_with_the_shop_of_this_moment(desk: OrderDesk) -> None:
    """Our copy is half a minute old, and the next poll comes in half a minute."""
    number = desk.order()
    desk.fill()
    desk.shop.set_status(number, "completed")
    Pause.put(EVERYTHING, "the test", "let us see", now=desk.now)
    desk.later(minutes=2)
    desk.shop.set_order_meta(number, "_note", "x")  # so that the poll reads it
    desk.later(seconds=60 - desk.now.second % 60)
    desk.later(seconds=5)
    desk.shop.set_status(number, "on-hold")
    desk.later(seconds=30)
    Pause.lift(EVERYTHING)
    desk.later(minutes=3)
    assert desk.told == ["order_on_hold"]


def test_what_is_not_so_only_for_some_seconds_is_not_given_up(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    Pause.put(EVERYTHING, "the test", "let us see", now=desk.now)
    desk.shop.set_status(number, "completed")
    desk.later(minutes=2)
    Pause.lift(EVERYTHING)
    desk.shop.trash_order(number)
    Hint.note("orders", [number], "webhook", desk.now)
    desk.later(seconds=10)
    desk.shop.restore_order(number)
    desk.later(minutes=2)
    assert desk.told == ["order_completed"]
    assert messages(number) == [("order_completed", "delivered")]


def test_whoever_heard_that_it_is_done_does_not_hear_later_that_it_arrived(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order(status="on-hold")
    desk.later(minutes=2)
    for status in ("completed", "failed", "completed"):
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    assert desk.told == ["order_on_hold", "order_completed"]


def test_each_change_that_a_webhook_tells_of_is_told_before_the_next_poll(
    desk: OrderDesk,
) -> None:
    desk.fill()
    desk.counter.cycle()
    desk._polled = desk.now + timedelta(hours=1)  # the poll is an hour away
    number = desk.order()
    for status in ("", "completed"):
        if status:
            desk.shop.set_status(number, status)
        Hint.note("orders", [number], "webhook", desk.now)
        changed = desk.now
        desk.later(minutes=2)
        newest = Message.select().order_by(Message.id.desc()).get()
        assert newest.accepted_at - changed <= timedelta(seconds=30 + 10)
    assert desk.told == ["order_confirmation", "order_completed"]
