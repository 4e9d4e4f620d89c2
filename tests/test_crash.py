"""Killed at any instruction: nobody gets a message twice, and no message vanishes.

The real daemon, in a process of its own, sends through a WhatsApp that is slow, loses answers and
requests, refuses some messages, holds some back, and tells what became of them late, twice and out of
order. It is killed with SIGKILL at random moments, and at every place that `faults` names, and started
again. The sandbox counts what arrived.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from crash_stage import CrashStage, asked_for

from agent.faults import POINTS
from agent.sandbox.whatsapp import webhooks as whatsapp_webhooks

IN_A_STEP = ("before request", "answered")  # passed once for each message
PLACES = [point for point in POINTS if not point.startswith("news")]  # those: test_crash_orders.py


@pytest.fixture
def stage(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashStage]:
    """Everything that can go wrong on the way, and a subscriber's outages that are soon over."""
    pauses = tuple(timedelta(seconds=seconds) for seconds in (0, 0.1, 0.2, 0.5))
    monkeypatch.setattr(whatsapp_webhooks, "RETRY_AFTER", pauses)
    stage = CrashStage(tmp_path)
    yield stage
    stage.close()


@pytest.mark.long
def test_killed_at_random_moments_nobody_gets_a_message_twice_and_none_vanishes(
    stage: CrashStage,
) -> None:
    _kill_at_random(stage, kills=16, messages=40)
    _settle(stage)


@pytest.mark.long
def test_killed_at_every_place_between_claim_and_record_nobody_gets_a_message_twice(
    stage: CrashStage,
) -> None:
    _kill_at_points(stage, times=2, messages=40)
    _settle(stage)


@pytest.mark.long
def test_killed_for_long_nobody_gets_a_message_twice_and_none_vanishes(stage: CrashStage) -> None:
    kills = asked_for("WINBACK_TEST_KILLS", 500)
    for _ in range(kills // 50):
        _kill_at_random(stage, kills=50 - 2 * len(PLACES), messages=40)
        _kill_at_points(stage, times=2, messages=40)
    _settle(stage)


def _kill_at_random(stage: CrashStage, *, kills: int, messages: int) -> None:
    for _ in range(kills):
        stage.feed(messages)
        stage.let_time_pass()
        stage.live()


def _kill_at_points(stage: CrashStage, *, times: int, messages: int) -> None:
    for nth in range(times):
        for point in PLACES:
            stage.feed(messages)
            stage.let_time_pass()
            most = 30 if point in IN_A_STEP else 1 + nth
            stage.live_until(point, stage.chosen.randint(1, most))


def _settle(stage: CrashStage) -> None:
    stage.send_the_rest()
    stage.check()
    # it was no walk in the park
    kills = stage.seen["kills"]
    assert stage.seen["kills with messages under way"] > kills / 4
    assert stage.seen["abandoned"] > 0
    assert stage.seen["refused"] > 0
    assert stage.seen["read"] > stage.seen["abandoned"]
