"""The real daemon in a process of its own, as systemd starts it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from sending_world import wait_until

ROOT = Path(__file__).parents[1]
OURS = re.compile(r"WINBACK_|NOTIFY_SOCKET|JOURNAL_STREAM|CREDENTIALS_DIRECTORY|COV_")


def run_winback(*arguments: str, within: float = 30.0) -> "subprocess.CompletedProcess[str]":
    """A command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", *arguments],
        capture_output=True, text=True, timeout=within, cwd=ROOT, env=environ(), check=False,
    )  # fmt: skip


def environ(**more: str) -> dict[str, str]:
    """The environment without what would tell winback things that the test does not say."""
    kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    return kept | more


def _program(first: str) -> list[str]:
    return ["-c", f"{first}\nfrom agent.cli import main\nmain()"] if first else ["-m", "agent.cli"]


class DaemonProcess:
    """One `winback run`. Leaving the `with` ends it, however it is by then.

    `first` is Python that it carries out before: a fault that a test must see. `more` is for its
    environment.
    """

    def __init__(self, config: Path, first: str = "", **more: str) -> None:
        self._log_file = config.parent / "winback.log"
        self._seen = self._log_file.stat().st_size if self._log_file.exists() else 0
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *_program(first), "run", "--config", str(config)],
                stderr=log, stdout=log, cwd=ROOT, env=environ(**more),
            )  # fmt: skip

    @property
    def log(self) -> str:
        """What this process has told so far; the lines of earlier ones are left out."""
        with self._log_file.open("rb") as log:
            log.seek(self._seen)
            return log.read().decode()

    def events(self, event: str) -> list[str]:
        """The log's lines of one event."""
        return [line for line in self.log.splitlines() if f"event={event}" in line.split()]

    def wait_for(self, event: str, *, times: int = 1, within: float = 20.0) -> str:
        """Wait until it has told `event` so often; gives the newest line of it."""
        wait_until(
            lambda: self.process.poll() is not None or len(self.events(event)) >= times,
            within=within,
        )
        told = self.events(event)
        assert len(told) >= times, f"{event} was not told:\n{self.log}"
        return told[-1]

    def ready(self) -> Self:
        self.wait_for("daemon.ready")
        return self

    @property
    def url(self) -> str:
        """Where it listens."""
        found = re.search(r"listening=(\S+)", self.wait_for("daemon.ready"))
        assert found is not None
        return f"http://{found[1]}"

    def send_signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, within: float = 25.0) -> int:
        """Its exit code."""
        return self.process.wait(within)

    def stop(self, within: float = 25.0) -> int:
        self.process.terminate()
        return self.wait(within)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.kill()
