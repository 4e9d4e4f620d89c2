"""Opening the database: one owner at a time, migrated, and every trouble with it in words."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import peewee
import pytest
from daemon_process import run_winback

from agent.database import explained, owned, shared, trouble
from agent.errors import AlreadyRunning, DatabaseTrouble
from models import ShopFact
from models.base import close_database, transaction, wait_for_writers
from models.base import database as handle


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Where a database may come to be; closed afterwards, whatever the test opened."""
    yield tmp_path / "winback.db"
    if handle.obj is not None:
        close_database()


def test_a_first_start_makes_the_file_and_all_its_tables(path: Path) -> None:
    with owned(path):
        ShopFact.put({"zone": "Europe/London"})
    with closing(sqlite3.connect(path)) as eyes:
        assert eyes.execute("SELECT value FROM shop_fact").fetchall() == [("Europe/London",)]
        assert eyes.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_committed_is_on_the_disk_before_we_go_on(path: Path) -> None:
    with owned(path):
        assert handle.execute_sql("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_second_owner_is_refused_and_told_who_has_it(path: Path) -> None:
    with owned(path), pytest.raises(AlreadyRunning) as caught, owned(path):
        pass
    assert f"process {os.getpid()}" in caught.value.what
    assert str(path) in caught.value.what
    assert caught.value.exit_code == 75


def test_the_refused_one_does_not_take_the_owners_name_away(path: Path) -> None:
    with owned(path):
        for _ in range(2):
            with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"), owned(path):
                pass


def test_the_lock_ends_with_its_owner_also_when_that_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), owned(path):
        raise ZeroDivisionError
    with owned(path):
        pass


def test_what_a_child_process_inherits_is_not_the_lock(path: Path) -> None:
    with owned(path):
        child = os.posix_spawn("/bin/sleep", ["sleep", "5"], {})
    try:
        with owned(path):
            pass
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_others_may_look_and_write_beside_the_owner(path: Path) -> None:
    with owned(path):
        ShopFact.put({"zone": "Europe/London"})
        with closing(sqlite3.connect(path)) as beside:
            assert beside.execute("SELECT value FROM shop_fact").fetchone() == ("Europe/London",)
            beside.execute("UPDATE shop_fact SET value = 'Europe/Madrid'")
            beside.commit()
        assert ShopFact.all() == {"zone": "Europe/Madrid"}


def test_there_is_nothing_to_look_at_before_the_first_start(path: Path) -> None:
    with pytest.raises(DatabaseTrouble, match="no database at") as caught, shared(path):
        pass
    assert "winback run" in caught.value.fix
    assert not path.exists()


def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    with pytest.raises(DatabaseTrouble) as caught, owned(folder / "winback.db"):
        pass
    assert f"mkdir -p {folder}" in caught.value.fix
    assert not folder.exists()


def test_a_failure_that_is_not_the_databases_is_not_explained_as_such(path: Path) -> None:
    with pytest.raises(FileNotFoundError), explained(path):
        Path("/nowhere/at/all").read_bytes()
    with pytest.raises(BrokenPipeError), explained(path):
        raise BrokenPipeError(32, "Broken pipe")


# what SQLite itself says in each trouble, and what to do


def test_a_database_that_is_held_by_another_program_is_explained(path: Path) -> None:
    with owned(path), closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_for_writers(0.02)
        with pytest.raises(DatabaseTrouble, match="locked") as caught, explained(path):
            ShopFact.put({"zone": "Europe/London"})
    assert "another program holds it" in caught.value.fix


def test_a_database_that_may_only_be_read_is_explained(path: Path) -> None:
    with owned(path):
        handle.execute_sql("PRAGMA query_only = 1")
        with pytest.raises(DatabaseTrouble, match="readonly") as caught, explained(path):
            ShopFact.put({"zone": "Europe/London"})
    assert "write to the file and to its folder" in caught.value.fix


def _write_much() -> None:
    with transaction():
        for number in range(1000):
            ShopFact.put({f"fact {number}": "x" * 1000})


def test_a_full_disk_is_explained_and_half_of_nothing_is_written(path: Path) -> None:
    with owned(path):
        (pages,) = handle.execute_sql("PRAGMA page_count").fetchone()
        handle.execute_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DatabaseTrouble, match="full") as caught, explained(path):
            _write_much()
        assert ShopFact.all() == {}
        # and when there is room, the same connection goes on
        handle.execute_sql("PRAGMA max_page_count = 1000000")
        _write_much()
        assert len(ShopFact.all()) == 1000
    assert "make room" in caught.value.fix


def test_a_file_of_another_kind_is_explained(path: Path) -> None:
    path.write_bytes(b"This is a letter to my aunt. " * 200)
    with pytest.raises(DatabaseTrouble, match="not a database") as caught, owned(path):
        pass
    assert "[database] path" in caught.value.fix


def test_a_damaged_file_is_explained(path: Path) -> None:
    with owned(path):
        ShopFact.put({f"fact {number}": "x" * 200 for number in range(200)})
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseTrouble, match="malformed") as caught, shared(path):
        ShopFact.all()
    assert "backup" in caught.value.fix


def test_a_table_that_is_missing_means_another_version(path: Path) -> None:
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(DatabaseTrouble, match="no such table") as caught, shared(path):
        ShopFact.all()
    assert "it migrates the file" in caught.value.fix


def test_what_nobody_has_seen_before_still_has_a_remedy(path: Path) -> None:
    said = trouble(peewee.OperationalError("the moon is full of cheese, and falling"), path)
    assert str(path) in said.what
    assert said.fix
    assert said.exit_code == 74


# several threads, several processes


def test_a_thread_that_writes_waits_for_another(path: Path) -> None:
    with owned(path):
        inside, gate = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction():
                ShopFact.put({"first": "1"})
                inside.set()
                gate.wait(10)
            close_database()

        holder = threading.Thread(target=hold)
        holder.start()
        assert inside.wait(10)
        threading.Timer(0.2, gate.set).start()
        ShopFact.put({"second": "2"})
        holder.join()
        assert set(ShopFact.all()) == {"first", "second"}


def test_how_long_a_thread_waits_is_its_own_matter(path: Path) -> None:
    with owned(path):
        wait_for_writers(0.5)
        waits: list[int] = []

        def ask() -> None:
            waits.append(handle.execute_sql("PRAGMA busy_timeout").fetchone()[0])
            close_database()

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert handle.execute_sql("PRAGMA busy_timeout").fetchone() == (500,)
    assert waits == [60_000]


@pytest.mark.long
def test_a_command_beside_the_owner_is_refused_from_another_process_too(
    path: Path, tmp_path: Path
) -> None:
    config = tmp_path / "winback.toml"
    config.write_text(
        '[shop]\nurl = "http://127.0.0.1:9"\nkey = "ck_a"\nsecret = "cs_b"\n'
        '[whatsapp]\nphone_number_id = "1"\nbusiness_account_id = "2"\ntoken = "EAAexample"\n'
        'app_secret = "a"\nverify_token = "b"\n[database]\npath = "winback.db"\n',
        encoding="utf-8",
    )
    config.chmod(0o600)
    with owned(path):
        ended = run_winback("sync", "--config", str(config))
    assert ended.returncode == 75
    assert f"process {os.getpid()}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_link_to_the_database_is_the_same_database(tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.mkdir()
    (link / "winback.db").symlink_to(tmp_path / "winback.db")
    with owned(tmp_path / "winback.db"), pytest.raises(AlreadyRunning), owned(link / "winback.db"):
        pass


def test_tidying_the_lock_file_away_lets_no_second_one_in(tmp_path: Path) -> None:
    with owned(tmp_path / "winback.db"):
        (tmp_path / "winback.db.lock").unlink()
        with pytest.raises(AlreadyRunning), owned(tmp_path / "winback.db"):
            pass
