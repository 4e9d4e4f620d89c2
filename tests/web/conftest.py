"""The intake behind a real server, and what WhatsApp would send it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sending_world import World

from agent.config import Settings
from agent.sandbox.clock import MovedClock
from agent.web import Listener, intake


@pytest.fixture
def world(tmp_path: Path, now: datetime) -> Iterator[World]:
    with World(tmp_path, MovedClock(now)) as world:
        yield world


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings()


@pytest.fixture
def url(database: Path, settings: Settings, now: datetime) -> Iterator[str]:
    """Where WhatsApp posts to; the same application and server as in the daemon."""
    app = intake(lambda: settings, lambda: now)
    listener = Listener(app, host="127.0.0.1", port=0, threads=4)
    yield f"http://127.0.0.1:{listener.port}/webhooks/whatsapp"
    listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Listener]]:
    """Any application behind a listener on a free port; closed at the end if it is not already."""
    listeners: list[Listener] = []

    def start(app: object, threads: int = 2) -> Listener:
        listeners.append(Listener(app, host="127.0.0.1", port=0, threads=threads))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close(0.1)
