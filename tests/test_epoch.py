"""A database of the past is found out, and one of the present never is: whenever the process dies."""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon_process import ROOT, environ

from agent import epoch
from agent.epoch import LONGEST_GAP, Life, standing_doubt
from agent.marks import beside, read_marks, write_marks
from models import Contact, Cursor, Epoch, Heartbeat, Message, Pause, ShopFact
from models.base import close_database, open_database, wait_for_writers
from models.delivery import MARKETING

HOUR = timedelta(hours=1)


class Machine:
    """A database and the lives of daemons on it."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.now = path, now
        self.life = Life(path)
        Contact.insert(id=7, phone="+12025550107", created_at=now).execute()
        ShopFact.put({"zone": "America/New_York"})

    def start(self) -> None:
        """As the daemon does."""
        self.life = Life(self.path)
        self.life.begin(self.now)
        self.beat()

    def beat(self) -> None:
        Heartbeat.beat(
            pid=1, version="0.1.0", started_at=self.now, beat_at=self.now, stopped_at=None
        )
        self.life.renew()

    def later(self, length: timedelta) -> None:
        self.now += length

    def poll(self, *, ahead: timedelta = timedelta(0)) -> None:
        """The shop was asked for its orders; its clock is so much ahead of ours."""
        cursor = Cursor.named("orders")
        cursor.since, cursor.polled_at = self.now + ahead, self.now
        cursor.save()

    def message(self, uid: str, state: str = "queued", **columns: Any) -> None:
        row = {
            "uid": uid, "contact_id": 7, "campaign": "we_miss_you", "subject": uid,
            "period": "2026-03-02", "template": "x", "language": "en", "state": state,
            "cap_day": "2026-01-01", "created_at": self.now, "not_before": self.now,
            "expires_at": self.now + timedelta(days=3),
        }  # fmt: skip
        Message.insert(row | columns).execute()

    def copy(self, name: str) -> Path:
        """What `sqlite3 .backup` makes: it knows nothing of marks."""
        target = self.path.with_name(name)
        with closing(sqlite3.connect(self.path)) as own, closing(sqlite3.connect(target)) as copy:
            own.backup(copy)
        return target

    def put_back(self, copy: Path) -> None:
        """As somebody does by hand, between two lives."""
        close_database()
        for end in ("-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
        shutil.copy(copy, self.path)
        open_database(self.path)


@pytest.fixture
def machine(database: Path, now: datetime) -> Machine:
    return Machine(database, now)


def is_restored() -> bool:
    doubt = standing_doubt()
    return doubt is not None and not doubt.suspected


def is_suspected() -> bool:
    doubt = standing_doubt()
    return doubt is not None and doubt.suspected


# what is in order


def test_the_first_start_and_those_after_it_find_nothing(machine: Machine) -> None:
    for _ in range(3):
        machine.start()
        machine.message(f"m{machine.now}")
        machine.later(timedelta(minutes=5))
    assert standing_doubt() is None
    [mark] = read_marks(beside(machine.path)) or ()
    assert mark == Epoch.get().mark


def test_a_database_of_before_there_were_marks_is_not_suspect(machine: Machine) -> None:
    machine.message("old", "read")
    machine.start()
    assert standing_doubt() is None


def test_the_file_is_its_owners_only_and_says_what_it_is_for(machine: Machine) -> None:
    machine.start()
    file = beside(machine.path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "out of backups" in file.read_text()


@pytest.mark.parametrize("dies_after", ["nothing", "first write", "commit", "second write"])
def test_death_between_the_writes_of_a_renewal_is_no_restore_and_hides_none(
    machine: Machine, dies_after: str
) -> None:
    # given a life that sent something after a copy was made of it, and then its last renewal
    machine.start()
    copy = machine.copy("copy.db")
    machine.message("sent", "read")
    machine.beat()
    old, file = Epoch.get().mark, beside(machine.path)
    if dies_after != "nothing":
        write_marks(file, "new", old)
    if dies_after in {"commit", "second write"}:
        Epoch.put(mark="new")
    if dies_after == "second write":
        write_marks(file, "new")
    # when the next one begins, nothing is found
    machine.start()
    assert standing_doubt() is None
    # and the copy is found out all the same
    machine.put_back(copy)
    machine.start()
    assert is_restored()


RENEWS = """
import sys
from pathlib import Path
from agent.epoch import Life
from models.base import open_database
path = Path(sys.argv[1])
open_database(path)
print("begun", flush=True)
while True:
    Life(path).renew()
"""


@pytest.mark.long
def test_killed_at_any_moment_it_never_takes_itself_for_restored(machine: Machine) -> None:
    machine.start()
    machine.message("sent", "read")
    changed = 0
    for number in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", RENEWS, str(machine.path)],
            stdout=subprocess.PIPE, cwd=ROOT, env=environ(),
        )  # fmt: skip
        with child:
            assert child.stdout is not None
            child.stdout.readline()
            before = Epoch.get().mark
            time.sleep(0.02 + number * 0.0137)
            child.kill()
        changed += Epoch.get().mark != before
        machine.start()
        assert standing_doubt() is None
    assert changed


def test_a_renewal_that_the_database_refused_is_made_up_for(machine: Machine) -> None:
    machine.start()
    machine.message("sent", "read")
    with closing(sqlite3.connect(machine.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_for_writers(0.01)
        for _ in range(3):
            with pytest.raises(Exception, match="locked"):
                machine.life.renew()
        other.execute("ROLLBACK")
    machine.start()
    machine.beat()
    assert standing_doubt() is None


def test_a_file_that_cannot_be_written_is_told_once_and_tried_again(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.start()
    obstacle = Path(f"{beside(machine.path)}.new")
    obstacle.mkdir()
    machine.beat()
    machine.beat()
    assert [one.message for one in caplog.records] == ["epoch.unwritten"]
    obstacle.rmdir()
    machine.beat()
    machine.start()
    assert standing_doubt() is None


# what is not


def test_a_copy_put_back_by_hand_is_found_out_also_of_the_same_life(machine: Machine) -> None:
    machine.start()
    machine.message("sent", "read")
    copy = machine.copy("copy.db")
    machine.later(timedelta(seconds=30))
    machine.beat()
    machine.put_back(copy)
    machine.start()
    assert is_restored()


def test_without_the_file_a_database_that_wrote_to_somebody_is_a_restored_one(
    machine: Machine,
) -> None:
    machine.start()
    beside(machine.path).unlink()
    machine.start()
    assert standing_doubt() is None  # it never wrote to anybody
    machine.message("sent", "read")
    beside(machine.path).unlink()
    machine.start()
    assert is_restored()


def test_a_database_that_was_emptied_knows_nobody_and_is_held(machine: Machine) -> None:
    machine.start()
    Epoch.delete().execute()
    Heartbeat.delete().execute()
    machine.start()
    assert is_restored()


def test_what_a_restored_database_would_send_is_given_up_and_everybody_was_written_to(
    machine: Machine,
) -> None:
    machine.message("waits")
    machine.message("news", kind="order_news")
    machine.message("gone", "cancelled")
    machine.start()
    began = machine.now
    copy = machine.copy("copy.db")
    machine.later(HOUR / 2)
    machine.beat()
    machine.put_back(copy)
    machine.later(timedelta(hours=14))  # 02:30 in London, still the evening before in New York
    machine.start()
    states = {one.uid: one.state for one in Message.select()}
    assert states == {"waits": "abandoned", "news": "abandoned", "gone": "cancelled"}
    assert Message.get(Message.uid == "waits").detail == epoch.NOT_SENT
    kept = Epoch.get()
    assert kept.restored_on == "2026-03-02"
    assert kept.known_until == began
    assert Message.cap_days([7, 8], date(2026, 3, 1))[8] == [(0, "2026-03-02")]
    assert Message.cap_days([8], date(2026, 3, 3)) == {}
    [hold] = Pause.in_force(machine.now)
    assert (hold.scope, hold.source, hold.until) == (MARKETING, "restore", None)


def test_what_people_said_in_the_shop_meanwhile_is_asked_for_anew(machine: Machine) -> None:
    # given a sweep in the middle: what it has read was read in the past
    machine.message("sent", "read")
    machine.start()
    sweep = Cursor.named("sweep customers")
    sweep.hurry, sweep.walked, sweep.last_id, sweep.walk_began = True, 300, 912, machine.now
    sweep.save()
    beside(machine.path).unlink()
    machine.start()
    for name in ("sweep customers", "sweep orders"):
        again = Cursor.named(name)
        assert (again.hurry, again.walked, again.last_id, again.walk_began) == (True, 0, 0, None)
    doubt = standing_doubt()
    assert doubt is not None
    assert "customers and orders are read again" in doubt.what


def test_it_is_told_at_each_start_until_it_is_done(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.message("sent", "read")
    machine.start()
    beside(machine.path).unlink()
    for _ in range(2):
        machine.start()
    told = [one for one in caplog.records if one.message == "database.restored"]
    assert len(told) == 2
    assert {one.levelname for one in told} == {"ERROR"}
    epoch.end_hold()
    machine.start()
    assert len([one for one in caplog.records if one.message == "database.restored"]) == 2
    assert Epoch.get().restored_on == "2026-03-02"  # the caps remember it


# gaps


@pytest.mark.parametrize(
    ("off", "suspect"), [(LONGEST_GAP, False), (LONGEST_GAP + timedelta(seconds=1), True)]
)
def test_over_an_hour_without_a_sign_of_life_asks_the_operator(
    machine: Machine, off: timedelta, suspect: bool
) -> None:
    machine.message("waits")
    machine.start()
    machine.later(off)
    machine.start()
    assert is_suspected() is suspect
    assert Message.get().state == "queued"  # nothing is given up on a suspicion
    assert Message.due(machine.now, 9) == ([] if suspect else [Message.get()])
    if suspect:
        assert epoch.absolve()
        assert Message.due(machine.now, 9) == [Message.get()]
        assert Epoch.get().restored_on == ""


def test_a_suspicion_outlives_another_start(machine: Machine) -> None:
    machine.start()
    machine.later(2 * HOUR)
    machine.start()
    machine.later(timedelta(minutes=1))
    machine.start()
    assert is_suspected()


def test_a_suspicion_that_is_confirmed_counts_from_that_day(machine: Machine) -> None:
    machine.message("waits")
    machine.start()
    began = machine.now
    machine.later(24 * HOUR)
    machine.start()
    epoch.treat_as_restored(machine.now)
    assert is_restored()
    assert Message.get().state == "abandoned"
    assert Epoch.get().restored_on == "2026-03-03"
    assert Epoch.get().known_until == began
    assert not epoch.absolve()


def test_a_clock_that_was_wrong_is_told_by_the_shops_and_marketing_goes_on(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """The machine starts with a clock that is three hours ahead."""
    machine.start()
    machine.poll()
    machine.later(timedelta(minutes=2) + 3 * HOUR)
    machine.start()
    assert is_suspected()
    machine.beat()
    assert is_suspected()  # the shop has not answered yet
    machine.poll(ahead=-3 * HOUR)
    machine.beat()
    assert standing_doubt() is None
    assert "clock.was_wrong" in [one.message for one in caplog.records]


def test_a_gap_that_a_clock_set_back_would_hide_is_found_by_the_shops(machine: Machine) -> None:
    machine.start()
    machine.poll()
    machine.later(timedelta(minutes=2))  # by our clock; five hours by the shop's
    machine.start()
    assert standing_doubt() is None
    machine.poll(ahead=5 * HOUR)
    machine.beat()
    assert is_suspected()


def test_a_shop_whose_clock_agrees_confirms_the_gap(machine: Machine) -> None:
    machine.start()
    machine.poll()
    machine.later(3 * HOUR)
    machine.start()
    machine.poll()
    machine.beat()
    assert is_suspected()


def test_what_the_operator_has_answered_is_not_asked_again_by_the_shops_clock(
    machine: Machine,
) -> None:
    machine.start()
    machine.poll()
    machine.later(3 * HOUR)
    machine.start()
    epoch.treat_as_restored(machine.now)
    machine.poll(ahead=-3 * HOUR)
    machine.beat()
    assert is_restored()


def test_a_memory_that_was_put_back_with_the_machine_is_noticed_without_a_start(
    machine: Machine,
) -> None:
    """A snapshot of a running machine: the same process goes on, hours later."""
    machine.start()
    machine.poll()
    machine.life.look(machine.now, 100.0)
    machine.life.look(machine.now + timedelta(minutes=50), 100.5)
    assert standing_doubt() is None
    machine.later(6 * HOUR)
    machine.life.look(machine.now, 101.0)
    assert is_suspected()


def test_a_process_that_was_only_stopped_is_not_suspect(machine: Machine) -> None:
    machine.start()
    machine.life.look(machine.now, 100.0)
    machine.life.look(machine.now + 6 * HOUR, 100.0 + 6 * 3600)
    assert standing_doubt() is None


def test_the_moments_are_told_in_utc(machine: Machine) -> None:
    machine.start()
    machine.now = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    machine.start()
    doubt = standing_doubt()
    assert doubt is not None
    assert "from 02 Mar 2026 12:00 UTC to 02 Mar 2026 18:30 UTC" in doubt.what


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    close_database()
