"""winback demo: everything once on a small make-believe shop, and nothing left behind."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemon_process import ROOT, environ
from sending_world import wait_until
from typing_in import typed

from agent.commands.demo.diary import _waiting
from agent.commands.demo.diary import told as told_of
from models import JobRun

SMALL = ("--customers", "150", "--products", "30")


def counted(pattern: str, told: str) -> int:
    found = re.search(pattern, told)
    assert found is not None, f"{pattern} is not in:\n{told}"
    return int(found[1].replace(",", ""))


@pytest.mark.long
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
        "the shop's plugin told of",
        "What they read, one message of each",
        "And what the make-believe world counted itself",
        "R$",
    ):
        assert words in told

    # of the five campaigns all but the one for those who spent much: few do in so small a shop
    table = told[told.index("4 days of winback") : told.index("Some of those")]
    for campaign in ("Back in stock", "Price drop", "New arrivals", "We miss you"):
        assert re.search(rf"^ {campaign} +[1-9]", table, re.MULTILINE)
    unfolded = " ".join(told.split())
    for news in ("came in;", "% off", "is sold out", "is new in"):
        assert news in unfolded
    assert counted(r"looks that the shop's plugin told of +([\d,]+)", told) > 10

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
    assert told_of(Counter(price_drop=1)) == "1 message sent: Price drop"
    assert told_of(Counter(price_drop=1_200)) == "1,200 messages sent: Price drop"


@pytest.mark.usefixtures("database")
def test_whose_turn_comes_later_is_told_with_a_wave_only() -> None:
    wave, other = Counter(back_in_stock=10, price_drop=2), Counter(price_drop=2)
    assert _waiting(wave) == ""
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for hour, (waiting, said) in enumerate(
        [(31, "; 31 wait for the next wave"), (1, "; 1 waits for the next wave"), (0, "")]
    ):
        at = monday + timedelta(hours=hour)
        result = {"chosen": 10} | ({"next_wave": waiting} if waiting else {})
        JobRun.write("alerts", started_at=at, ended_at=at, outcome="ok", result=result)
        assert _waiting(wave) == said
        assert _waiting(other) == ""


def test_several_campaigns_come_in_the_order_of_preference() -> None:
    sent = Counter(we_miss_you=3, back_in_stock=20, price_drop=1)
    assert told_of(sent) == "24 messages sent: 20 Back in stock, 1 Price drop, 3 We miss you"


@pytest.mark.long
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
        wait_until(lambda: "winback has read" in log.read_text())
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
