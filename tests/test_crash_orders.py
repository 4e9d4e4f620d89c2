"""Killed at any instruction with both classes in the queue: no order is told twice, and none is forgotten.

As test_crash.py, with orders that are placed and moved all the while.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from crash_orders import OrderCrashStage
from crash_stage import asked_for
from daemon_process import DaemonProcess
from order_news_world import is_news
from sending_world import wait_until

from agent.faults import POINTS
from agent.sandbox.whatsapp import webhooks as whatsapp_webhooks
from models import Message

OpenStage = Callable[..., OrderCrashStage]
IN_A_STEP = ("before request", "answered")  # passed once for each message


@pytest.fixture
def open_stage(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenStage]:
    """Everything that can go wrong on the way, and a subscriber's outages that are soon over."""
    pauses = tuple(timedelta(seconds=seconds) for seconds in (0, 0.1, 0.2, 0.5))
    monkeypatch.setattr(whatsapp_webhooks, "RETRY_AFTER", pauses)
    opened: list[OrderCrashStage] = []

    def make(**more: object) -> OrderCrashStage:
        opened.append(OrderCrashStage(tmp_path, **more))  # type: ignore[arg-type]  # of any kind
        return opened[-1]

    yield make
    for stage in opened:
        stage.close()


@pytest.mark.long
def test_killed_with_both_classes_in_the_queue_no_order_is_told_twice(
    open_stage: OpenStage,
) -> None:
    stage = open_stage()
    for point in ("news written", "news decided"):
        _prepare(stage, messages=10, orders=3)
        stage.live_until(point, 1)
    for _ in range(2):
        _prepare(stage, messages=10, orders=3)
        stage.live()
    stage.let_time_pass()
    stage.live_in_peace()
    stage.look()


@pytest.mark.long
def test_news_leave_before_campaigns(open_stage: OpenStage) -> None:
    stage = open_stage()
    stage.whatsapp.heal()
    stage.whatsapp.latency = 0
    stage.world.write_config(whatsapp__messages_per_second=20)
    stage.trade(8)
    stage.live_until("news decided", 1)
    news = Message.select().where(Message.order_id.is_null(False)).count()
    stage.uids += stage.world.queue(40)
    assert len(stage.whatsapp.accepted) == 0
    with DaemonProcess(stage.world.config):
        wait_until(lambda: len(stage.whatsapp.accepted) > news + 10)
    sent = [is_news(one) for one in stage.whatsapp.accepted]
    assert news > 0
    assert sent.index(False) == news


@pytest.mark.long
@pytest.mark.parametrize("resend", [False, True], ids=["once", "lost ones once more"])
def test_killed_for_long_with_both_classes_no_order_is_told_twice_and_none_is_forgotten(
    open_stage: OpenStage, resend: bool
) -> None:
    stage = open_stage(order_news__resend_unsure=resend)
    kills = max(
        asked_for("WINBACK_TEST_KILLS", 500) // 20, 25
    )  # fewer do not see all that can happen
    for number in range(kills):
        _prepare(stage, messages=30, orders=4)
        stage.hasty = number % 4 > 0
        if number % 3:
            stage.live()
        else:
            point = POINTS[number // 3 % len(POINTS)]
            stage.hasty = True
            most = 20 if point in IN_A_STEP else 1
            stage.live_until(point, stage.chosen.randint(1, most))
    stage.hasty = True
    stage.send_the_rest()
    if resend:
        stage.send_lost_ones_again()
    stage.check()
    assert stage.seen["kills with messages under way"] > kills / 5
    unhappy = ("news refused", "news failed", "news cancelled", "news abandoned")
    assert sum(stage.seen[end] for end in unhappy) > 0  # each of them alone is too rare to count on
    assert stage.seen["news abandoned"] + stage.seen["sent once more"] > 0


def _prepare(stage: OrderCrashStage, *, messages: int, orders: int) -> None:
    stage.feed(messages)
    stage.trade(orders)
    stage.let_time_pass()
