"""What Meta tells of templates and the account makes the job that reads it run at once."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sending_world import World, wait_until

from agent.database import trouble
from agent.guard import Guard
from agent.jobs.track import track
from agent.sandbox.clock import MovedClock
from agent.service import Service
from agent.timetable import Timetable, Tools
from models import CampaignStanding, JobCall, JobRun, Pause, ShopFact, Webhook


class Clock:
    """The sandbox's, with seconds that go with it."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now().timestamp()


class Desk:
    """The timetable's jobs over a real WhatsApp; only those that are asked for run."""

    def __init__(self, world: World) -> None:
        self.world = world
        assert isinstance(world.clock, MovedClock)
        self.clock = world.clock
        settings = world.settings()
        world.learn_the_shop(settings)
        self.settings = settings
        service = Service(Clock(world))
        self.guard = Guard(
            service, explain=lambda error: trouble(error, world.folder / "winback.db")
        )
        tools = Tools(settings, None, world.client(settings, sleep=lambda _: None))  # type: ignore[arg-type]
        self.timetable = Timetable(service, self.guard, tools)
        jobs = {job.name: job for job in self.timetable.jobs()}
        wanted = (jobs["templates"], jobs["account"])
        self.timetable.jobs = lambda: wanted  # type: ignore[method-assign]

    def knock(self) -> None:
        self.timetable.knock()
        wait_until(lambda: not self.guard.running())

    def tell(self, field: str, value: dict[str, Any]) -> None:
        entry = {"time": int(self.clock.now().timestamp())}
        body = {"entry": [entry | {"changes": [{"field": field, "value": value}]}]}
        row = {"source": "whatsapp", "body": json.dumps(body).encode()}
        Webhook.insert(row | {"received_at": self.clock.now()}).execute()
        track(self.settings, now=self.clock.now(), beat=lambda: None)

    def runs(self) -> list[str]:
        return [run.job for run in JobRun.select().order_by(JobRun.id)]


@pytest.fixture
def desk(database: Path, now: datetime, tmp_path: Path) -> Iterator[Desk]:
    with World(tmp_path, MovedClock(now)) as world:
        made = Desk(world)
        made.knock()
        made.clock.advance(timedelta(minutes=5))
        made.knock()
        assert sorted(made.runs()) == ["account", "templates"]  # they are hourly
        yield made


def test_a_template_event_lets_the_templates_be_read_at_once(desk: Desk) -> None:
    desk.world.whatsapp.set_template_status("we_miss_you", "PAUSED")
    desk.tell(
        "message_template_status_update",
        {
            "event": "PAUSED",
            "message_template_name": "we_miss_you",
            "message_template_language": "en",
        },
    )
    desk.knock()
    assert desk.runs()[2:] == ["templates"]
    assert "PAUSED" in CampaignStanding.troubles()["we_miss_you"]
    assert JobCall.all() == {}
    desk.clock.advance(timedelta(minutes=1))
    desk.knock()
    assert len(desk.runs()) == 3  # once


def test_an_account_event_lets_the_account_be_read_at_once(desk: Desk) -> None:
    desk.world.whatsapp.change_throughput("HIGH")
    desk.world.whatsapp.change_quality("RED")
    desk.tell("phone_number_quality_update", {"event": "FLAGGED"})
    desk.knock()
    assert desk.runs()[2:] == ["account"]
    assert ShopFact.all()["whatsapp_throughput"] == "1000"
    assert [(one.scope, one.source) for one in Pause.select()] == [("marketing", "account")]


def test_many_webhooks_are_one_reading(desk: Desk) -> None:
    for _ in range(20):
        desk.tell("account_update", {"event": "AD_ACCOUNT_LINKED"})
        desk.knock()
        desk.clock.advance(timedelta(seconds=1))
    assert desk.runs()[2:] == ["account"] * 2  # every 10 s
    desk.knock()
    assert desk.runs()[2:] == ["account"] * 3
    assert JobCall.all() == {}


def test_a_call_that_comes_while_the_job_runs_is_not_lost(desk: Desk) -> None:
    JobCall.put("account")
    seen = JobCall.all()["account"]
    JobCall.put("account")
    JobCall.answered("account", seen)
    assert JobCall.all() == {"account": 2}


def test_a_job_that_fails_is_called_until_it_comes_through(desk: Desk) -> None:
    desk.tell("account_update", {"event": "AD_ACCOUNT_LINKED"})
    good, desk.world.whatsapp.token = desk.world.whatsapp.token, "EAAanother"
    desk.knock()
    assert JobRun.select().where(JobRun.outcome == "failed").count() == 1
    assert JobCall.all() == {"account": 1}
    desk.world.whatsapp.token = good
    desk.clock.advance(timedelta(seconds=10))
    desk.knock()
    assert desk.runs()[2:] == ["account", "account"]
    assert JobCall.all() == {}
