"""The sign of life of the daemon: not of the process that answers, but of the loop that works."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sending_world import World

from agent.daemon import Daemon
from agent.database import owned
from agent.sandbox.clock import WallClock
from agent.service import Service


class Clock(WallClock):
    """The machine's own, and `passed` seconds more."""

    passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def daemon(tmp_path: Path, clock: Clock) -> Iterator[Daemon]:
    with World(tmp_path, clock) as world:
        settings = world.settings()
        with owned(settings.database.path):
            daemon = Daemon(settings, Service(clock), environ={})
            yield daemon
            daemon.stop(patience=5)


def health(daemon: Daemon) -> tuple[int, str]:
    answer = requests.get(f"http://127.0.0.1:{daemon.listener.port}/healthz", timeout=5)
    return answer.status_code, answer.text


def test_a_loop_that_stands_still_is_not_well(daemon: Daemon, clock: Clock) -> None:
    assert health(daemon) == (200, "ok")
    clock.passed = 200
    code, said = health(daemon)
    assert code == 503
    assert said.startswith("the loop has stood still for 20")
    daemon.tick()
    assert health(daemon) == (200, "ok")
