"""winback backup, restore and restored: whole copies, safely put back, and clear words about trouble."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from daemon_process import ROOT, environ
from playhouse.migrations import Runner
from sending_world import World
from typing_in import typed

from agent import backups
from agent.consent import Heard, forget_words, record, stands
from agent.database import owned, shared
from agent.epoch import COPY, Life, standing_doubt
from agent.errors import AlreadyRunning, BadInput, DatabaseTrouble
from agent.forgetting import forget
from agent.jobs.departed import forget_departed
from agent.marks import beside, read_marks
from agent.person import person_of
from agent.person_key import person_key
from agent.restoring import put_back
from models import (
    Confirmation,
    Contact,
    Cursor,
    Epoch,
    Erased,
    Forward,
    Heartbeat,
    Link,
    Message,
    Order,
    Pause,
    ShopFact,
    Statement,
)
from models.base import MIGRATIONS, close_database, open_database, transaction
from models.base import database as handle
from models.delivery import MARKETING

PHONE = "+447700900123"


def now() -> datetime:
    """The commands read the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def config(world: World) -> Path:
    return world.write_config()


@pytest.fixture
def path(world: World, config: Path) -> Path:
    """A database that a daemon has worked on, with one message that waits."""
    path = world.folder / "winback.db"
    with owned(path):
        ShopFact.put({"zone": "Europe/London"})
        world.contact(PHONE)
        world.queue()
        live(path)
    return path


def live(path: Path) -> None:
    """What a life of the daemon does to the marks."""
    life = Life(path)
    life.begin(now())
    Heartbeat.beat(pid=1, version="0.1.0", started_at=now(), beat_at=now(), stopped_at=now())
    life.renew()


def run(config: Path, *words: str) -> Result:
    return typed(*words, "--config", str(config))


def looks_at(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)


# the copy


def test_a_copy_is_whole_for_its_owner_only_and_one_file(config: Path, path: Path) -> None:
    copy = path.with_name("copy.db")
    with owned(path):  # beside a daemon
        ended = run(config, "backup", str(copy))
    assert ended.exit_code == 0, ended.output
    assert "copy.db" in ended.output
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in path.parent.glob("copy.db*")) == ["copy.db"]
    with closing(looks_at(copy)) as eyes:
        assert eyes.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert eyes.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert eyes.execute("SELECT state FROM message").fetchall() == [("queued",)]
        [(mark,)] = eyes.execute("SELECT mark FROM epoch").fetchall()
    assert mark.startswith(COPY)
    with shared(path):
        assert not Epoch.get().mark.startswith(COPY)


def test_what_is_there_is_written_over_only_by_force(config: Path, path: Path) -> None:
    copy = path.with_name("copy.db")
    copy.write_text("precious")
    ended = run(config, "backup", str(copy))
    assert isinstance(ended.exception, BadInput)
    assert "--force" in ended.exception.fix
    assert copy.read_text() == "precious"
    assert run(config, "backup", str(copy), "--force").exit_code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_file_that_comes_meanwhile_is_not_written_over(
    config: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = path.with_name("copy.db")
    checked = backups.require_sound

    def slow(connection: sqlite3.Connection, whose: str) -> None:
        copy.write_text("precious")
        checked(connection, whose)

    monkeypatch.setattr(backups, "require_sound", slow)
    assert isinstance(run(config, "backup", str(copy)).exception, BadInput)
    assert copy.read_text() == "precious"
    assert not list(path.parent.glob("*.partial*"))


def test_the_database_itself_is_no_place_for_its_copy(config: Path, path: Path) -> None:
    before = path.read_bytes()
    ended = run(config, "backup", str(path), "--force")
    assert isinstance(ended.exception, BadInput)
    assert path.read_bytes() == before


def test_without_a_database_there_is_nothing_to_copy(world: World, config: Path) -> None:
    ended = run(config, "backup", str(world.folder / "copy.db"))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "no database at" in ended.exception.what


def test_a_folder_that_is_missing_is_named(config: Path, path: Path) -> None:
    ended = run(config, "backup", str(path.parent / "missing" / "copy.db"))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "the folder must exist" in ended.exception.fix


def test_too_little_room_is_told_before_anything_is_written(
    config: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096))
    ended = run(config, "backup", str(path.with_name("copy.db")))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert "has room for 0 MB" in ended.exception.what
    assert not list(path.parent.glob("copy.db*"))


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(config: Path, path: Path) -> None:
    """A process of its own that may write no file above 64 KB, as a quota does."""
    copy = path.with_name("copy.db")
    ended = subprocess.run(
        [sys.executable, "-m", "agent.cli", "backup", str(copy), "--config", str(config)],
        capture_output=True, text=True, cwd=ROOT, env=environ(PYTHONDONTWRITEBYTECODE="1"), check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536)),
    )  # fmt: skip
    assert ended.returncode == 74, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "->" in ended.stderr
    assert not list(path.parent.glob("copy.db*"))


def test_what_a_killed_backup_left_is_no_obstacle(config: Path, path: Path) -> None:
    left = path.with_name("copy.db.partial")
    left.write_text("half of a copy")
    left.chmod(0o644)
    assert run(config, "backup", str(path.with_name("copy.db"))).exit_code == 0
    assert not left.exists()
    assert path.with_name("copy.db").stat().st_mode & 0o777 == 0o600


def test_a_damaged_database_gives_no_copy_that_seems_whole(config: Path, path: Path) -> None:
    with shared(path):
        ShopFact.put({f"fact {number}": "x" * 300 for number in range(300)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    ended = run(config, "backup", str(path.with_name("copy.db")))
    assert isinstance(ended.exception, DatabaseTrouble)
    assert not list(path.parent.glob("copy.db*"))


def test_who_writes_goes_on_during_a_copy_and_the_copy_is_of_one_moment(
    config: Path, path: Path
) -> None:
    """Two rows that are always equal; in a copy of two moments they could differ."""
    copy = path.with_name("copy.db")
    with owned(path):
        ShopFact.put({f"ballast {number}": "x" * 3000 for number in range(3000)})
        stop, written = threading.Event(), 0

        def write() -> None:
            nonlocal written
            while not stop.is_set():
                written += 1
                with transaction():
                    ShopFact.put({"first": str(written)})
                    ShopFact.put({"last": str(written)})
            Message._meta.database.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                before = written
                line = ["backup", str(copy), "--force", "--config", str(config)]
                # a process of its own: here the database is open for the writer
                subprocess.run([sys.executable, "-m", "agent.cli", *line], check=True, timeout=60)
                assert written > before
                with closing(looks_at(copy)) as eyes:
                    found = dict(eyes.execute("SELECT name, value FROM shop_fact"))
                assert found.get("first") == found.get("last")
        finally:
            stop.set()
            writer.join()


# putting it back


@pytest.fixture
def copy(config: Path, path: Path) -> Path:
    """A copy, and a life after it in which the message went out and somebody said STOP to all."""
    copy = path.with_name("copy.db")
    assert run(config, "backup", str(copy)).exit_code == 0
    with owned(path):
        Message.update(state="read").execute()
        stop = Heard(phone=PHONE, says="no", source="whatsapp", said_at=now())
        record([stop, replace(stop, purpose="order_news")], now=now())
        live(path)
    return copy


def test_a_copy_that_is_put_back_sends_nothing_holds_marketing_and_keeps_the_other(
    config: Path, path: Path, copy: Path
) -> None:
    made = copy.stat().st_mtime
    ended = run(config, "restore", str(copy))
    assert ended.exit_code == 0, ended.output
    assert "1 messages waited in it and are not sent" in ended.output
    assert "winback restored --done" in ended.output
    with owned(path):
        assert Message.get().state == "abandoned"
        assert Epoch.get().restored_on == f"{now():%Y-%m-%d}"
        assert abs(Epoch.get().known_until.timestamp() - made) < 5
        assert Pause.scopes(now()) == {MARKETING}
        assert read_marks(beside(path)) == (Epoch.get().mark,)
        # the next start finds what it knows already
        live(path)
        assert Epoch.select().count() == 1
    [aside] = path.parent.glob("winback.db.before-*")
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT state FROM message").fetchall() == [("read",)]
    assert not list(path.parent.glob("winback.db.restoring*"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_one_restore_kept_the_next_one_leaves(config: Path, path: Path, copy: Path) -> None:
    """Also within the same second."""
    moment = now()
    kept = [put_back(copy, path, now=moment).aside for _ in range(3)]
    stamp = f"winback.db.before-{moment:%Y%m%d-%H%M%S}"
    assert [one and one.name for one in kept] == [stamp, f"{stamp}-2", f"{stamp}-3"]
    with closing(sqlite3.connect(path.with_name(stamp))) as first:
        assert first.execute("SELECT state FROM message").fetchall() == [("read",)]


def test_a_stop_that_the_other_database_knows_is_taken_over(
    config: Path, path: Path, copy: Path
) -> None:
    ended = run(config, "restore", str(copy))
    assert "2 consents and STOPs since then were taken over" in ended.output
    with owned(path):
        assert [one.says for one in Statement.select()] == ["no", "no"]
        person = Contact.get(Contact.phone == PHONE)
        assert (person.marketing, person.order_news) == ("no", "no")


def test_who_was_erased_since_is_erased_from_the_copy_too(
    config: Path, path: Path, copy: Path
) -> None:
    # given a copy with what somebody said, who was erased after it was made
    with owned(path):
        record([Heard(phone=PHONE, says="yes", source="order 5", said_at=now())], now=now())
    copy.unlink()
    assert run(config, "backup", str(copy)).exit_code == 0
    with owned(path):
        assert forget_words(PHONE, now=now()) == 3
    # when it is put back
    assert run(config, "restore", str(copy)).exit_code == 0
    # then nothing of them is on its ledger, and they stay refused
    with owned(path):
        assert (Statement.select().count(), Erased.select().count()) == (0, 2)
        assert {one.answer for one in stands(PHONE).values()} == {"no"}
        assert Contact.get(Contact.phone == PHONE).marketing == "no"


def test_who_was_forgotten_since_is_forgotten_again(config: Path, path: Path, copy: Path) -> None:
    with owned(path):
        forget(person_of(Contact.get(Contact.phone == PHONE)), now=now())
    assert run(config, "restore", str(copy)).exit_code == 0
    with owned(path):
        assert Contact.get_or_none(Contact.phone == PHONE) is not None  # the copy knows them
        # given that the shop of the copy has them still
        Order.insert(
            woo_id=9, contact_id=Contact.get(Contact.phone == PHONE).id, read_at=now()
        ).execute()
        assert forget_departed(now=now(), beat=lambda: None) == {"people forgotten": 1}
        assert Contact.get_or_none(Contact.phone == PHONE) is None


def test_a_copy_of_before_there_was_a_key_gets_that_of_the_other(
    config: Path, path: Path, copy: Path
) -> None:
    with owned(path):
        key = person_key()
        forget_words(PHONE, now=now())
    with closing(sqlite3.connect(copy)) as old:
        old.execute("DELETE FROM shop_fact WHERE name = 'person_key'")
        old.commit()
    assert run(config, "restore", str(copy)).exit_code == 0
    with owned(path):
        assert person_key() == key
        assert {one.answer for one in stands(PHONE).values()} == {"no"}


def test_replies_that_the_shop_is_yet_to_be_told_of_are_taken_over_and_no_stop_is_confirmed_twice(
    config: Path, path: Path, copy: Path
) -> None:
    known = {"uid": "u1", "recipient": PHONE, "text": "Done.", "language": "en"}
    with owned(path):
        Confirmation.insert(wamid="wamid.a", said_at=now(), not_before=now(), **known).execute()
    copy.unlink()
    assert run(config, "backup", str(copy)).exit_code == 0
    with owned(path):
        Forward.insert(
            event="wamid.b", person="1", body="{}", created_at=now(), not_before=now()
        ).execute()
    assert run(config, "restore", str(copy)).exit_code == 0
    with owned(path):
        assert [one.event for one in Forward.select()] == ["wamid.b"]
        assert Confirmation.get().state == "unsure"  # it may have been sent since


def test_links_that_people_have_still_lead_to_their_pages(config: Path, path: Path) -> None:
    """One of a message that the copy knows was followed since, and one of a later message."""
    with owned(path):
        known = Message.get().uid
        Link.put(
            [{"token": "AbCdEfGhI1", "message_uid": known, "target": "/a", "created_at": now()}]
        )
    copy = path.with_name("copy.db")
    assert run(config, "backup", str(copy)).exit_code == 0
    with owned(path):
        assert Link.follow("AbCdEfGhI1", now())
        Link.put([{"token": "AbCdEfGhI2", "message_uid": "b", "target": "/b", "created_at": now()}])
    assert run(config, "restore", str(copy)).exit_code == 0
    with owned(path):
        links = {one.token: (one.target, one.clicks) for one in Link.select()}
        assert links == {"AbCdEfGhI1": ("/a", 1), "AbCdEfGhI2": ("/b", 0)}
        assert Message.get().clicked


def test_a_database_that_cannot_be_read_is_kept_aside_and_told(
    config: Path, path: Path, copy: Path
) -> None:
    path.write_bytes(b"\xa5" * 40_000)
    ended = run(config, "restore", str(copy))
    assert ended.exit_code == 0, ended.output
    assert "cannot be read" in ended.output
    [aside] = path.parent.glob("winback.db.before-*")
    assert aside.read_bytes() == b"\xa5" * 40_000
    with owned(path):
        assert Message.get().state == "abandoned"


def test_on_a_new_machine_there_is_nothing_to_keep(config: Path, path: Path, copy: Path) -> None:
    for file in path.parent.glob("winback.db*"):
        file.unlink()
    ended = run(config, "restore", str(copy))
    assert ended.exit_code == 0, ended.output
    assert not list(path.parent.glob("winback.db.before-*"))
    with owned(path):
        live(path)
        assert Pause.scopes(now()) == {MARKETING}


def test_a_log_beside_the_old_database_is_not_read_into_the_new_one(
    config: Path, path: Path, copy: Path
) -> None:
    """Its process was killed: what it committed last stands in the log only."""
    script = (
        "import os, sys; from models.base import open_database; from models import ShopFact;"
        "open_database(sys.argv[1]); ShopFact.put({'last': 'word'}); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, env=environ(), check=False)
    assert Path(f"{path}-wal").stat().st_size
    assert run(config, "restore", str(copy)).exit_code == 0
    [aside] = path.parent.glob("winback.db.before-*")
    with closing(sqlite3.connect(aside)) as old:
        assert ("word",) in old.execute("SELECT value FROM shop_fact").fetchall()
    with owned(path):
        assert "last" not in ShopFact.all()


def test_while_a_daemon_works_nothing_is_put_back(config: Path, path: Path, copy: Path) -> None:
    with owned(path):
        ended = run(config, "restore", str(copy))
        assert isinstance(ended.exception, AlreadyRunning)
        assert Message.get().state == "read"


def _no_database(file: Path) -> None:
    file.write_bytes(b"This is a letter to my aunt. " * 200)


def _other_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE recipe (name)")
        other.commit()


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030')")
        other.commit()


def _damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.unlink, "there is no file"),
        (_no_database, "is not a database of winback"),
        (_other_database, "is not a database of winback"),
        (_newer, "newer winback (it has 9999_later)"),
        (_damaged, "damaged"),
    ],
)
def test_a_file_that_is_no_good_copy_changes_nothing(
    config: Path, path: Path, copy: Path, spoil: object, words: str
) -> None:
    assert callable(spoil)
    spoil(copy)
    ended = run(config, "restore", str(copy))
    assert isinstance(ended.exception, BadInput | DatabaseTrouble), ended.output
    assert words in ended.exception.what
    with owned(path):
        assert Message.get().state == "read"
        live(path)
        assert standing_doubt() is None
    assert not list(path.parent.glob("winback.db.restoring*"))
    assert not list(path.parent.glob("winback.db.before-*"))


def test_a_copy_of_an_older_version_is_brought_into_shape(
    config: Path, path: Path, copy: Path, tmp_path: Path
) -> None:
    # given a database of before there were marks
    older = tmp_path / "older"
    older.mkdir()
    for file in MIGRATIONS.glob("000[123]_*.py"):
        shutil.copy(file, older)
    copy.unlink()
    open_database(copy)
    Runner(handle.obj, str(older)).up()
    close_database()
    # when it is put back
    ended = run(config, "restore", str(copy))
    assert ended.exit_code == 0, ended.output
    assert "an unknown moment" in ended.output
    with owned(path):
        assert Epoch.get().restored_on == f"{now():%Y-%m-%d}"
        assert Message.select().count() == 0


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_copy_in_a_folder_that_is_not_ours_can_be_put_back(
    config: Path, path: Path, copy: Path, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    copy.rename(vault / "copy.db")
    vault.chmod(0o500)
    try:
        assert run(config, "restore", str(vault / "copy.db")).exit_code == 0
    finally:
        vault.chmod(0o700)


# the answers


@pytest.fixture
def suspected(config: Path, path: Path) -> Path:
    """A daemon that was not there for two hours."""
    with owned(path):
        Heartbeat.update(beat_at=now() - timedelta(hours=2)).execute()
        live(path)
    return config


def test_asked_without_an_answer_it_tells_how_it_stands(suspected: Path) -> None:
    told = run(suspected, "restored").output
    assert "this machine was off, or an older state of it was put back" in told
    assert "--no" in told
    assert "--yes" in told


def test_no_lets_marketing_go_on(suspected: Path, path: Path) -> None:
    told = run(suspected, "restored", "--no").output
    assert told == "marketing is not held any more\n"
    with shared(path):
        assert Pause.scopes(now()) == set()
        assert Message.get().state == "queued"
        assert Epoch.restored_day() is None


@pytest.mark.parametrize("words", [("--yes", "--no"), ("--no", "--done"), ("--force",)])
def test_answers_that_contradict_each_other_are_none(
    suspected: Path, path: Path, words: tuple[str, ...]
) -> None:
    ended = run(suspected, "restored", *words)
    assert ended.exit_code == 2
    assert "--done" in ended.output
    with shared(path):
        assert Pause.scopes(now()) == {MARKETING}


def test_yes_treats_it_as_restored_and_done_ends_the_hold(suspected: Path, path: Path) -> None:
    ended = run(suspected, "restored", "--done")
    assert isinstance(ended.exception, BadInput)  # first things first
    told = run(suspected, "restored", "--yes").output
    assert "winback restored --done" in told
    with shared(path):
        assert Message.get().state == "abandoned"
        assert Pause.scopes(now()) == {MARKETING}
    # the shop is asked first what its accounts say
    ended = run(suspected, "restored", "--done")
    assert isinstance(ended.exception, BadInput)
    assert "customers and orders are being read again" in ended.exception.what
    with shared(path):
        Cursor.update(hurry=False).execute()
    assert run(suspected, "restored", "--done").output == "marketing is not held any more\n"
    assert run(suspected, "restored", "--done").output == "nothing of this holds marketing\n"
    with shared(path):
        assert Pause.scopes(now()) == set()
        assert Epoch.restored_day() is not None


def test_a_shop_that_cannot_be_read_holds_nobody_up_for_ever(suspected: Path, path: Path) -> None:
    run(suspected, "restored", "--yes")
    assert run(suspected, "restored", "--done", "--force").exit_code == 0
    with shared(path):
        assert Pause.scopes(now()) == set()


def test_what_is_proven_cannot_be_denied(config: Path, path: Path, copy: Path) -> None:
    run(config, "restore", str(copy))
    ended = run(config, "restored", "--no")
    assert isinstance(ended.exception, BadInput)
    with shared(path):
        assert Pause.scopes(now()) == {MARKETING}


def test_a_snapshot_of_less_than_an_hour_can_be_told_of(config: Path, path: Path) -> None:
    # nothing tells of it, and it cannot be taken back: so it is asked for
    asked = run(config, "restored", "--yes")
    assert asked.exit_code == 1
    assert "messages that wait are given up (1)" in " ".join(asked.output.split())
    with shared(path):
        assert Message.get().state == "queued"
        assert Pause.scopes(now()) == set()
    assert run(config, "restored", "--yes", "--force").exit_code == 0
    with shared(path):
        assert Message.get().state == "abandoned"
        assert Pause.scopes(now()) == {MARKETING}


def test_status_and_check_tell_it(suspected: Path) -> None:
    told = " ".join(run(suspected, "status").output.split())
    assert "MARKETING IS HELD" in told
    assert "winback restored --no" in told
    checked = run(suspected, "check")
    assert checked.exit_code == 0  # the config is well: a reload must not wait for it
    assert "note  database  nothing worked on this database from" in checked.output
