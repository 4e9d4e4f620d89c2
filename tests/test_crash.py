"""Killed at any instruction: nobody gets a message twice, and no message vanishes.

The real daemon, in a process of its own, sends through a WhatsApp that is slow, loses answers,
refuses some messages, and tells what became of them late, twice and out of order. It is killed with
SIGKILL at random moments and started again. The sandbox counts what arrived.
"""

import random
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from daemon_process import DaemonProcess
from sending_world import World, states, wait_until

from agent.jobs.settle import settle
from agent.rules.states import FINAL
from agent.sandbox.clock import WallClock
from agent.sandbox.whatsapp import webhooks as whatsapp_webhooks
from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import Reaction
from models import Message, Webhook

ON_ITS_WAY = {"accepted", "held", "sent"}
TAKEN = {*ON_ITS_WAY, "delivered", "read", "failed"}
NEVER_TAKEN = {"refused", "abandoned", "cancelled", "expired"}
LAG = timedelta(milliseconds=1500)


class HastyPeople:
    """All that can happen to a message, within a second and a half: each fixed by who it is."""

    def react(self, message: Accepted) -> Sequence[Reaction]:
        draw = chance("crash", message.person.key)
        sent, arrived = Reaction(LAG * draw / 3, "sent"), Reaction(LAG * draw, "delivered")
        if draw < 0.05:
            return (sent,)
        if draw < 0.1:
            return (sent, Reaction(LAG * draw, "failed", code=131026))
        if draw < 0.5:
            return (sent, arrived)
        return (sent, arrived, Reaction(LAG, "read"))


@pytest.fixture
def world(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Everything that can go wrong on the way, and a subscriber's outages that are soon over."""
    pauses = tuple(timedelta(seconds=seconds) for seconds in (0, 0.1, 0.2, 0.5))
    monkeypatch.setattr(whatsapp_webhooks, "RETRY_AFTER", pauses)
    with World(tmp_path, WallClock(), HastyPeople()) as world:
        whatsapp = world.whatsapp
        whatsapp.duplicate_webhooks, whatsapp.reorder_webhooks = 0.3, True
        whatsapp.delay_webhooks = timedelta(seconds=1)
        whatsapp.lose_responses = 0.05
        whatsapp.fail_rate(131000, 0.03)  # passes
        for number in range(0, 240, 20):
            whatsapp.fail_next(131009, times=None, to=f"+447700900{number:03}")  # does not
        port = _free_port()
        world.write_config(
            web__listen=f"127.0.0.1:{port}", whatsapp__messages_per_second=60,
            whatsapp__workers=24, timetable__poll="1s",
        )  # fmt: skip
        world.learn_the_shop(world.settings_as_written())
        whatsapp.subscribe(f"http://127.0.0.1:{port}/webhooks/whatsapp")
        whatsapp.start_delivering()
        yield world


def test_killed_four_times_nobody_gets_a_message_twice_and_none_vanishes(world: World) -> None:
    _kill_and_check(world, kills=4, messages=140)


@pytest.mark.long
def test_killed_sixty_times_nobody_gets_a_message_twice_and_none_vanishes(world: World) -> None:
    _kill_and_check(world, kills=60, messages=1500)


def _kill_and_check(world: World, *, kills: int, messages: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to play a failure again
    chosen = random.Random(seed)
    slow = random.Random(seed + 1)
    world.whatsapp.latency = lambda: slow.uniform(0.02, 0.4)
    uids = world.queue(messages)
    for _ in range(kills):
        _live_until_killed(world, chosen)
        assert set(world.whatsapp.accepted_by_intent.values()) <= {1}
    _send_the_rest(world)
    _check(world, uids)


def _live_until_killed(world: World, chosen: random.Random) -> None:
    """Most die in the middle of sending; some earlier: while they start, or before their first claim."""
    with DaemonProcess(world.config) as daemon:
        if chosen.random() < 0.2:
            time.sleep(chosen.uniform(0, 1))
        else:
            before = len(world.whatsapp.accepted)
            # what waits after an error is queued too, and is not sent in this life
            wait_until(lambda: len(world.whatsapp.accepted) > before or not _due(world))
            time.sleep(chosen.uniform(0, 0.5))
        daemon.kill()
        assert "Traceback" not in daemon.log


def _send_the_rest(world: World) -> None:
    """Two lives in peace. Between them, time passes for what waits after an error."""
    for _ in range(2):
        with DaemonProcess(world.config) as daemon:
            daemon.ready()
            wait_until(lambda: not _due(world) and not states()["claimed"], within=60)
            wait_until(lambda: not world.whatsapp.pending_webhooks, within=60)
            wait_until(lambda: not Webhook.select().where(Webhook.done_at.is_null()).count())
            time.sleep(0.3)
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log
        world.whatsapp.heal()
        Message.update(not_before=world.clock.now()).where(Message.state == "queued").execute()


def _due(world: World) -> bool:
    return bool(Message.due(world.clock.now(), 1))


def _check(world: World, uids: Sequence[str]) -> None:
    arrived = world.whatsapp.accepted_by_intent
    assert set(arrived) <= set(uids)
    assert set(arrived.values()) == {1}
    # what nobody can know any more is given up after its time, and by then only that is left
    settle(world.settings_as_written(), now=world.clock.now() + timedelta(hours=2))
    came_to = Counter[str]()
    for one in Message.select():
        came_to[one.state] += 1
        if one.state in TAKEN:
            assert arrived[one.uid] == 1, f"{one.uid} is {one.state} and never arrived"
        else:
            assert one.state in NEVER_TAKEN, f"{one.uid} is left {one.state}"
            assert arrived[one.uid] == 0, f"{one.uid} is {one.state} and did arrive"
        assert one.state in FINAL | ON_ITS_WAY
    assert sum(came_to.values()) == len(uids)
    assert came_to["read"] > came_to["abandoned"]
    assert came_to["refused"] > 0
    # every accepted one has the id that its statuses carry
    wamids = {one.callback_data: one.id for one in world.whatsapp.accepted}
    known = {one.uid: one.wamid for one in Message.select() if one.state in TAKEN}
    assert known == wamids


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
