"""A world as real servers, and a process that is afterwards as it was before."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sending_world import World

from agent.sandbox.clock import WallClock

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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        yield world
