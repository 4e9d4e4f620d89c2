"""The report where nothing is as it should be: no shop yet, no width, nobody who reads to the end, odd names."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sending_world import World
from typing_in import typed

from agent.database import owned
from models import Message, ShopFact

FORMATS = ("table", "json", "csv", "html")


@pytest.fixture
def config(world: World) -> Path:
    with owned(world.folder / "winback.db"):
        pass
    return world.write_config()


def report(config: Path, *more: str) -> str:
    ended = typed("report", "--config", str(config), *more)
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return ended.output


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("sent", [0, 3])
def test_before_the_shop_was_ever_asked(config: Path, world: World, form: str, sent: int) -> None:
    with owned(config.parent / "winback.db"):
        world.queue(sent, state="read", code=131049, charged="marketing")
    told = report(config, "--format", form)
    assert told
    if form == "json":
        json.loads(told, parse_constant=pytest.fail)


@pytest.mark.parametrize("columns", ["1", "20", "40", "300"])
def test_on_a_narrow_terminal_nothing_breaks(
    config: Path, world: World, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with owned(config.parent / "winback.db"):
        ShopFact.put({"name": "Example Shop", "zone": "Europe/London", "currency": "GBP"})
        world.queue(3, state="read", code=131049)
    assert report(config)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMATS)
def test_who_reads_only_the_first_line_gets_it_without_a_traceback(
    config: Path, world: World, form: str
) -> None:
    with owned(config.parent / "winback.db"):
        ShopFact.put({"name": "Example Shop", "zone": "Europe/London", "currency": "GBP"})
        for number in range(60):
            world.queue(40, state="read", template=f"a_rather_long_name_{number}" + "x" * 60)
    command = [sys.executable, "-m", "agent.cli", "report", "--config", str(config)]
    with subprocess.Popen(
        [*command, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"COLUMNS": "120"},
    ) as ended:  # fmt: skip
        assert ended.stdout is not None
        assert ended.stderr is not None
        ended.stdout.close()
        told = ended.stderr.read().decode()
        ended.wait(60)
    assert "Traceback" not in told
    assert "Exception" not in told


def test_campaigns_of_another_version_are_told_under_their_own_name(
    config: Path, world: World
) -> None:
    with owned(config.parent / "winback.db"):
        ShopFact.put({"zone": "Europe/London", "currency": "GBP"})
        world.queue(2, state="read", campaign="of_old [bold]")
        Message.update(period=datetime.now(UTC).date().isoformat()).execute()
    for form in FORMATS:
        assert "of_old [bold]" in report(config, "--format", form).replace("\n", " ")
