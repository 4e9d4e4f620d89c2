"""winback report: from the database to the screen."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sending_world import World
from typing_in import typed

from agent.config.campaigns import PLANNED
from agent.database import owned
from agent.errors import DatabaseTrouble
from models import Conversion, JobRun, Message, ShopFact


@pytest.fixture
def config(world: World) -> Path:
    """A database with a shop, to be filled inside `owned`."""
    with owned(world.folder / "winback.db"):
        ShopFact.put({"name": "Example Shop", "zone": "Europe/London", "currency": "GBP"})
    return world.write_config()


def report(config: Path, *more: str) -> str:
    ended = typed("report", "--config", str(config), *more)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_before_anything_was_sent(config: Path) -> None:
    told = report(config)
    assert told == "Example Shop: the last 30 days: nobody was chosen, nothing was sent\n"


def test_before_the_first_start(world: World) -> None:
    ended = typed("report", "--config", str(world.write_config()))
    assert isinstance(ended.exception, DatabaseTrouble)


def test_campaigns_what_they_earned_and_who_was_left_alone(world: World, config: Path) -> None:
    now = datetime.now(UTC)
    with owned(config.parent / "winback.db"):
        first, *_ = world.queue(4, state="read", wamid=None)
        message = Message.get(Message.uid == first)
        for order, revenue, currency in ((1, 4_000, "GBP"), (2, 500, "GBP"), (3, 700, "USD")):
            Conversion.insert(
                order_id=order, message_id=message.id, contact_id=message.contact_id,
                campaign="we_miss_you", ordered_at=now, revenue=revenue, currency=currency,
                period=message.period, template="we_miss_you", language="en",
            ).execute()  # fmt: skip
        JobRun.write(
            "campaigns", started_at=now, ended_at=now, outcome="ok",
            result={"said_no": 3, "chosen": 4, "of_an_older_version": 2},
        )  # fmt: skip
    told = report(config)
    assert "Example Shop: the last 30 days" in told
    assert "£45.00" in told
    assert "and in other currencies: $7.00" in told
    assert "Ana" not in told.splitlines()[0]
    assert "ordered" in told
    assert "said no" in told
    assert "older" not in told


def test_days_say_how_far_it_looks_back(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        then = datetime.now(ZoneInfo("Europe/London")).date() - timedelta(days=10)
        world.queue(1, period=then.isoformat())
    assert "nobody was chosen" in report(config, "--days", "10")
    told = report(config, "--days", "11")
    assert "the last 11 days" in told
    assert "We miss you" in told


@pytest.mark.parametrize("days", ["0", "-1", "3651", "many"])
def test_days_out_of_bounds_are_a_usage_error(config: Path, days: str) -> None:
    ended = typed("report", "--config", str(config), "--days", days)
    assert ended.exit_code == 2
    assert "--days" in ended.output


@pytest.mark.parametrize(("days", "said"), [("1", "day"), ("3650", "3650 days")])
def test_the_bounds_themselves_are_allowed(config: Path, days: str, said: str) -> None:
    assert f"the last {said}:" in report(config, "--days", days)


def test_a_warning_about_the_config_goes_to_stderr(config: Path) -> None:
    config.chmod(0o644)
    ended = typed("report", "--config", str(config))
    assert "warning: " in ended.stderr
    assert "warning" not in ended.stdout
    assert json.dumps("EAAexample") not in ended.output


def test_every_format_tells_of_the_same_messages(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        world.queue(3, state="read", wamid=None)
    said = json.loads(report(config, "--format", "json"))
    assert said["shop"] == "Example Shop"
    assert said["total"]["opened"] == 3
    [row] = csv.DictReader(io.StringIO(report(config, "--format", "csv")))
    assert (row["campaign"], row["opened"]) == ("we_miss_you", "3")
    page = report(config, "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")


def test_one_campaign_alone(world: World, config: Path) -> None:
    with owned(config.parent / "winback.db"):
        world.queue(1, state="read", wamid=None)
        world.queue(2, state="read", wamid=None, campaign="price_drop")
    assert "We miss you" not in report(config, "--campaign", "price_drop")
    assert "Price drop" in report(config, "--campaign", "price_drop")


def test_a_campaign_that_there_is_none_of_names_those_there_are(config: Path) -> None:
    ended = typed("report", "--config", str(config), "--campaign", "we_mis_you")
    assert ended.exit_code == 2
    for name in PLANNED:
        assert name in ended.output


@pytest.mark.parametrize("view", ["first", "coupon"])
def test_another_view_says_so(config: Path, view: str) -> None:
    assert f"the last 30 days, orders by {view}:" in report(config, "--view", view)
    assert json.loads(report(config, "--view", view, "--format", "json"))["view"] == view
