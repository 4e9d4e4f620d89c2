"""Killed between a coupon and its message: no code twice in the shop, no message without its coupon.

The real daemon, in a process of its own, makes coupons in a shop that takes its time and loses answers,
and sends them through a WhatsApp that does the same. It is killed with SIGKILL at random moments and
started again. The sandboxes count what was made and what arrived.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from daemon_process import DaemonProcess
from sending_world import World, wait_until

from agent.clients.shop import Shop
from agent.jobs.coupons import remove_coupons
from agent.sandbox.clock import WallClock
from agent.sandbox.shop.shop import Asked
from agent.sandbox.shop.trouble import LostAnswer, Trouble
from models import Coupon, Message, ShopCoupon

LIVES = timedelta(days=7)
LOYALTY = {"campaigns__loyalty_reward__enabled": True, "timetable__poll": "10m"}


class LosesSome(Trouble):
    """A shop whose answers to what makes a coupon come late, and some never."""

    def __init__(self, world: World, seed: int) -> None:
        self._chance, self._makes = random.Random(seed), False
        world.shop.on_request = self._look

    def _look(self, asked: Asked) -> None:
        self._makes = asked.method == "POST"
        if self._makes:
            time.sleep(self._chance.uniform(0, 0.06))

    def strike(self) -> Trouble:
        return LostAnswer() if self._makes and self._chance.random() < 0.04 else Trouble()


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        world.whatsapp.add_template(
            "loyalty_reward",
            "en",
            body="Hello {{1}}! Here is {{2}} off with the code {{3}}, for you alone, at {{4}} now.",
        )
        world.write_config(whatsapp__messages_per_second=40, **LOYALTY)
        world.learn_the_shop(world.settings_as_written())
        yield world


@pytest.mark.long
def test_killed_three_times_each_message_has_its_own_coupon(world: World) -> None:
    _kill_and_check(world, kills=3, messages=50)


@pytest.mark.long
def test_killed_fifty_times_each_message_has_its_own_coupon(world: World) -> None:
    _kill_and_check(world, kills=50, messages=700)


def _kill_and_check(world: World, *, kills: int, messages: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to play a failure again
    chosen, slow = random.Random(seed), random.Random(seed + 1)
    world.whatsapp.latency = lambda: slow.uniform(0.01, 0.2)
    world.shop.trouble = LosesSome(world, seed)
    codes = _queue(world, messages)
    for _ in range(kills):
        _live_until_killed(world, chosen)
        _check_what_arrived(world, codes)
    world.shop.trouble = None
    _send_the_rest(world)
    _check_what_arrived(world, codes)
    _check_the_end(world, codes)


def _queue(world: World, messages: int) -> dict[str, str]:
    """Messages that wait for their coupons: uid -> code."""
    now, codes = world.clock.now(), {}
    for number in range(messages):
        code = f"WBCRASH{number:04}"
        said = {"first_name": "Ana", "shop_url": "https://shop.example"}
        said |= {"discount_percent": "15 %", "coupon_code": code}
        [uid] = world.queue(campaign="loyalty_reward", template="loyalty_reward", variables=said)
        columns = {"email": "ana@example.com", "percent": 15, "expires_at": now + LIVES}
        Coupon.put([{"code": code, "message_uid": uid} | columns])
        codes[uid] = code
    return codes


def _live_until_killed(world: World, chosen: random.Random) -> None:
    with DaemonProcess(world.config) as daemon:
        before = len(world.shop.coupons)
        wait_until(lambda: len(world.shop.coupons) > before or not _left())
        time.sleep(chosen.uniform(0, 0.5))
        daemon.kill()
        assert "Traceback" not in daemon.log


def _send_the_rest(world: World) -> None:
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        wait_until(lambda: not _left(), within=120)
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log


def _left() -> bool:
    return bool(Message.select().where(Message.state.in_(("queued", "claimed"))).exists())


def _check_what_arrived(world: World, codes: dict[str, str]) -> None:
    """At any moment, also just after a kill."""
    made = Counter(one.code for one in world.shop.coupons)
    assert set(made.values()) <= {1}
    there = {one.code: one for one in world.shop.coupons}
    for one in world.whatsapp.accepted:
        code = codes[one.callback_data or ""]
        assert one.parameters["body"][2] == code
        assert code in there, f"{code} was sent and is not in the shop"
        assert there[code].created <= one.at
        assert (there[code].amount, there[code].usage_limit) == (15, 1)
    assert set(world.whatsapp.accepted_by_intent.values()) <= {1}


def _check_the_end(world: World, codes: dict[str, str]) -> None:
    came_to = Counter(one.state for one in Message.select(Message.state))
    assert sum(came_to.values()) == len(codes)
    # whoever has no message lost the answer about it, and is not written to again
    assert set(came_to) <= {"accepted", "unsure"}
    assert len(world.whatsapp.accepted) >= came_to["accepted"]
    # every coupon of the shop is known by its id, and in the end all of them can be removed
    known = {one.code: one.woo_id for one in Coupon.select()}
    assert known == {one.code: one.id for one in world.shop.coupons}
    shop = Shop(
        world.shop_url, "ck_sandbox", "cs_sandbox", sleep=time.sleep, user_agent="winback/0"
    )
    ShopCoupon.delete().execute()  # it knows them as they were before time is moved
    for one in list(world.shop.coupons):
        one.expires = world.clock.now() - timedelta(days=3)
    Coupon.update(expires_at=world.clock.now() - timedelta(days=3)).execute()
    removed = remove_coupons(shop, now=world.clock.now(), beat=lambda: None)
    shop.close()
    assert removed == {"removed": len(codes)}
    assert len(world.shop.coupons) == 0
