"""A database or a whole machine is put back as it was, and nobody gets a message twice.

The real daemon, in a process of its own: it sends, a copy is put back that knows nothing of it, and it
is started again. The sandbox counts what arrived.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, run_winback
from sending_world import World, message, states, wait_until

from agent.sandbox.clock import WallClock
from models import Contact, Cursor, Epoch, Heartbeat, Message, Pause
from models.base import close_database, open_database
from models.delivery import MARKETING

PutBack = Callable[[World], None]


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        world.learn_the_shop(world.settings(timetable__poll="1s"))
        yield world


def live(world: World, *, until: Callable[[], object]) -> DaemonProcess:
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        wait_until(until)
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log
    return daemon


def winback(world: World, *words: str, exit_code: int = 0) -> str:
    ended = run_winback(*words, "--config", str(world.config))
    assert ended.returncode == exit_code, ended.stderr
    return ended.stdout


class Past:
    """What is kept of the state folder, and put back later."""

    def __init__(self, world: World) -> None:
        self.folder = world.folder
        self.kept = world.folder / "kept"

    def keep_folder(self) -> None:
        """A snapshot: database, log and mark, while nobody works."""
        self.kept.mkdir()
        for file in self.folder.glob("winback.db*"):
            shutil.copy(file, self.kept)

    def put_folder_back(self) -> None:
        close_database()
        for file in self.folder.glob("winback.db*"):
            file.unlink()
        for file in self.kept.iterdir():
            shutil.copy(file, self.folder)
        open_database(self.folder / "winback.db")


def age(file: Path, length: timedelta) -> None:
    """The copy is so old: all that dates it is."""
    moment = f"{datetime.now(UTC) - length:%Y-%m-%d %H:%M:%S.000000}"
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("UPDATE heartbeat SET beat_at = ?, stopped_at = ?", (moment, moment))
        copy.execute("UPDATE epoch SET known_until = ? WHERE known_until IS NOT NULL", (moment,))
        copy.commit()


def nobody_hears_twice(world: World) -> None:
    """Also not of what is decided and queued from now on: the last look before the send knows."""
    before = len(world.whatsapp.accepted)
    for one in list(Contact.select()):
        world.queue(contact_id=one.id, subject="again", period="2026-01-01")
    live(world, until=lambda: not Message.due(world.clock.now(), 1))
    assert len(world.whatsapp.accepted) == before
    assert set(world.whatsapp.accepted_by_intent.values()) == {1}


@pytest.mark.long
@pytest.mark.parametrize("age_of_copy", [timedelta(hours=1), timedelta(days=1)])
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_backup_is_put_back_after_sends_that_it_does_not_know(
    world: World, age_of_copy: timedelta, by_hand: bool
) -> None:
    # given a life that knows the accounts, a copy with messages that wait, and their sending since
    live(world, until=lambda: Cursor.named("customers").since)
    uids = world.queue(4)
    copy = world.folder / "copy.db"
    winback(world, "backup", str(copy))
    if by_hand:  # what other tools make has no mark of a copy
        with closing(sqlite3.connect(copy)) as other:
            other.execute("UPDATE epoch SET known_until = NULL, mark = (?)", (Epoch.get().mark,))
            other.commit()
    age(copy, age_of_copy)
    live(world, until=lambda: states()["accepted"] == 4)
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    # when it is put back
    close_database()
    if by_hand:
        for end in ("-wal", "-shm"):
            (world.folder / f"winback.db{end}").unlink(missing_ok=True)
        shutil.copy(copy, world.folder / "winback.db")
    else:
        winback(world, "restore", str(copy))
    open_database(world.folder / "winback.db")
    daemon = live(world, until=lambda: not Cursor.select().where(Cursor.hurry).exists())
    # then nothing goes out twice, the operator is told, and the shop was asked for what people said
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    assert states() == {"abandoned": 4}
    told = daemon.wait_for("database.restored")
    assert "level=error" in told
    known = datetime.now(UTC) - age_of_copy
    assert f"{known:%d %b %Y %H:}" in told or f"{known - timedelta(minutes=2):%d %b %Y %H:}" in told
    assert "winback consent import" in told
    assert "MARKETING IS HELD" in winback(world, "status", exit_code=1)  # which monitoring sees
    # and when the operator lets it go on, still nobody hears twice
    assert winback(world, "restored", "--done") == "marketing is not held any more\n"
    nobody_hears_twice(world)


@pytest.mark.long
def test_a_stop_that_an_account_holds_is_heard_again_after_a_restore(world: World) -> None:
    # given an account that agreed, a copy, and its withdrawal
    number = world.shop.add_customer(
        first_name="Ana", last_name="B", email="ana@example.com", phone="+15125550111",
        country="US", meta={"winback_marketing": "yes"},
    )  # fmt: skip
    live(world, until=lambda: Contact.select().where(Contact.marketing == "yes").exists())
    copy = world.folder / "copy.db"
    winback(world, "backup", str(copy))
    world.shop.update_customer(number, meta={"winback_marketing": "withdrawn"})
    # when the copy is put back, which has read the account before
    close_database()
    winback(world, "restore", str(copy))
    open_database(world.folder / "winback.db")
    # then it is read again at once
    live(world, until=lambda: Contact.select().where(Contact.marketing == "no").exists())


@pytest.mark.long
def test_a_snapshot_of_the_whole_folder_is_put_back_after_sends_that_it_does_not_know(
    world: World,
) -> None:
    past = Past(world)
    live(world, until=lambda: True)
    uids = world.queue(4)
    Heartbeat.update(beat_at=datetime.now(UTC) - timedelta(hours=2)).execute()
    close_database()
    past.keep_folder()
    open_database(world.folder / "winback.db")
    Heartbeat.update(beat_at=datetime.now(UTC)).execute()
    live(world, until=lambda: states()["accepted"] == 4)
    # when database, log and mark are put back together
    past.put_folder_back()
    assert states() == {"queued": 4}
    daemon = live(world, until=lambda: Pause.scopes(world.clock.now()) == {MARKETING})
    assert "winback restored --yes" in daemon.wait_for("database.may_be_old")
    # nothing leaves until the operator has said that it was put back, and nothing afterwards
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    assert states() == {"queued": 4}
    winback(world, "restored", "--yes")
    assert states() == {"abandoned": 4}
    winback(world, "restored", "--done", "--force")
    nobody_hears_twice(world)


@pytest.mark.long
def test_a_machine_that_was_only_off_sends_what_waits_after_the_answer(world: World) -> None:
    live(world, until=lambda: True)
    uids = world.queue(4)
    Heartbeat.update(beat_at=datetime.now(UTC) - timedelta(hours=2)).execute()
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        daemon.wait_for("database.may_be_old")
        assert world.whatsapp.accepted == []
        winback(world, "restored", "--no")  # beside the daemon
        wait_until(lambda: states()["accepted"] == 4)
        assert daemon.stop() == 0
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)


@pytest.mark.long
def test_killed_in_the_middle_of_sending_is_no_restore(world: World) -> None:
    world.whatsapp.latency = 0.2
    for _ in range(3):
        world.queue(30)
        before = len(world.whatsapp.accepted)
        with DaemonProcess(world.config) as daemon:
            wait_until(lambda before=before: len(world.whatsapp.accepted) > before)
            daemon.kill()
            assert "database." not in daemon.log
    assert set(world.whatsapp.accepted_by_intent.values()) == {1}


@pytest.mark.long
def test_a_status_still_settles_what_a_restored_database_gave_up(world: World) -> None:
    """It was sent in the life that is lost, and carries our own id."""
    [uid] = world.queue()
    live(world, until=lambda: True)  # the first marks
    copy = world.folder / "copy.db"
    [other] = world.queue()
    Message.update(not_before=world.clock.now() + timedelta(hours=9)).where(
        Message.uid == other
    ).execute()
    winback(world, "backup", str(copy))
    Message.update(not_before=world.clock.now()).where(Message.uid == other).execute()
    live(world, until=lambda: message(other).state == "accepted")
    close_database()
    winback(world, "restore", str(copy))
    open_database(world.folder / "winback.db")
    assert message(other).state == "abandoned"
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        world.whatsapp.subscribe(f"{daemon.url}/webhooks/whatsapp")
        wait_until(lambda: world.whatsapp.deliver_due() or message(other).state == "delivered")
        wait_until(lambda: message(other).state in {"sent", "delivered"})
        assert daemon.stop() == 0
    assert world.whatsapp.accepted_by_intent == {uid: 1, other: 1}
