"""winback alarms, and what the status makes of those that stand."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_room import MailRoom
from sending_world import World
from typing_in import typed

from agent.commands.status import as_json as status_json
from agent.database import owned
from agent.errors import ConfigError
from agent.jobs.alarms.watch import write_down
from agent.rules.alarm_kinds import Standing
from models import Alarm, Heartbeat, JobRun, Telling

HOUR = timedelta(hours=1)
DISK = Standing("disk", "the database's disk has 12 MB left", "make room")


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with MailRoom() as opened:
        yield opened


@pytest.fixture
def config(world: World, room: MailRoom) -> Path:
    with owned(world.folder / "winback.db"):
        pass
    return world.write_config(
        alarms__email_to=["you@shop.example"], alarms__smtp=f"127.0.0.1:{room.port}"
    )


def now() -> datetime:
    """The commands read the real clock."""
    return datetime.now(UTC)


def lives() -> None:
    Heartbeat.beat(
        pid=os.getpid(), version="0.1.0", started_at=now() - HOUR, beat_at=now(), stopped_at=None,
        listening="127.0.0.1:8321",
    )  # fmt: skip


def alarms(config: Path, *more: str) -> str:
    done = typed("alarms", "--config", str(config), *more)
    assert done.exit_code == 0, done.output
    return done.output


def test_where_none_stands_it_says_so(config: Path) -> None:
    assert alarms(config) == "no alarm stands\n"


def test_those_that_stand_and_those_that_are_over(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        gone = Standing("set_aside", "2 parts could not be read", "winback inbox")
        write_down([gone, DISK], [], now() - 3 * HOUR)
        write_down([DISK], [], now() - 2 * HOUR)
        Telling.put(Alarm.standing()[0], ["email"], "begins", now())
        Telling.update(trouble="the mail server says 451 later").execute()
    first, remedy, over, untold = alarms(config).splitlines()
    moment = r"\d\d \w{3} \d\d:\d\d"  # it was seen two hours ago, and may be gone
    assert re.match(rf"CRITICAL  since {moment}, last seen {moment}  the database's disk", first)
    assert remedy.strip() == "-> make room"
    assert over.startswith("over ")
    assert "2 parts could not be read" in over
    assert untold == "not told yet by e-mail: the mail server says 451 later"
    told = json.loads(alarms(config, "--json"))
    assert [one["alarm"] for one in told["standing"]] == ["disk"]
    assert [one["alarm"] for one in told["recent"]] == ["set_aside"]
    assert told["recent"][0]["ended_at"].endswith("+00:00")


def test_a_test_arrives_or_says_why_not(config: Path, room: MailRoom) -> None:
    assert alarms(config, "--test") == "e-mail: taken; see that it arrives\n"
    assert len(room.letters) == 1
    room.answers["RCPT"] = "550 nobody there"
    done = typed("alarms", "--test", "--config", str(config))
    assert done.exit_code == 1
    assert "550 nobody there" in done.output
    assert "-> see email_to" in done.output


def test_a_test_where_nobody_is_named(world: World, config: Path) -> None:
    done = typed("alarms", "--test", "--config", str(world.write_config()))
    assert isinstance(done.exception, ConfigError)
    assert "email_to" in str(done.exception)


def test_check_asks_the_mail_server(world: World, config: Path, room: MailRoom) -> None:
    done = typed("check", "--config", str(config))
    assert f"the mail server 127.0.0.1:{room.port} answers" in done.output
    assert room.letters == []
    room.answers["CONNECT"] = "554 go away"
    done = typed("check", "--config", str(config))
    assert "note  alarms    alarms by e-mail: the mail server" in done.output
    on = world.write_config(alarms__webhook_url="https://desk.example/alarms")
    assert "alarms go to https://desk.example/alarms" in typed("check", "--config", str(on)).output


def test_the_exit_code_of_status_is_for_monitoring(config: Path) -> None:
    def code() -> int:
        return typed("status", "--config", str(config)).exit_code

    assert code() == 1  # it never ran
    with owned(config.parent / "winback.db"):
        lives()
    assert code() == 0
    with owned(config.parent / "winback.db"):
        write_down([DISK], [], now())
    assert code() == 1


def test_alarms_are_the_first_that_status_tells(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        write_down([DISK], [], now())
    told = typed("status", "--config", str(config)).output
    assert told.startswith("ALARM")
    assert "-> make room" in told[: told.index("daemon")]
    assert "last seen" not in told
    with owned(config.parent / "winback.db"):
        Alarm.update(last_at=now() - timedelta(minutes=4)).execute()
    assert ", last seen " in " ".join(typed("status", "--config", str(config)).output.split())


def document(config: Path) -> dict[str, Any]:
    told = json.loads(typed("status", "--json", "--config", str(config)).output)
    assert isinstance(told, dict)
    return told


def test_status_as_json_is_as_it_is_documented(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        lives()
        write_down([DISK], [], now())
        JobRun.write(
            "poll", started_at=now(), ended_at=now(), outcome="failed", trouble="no answer",
            fix="see the shop",
        )  # fmt: skip
    told = document(config)
    documented = re.findall(r"^    (\w+(?:, \w+)*)  ", status_json.__doc__ or "", re.MULTILINE)
    assert list(told) == [name for line in documented for name in line.split(", ")]
    assert told["well"] is False
    assert told["alarms"][0] | {"since": ""} == {
        "alarm": "disk", "subject": "", "severity": "critical", "what": DISK.what,
        "fix": "make room", "since": "",
    }  # fmt: skip
    assert told["daemon"]["runs"] is True
    assert told["campaigns"]["we_miss_you"] == {"enabled": True, "trouble": None, "trial": None}
    assert told["jobs"]["poll"]["fix"] == "see the shop"


@pytest.mark.long
def test_watch_draws_anew_until_it_is_ended(config: Path) -> None:
    """A process of its own, because it listens to signals."""
    with owned(config.parent / "winback.db"):
        lives()
    command = [sys.executable, "-m", "agent.cli", "status", "--watch", "--every", "0.5"]
    with subprocess.Popen(
        [*command, "--config", str(config)], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm"},
    ) as watch:  # fmt: skip
        assert watch.stdout is not None
        drawn = 0
        for line in watch.stdout:
            drawn += "daemon" in line
            if drawn == 2:
                watch.send_signal(signal.SIGINT)
                break
        watch.stdout.read()
    assert watch.returncode == 0


def test_watching_and_json_do_not_go_together(config: Path) -> None:
    done = typed("status", "--watch", "--json", "--config", str(config))
    assert done.exit_code == 2
    assert "does not go with --json" in done.output


def test_a_mistake_in_the_config_hides_neither_alarms_nor_the_status(
    world: World, config: Path
) -> None:
    with owned(config.parent / "winback.db"):
        write_down([DISK], [], now())
    wrong = world.write_config(limits__per_7_days="many")
    for command in ("alarms", "status"):
        done = typed(command, "--config", str(wrong))
        assert DISK.what in done.output, done.output
        assert "the config has 1 mistake" in done.output
    assert isinstance(typed("alarms", "--test", "--config", str(wrong)).exception, ConfigError)
