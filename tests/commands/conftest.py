"""A world as real servers, and a process that is afterwards as it was before."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sending_world import World

from agent.sandbox.clock import WallClock
from models.base import close_database, empty_log, migrate, open_database

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands set up the log, listen to signals and look at the terminal's width."""
    monkeypatch.setenv("COLUMNS", "80")
    root = logging.getLogger()
    log = root.handlers[:], root.level
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    root.handlers[:], root.level = log
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once: a copy of it takes no second."""
    path = tmp_path_factory.mktemp("migrated") / "winback.db"
    open_database(path)
    migrate()
    empty_log()
    close_database()
    return path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        yield world
