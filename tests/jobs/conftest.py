"""A clock that stands still, a sandbox shop behind a real server, and the settings that lead there."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from jobs_stage import Counter, settings_from

from agent.config import Settings
from agent.sandbox.clock import MovedClock


@pytest.fixture
def clock(now: datetime) -> MovedClock:
    return MovedClock(now)


@pytest.fixture
def write_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings from sections in TOML beside the few that have to be there."""
    return lambda more="", shop="https://shop.example": settings_from(tmp_path, more, shop=shop)


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    """Both campaigns on; everything else as it is by default."""
    return write_settings()


@pytest.fixture
def counter(database: Path, clock: MovedClock, tmp_path: Path) -> Iterator[Counter]:
    """A shop of São Paulo, two rows a page, and the agent's jobs on its side of the wire."""
    with Counter(clock, tmp_path) as opened:
        yield opened


@pytest.fixture
def open_counter(
    database: Path, clock: MovedClock, tmp_path: Path
) -> Iterator[Callable[..., Counter]]:
    """The same, anywhere: `open_counter(timezone="Asia/Kolkata")`."""
    opened: list[Counter] = []

    def make(**shop: str) -> Counter:
        opened.append(Counter(clock, tmp_path, **shop))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
