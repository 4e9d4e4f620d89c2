"""Who is told of alarms, how often, and what happens when nobody takes the news."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alarm_desk import SECRET, Desk
from mail_room import MailRoom

from agent.config import Settings
from agent.jobs.alarms import send_test, tell_alarms
from agent.jobs.alarms.watch import ways, write_down
from agent.rules.alarm_kinds import Standing
from agent.sandbox.server import Server
from models import Alarm, ShopFact, Telling

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DISK = Standing("disk", "the database's disk has 12 MB left", "make room")
SET_ASIDE = Standing("set_aside", "2 parts of webhooks could not be read", "winback inbox")


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with MailRoom() as opened:
        yield opened


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def desk_url(desk: Desk) -> Iterator[str]:
    with Server(desk) as url:
        yield url


@pytest.fixture
def by_mail(database: Path, room: MailRoom, write_settings: Callable[..., Settings]) -> Settings:
    ShopFact.put({"name": "Ana's Shop", "zone": "America/Sao_Paulo"})
    return write_settings(
        f'[alarms]\nemail_to = ["you@shop.example"]\nsmtp = "127.0.0.1:{room.port}"\n'
    )


@pytest.fixture
def by_both(
    database: Path, room: MailRoom, desk_url: str, write_settings: Callable[..., Settings]
) -> Settings:
    return write_settings(
        f'[alarms]\nemail_to = ["you@shop.example"]\nsmtp = "127.0.0.1:{room.port}"\n'
        f'webhook_url = "{desk_url}/alarms"\nwebhook_secret = "{SECRET}"\n'
    )


def tell(settings: Settings, now: datetime) -> dict[str, int]:
    return tell_alarms(settings, now=lambda: now, beat=lambda: None)


def text(letter: Any) -> str:
    return str(letter.get_payload(decode=True).decode())


def test_what_begins_together_is_one_letter_and_what_is_over_another(
    by_mail: Settings, room: MailRoom, now: datetime
) -> None:
    write_down([DISK, SET_ASIDE], ways(by_mail), now)
    assert tell(by_mail, now) == {"told": 2}
    assert tell(by_mail, now + MINUTE) == {}
    [letter] = room.letters
    assert letter["Subject"] == (
        "[winback] Ana's Shop: 2 alarms: the database's disk is nearly full"
    )
    told = text(letter)
    assert "CRITICAL: the database's disk has 12 MB left" in told
    assert "since 02 Mar 2026 09:00 -03" in told  # the shop's clock
    assert "what to do: make room" in told
    assert "WARNING: 2 parts of webhooks could not be read" in told

    write_down([DISK], ways(by_mail), now + HOUR)
    assert tell(by_mail, now + HOUR) == {"told": 1}
    assert room.letters[1]["Subject"].startswith("[winback] Ana's Shop: 1 over: parts of")
    assert "OVER: 2 parts of webhooks" in text(room.letters[1])
    assert len(room.letters) == 2


def test_the_webhook_gets_each_by_itself(by_both: Settings, desk: Desk, now: datetime) -> None:
    write_down([DISK, SET_ASIDE], ways(by_both), now)
    assert tell(by_both, now) == {"told": 4}
    write_down([], ways(by_both), now + HOUR)
    tell(by_both, now + HOUR)
    first, _, over, _ = desk.heard
    number = Alarm.get(kind="disk").id
    assert first == {
        "event": "alarm", "id": f"{number}-begins", "news": "begins", "alarm": "disk", "subject": "",
        "severity": "critical", "what": DISK.what, "fix": "make room",
        "since": "2026-03-02T12:00:00+00:00", "ended_at": None,
    }  # fmt: skip
    assert over | {"id": "", "ended_at": ""} == first | {
        "news": "is over",
        "what": f"over: {DISK.what}",
        "fix": "",
        "id": "",
        "ended_at": "",
    }
    assert over["id"] == f"{number}-over"
    assert over["ended_at"] == "2026-03-02T13:00:00+00:00"


def test_a_mail_server_that_does_not_take_it_is_asked_a_few_times_more(
    by_mail: Settings, room: MailRoom, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    room.answers["MAIL"] = "451 later"
    write_down([DISK], ways(by_mail), now)
    tries = 0
    for minutes in range(12 * 60):
        if Telling.due("email", now + minutes * MINUTE, 1, longest=DAY):
            tell(by_mail, now + minutes * MINUTE)
            tries += 1
    assert tries == 6
    assert Telling.select().count() == 0
    told = [one.message for one in caplog.records if one.message.startswith("alarm.")]
    assert told == ["alarm.begins", "alarm.not_told", "alarm.given_up"]
    assert Alarm.standing()[0].kind == "disk"  # the log and the status have it


def test_a_webhook_in_trouble_does_not_keep_the_mail(
    by_both: Settings, room: MailRoom, desk: Desk, now: datetime
) -> None:
    desk.status = "500 Broken"
    write_down([DISK, SET_ASIDE], ways(by_both), now)
    assert tell(by_both, now) == {"told": 2, "put off": 2}
    assert len(room.letters) == len(desk.heard) == 1  # the second is not tried in vain
    desk.status = "200 OK"
    assert tell(by_both, now + MINUTE) == {"told": 2}
    assert [one["alarm"] for one in desk.heard] == ["disk", "disk", "set_aside"]


def test_where_nobody_is_named_any_more_nothing_waits(
    by_mail: Settings, write_settings: Callable[..., Settings], now: datetime
) -> None:
    write_down([DISK], ways(by_mail), now)
    nobody = write_settings()
    assert ways(nobody) == ()
    assert tell(nobody, now) == {}
    assert Telling.select().count() == 0


def test_a_test_by_each_way_tells_what_went_wrong(
    by_both: Settings, room: MailRoom, desk: Desk, now: datetime
) -> None:
    assert send_test(by_both, now=now) == {"email": None, "webhook": None}
    assert "a test" in room.letters[0]["Subject"]
    assert desk.heard[0]["news"] == "test"
    room.answers["RCPT"], desk.status = "550 nobody there", "404 Not Found"
    found = send_test(by_both, now=now)
    assert "550 nobody there" in str(found["email"])
    assert "404" in str(found["webhook"])


def test_who_is_refused_does_not_make_the_others_hear_it_again(
    database: Path, room: MailRoom, write_settings: Callable[..., Settings], now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    both = write_settings(
        '[alarms]\nemail_to = ["gone@shop.example", "you@shop.example"]\n'
        f'smtp = "127.0.0.1:{room.port}"\n'
    )
    room.answers["RCPT TO:<GONE"] = "550 gone"
    write_down([DISK], ways(both), now)
    assert tell(both, now) == {"told": 1}
    assert room.recipients == [["you@shop.example"]]
    assert "alarm.not_everybody" in [one.message for one in caplog.records]
    assert "1 of 2 addresses: 550 gone" in str(send_test(both, now=now)["email"])


def test_a_clock_that_was_ahead_silences_nobody(
    by_mail: Settings, room: MailRoom, now: datetime
) -> None:
    room.answers["MAIL"] = "451 later"
    write_down([DISK], ways(by_mail), now + 400 * DAY)
    tell(by_mail, now + 400 * DAY)
    room.answers.clear()
    assert tell(by_mail, now) == {"told": 1}


def test_news_of_what_nobody_knows_any_more_keep_no_other_back(
    by_mail: Settings, now: datetime
) -> None:
    for number in range(60):
        Telling.insert(
            alarm_id=9_000 + number, way="email", news="begins", created_at=now, not_before=now
        ).execute()
    write_down([DISK], ways(by_mail), now)
    tell(by_mail, now)
    assert tell(by_mail, now) == {"told": 1}
    assert Telling.select().count() == 0


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from agent.config import load
from agent.jobs.alarms import tell_alarms
from models.base import open_database
open_database(sys.argv[1])
now = datetime.fromisoformat(sys.argv[3])
tell_alarms(load(Path(sys.argv[2]), environ={}), now=lambda: now, beat=lambda: None)
"""


def test_a_kill_between_the_letter_and_the_table_is_one_letter_too_many_at_most(
    by_mail: Settings, room: MailRoom, database: Path, now: datetime
) -> None:
    write_down([DISK], ways(by_mail), now)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(database), str(by_mail.path), now.isoformat()],
        env=os.environ | {"WINBACK_TEST_KILL_AT": "alarm told:1"}, check=False, timeout=30,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    assert len(room.letters) == 1
    assert tell(by_mail, now + MINUTE) == {"told": 1}
    assert tell(by_mail, now + HOUR) == {}
    assert len(room.letters) == 2
