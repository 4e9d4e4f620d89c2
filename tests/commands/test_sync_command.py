"""winback sync: the whole pull in the foreground, stopped and gone on with, told while it works."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, environ, run_winback
from sending_world import World, wait_until
from typing_in import typed, typed_on_a_terminal

from agent.commands.sync import _line_a_minute
from agent.database import owned, shared
from agent.errors import AlreadyRunning, Retryable
from agent.sandbox.shop.trouble import Maintenance, Slow, Trouble
from agent.service import Service, Stopping
from models import Cursor, Order

ORDERS = 30


@pytest.fixture
def config(world: World) -> Path:
    """A shop with thirty orders of three people, read ten rows a page."""
    shirt = world.shop.add_product(name="Shirt", price="40")
    for number in range(ORDERS):
        billing = {"phone": f"+1512555011{number % 3}", "country": "US", "email": ""}
        world.shop.place_order([(shirt, 0, 1)], billing=billing)
    return world.write_config(shop__page_size=10)


def asked(world: World, path: str = "wc/v3/orders") -> int:
    return sum(one.path == path for one in world.shop.asked)


def mirrored(config: Path) -> int:
    with shared(config.parent / "winback.db"):
        return Order.select().count()


@contextmanager
def meanwhile(happened: Callable[[], bool], then: Callable[[], None]) -> Iterator[None]:
    """Do `then` from another thread as soon as `happened`."""

    def wait() -> None:
        wait_until(happened)
        then()

    other = threading.Thread(target=wait)
    other.start()
    yield
    other.join()


def test_the_whole_shop_is_pulled_and_summed_up(world: World, config: Path) -> None:
    ended = typed("sync", "--config", str(config))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == (
        "in the mirror: 30 orders, 1 products and variations, 3 people with a mobile number, "
        "0 of them agreed\n"
    )
    with shared(config.parent / "winback.db"):
        assert Order.select().where(Order.lines_at.is_null()).count() == 0


def test_the_lines_of_orders_that_came_this_very_second_are_asked_for_once(
    world: World, config: Path
) -> None:
    assert typed("sync", "--config", str(config)).exit_code == 0
    asked_for = [
        number
        for one in world.shop.asked
        if one.path == "wc/v3/orders" and "include" in one.params
        for number in one.params["include"].split(",")
    ]
    assert sorted(asked_for) == sorted(set(asked_for))
    assert len(asked_for) == ORDERS


def test_more_lines_than_one_run_of_the_job_reads_are_all_read(world: World, config: Path) -> None:
    world.write_config(shop__page_size=1)  # twenty requests a run
    assert typed("sync", "--config", str(config)).exit_code == 0
    with shared(config.parent / "winback.db"):
        assert Order.select().where(Order.lines_at.is_null()).count() == 0


class AfterPages(Trouble):
    """All is well for some requests, then no more."""

    def __init__(self, healthy: int, trouble: Trouble) -> None:
        self.healthy, self.trouble = healthy, trouble
        self._lock = threading.Lock()

    def strike(self) -> Trouble:
        with self._lock:
            self.healthy -= 1
            return Trouble() if self.healthy >= 0 else self.trouble.strike()


def test_a_shop_that_fails_in_the_middle_loses_nothing_that_was_read(
    world: World, config: Path
) -> None:
    world.shop.trouble = AfterPages(9, Maintenance())
    ended = typed("sync", "--config", str(config))
    assert isinstance(ended.exception, Retryable)
    assert ended.exception.exit_code == 69
    got = mirrored(config)
    assert 0 < got < ORDERS

    world.shop.trouble = None
    world.shop.asked.clear()
    assert typed("sync", "--config", str(config)).exit_code == 0
    assert mirrored(config) == ORDERS
    first = next(one for one in world.shop.asked if one.path == "wc/v3/orders")
    assert int(first.params["offset"]) > 0  # it goes on where it was


@pytest.mark.long
def test_ctrl_c_in_the_middle_ends_it_with_130_and_the_next_goes_on(
    world: World, config: Path
) -> None:
    world.shop.trouble = Slow(0.15)
    process = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", "sync", "--config", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ(),
    )  # fmt: skip
    wait_until(lambda: asked(world) >= 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (out, err) == ("", "stopped; the next sync goes on from here\n")
    got = mirrored(config)
    assert got < ORDERS

    world.shop.trouble = None
    world.shop.asked.clear()
    ended = run_winback("sync", "--config", str(config))
    assert ended.returncode == 0
    assert ended.stdout.startswith("in the mirror: 30 orders")


@pytest.mark.long
def test_term_does_the_same_and_is_told_on_stderr_only(world: World, config: Path) -> None:
    world.shop.trouble = Slow(0.1)
    with meanwhile(lambda: asked(world) >= 2, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        ended = typed("sync", "--config", str(config))
    assert ended.exit_code == 130
    assert (ended.stdout, ended.stderr) == ("", "stopped; the next sync goes on from here\n")


@pytest.mark.long
def test_beside_a_daemon_it_is_refused(config: Path) -> None:
    with DaemonProcess(config) as daemon:
        daemon.ready()
        ended = typed("sync", "--config", str(config))
        assert isinstance(ended.exception, AlreadyRunning)
        assert f"process {daemon.process.pid}" in str(ended.exception)


def test_a_terminal_sees_a_bar_for_every_kind_and_each_is_full_in_the_end(config: Path) -> None:
    code, told = typed_on_a_terminal("sync", "--config", str(config))
    assert code == 0
    last = told[told.rindex("orders     ") :]
    for kind, count in (("orders", "30/30"), ("order lines", "30/30"), ("products", "1/1")):
        [line] = [line for line in last.splitlines() if line.startswith(f"{kind} ")][-1:]
        assert count in line
    assert "in the mirror: 30 orders" in told


class SteppedClock:
    """A monotonic clock that a test moves."""

    seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


def test_without_a_terminal_there_is_a_line_a_minute(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SteppedClock()
    service = Service(clock)
    with owned(tmp_path / "winback.db"):
        Cursor.insert(name="orders", walked=1_300, total=5_000).execute()
        Cursor.insert(name="products", since=clock.now(), total=40).execute()
        beat = _line_a_minute(service)
        told = []
        for seconds in (1, 59, 60, 61, 119, 120):
            clock.seconds = seconds
            beat()
            told.append(capsys.readouterr().err)
    line = "orders 1,300/5,000, products 40/40\n"
    assert told == ["", "", line, "", "", line]
    service.stop()
    with pytest.raises(Stopping):
        beat()
