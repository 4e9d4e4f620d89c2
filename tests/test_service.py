"""The one loop, its clock and flags, and what systemd hears of it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import wait_until

from agent.service import Service, Stopping, WallClock

LISTENER = """
import sys
from agent.service import Service, WallClock

service = Service(WallClock())
service.listen_to_signals()
print("up", flush=True)
{then}
"""


@pytest.fixture
def service() -> Iterator[Service]:
    """It listens to this process's signals, and gives them back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    listening = Service(WallClock())
    listening.listen_to_signals()
    yield listening
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield line


def _process(then: str) -> "subprocess.Popen[str]":
    """A service in a process of its own, listening already."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENER.format(then=then)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def _end(process: "subprocess.Popen[str]", within: float) -> int:
    """Its exit code; a process that does not end in time is ended, and fails the test."""
    try:
        return process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"process {process.pid} did not end within {within} seconds")
    finally:
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_only_sets_a_flag_and_the_next_look_finds_it(
    service: Service, number: int
) -> None:
    service.check()
    signal.raise_signal(number)
    assert service.stopping
    with pytest.raises(Stopping):
        service.check()


def test_a_hangup_asks_for_the_config_and_stops_nothing(service: Service) -> None:
    assert not service.reload_wanted
    signal.raise_signal(signal.SIGHUP)
    assert service.reload_wanted
    assert not service.stopping
    service.check()


def test_stopping_passes_through_whatever_catches_exceptions() -> None:
    assert not issubclass(Stopping, Exception)


def test_sleep_waits_as_long_as_it_is_told() -> None:
    begun = time.monotonic()
    Service(WallClock()).sleep(0.35)
    assert 0.35 <= time.monotonic() - begun < 3


def test_sleep_ends_soon_after_a_signal(service: Service) -> None:
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    begun = time.monotonic()
    with pytest.raises(Stopping):
        service.sleep(30)
    assert time.monotonic() - begun < 5


def test_stop_wakes_every_thread_that_sleeps() -> None:
    service = Service(WallClock())
    woken: list[int] = []

    def sleep(number: int) -> None:
        with pytest.raises(Stopping):
            service.sleep(30)
        woken.append(number)

    threads = [threading.Thread(target=sleep, args=(number,), daemon=True) for number in range(5)]
    for thread in threads:
        thread.start()
    service.stop()
    for thread in threads:
        thread.join(5)
    assert sorted(woken) == [0, 1, 2, 3, 4]


def test_run_ticks_until_it_must_stop_and_then_returns(service: Service) -> None:
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            signal.raise_signal(signal.SIGTERM)

    service.run(tick, every=0.01)
    assert ticks == [0, 1, 2]


def test_what_a_tick_raises_ends_the_loop_with_it(service: Service) -> None:
    def tick() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        service.run(tick)


def test_a_signal_at_any_instruction_stops_the_loop() -> None:
    """The handler may come while the loop holds a lock: it must not want that lock itself."""
    for _ in range(8):
        process = _process("service.run(lambda: None, every=0)")
        time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert _end(process, 10) == 0


def test_a_second_signal_ends_the_process_at_once() -> None:
    # given a loop that does not come to an end
    process = _process("import time\nwhile True: time.sleep(0.05)")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert _end(process, 10) == 128 + signal.SIGTERM


def test_systemd_is_told_in_one_datagram(systemd: socket.socket) -> None:
    Service(WallClock()).tell("READY=1", "STATUS=ready")
    assert systemd.recv(100) == b"READY=1\nSTATUS=ready"


def test_systemd_may_listen_on_an_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"winback-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}")
        line.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        Service(WallClock()).tell("WATCHDOG=1")
        assert line.recv(100) == b"WATCHDOG=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Service(WallClock()).tell("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    Service(WallClock()).tell("READY=1")


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    clock = WallClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    first = clock.monotonic()
    wait_until(lambda: clock.monotonic() > first)
