"""A database is put back, or its machine was off: what of the orders is told then, and what is not again."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemon_process import DaemonProcess
from order_news_world import NewsWorld
from sending_world import wait_until
from test_restored_stories import age, winback

from agent.order_news import watch_from
from agent.sandbox.clock import WallClock
from models import Cursor, Heartbeat, Message, OrderChange, Pause
from models.base import close_database, open_database
from models.delivery import EVERYTHING, MARKETING

HOUR = timedelta(hours=1)
CONFIRMATION, COMPLETED, ON_HOLD = "order_confirmation", "order_completed", "order_on_hold"


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[NewsWorld]:
    with NewsWorld(tmp_path, WallClock()) as world:
        world.fill()
        yield world


def live(world: NewsWorld, *, until: Callable[[], object], hasty: bool = True) -> None:
    """`hasty`: orders come to rest at once."""
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        wait_until(lambda: (hasty and world.let_orders_rest()) or until(), within=30)
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def all_is_told(world: NewsWorld) -> bool:
    """Is all decided on, and nothing on its way?"""
    return world.has_decided_on_all() and not news_in("queued", "claimed")


def news_in(*states: str) -> list[int]:
    """The orders that have news in one of these states."""
    query = Message.select().where(Message.order_id.is_null(False), Message.state << states)
    return [one.order_id for one in query]


def outcomes(order: int) -> list[str]:
    query = OrderChange.select().where(OrderChange.order_id == order).order_by(OrderChange.id)
    return [one.outcome for one in query]


def phone(number: int) -> str:
    return f"+120255501{number:02}"


@pytest.mark.long
def test_what_was_told_in_the_hour_that_is_lost_is_not_told_again_and_what_comes_after_is(
    world: NewsWorld,
) -> None:
    # given a copy in which one order was told, the news of one wait, and one is not decided on
    told = world.order(phone(1))
    live(world, until=lambda: world.told and all_is_told(world))
    waits = world.order(phone(2))
    Pause.put(EVERYTHING, "the test", "for the copy", now=world.clock.now())
    live(world, until=lambda: news_in("queued") == [waits])
    undecided = world.order(phone(3))
    live(world, until=lambda: outcomes(undecided) == [""], hasty=False)
    copy = world.folder / "copy.db"
    winback(world, "backup", str(copy))
    age(copy, HOUR)
    # and an hour in which all of that is told, and more
    Pause.lift(EVERYTHING)
    world.shop.set_status(told, "completed")
    unknown = world.order(phone(4))
    live(world, until=lambda: len(world.told) == 5 and all_is_told(world))
    in_that_hour = {
        (told, CONFIRMATION), (told, COMPLETED), (waits, CONFIRMATION), (undecided, CONFIRMATION),
        (unknown, CONFIRMATION),
    }  # fmt: skip
    assert world.told == dict.fromkeys(in_that_hour, 1)
    # when the copy is put back
    close_database()
    winback(world, "restore", str(copy))
    open_database(world.folder / "winback.db")
    Pause.lift(EVERYTHING)  # it stands in the copy
    time.sleep(1)  # the shop's dates have no fractions
    live(world, until=lambda: all_is_told(world))
    # then nothing of it is told again
    assert world.told == dict.fromkeys(in_that_hour, 1)
    assert news_in("abandoned") == [waits]
    assert [outcomes(one)[-1] for one in (told, undecided, unknown)] == [
        f"{COMPLETED}: happened before orders were watched",
        f"{CONFIRMATION}: happened before orders were watched",
        f"{CONFIRMATION}: happened before orders were watched",
    ]
    # and what happens from now on is, although marketing is held
    assert Pause.scopes(world.clock.now()) == {MARKETING}
    for number in (told, waits, undecided, unknown):
        world.shop.set_status(number, "on-hold")
    new = world.order(phone(5))
    live(world, until=lambda: len(world.told) == 10 and all_is_told(world))
    since = {(one, ON_HOLD) for one in (told, waits, undecided, unknown)} | {(new, CONFIRMATION)}
    assert world.told == dict.fromkeys(in_that_hour | since, 1)
    # but nothing that was told in that hour, if an order comes back to it
    world.shop.set_status(told, "completed")
    live(world, until=lambda: all_is_told(world) and outcomes(told)[-1])
    assert outcomes(told)[-1] == f"{COMPLETED}: told before"
    assert world.told == dict.fromkeys(in_that_hour | since, 1)


@pytest.mark.long
def test_a_machine_that_was_off_tells_what_orders_did_meanwhile_and_holds_marketing_alone(
    world: NewsWorld,
) -> None:
    completed, moved_twice = world.order(phone(1)), world.order(phone(2))
    live(world, until=lambda: len(world.told) == 2 and all_is_told(world))
    # given three hours without winback
    off_since = datetime.now(UTC) - 3 * HOUR
    Heartbeat.update(beat_at=off_since, stopped_at=off_since).execute()
    Cursor.update(since=off_since, polled_at=off_since).where(Cursor.name == "orders").execute()
    watch_from(off_since - HOUR)
    [campaign] = world.queue()
    world.shop.set_status(completed, "completed")
    world.shop.set_status(moved_twice, "cancelled")
    world.shop.set_status(moved_twice, "on-hold")
    new = world.order(phone(3), created=off_since + HOUR)
    # when it is back, then all of it is told, once, and what came to nothing is not
    live(world, until=lambda: len(world.told) == 5 and all_is_told(world))
    news = {
        (completed, CONFIRMATION), (moved_twice, CONFIRMATION), (new, CONFIRMATION),
        (completed, COMPLETED), (moved_twice, ON_HOLD),
    }  # fmt: skip
    assert world.told == dict.fromkeys(news, 1)
    assert Pause.scopes(world.clock.now()) == {MARKETING}
    assert world.whatsapp.accepted_by_intent[campaign] == 0
    # and when the operator has said so, marketing leaves, and nothing is told again
    winback(world, "restored", "--no")
    live(world, until=lambda: world.whatsapp.accepted_by_intent[campaign] == 1)
    assert world.told == dict.fromkeys(news, 1)
