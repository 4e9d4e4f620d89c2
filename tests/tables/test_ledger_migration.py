"""A ledger of before people had a hash: each row gets that of its person, and stays as it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import peewee
import pytest
from playhouse.migrations import Runner
from table_rows import NOON, PHONE

from agent.consent import Heard, forget_words, record
from agent.person_key import hashed, person_key
from models import ShopFact, Statement
from models.base import MIGRATIONS, close_database, migrate, open_database
from models.base import database as handle

ROW = (PHONE, "marketing", "no", "whatsapp", "STOP", "2026-03-02 12:00:00.000000")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """As version 0007 left it, with a refusal on it."""
    path = tmp_path / "old.db"
    close_database()
    open_database(path)
    Runner(handle.obj, str(MIGRATIONS)).up("0007_inbox")
    handle.execute_sql(
        "INSERT INTO consent_statement (phone, purpose, says, source, words, said_at, recorded_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*ROW, ROW[-1]),
    )
    return path


def test_old_statements_get_the_hash_of_their_person(old: Path) -> None:
    migrate()
    [one] = Statement.select()
    assert one.phone_hash == hashed(person_key(), PHONE)
    assert (one.phone, one.purpose, one.says, one.source, one.words) == ROW[:5]
    assert one.said_at == NOON
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.update(words="").execute()
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.delete().execute()
    assert forget_words(PHONE, now=NOON) == 1


def test_the_key_that_is_there_is_kept(old: Path) -> None:
    handle.execute_sql(f"INSERT INTO shop_fact (name, value) VALUES ('person_key', '{'ab' * 32}')")
    migrate()
    assert Statement.get().phone_hash == hashed(bytes.fromhex("ab" * 32), PHONE)


def test_what_is_written_later_has_it_from_the_start(old: Path) -> None:
    migrate()
    record([Heard(phone="+12025550109", says="yes", source="order 1", said_at=NOON)], now=NOON)
    key = person_key()
    assert {(one.phone, one.phone_hash) for one in Statement.select()} == {
        (phone, hashed(key, phone)) for phone in (PHONE, "+12025550109")
    }
    with closing(sqlite3.connect(old)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("DELETE FROM consent_statement")


def test_an_empty_ledger_makes_no_key(tmp_path: Path) -> None:
    close_database()
    open_database(tmp_path / "empty.db")
    migrate()
    assert "person_key" not in ShopFact.all()
