"""Would the crash tests see it? The daemon gets a fault that they are there for, and they must fail."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from crash_orders import OrderCrashStage
from crash_stage import CrashStage
from daemon_process import DaemonProcess
from sending_world import states, wait_until

from agent.sandbox.whatsapp import webhooks as whatsapp_webhooks
from agent.sandbox.whatsapp.turns import LOST

SENDS_AGAIN_AFTER_A_CRASH = """
from models import Message
Message.orphaned = classmethod(
    lambda cls: cls.update(state="queued").where(cls.state == "claimed").execute())
"""
SENDS_AGAIN_WHAT_WAS_LOST = """
from agent.jobs.send import outcomes
from models import Message
outcomes._unsure = lambda message, reason, tally: Message.move(
    [message.id], ("claimed",), "queued", detail=reason)
"""
CLAIMS_NOTHING_IN_ADVANCE = """
from models import Message
Message.claim = classmethod(lambda cls, ids, *, now, day: list(ids))
"""
FORGETS_THE_CAPS = """
from agent.jobs.send import recheck
recheck._capped = lambda settings, others, today: ""
"""
KNOWS_NO_IDS_OF_OURS = """
import sys
import agent.jobs.track
track = sys.modules["agent.jobs.track.track"]
read = track.read_webhook
def without_ids(payload):
    from dataclasses import replace
    from agent.rules.inbound import StatusUpdate
    for event in read(payload):
        yield replace(event, uid="") if isinstance(event, StatusUpdate) else event
track.read_webhook = without_ids
"""
SENDS_NEWS_AGAIN_AFTER_A_CRASH = """
from models import Message
Message.orphaned = classmethod(
    lambda cls: cls.update(state="queued").where(
        cls.state == "claimed", cls.order_id.is_null(False)).execute())
"""
DECIDES_AND_WRITES_NOTHING = """
from models import Message
Message.put = classmethod(lambda cls, rows: [])
"""
LOSES_MESSAGES = """
from models import Message
Message.orphaned = classmethod(lambda cls: cls.delete().where(cls.state == "claimed").execute())
"""


@pytest.fixture
def stage(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashStage]:
    monkeypatch.setattr(whatsapp_webhooks, "RETRY_AFTER", (timedelta(seconds=0.2),))
    stage = CrashStage(tmp_path)
    yield stage
    stage.close()


@pytest.mark.long
def test_what_is_sent_again_after_a_crash_is_seen(stage: CrashStage) -> None:
    _must_see(stage, SENDS_AGAIN_AFTER_A_CRASH, "twice")


@pytest.mark.long
def test_what_is_sent_again_after_a_lost_answer_is_seen(stage: CrashStage) -> None:
    # given statuses that are later than the next try
    stage.whatsapp.stop_delivering()
    stage.whatsapp.play(*[LOST] * 30)
    stage.feed(30)
    with pytest.raises(AssertionError, match="twice"):
        stage.live_until("recorded", 2, SENDS_AGAIN_WHAT_WAS_LOST)


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (CLAIMS_NOTHING_IN_ADVANCE, "twice"),
        (LOSES_MESSAGES, "vanished"),
        pytest.param(FORGETS_THE_CAPS, "above the caps", marks=pytest.mark.long),
        pytest.param(KNOWS_NO_IDS_OF_OURS, "is abandoned", marks=pytest.mark.long),
    ],
    ids=["claims", "loses", "caps", "ids"],
)
def test_every_other_fault_is_seen(stage: CrashStage, fault: str, said: str) -> None:
    _must_see(stage, fault, said)


@pytest.fixture
def desk(database: Path, tmp_path: Path) -> Iterator[OrderCrashStage]:
    desk = OrderCrashStage(tmp_path)
    desk.whatsapp.heal()
    desk.whatsapp.latency = 0.2
    yield desk
    desk.close()


@pytest.mark.long
def test_news_that_are_sent_again_after_a_crash_are_seen(desk: OrderCrashStage) -> None:
    # given a death between an answer and writing it down, no status that tells of the message, and
    # orders that stay as they are: what has been overtaken would not be sent again
    desk.whatsapp.stop_delivering()
    desk.trade(6)
    desk.live_until("answered", 2, SENDS_NEWS_AGAIN_AFTER_A_CRASH)
    with DaemonProcess(desk.world.config, SENDS_NEWS_AGAIN_AFTER_A_CRASH) as daemon:
        daemon.ready()
        wait_until(desk.is_idle)
        wait_until(lambda: not states()["claimed"])
    with pytest.raises(AssertionError, match="was told 2 times"):
        desk.look()


@pytest.mark.long
def test_news_that_were_decided_and_never_written_are_seen(desk: OrderCrashStage) -> None:
    for _ in range(3):
        desk.trade(6)
        desk.live(DECIDES_AND_WRITES_NOTHING)
    desk.send_the_rest(DECIDES_AND_WRITES_NOTHING)
    with pytest.raises(AssertionError, match="there is no such message"):
        desk.check()


def _must_see(stage: CrashStage, fault: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        _live_and_settle(stage, fault)


def _live_and_settle(stage: CrashStage, fault: str) -> None:
    for _ in range(4):
        stage.feed(30)
        stage.live_until("answered", 8, fault)
        stage.feed(30)
        stage.live(fault)
    stage.send_the_rest(fault)
    stage.check()
