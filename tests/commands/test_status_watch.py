"""winback status --watch on a real (pseudo) terminal, and in a pipe: it shows, and it ends."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sending_world import World, wait_until

from agent.database import owned


@pytest.fixture
def command(world: World) -> list[str]:
    with owned(world.folder / "winback.db"):
        pass
    config = str(world.write_config())
    return [
        sys.executable, "-m", "agent.cli", "status", "--watch", "--every", "0.5", "--config", config,
    ]  # fmt: skip


TAKE_IT = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes the terminal the one that the process belongs to: the kernel tells it when that is closed."""


class Terminal:
    """A terminal of 40 columns and 24 lines with the command in it; `shown` is what it wrote so far."""

    def __init__(self, command: list[str]) -> None:
        self._line, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_IT, *command],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env=os.environ | {"COLUMNS": "40", "LINES": "24", "TERM": "xterm"},
        )  # fmt: skip
        os.close(theirs)
        os.set_blocking(self._line, False)
        self.shown = ""

    def read(self) -> None:
        """Who writes to a terminal that nobody reads waits."""
        with suppress(OSError):  # nothing is there, or the other end is closed
            while piece := os.read(self._line, 65536):
                self.shown += piece.decode(errors="replace")

    def shows(self, word: str) -> bool:
        self.read()
        return word in self.shown

    def close(self) -> None:
        if self._line >= 0:
            os.close(self._line)
        self._line = -1

    def ended(self) -> bool:
        ended = self.process.poll() is not None
        if self._line >= 0:
            self.read()
        return ended


@contextmanager
def terminal(command: list[str]) -> Iterator[Terminal]:
    opened = Terminal(command)
    try:
        wait_until(lambda: opened.shows("never run"), what=lambda: opened.shown)
        yield opened
    finally:
        opened.process.kill()
        opened.process.wait()
        opened.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_what_was_seen_last_stays(
    command: list[str], number: signal.Signals
) -> None:
    with terminal(command) as opened:
        opened.process.send_signal(number)
        wait_until(opened.ended)
        assert opened.process.returncode == 1  # no daemon runs: as without --watch
        after = opened.shown.rpartition("\x1b[?1049l")[2]  # of the screen that it had to itself
        assert "has never run" in " ".join(after.split())
        assert re.search(r"\.\.\. \d+ lines more: winback status", opened.shown)
        assert "webhooks" not in opened.shown.removesuffix(after)  # it is the last, and has no room
        assert "webhooks" in after


def test_who_closes_the_terminal_leaves_nothing_running(command: list[str]) -> None:
    with terminal(command) as opened:
        opened.close()
        wait_until(opened.ended)
        assert opened.process.returncode == 128 + signal.SIGHUP


def test_in_a_pipe_each_look_stands_below_the_one_before(command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            looks = 0
            for line in process.stdout:
                assert "\x1b" not in line
                looks += line.startswith("daemon ")
                if looks == 2:
                    break
        finally:
            process.terminate()
        assert process.wait(15) == 1
