"""No campaign runs while nobody knows what it would cost; that is told once, and mended by a reload."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sending_world import World

from agent.budget import LOOK_AGAIN, PriceWatch
from agent.database import trouble
from agent.guard import Guard, Postponed
from agent.sandbox.clock import MovedClock
from agent.service import Service
from agent.timetable import Timetable, Tools
from models import Cursor, JobRun, Message

NO_MONEY = {"budget__messages_per_month": 5}


@pytest.fixture
def world(database: Path, now: datetime, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, MovedClock(now)) as world:
        world.learn_the_shop(world.settings())
        world.contact("+447700900111", region="GB")
        Cursor.insert(name="orders", since=now, polled_at=now).execute()
        yield world


class Clock:
    """The sandbox's, with seconds that go with it."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now().timestamp()


def settings(world: World, country: str = "BR") -> Any:
    """With a limit in money, and a price for one country."""
    path = world.write_config(budget__money_per_month="250")
    price = f'\n[[budget.prices]]\nsince = 2026-01-01\ncountry = "{country}"\nprice = "0.0382"\n'
    path.write_text(path.read_text(encoding="utf-8") + price, encoding="utf-8")
    return world.settings_as_written()


@pytest.fixture
def timetable(world: World) -> Timetable:
    service = Service(Clock(world))
    guard = Guard(service, explain=lambda error: trouble(error, world.folder / "winback.db"))
    return Timetable(service, guard, Tools(settings(world), None, None))  # type: ignore[arg-type]


def warned(caplog: pytest.LogCaptureFixture) -> int:
    return sum("campaigns.refused" in one.getMessage() for one in caplog.records)


def test_the_run_waits_and_is_told_once(
    world: World, timetable: Timetable, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    jobs = {job.name: job for job in timetable.jobs()}
    for _ in range(3):
        with pytest.raises(Postponed, match="prices"):
            jobs["campaigns"].work(lambda: None)
    assert warned(caplog) == 1
    assert not Message.select().exists()

    timetable.tools = Tools(settings(world, "GB"), None, None)  # type: ignore[arg-type]
    jobs["campaigns"].work(lambda: None)
    assert warned(caplog) == 1


def test_the_jobs_of_the_night_and_the_hour_are_in_the_timetable(timetable: Timetable) -> None:
    names = [job.name for job in timetable.jobs()]
    assert {"account", "unused_coupons"} <= set(names)
    assert not JobRun.select().exists()


def test_with_no_campaign_on_nobody_is_bothered(
    world: World, timetable: Timetable, caplog: pytest.LogCaptureFixture
) -> None:
    path = world.write_config(budget__money_per_month="250", campaigns__we_miss_you__enabled=False)
    price = '\n[[budget.prices]]\nsince = 2026-01-01\ncountry = "BR"\nprice = 1\n'
    path.write_text(path.read_text(encoding="utf-8") + price, encoding="utf-8")
    off = world.settings_as_written()
    timetable.tools = Tools(off, None, None)  # type: ignore[arg-type]
    timetable._require_prices()
    assert warned(caplog) == 0


def test_a_refusal_is_looked_at_again_after_a_while(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    watch, wanted = PriceWatch(), settings(world)
    now = world.clock.now()
    zone = now.tzinfo

    def refused(after: timedelta = timedelta(0)) -> str:
        found = watch.refusal(wanted, now + after, zone)  # type: ignore[arg-type]
        return found.what if found else ""

    assert "GB: no" in refused()
    world.contact("+5491123456789", region="AR")
    assert "GB: no" in refused(LOOK_AGAIN - timedelta(seconds=1))
    assert "AR, GB: no" in refused(LOOK_AGAIN)
    assert "AR, GB: no" in refused(timedelta(0))  # the clock was set back
    assert warned(caplog) == 2
    wanted = settings(world, "*")
    assert not refused()
    wanted = settings(world)
    assert refused()
    assert warned(caplog) == 3
    wanted = world.settings(**NO_MONEY)
    assert not refused()
