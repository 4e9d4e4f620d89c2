"""winback demo --keep: a daemon that can be killed and stopped, and an end that leaves nothing."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import requests
from daemon_process import ROOT, environ
from rich.console import Console
from sending_world import wait_until
from typing_in import typed

from agent.commands.demo.keep import (
    _soon,
    come_to_today,
    keep,
    newest_told,
)
from agent.commands.demo.stage import ZONE, Stage, first_morning, set_up
from agent.commands.ending import ended_by_signals
from agent.commands.program import as_typed
from agent.database import owned
from agent.service import WallClock
from models import Contact, Heartbeat, Message, Order


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A small shop, as the demo leaves it."""
    start = first_morning(WallClock().now(), 4)
    with set_up(tmp_path, start, products=20, customers=100) as stage:
        yield stage


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class Told(StringIO):
    """What the demo has printed so far, read from another thread."""

    def daemons(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"daemon: process (\d+)", self.getvalue())]


@contextmanager
def a_visitor(does: Sequence[Callable[[], object]]) -> Iterator[list[BaseException]]:
    """Somebody at another terminal; in the end always Ctrl-C, so that no test waits for ever."""
    failures: list[BaseException] = []

    def visit() -> None:
        try:
            for one in does:
                one()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield failures
    finally:
        with suppress(KeyboardInterrupt):  # if the demo ended before it was asked to
            visitor.join()
        visitor.join()


def kept(stage: Stage, told: Told, *steps: Callable[[], object]) -> str:
    """`keep` in this thread while a visitor takes the steps, then Ctrl-C; what it printed."""
    with ended_by_signals(), a_visitor(steps) as failures:
        keep(stage, Console(file=told, width=80))
    assert not failures, failures
    assert all(gone(pid) for pid in told.daemons())
    return told.getvalue()


def logged(stage: Stage, event: str) -> int:
    log = stage.folder / "winback.log"
    return log.read_text().count(f"event={event}") if log.exists() else 0


@pytest.mark.long
def test_killed_it_starts_again_and_stopped_in_peace_it_stays_so(stage: Stage) -> None:
    told = Told()

    def kill() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)
        os.kill(told.daemons()[0], signal.SIGKILL)

    def stop() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 2)
        status = typed_beside(stage, "status")
        assert f"runs as process {told.daemons()[1]}" in status
        os.kill(told.daemons()[1], signal.SIGTERM)
        wait_until(lambda: "not started again" in told.getvalue(), within=25)

    printed = kept(stage, told, kill, stop)
    assert "daemon: ended by SIGKILL, started again in 2 s" in printed
    assert "daemon: stopped in peace, and not started again" in printed
    assert len(told.daemons()) == 2
    assert "ending ..." in printed
    assert re.search(r"WhatsApp took [\d,]+ messages, none came twice\.", printed)
    for command in ("status", "report", "check"):
        assert f"{command} --config {stage.config}" in printed


@pytest.mark.long
def test_the_last_order_whose_customer_was_told_is_one_to_look_at(stage: Stage) -> None:
    now = WallClock().now()
    database = stage.folder / "winback.db"
    with owned(database):
        contact = Contact.insert(phone="+12025550100", created_at=now).execute()
        for number in (7, 9, 8):
            Order.insert(woo_id=number, number=f"A-{number}", read_at=now, created_at=now).execute()
    assert newest_told(database) == ""
    with owned(database):
        for number in (7, 9):
            Message.insert(
                uid=f"{number}", contact_id=contact, campaign="order_completed", kind="utility",
                order_id=number, subject=str(number), period="", template="order_completed", language="en",
                cap_day=now.date(), created_at=now, not_before=now, expires_at=now,
            ).execute()  # fmt: skip
    assert newest_told(database) == "A-9"
    told = Told()

    def wait() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)

    with ended_by_signals(), a_visitor([wait]):
        keep(stage, Console(file=told, width=80), told_of="A-9")
    assert f"order A-9 --config {stage.config}" in told.getvalue()


@pytest.mark.long
def test_a_mistake_in_the_config_is_not_tried_again_and_again(stage: Stage) -> None:
    """As the unit has it: RestartPreventExitStatus=78."""
    told = Told()

    def break_and_kill() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)
        with stage.config.open("a", encoding="utf-8") as config:
            config.write("\n[whatsap]\n")
        os.kill(told.daemons()[0], signal.SIGKILL)
        wait_until(lambda: "something to correct" in told.getvalue(), within=25)

    printed = kept(stage, told, break_and_kill)
    assert "daemon: ended over something to correct, see its log, and not started again" in printed
    assert len(told.daemons()) == 2
    assert "[whatsap]" in (stage.folder / "winback.log").read_text()


@pytest.mark.long
def test_a_folder_with_another_version_does_not_change_the_daemon(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("checkout")
    (other / "agent").mkdir()
    (other / "agent" / "__init__.py").write_text("raise SystemExit('another version')\n")
    monkeypatch.chdir(other)
    told = Told()
    kept(stage, told, lambda: wait_until(lambda: logged(stage, "daemon.ready") == 1))
    assert "another version" not in (stage.folder / "winback.log").read_text()


@pytest.mark.long
def test_the_days_that_were_skipped_hold_no_marketing(stage: Stage) -> None:
    """The last make-believe day ended before today: for the daemon a gap, which it would ask about."""
    database = stage.folder / "winback.db"
    before = WallClock().now() - timedelta(hours=30)
    with owned(database):
        Heartbeat.beat(pid=1, version="", started_at=before, beat_at=before)
    come_to_today(database)
    told = Told()

    def look() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)
        assert "PAUSED" not in typed_beside(stage, "status")

    kept(stage, told, look)
    assert logged(stage, "database.may_be_old") == 0


@pytest.mark.long
def test_the_event_to_copy_is_one_that_the_daemon_takes(stage: Stage) -> None:
    """As a shell reads it; the person agreed, and nobody wrote to them yet."""
    told = Told()

    def tell() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)
        [line] = [one for one in told.getvalue().splitlines() if one.startswith("  curl ")]
        _, _, header, url, _, body = shlex.split(line)
        name, _, value = header.partition(": ")
        answer = requests.post(url, data=body, headers={name: value}, timeout=10)
        assert (answer.status_code, answer.json()) == (202, {"taken": 1, "refused": []})
        event = json.loads(body)
        [person] = [p for p in stage.town.people if p.customer_id == event["customer_id"]]
        assert person.said
        assert Decimal(event["price"]) > Decimal(stage.shop.product(event["product_id"]).price)

    assert "twice what it costs" in kept(stage, told, tell)


@pytest.mark.long
def test_the_config_of_the_demo_has_nothing_to_correct(stage: Stage) -> None:
    stage.write_config(pace=5, poll="15s", alerts="10m", at="09:00", quiet_from="22:00")
    stage.clock.follow_the_wall()
    told = typed_beside(stage, "check")
    assert "note" not in told
    assert (
        told.count("(on)") == told.count("its template fits") == 42
    )  # fourteen in three languages


def typed_beside(stage: Stage, *command: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "agent.cli", *command, "--config", str(stage.config)],
        capture_output=True, text=True, cwd=ROOT, env=environ(COLUMNS="200"), check=False,
        timeout=30,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.long
def test_ctrl_c_while_the_daemon_works_stops_it_in_peace(stage: Stage) -> None:
    told = Told()
    kept(stage, told, lambda: wait_until(lambda: logged(stage, "daemon.ready") == 1))
    assert logged(stage, "daemon.stopped") == 1


@pytest.mark.long
def test_a_second_ctrl_c_does_not_wait_for_the_daemon(stage: Stage) -> None:
    told = Told()

    def hang() -> None:
        wait_until(lambda: logged(stage, "daemon.ready") == 1)
        os.kill(told.daemons()[0], signal.SIGSTOP)  # it will not answer
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.3)  # it has asked the daemon by now, and waits

    assert "ending ..." in kept(stage, told, hang)
    assert logged(stage, "daemon.stopped") == 0


@pytest.mark.long
def test_a_daemon_that_does_not_start_is_tried_again(stage: Stage) -> None:
    told = Told()
    (stage.folder / "winback.db").write_text("no database\n" * 100)

    def look() -> None:
        wait_until(lambda: "started again" in told.getvalue())

    assert "daemon: ended by exit code 74, started again in 2 s" in kept(stage, told, look)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_to_end_a_program_ends_it_the_same_way(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_under_nohup_a_closed_terminal_ends_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ended_by_signals():
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("now", "at"),
    [
        ("09:00", "09:02"),
        ("22:57", "22:59"),
        ("22:58", "00:05"),  # so late that the day could end meanwhile
        ("23:59", "00:05"),
    ],
)
def test_the_campaigns_run_soon_but_never_over_midnight(now: str, at: str) -> None:
    local = datetime.fromisoformat(f"2026-03-02T{now}").replace(tzinfo=ZONE)
    assert f"{_soon(local):%H:%M}" == at


def test_the_commands_to_copy_are_those_that_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/winback/bin/winback", "demo", "--keep"])
    assert as_typed() == "/opt/winback/bin/winback"
    monkeypatch.setattr(sys, "argv", ["agent/cli.py", "demo", "--keep"])
    assert as_typed() == f"{sys.executable} -m agent.cli"


@pytest.mark.long
def test_the_whole_of_it_as_people_do_it(tmp_path: Path) -> None:
    log = tmp_path / "demo.out"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "agent.cli", "demo", "--keep", "--customers", "150",
             "--products", "30"],
            stdout=output, stderr=output, cwd=ROOT, env=environ(TMPDIR=str(temporary)),
        )  # fmt: skip

    def daemons() -> list[int]:
        return [int(pid) for pid in re.findall(r"daemon: process (\d+)", log.read_text())]

    try:
        wait_until(lambda: len(daemons()) == 1, within=90)
        [config] = temporary.glob("*/config.toml")
        daemon_log = config.parent / "winback.log"
        wait_until(lambda: "daemon.ready" in daemon_log.read_text())
        status = typed("status", "--config", str(config))
        assert f"runs as process {daemons()[0]}" in " ".join(status.output.split())
        assert "We miss you" in typed("report", "--config", str(config)).output
        assert typed("check", "--config", str(config)).exit_code == 0
        os.kill(daemons()[0], signal.SIGKILL)
        wait_until(lambda: daemon_log.read_text().count("daemon.ready") == 2)
        os.kill(daemons()[1], signal.SIGTERM)
        wait_until(lambda: "not started again" in log.read_text(), within=25)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    finally:
        demo.terminate()
        demo.wait(30)
    assert all(gone(pid) for pid in daemons())
    assert list(temporary.iterdir()) == []
    assert "Traceback" not in log.read_text()
