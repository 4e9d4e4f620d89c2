"""Commands that look at a copy of the database take it along, however they end; also where it has no room."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon_process import ROOT, environ
from sending_world import FACTS, World
from typing_in import typed

from agent import backups
from agent.database import owned
from agent.errors import DatabaseTrouble
from models import ShopFact
from models.base import database

ANA = "+447700900101"

# the signal comes at the very moment at which the copy is opened
TOLD_TO_END = """
import os, sys
def hear(event, what):
    if event == "sqlite3.connect" and "{file}" in str(what) and "copies" in str(what):
        os.kill(os.getpid(), {number})
sys.addaudithook(hear)
from agent.cli import main
main()
"""


@pytest.fixture
def config(world: World) -> Path:
    config = world.write_config()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        world.contact(ANA)
    return config


def day_before(world: World) -> str:
    return (world.clock.now() - timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["why", "preview"])
def test_a_command_that_is_told_to_end_leaves_no_copy(
    world: World, config: Path, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    arguments = {"why": ["why", ANA, "--at", day_before(world)], "preview": ["preview"]}[command]
    file = {"why": "then.db", "preview": "winback.db"}[command]
    first = TOLD_TO_END.format(file=file, number=int(number))
    ended = subprocess.run(
        [sys.executable, "-c", first, *arguments, "--config", str(config)],
        capture_output=True, text=True, timeout=30, cwd=ROOT, env=environ(TMPDIR=str(folder)), check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert not list(folder.iterdir())


class Usage:
    """A disk with so much room."""

    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize("command", ["why", "simulate"])
def test_room_for_both_copies_is_asked_for_and_another_folder_named(
    world: World, config: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Looking back takes two copies: as it is, and as it was."""
    size = (world.folder / "winback.db").stat().st_size
    monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: Usage(size * 3 // 2))
    words = {
        "why": ("why", ANA, "--at", day_before(world)),
        "simulate": ("simulate", "--days", "3", "--json"),
    }
    error: Any = typed(*words[command], "--config", str(config)).exception
    assert isinstance(error, DatabaseTrouble)
    assert "2 copies take" in error.what
    assert "TMPDIR" in error.fix


def test_a_copy_that_outgrows_its_disk_is_not_taken_for_the_database(
    world: World, config: Path
) -> None:
    """By SQLite's own limit of pages, which it tells of as of a full disk."""

    def fill() -> None:
        with backups.on_a_copy(world.folder / "winback.db"):
            [(pages,)] = database.execute_sql("PRAGMA page_count").fetchall()
            database.execute_sql(f"PRAGMA max_page_count = {pages}")
            for number in range(5_000):
                ShopFact.put({f"fact {number}": "x" * 200})

    with pytest.raises(DatabaseTrouble) as raised:
        fill()
    assert "does not fit" in raised.value.what
    assert "TMPDIR" in raised.value.fix
