"""A WhatsApp that answers, and an outbox that leads to it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from send_stage import Office
from sending_world import World

from agent.sandbox.clock import MovedClock


@pytest.fixture
def office(database: Path, now: datetime, tmp_path: Path) -> Iterator[Office]:
    """Everything known that has to be before the first message, and nothing queued."""
    with World(tmp_path, MovedClock(now)) as world:
        yield Office(world)
