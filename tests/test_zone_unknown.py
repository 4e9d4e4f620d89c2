"""A shop's zone that this machine does not know: nothing falls over, nothing is sent, and it is asked anew."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sending_world import World, message

from agent.daemon import make_tools
from agent.database import trouble
from agent.guard import Guard, Postponed
from agent.readiness import mirror_waits_for
from agent.sandbox.clock import MovedClock
from agent.service import Service
from agent.timetable import Timetable
from models import Cursor, ShopFact

UNKNOWN = "UTC+5.5"  # as WordPress may be set to it


class Clock:
    """The sandbox's, with seconds that go with it."""

    def __init__(self, clock: MovedClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now().timestamp()


@pytest.fixture
def world(database: Path, tmp_path: Path, now: datetime) -> Iterator[World]:
    with World(tmp_path, MovedClock(now)) as world:
        world.learn_the_shop(world.settings())
        yield world


def test_no_job_falls_over_it_and_the_poll_puts_it_right(world: World) -> None:
    """Fault: every job that asks for the shop's day or hour broke, and the loop with them."""
    [uid] = world.queue(1)
    now = world.clock.now()
    Cursor.insert(name="orders", since=now, polled_at=now).on_conflict_replace().execute()
    ShopFact.put({"zone": UNKNOWN})
    service = Service(Clock(world.clock))  # type: ignore[arg-type]
    guard = Guard(service, explain=lambda error: trouble(error, world.folder / "winback.db"))
    timetable = Timetable(service, guard, make_tools(world.settings(), service))
    jobs = {job.name: job for job in timetable.jobs()}
    waited = dict[str, str]()
    for name in jobs.keys() - {"poll", "day"}:  # daily ones are not due without a zone
        try:
            jobs[name].work(lambda: None)
        except Postponed as waiting:
            waited[name] = str(waiting)
    # no alert is on
    assert waited == {"campaigns": "the shop to say in which time zone it is"}
    assert message(uid).state == "queued"
    jobs["poll"].work(lambda: None)
    assert ShopFact.all()["zone"] == world.shop.timezone
    jobs["send"].work(lambda: None)
    assert message(uid).state == "accepted"


def test_what_is_told_has_no_such_zone(database: Path, now: datetime) -> None:
    known = {"zone": "Asia/Kolkata", "currency": "INR"}
    ShopFact.put(known)
    assert ShopFact.all() == known
    for name in (UNKNOWN, "America", "../etc/passwd", ""):
        ShopFact.put({"zone": name})
        assert ShopFact.all() == {"currency": "INR"}


def test_a_campaign_waits_for_it(world: World) -> None:
    now = world.clock.now()
    Cursor.insert(name="orders", since=now, polled_at=now).on_conflict_replace().execute()

    def waits_for() -> str:
        later = now + timedelta(minutes=1)
        return mirror_waits_for(world.settings(), now=later, lines_before=None)

    assert waits_for() == ""
    ShopFact.put({"zone": UNKNOWN})
    assert "time zone" in waits_for()
