"""A clock that stands still, a sandbox shop behind a real server, and the settings that lead there."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from jobs_stage import Counter, Stall, settings_from
from order_desk import OpenDesk, OrderDesk

from agent.config import Settings
from agent.sandbox.clock import MovedClock


@pytest.fixture(scope="session")
def stall() -> Iterator[Stall]:
    """One real server for all tests, because ending one takes longer than most of them."""
    with Stall() as opened:
        yield opened


@pytest.fixture
def clock(now: datetime) -> MovedClock:
    return MovedClock(now)


@pytest.fixture
def write_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings from sections in TOML, beside the few that have to be there."""
    return lambda more="": settings_from(tmp_path, more)


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    """Both campaigns on; everything else as it is by default."""
    return write_settings()


@pytest.fixture
def open_counter(
    database: Path, clock: MovedClock, stall: Stall, tmp_path: Path
) -> Iterator[Callable[..., Counter]]:
    """A shop anywhere, and the agent's jobs on its side: `open_counter(timezone="Asia/Kolkata")`."""
    opened: list[Counter] = []

    def make(**shop: str) -> Counter:
        opened.append(Counter(clock, stall, tmp_path, **shop))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def counter(open_counter: Callable[..., Counter]) -> Counter:
    """One in São Paulo."""
    return open_counter()


@pytest.fixture
def open_desk(
    database: Path, clock: MovedClock, stall: Stall, tmp_path: Path
) -> Iterator[OpenDesk]:
    """A shop and a WhatsApp with order news on between them: `open_desk("[order_news]\\nper_day = 2")`."""
    opened: list[OrderDesk] = []

    def make(more: str = "") -> OrderDesk:
        opened.append(OrderDesk(tmp_path, clock, stall, more))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


@pytest.fixture
def desk(open_desk: OpenDesk) -> OrderDesk:
    return open_desk()
