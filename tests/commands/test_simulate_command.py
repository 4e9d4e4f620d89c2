"""winback simulate: from the database to the screen, to JSON, and to a file of messages."""

import csv
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.errors import BadInput, ConfigError, DatabaseTrouble
from models import Contact, Order, ShopFact, Statement

DAY = timedelta(days=1)
ANA, BEN = "+12025550101", "+12025550102"


@pytest.fixture
def config(world: World) -> Path:
    """Two people who bought 70 and 20 days ago, and agreed then; we_miss_you is off."""
    path = world.write_config(
        campaigns__we_miss_you__enabled=False, holdout__share=0, holdout__everything=0
    )
    now = datetime.now(UTC)
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        for number, (phone, days) in enumerate(((ANA, 70), (BEN, 20)), start=1):
            at = now - days * DAY
            Contact.insert(
                id=number, phone=phone, region="US", zones="Europe/London", first_name="=Ana",
                created_at=now, named_at=at, marketing="yes", marketing_at=at,
            ).execute()  # fmt: skip
            Order.insert(
                woo_id=number, number=str(number), status="completed", currency="GBP", total=5_000,
                contact_id=number, created_at=at, paid_at=at, modified_at=at, read_at=now, lines_at=now,
            ).execute()  # fmt: skip
            Statement.insert(
                phone=phone, purpose="marketing", says="yes", source=f"order {number}", said_at=at,
                recorded_at=now,
            ).execute()  # fmt: skip
    return path


def simulate(config: Path, *more: str) -> str:
    ended = typed("simulate", "--config", str(config), *more)
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.mark.long
def test_a_campaign_that_is_off_reaches_nobody_until_it_is_switched_on(config: Path) -> None:
    assert "No campaign is on" in simulate(config, "--days", "30")
    assert json.loads(simulate(config, "--days", "30", "--json"))["total"]["people"] == 0
    told = simulate(config, "--days", "30", "--campaign", "we_miss_you")
    assert "Example Shop: what would have been sent from" in told
    assert "We miss you" in told
    assert "2 x 1 people" in told
    assert "note: we_miss_you is taken to be ready to be sent" in told


@pytest.mark.long
def test_a_threshold_is_tried_out(config: Path) -> None:
    on = ("--days", "30", "--campaign", "we_miss_you", "--json")
    assert json.loads(simulate(config, *on))["total"]["people"] == 1
    sooner = json.loads(simulate(config, *on, "--set", "audience.inactive_after=14d"))
    assert sooner["total"]["people"] == 2
    assert sooner["people_by_messages"]
    assert sooner["reasons_in_all_daily_runs"]["chosen"] == sooner["total"]["messages"]


@pytest.mark.long
def test_each_message_stands_in_a_new_file(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    on = ("--days", "20", "--campaign", "we_miss_you", "--messages", str(path))
    simulate(config, *on)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["campaign"] for row in rows] == ["we_miss_you"] * len(rows) != []
    assert ANA not in path.read_text(), "phones are masked"
    assert path.stat().st_mode & 0o777 == 0o600
    again = typed("simulate", "--config", str(config), *on)
    assert isinstance(again.exception, BadInput)
    path.unlink()
    simulate(config, *on, "--full-phones")
    row = next(csv.DictReader(path.read_text().splitlines()))
    assert row["phone"] == ANA
    assert row["name"] == "'=Ana", "no formula for a spreadsheet"


def test_a_wrong_value_is_told_like_one_of_the_config(config: Path) -> None:
    ended = typed("simulate", "--config", str(config), "--set", "limits.per_30_days=many")
    assert isinstance(ended.exception, ConfigError)
    assert "[limits] per_30_days: " in str(ended.exception)


def test_before_the_first_start(world: World) -> None:
    ended = typed("simulate", "--config", str(world.write_config()))
    assert isinstance(ended.exception, DatabaseTrouble)


def test_told_to_end_it_takes_its_copies_of_the_database_along(
    config: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "agent.cli",
        "simulate",
        "--config",
        str(config),
        "--days",
        "400",
    ]
    on = [*command, "--campaign", "back_in_stock", "--campaign", "we_miss_you"]
    with subprocess.Popen(
        on,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not list(folder.glob("winback-*/then.db")):
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
        process.wait(30)
    assert not list(folder.iterdir())
