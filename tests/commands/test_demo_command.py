"""winback demo: everything once on a small make-believe shop, and nothing left behind."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from daemon_process import ROOT, environ
from sending_world import wait_until
from typing_in import typed

from agent.commands.demo import _line

SMALL = ("--customers", "150", "--products", "30")


def counted(pattern: str, told: str) -> int:
    found = re.search(pattern, told)
    assert found is not None, f"{pattern} is not in:\n{told}"
    return int(found[1].replace(",", ""))


def test_a_small_demo_shows_everything_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, because one demo takes as long as all others here together."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    demo = typed("demo", *SMALL)
    told = demo.output

    # it comes to its end, and no line is too wide
    assert (demo.exit_code, demo.stderr) == (0, "")
    assert max(map(len, told.splitlines())) <= 80
    assert "…" not in told

    # who was chosen and why, what came of it, and who was left alone
    for words in (
        "4 days of winback",
        "Some of those who were chosen, and why",
        "Who was left alone",
        "never agreed to marketing on WhatsApp",
        "And what the make-believe world counted itself",
        "R$",
    ):
        assert words in told

    # the agent's figures are those of the world
    sent = [int(count) for count in re.findall(r"(\d+) messages? sent", told)]
    assert sum(sent) == counted(r"messages that WhatsApp took +([\d,]+)", told) > 0
    assert counted(r"the most times that one message came +(\d+)", told) == 1

    # nothing is left behind: no folder, no server, no handler
    assert list(tmp_path.iterdir()) == []
    port = counted(r"http://127\.0\.0\.1:(\d+)", told)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
    assert [signal.getsignal(number) for number in numbers] == handlers


def test_one_message_is_one_message() -> None:
    monday = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    assert _line(monday, 1) == "Monday 09:05  1 message sent"
    assert _line(monday, 1_200) == "Monday 09:05  1,200 messages sent"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_ended_in_the_middle_it_leaves_nothing_either(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "demo.out"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent.cli", "demo", *SMALL],
            stdout=output, stderr=output, cwd=ROOT, env=environ(TMPDIR=str(temporary)),
        )  # fmt: skip
    try:
        wait_until(lambda: "mirrored" in log.read_text())
        assert len(list(temporary.iterdir())) == 1
        process.send_signal(number)
        assert process.wait(20) == 1
    finally:
        process.kill()
        process.wait()
    assert list(temporary.iterdir()) == []
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("arguments", [("--customers", "99"), ("--products", "0")])
def test_a_shop_that_is_too_small_to_be_believed_is_a_usage_error(
    arguments: tuple[str, str],
) -> None:
    assert typed("demo", *arguments).exit_code == 2
