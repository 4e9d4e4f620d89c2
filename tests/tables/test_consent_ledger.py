"""The consent ledger can be added to, and nothing else."""

import sqlite3
from pathlib import Path

import peewee
import pytest
from table_rows import PHONE, a_statement

from models import Statement


@pytest.fixture(autouse=True)
def _one_statement() -> None:
    Statement.add([a_statement()])


def left() -> list[tuple[str, str]]:
    return [(one.phone, one.says) for one in Statement.select()]


def test_a_statement_cannot_be_changed() -> None:
    with pytest.raises(peewee.IntegrityError, match="consent_statement is append-only"):
        Statement.update(says="no").execute()
    assert left() == [(PHONE, "yes")]


def test_a_statement_cannot_be_saved_again() -> None:
    one = Statement.get()
    one.says = "no"
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        one.save()
    assert left() == [(PHONE, "yes")]


def test_a_statement_cannot_be_deleted() -> None:
    with pytest.raises(peewee.IntegrityError, match="consent_statement is append-only"):
        Statement.delete().execute()
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.get().delete_instance()
    assert left() == [(PHONE, "yes")]


def test_a_statement_cannot_be_put_in_the_place_of_another() -> None:
    changed = a_statement(words="other words")
    upsert = Statement.insert(changed).on_conflict(
        conflict_target=[
            Statement.phone, Statement.purpose, Statement.source, Statement.says, Statement.said_at,
        ],
        preserve=[Statement.words],
    )  # fmt: skip
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        upsert.execute()
    assert Statement.get().words == ""


def test_replacing_a_statement_is_refused_like_deleting_it() -> None:
    one = Statement.get()
    # SQLite's REPLACE deletes what is in its way, by default without firing any trigger
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.insert(a_statement(words="other words")).on_conflict_replace().execute()
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        Statement.insert(a_statement("no", id=one.id)).on_conflict_replace().execute()
    assert left() == [(PHONE, "yes")]
    assert Statement.get().words == ""


def test_another_program_cannot_change_it_either(database: Path) -> None:
    other = sqlite3.connect(database)
    for statement in (
        "UPDATE consent_statement SET says = 'no'",
        "DELETE FROM consent_statement",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    other.close()
    assert left() == [(PHONE, "yes")]
