"""winback once: one job now, beside the daemon and without it, with what came of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_process import ROOT, DaemonProcess, environ
from sending_world import World, message
from typing_in import typed

from agent.commands.once import wait_for
from agent.database import owned
from agent.errors import AlreadyRunning
from agent.service import Service, WallClock
from models import Asking, Heartbeat, JobRun, Pause
from models.base import close_database, open_database
from models.delivery import MARKETING


def once(world: World, *words: str) -> tuple[int, str]:
    """Exit code, and what it told; the database is open afterwards."""
    path = world.settings_as_written().database.path
    result = typed("once", *words, "--config", str(world.config))
    open_database(path)
    told = result.output + (str(result.exception) if result.exception else "")
    return result.exit_code, " ".join(told.split())


@pytest.fixture
def made(world: World, migrated: Path) -> World:
    """With a database that knows the shop, and nobody who works on it."""
    settings = world.settings()
    shutil.copy(migrated, settings.database.path)
    with owned(settings.database.path):
        world.learn_the_shop(settings)
    return world


def test_without_a_daemon_it_runs_the_job_itself(made: World) -> None:
    open_database(made.settings_as_written().database.path)
    made.queue(2)
    close_database()
    code, told = once(made, "send")
    assert (code, "send: done in" in told, "accepted: 2" in told) == (0, True, True), told
    assert JobRun.newest("send") is not None
    assert (Asking.get().outcome, Asking.get().result["accepted"]) == ("ok", 2)


def test_pauses_hold_as_ever(made: World) -> None:
    open_database(made.settings_as_written().database.path)
    [uid] = made.queue(1)
    Pause.put(MARKETING, "operator", "", now=made.clock.now())
    close_database()
    assert once(made, "send")[0] == 0
    assert message(uid).state == "queued"


def test_what_waits_is_told_with_what_for(made: World) -> None:
    """Fault: "there was nothing to do" while a night's messages waited for the morning."""
    path = made.settings_as_written().database.path
    made.write_config(limits__quiet_from="00:00", limits__quiet_until="23:59")
    open_database(path)
    made.queue(3)
    close_database()
    code, told = once(made, "send")
    assert code == 0
    assert "held for quiet hours: 3" in told
    assert "3 wait for the end of the quiet hours, the first until" in told
    close_database()
    assert "none could leave 3 wait for the end of the quiet hours" in once(made, "send")[1]
    Pause.put(MARKETING, "operator", "stocktaking", now=made.clock.now())
    close_database()
    told = once(made, "send")[1]
    assert "3 wait because this is paused by you: stocktaking -> winback resume" in told


def test_nothing_to_do_is_said_where_nothing_waits(made: World) -> None:
    assert "there was nothing to do" in once(made, "send")[1]


def test_no_campaign_runs_on_an_old_mirror(made: World) -> None:
    code, told = once(made, "campaigns")
    assert (code, "cannot run yet, it waits for all orders" in told) == (75, True), told
    assert once(made, "poll")[0] == 0
    code, told = once(made, "campaigns")
    assert code == 0, told


def test_what_fails_says_why_and_what_to_do(made: World) -> None:
    made.write_config(shop__key="ck_of_another_shop")
    code, told = once(made, "poll")
    assert (code, "poll: failed:" in told, "->" in told) == (1, True, True), told
    assert "Traceback" not in told


def test_the_jobs_are_listed_and_another_is_none(made: World) -> None:
    code, told = once(made, "--list")
    assert code == 0
    assert "campaigns once a day from 09:00" in told
    code, told = once(made, "cleaning")
    assert (code, "there is no job 'cleaning'" in told) == (1, True)
    assert once(made)[0] == once(made, "send", "--list")[0] == 2


@pytest.mark.long
def test_a_running_daemon_does_it_and_tells(made: World) -> None:
    with DaemonProcess(made.config).ready():
        code, told = once(made, "attribution")
        assert (code, "attribution: done in" in told) == (0, True), told
        assert once(made, "housekeeping")[0] == 0
        assert {one.outcome for one in Asking.select()} == {"ok"}
        assert JobRun.newest("housekeeping") is not None


def test_who_asked_another_that_ended_first_is_told_to_type_it_again(made: World) -> None:
    """As where two `winback once` are typed at the same time: the second takes the first for the daemon."""
    path = made.settings_as_written().database.path
    first = subprocess.Popen(
        [
            sys.executable, "-c",
            "import pathlib, sys, time\nfrom datetime import UTC, datetime\n"
            "from agent.database import owned\nfrom models import Asking\n"
            "with owned(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n"
            "    while not Asking.select().exists():\n        time.sleep(0.02)\n"
            "    Asking.leave(datetime.now(UTC))\n",
            str(path),
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environ(),
    )  # fmt: skip
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        code, told = once(made, "send")
        assert (code, "send: not begun" in told, "winback once send" in told) == (75, True, True), (
            told
        )
    finally:
        first.kill()
        first.communicate()


def test_nobody_who_could_do_it_is_said_and_the_question_taken_back(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.commands.once.PATIENCE", 0.1)
    path = made.settings_as_written().database.path
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import pathlib, sys, time\nfrom agent.database import held\n"
            "with held(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)",
            str(path),
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environ(),
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        code, told = once(made, "send")
        assert (code, "does not begin send" in told) == (1, True), told
        assert [(one.outcome, one.job) for one in Asking.select()] == [("stopped", "send")]
    finally:
        holder.kill()
        holder.communicate()


def test_a_daemon_that_dies_in_the_middle_is_not_waited_for(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.commands.once.PATIENCE", 0.1)
    path = made.settings_as_written().database.path
    now = WallClock().now()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with owned(path):
        Heartbeat.beat(pid=gone.pid, version="0", started_at=now, beat_at=now, listening="")
        number = Asking.put("send", now)
        assert Asking.begin(number, now)
        with pytest.raises(AlreadyRunning, match="ended before"):
            wait_for("send", number, Service(WallClock()), AlreadyRunning("another", fix=""))
        assert Asking.get_by_id(number).outcome == "stopped"
