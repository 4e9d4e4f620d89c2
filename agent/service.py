"""The long-running loop: the only clock, the only stop flag, the only voice to systemd."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import FrameType
from typing import Protocol

LOOK = 0.25  # seconds between two looks, while we sleep, at whether a signal has come


class Stopping(BaseException):
    """We must stop. Not an Exception, so no `except Exception` in a job can swallow it."""


class Clock(Protocol):
    """Where instants come from; the demo has its own."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backward, for waits and rates."""
        ...


class WallClock:
    """The machine's own."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place that reads it

    def monotonic(self) -> float:
        return time.monotonic()


class Service:
    """One process of winback: its clock, whether it must stop, and how it tells systemd.

    Signal handlers only set flags; the loop acts on them. Not even an Event may be set in one: the
    handler runs in the middle of the main thread, which may hold the Event's lock just then.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.reload_wanted = False
        self._stop_wanted = False
        self._stop = threading.Event()
        self._address = os.environ.get("NOTIFY_SOCKET", "")

    @property
    def stopping(self) -> bool:
        return self._stop_wanted or self._stop.is_set()

    def listen_to_signals(self) -> None:
        """TERM and INT stop, a second one ends the process at once; HUP reloads the config."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def stop(self) -> None:
        """Wake all who sleep."""
        self._stop.set()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Stopping when we must stop: at once after `stop`, within LOOK of a signal."""
        until = time.monotonic() + seconds
        self.check()
        while (left := until - time.monotonic()) > 0:
            self._stop.wait(min(left, LOOK))
            self.check()

    def check(self) -> None:
        """Raises Stopping if we must stop."""
        if self.stopping:
            raise Stopping

    def run(self, tick: Callable[[], None], *, every: float = 0.5) -> None:
        """Call `tick` again and again until we must stop."""
        with suppress(Stopping):
            while True:
                tick()
                self.sleep(every)

    def tell(self, *states: str) -> None:
        """Tell systemd (READY=1, STATUS=..., WATCHDOG=1); nothing happens without it."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(1)  # nobody may be reading
            line.sendto("\n".join(states).encode(), self._address.replace("@", "\0", 1))

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            os._exit(128 + number)  # asked twice: what is in flight is unsure, as after a crash
        self._stop_wanted = True

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload_wanted = True
