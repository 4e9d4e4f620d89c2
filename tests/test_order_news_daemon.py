"""Orders are told by the real daemon, in real time: how soon, that a STOP counts, and that a kill does not.

Nothing is asserted more tightly than twice what is promised: the machine may have much else to do.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, run_winback
from order_news_world import NewsWorld
from sending_world import states, wait_until

from agent.sandbox.clock import WallClock
from models import Confirmation, Contact, Cursor, Message, OrderChange

ANA = "+12025550100"
SETTLE, POLL = 5.0, 1.0  # seconds
SECRET = "example-shop-webhook-secret"
TOPICS = ("order.created", "order.updated")


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[NewsWorld]:
    with NewsWorld(tmp_path, WallClock()) as world:
        world.fill()
        yield world


def seconds_until(happened: Callable[[], object], within: float) -> float:
    begun = time.monotonic()
    wait_until(happened, within=within)
    return time.monotonic() - begun


def outcomes(order: int) -> list[str]:
    """What its changes came to, as far as that is decided."""
    query = OrderChange.select().where(OrderChange.order_id == order).order_by(OrderChange.id)
    return [one.outcome for one in query if one.decided_at]


@pytest.mark.long
def test_an_order_is_told_soon_and_a_stop_that_answers_ends_it(world: NewsWorld) -> None:
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        world.whatsapp.subscribe(f"{daemon.url}/webhooks/whatsapp")
        world.whatsapp.start_delivering()
        number = world.order(ANA)
        promised = POLL + SETTLE + 5
        took = seconds_until(lambda: world.told, 2 * promised)
        print(f"told after {took:.1f} s, promised within {promised:.0f} s")  # noqa: T201 - the figure
        assert world.told == {(number, "order_confirmation"): 1}
        [message] = world.whatsapp.accepted
        assert message.parameters["body"] == ("Ana", str(number), "£80.00", "2", "-")
        # when she answers that she wants no more
        wait_until(lambda: states()["delivered"])
        world.whatsapp.customer_says(ANA, "STOP")
        wait_until(lambda: Contact.get(Contact.phone == ANA).order_news == "no")
        world.shop.set_status(number, "completed")
        wait_until(lambda: len(outcomes(number)) == 2, within=2 * promised)
        # then that is confirmed to her, once, and nothing else is said
        wait_until(lambda: Confirmation.get().state == "sent")
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log
    assert [one.kind for one in world.whatsapp.accepted] == ["template", "text"]
    # then her order's history says all of that
    ended = run_winback("order", str(number), "--config", str(world.config))
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stdout.split())
    assert f"{ANA}, said no to order news" in said
    for words in ("message order_confirmation delivered", "order_completed: said no to order news"):
        assert words in said


@pytest.mark.long
def test_with_the_shop_s_webhooks_nothing_waits_for_the_poll(world: NewsWorld) -> None:
    world.write_config(
        timetable__poll="1h", timetable__stale_after="2h", web__shop_webhook_secret=SECRET
    )
    begun = world.clock.now()
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        for topic in TOPICS:
            world.shop.add_webhook(topic, f"{daemon.url}/webhooks/shop", secret=SECRET)
        wait_until(lambda: Cursor.named("orders").polled_at > begun)  # the next is in an hour
        number = world.order(ANA)
        _deliver(world)
        promised = SETTLE + 10
        took = [seconds_until(lambda: world.told, 2 * promised)]
        world.shop.set_status(number, "completed")
        _deliver(world)
        took.append(seconds_until(lambda: len(world.told) == 2, 2 * promised))
        print(f"told after {took} s, promised within {promised:.0f} s")  # noqa: T201 - the figures
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log
    assert world.told == {(number, "order_confirmation"): 1, (number, "order_completed"): 1}


def _deliver(world: NewsWorld) -> None:
    assert all(delivery.taken for delivery in world.shop.deliver_webhooks())


@pytest.mark.long
def test_killed_before_the_decision_and_while_they_leave_nobody_is_told_twice(
    world: NewsWorld,
) -> None:
    world.whatsapp.latency = 0.3
    orders = [world.order(f"+120255501{n:02}") for n in range(12)]
    with DaemonProcess(world.config) as daemon:
        wait_until(lambda: OrderChange.select().count() == len(orders))
        daemon.kill()
    assert states() == {}
    with DaemonProcess(world.config) as daemon:
        wait_until(lambda: world.told, within=30)
        daemon.kill()
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        wait_until(lambda: not {"queued", "claimed"} & states().keys(), within=30)
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log
    assert set(world.told.values()) == {1}
    assert {outcome for order in orders for outcome in outcomes(order)} == {"order_confirmation"}
    unsure = {one.order_id for one in Message.select().where(Message.state == "unsure")}
    assert {order for order, _ in world.told} | unsure == set(orders)
