"""Attacks on backup and restore, through the commands."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from daemon_process import ROOT, environ
from sending_world import World

from agent.database import owned
from agent.epoch import Life
from agent.marks import beside
from agent.pauses import pause
from agent.sandbox.clock import MovedClock
from models import Heartbeat, Message, Pause, ShopFact
from models.delivery import EVERYTHING, MARKETING


def now() -> datetime:
    """The commands read the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, MovedClock(now())) as world:
        world.write_config()
        yield world


@pytest.fixture
def path(world: World) -> Path:
    """A database that a daemon has worked on, with one message that waits."""
    path = world.folder / "winback.db"
    with owned(path):
        ShopFact.put({"zone": "Europe/London"})
        world.queue()
        life = Life(path)
        life.begin(now())
        Heartbeat.beat(pid=1, version="0.1.0", started_at=now(), beat_at=now(), stopped_at=now())
        life.renew()
    return path


def winback(world: World, *words: str, limit: int = -1) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, whose files may have `limit` bytes at the most."""

    def limited() -> None:
        if limit >= 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "agent.cli", *words, "--config", str(world.config)],
        cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=limited,
    )  # fmt: skip


def files(path: Path) -> set[str]:
    return {one.name for one in path.parent.glob("*.db*")}


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal", ".lock", ".epoch", ".epoch.new"])
def test_what_belongs_to_the_database_is_no_place_for_its_copy(
    world: World, path: Path, end: str
) -> None:
    """A log that is not its own would be read into it, or thrown away with the copy."""
    before = files(path)
    ended = winback(world, "backup", "--force", f"{path}{end}")
    assert ended.returncode != 0, ended.stdout
    assert "belongs to the database" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert files(path) == before


def test_a_copy_that_outgrows_the_disk_leaves_nothing_and_says_so(world: World, path: Path) -> None:
    before = files(path)
    ended = winback(world, "backup", str(path.with_name("copy.db")), limit=50_000)
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert "->" in ended.stderr
    assert files(path) == before


def test_a_restore_that_outgrows_the_disk_leaves_the_old_database(world: World, path: Path) -> None:
    copy = path.parent.parent / f"{path.parent.name}-copy"
    assert winback(world, "backup", str(copy)).returncode == 0
    before, content = files(path), path.read_bytes()
    ended = winback(world, "restore", str(copy), limit=50_000)
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert files(path) == before
    assert path.read_bytes() == content


def test_what_somebody_paused_since_is_paused_after_a_restore(world: World, path: Path) -> None:
    copy = path.with_name("copy.db")
    assert winback(world, "backup", str(copy)).returncode == 0
    with owned(path):
        pause("we_miss_you", "the text is wrong", now=now())
        pause(EVERYTHING, "stocktaking", now=now())
    assert winback(world, "restore", str(copy)).returncode == 0
    with owned(path):
        assert Pause.scopes(now()) == {MARKETING, EVERYTHING, "we_miss_you"}
        assert Message.get().state == "abandoned"


def test_a_mark_that_is_garbage_is_no_mark_and_no_traceback(path: Path) -> None:
    beside(path).write_bytes(b"SQLite format 3\x00\xa5\xff" * 100)
    with owned(path):
        Life(path).begin(now())
        assert Pause.scopes(now()) == {MARKETING}
        assert Message.get().state == "abandoned"
