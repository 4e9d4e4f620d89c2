"""The database handle, the base table, and the two field types that every table needs.

What is SQLite's own stands in this file. Everything else goes through peewee and stays portable.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peewee import DatabaseProxy, Model, SqliteDatabase, TextField
from playhouse.migrations import Runner

MIGRATIONS = Path(__file__).parent / "migrations"

database = DatabaseProxy()


class Table(Model):
    """Every table: one database, table names in snake case."""

    class Meta:
        database = database
        legacy_table_names = False


class UtcField(TextField):
    """An instant. Aware in Python; UTC text of one width in the table, so it sorts as it reads.

    Raises ValueError for a naive datetime: an instant without its zone is a bug.
    """

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{self.name}: {value} has no time zone"
            raise ValueError(msg)
        # not strftime: it writes the year 999 with three digits, which sorts after 2026
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def python_value(self, value: str | None) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class JsonField(TextField):
    """A small value as JSON text, with sorted keys so that equal values are equal texts."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def python_value(self, value: str | None) -> Any:
        return None if value is None else json.loads(value)


def open_database(path: Path | str) -> None:
    """Bind every table to the SQLite file at `path`, in WAL mode.

    synchronous=FULL: what is committed survives a power cut. A claim must be on the disk before its
    request leaves, or a message could go out twice. Transactions begin IMMEDIATE, so two writers
    queue up at the start instead of failing in the middle.
    """
    handle = SqliteDatabase(
        str(path),
        pragmas={
            "journal_mode": "wal",
            "synchronous": "full",
            "foreign_keys": 1,
            "recursive_triggers": 1,  # else REPLACE deletes a row without asking refuse_changes()
            "cache_size": -16_000,
            "temp_store": "memory",
        },
        timeout=60,
        lock_type="IMMEDIATE",
    )
    database.initialize(handle)
    handle.connect(reuse_if_open=True)


def wait_for_writers(seconds: float) -> None:
    """How long this thread waits for another writer to finish, in place of the usual minute."""
    database.execute_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def close_database() -> None:
    """Close this thread's connection."""
    database.close()


def migrate() -> list[str]:
    """Bring the file to the shape that this version declares. Returns the names that were run."""
    names: list[str] = Runner(database.obj, str(MIGRATIONS)).up()
    return names


def unknown_migrations() -> list[str]:
    """Migrations in the file that this version does not have: a newer winback wrote it."""
    return [m.name for m in Runner(database.obj, str(MIGRATIONS)).status() if m.path is None]


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a select as plain tuples."""
    return list(query.tuples())


@contextmanager
def transaction() -> Iterator[None]:
    """One write transaction; all of it or nothing."""
    with database.atomic():
        yield


def refuse_changes(table: str) -> list[str]:
    """SQL that makes `table` append-only: the database itself refuses updates and deletes."""
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]
