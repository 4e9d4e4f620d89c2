"""The database handle, the base table, and the two field types that every table needs.

What is SQLite's own stands in this file. Everything else goes through peewee and stays portable.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import peewee
from peewee import (
    SQL,
    DatabaseError,
    DatabaseProxy,
    Model,
    OperationalError,
    SqliteDatabase,
    TextField,
    Tuple,
    fn,
)
from playhouse.migrations import Runner

MIGRATIONS = Path(__file__).parent / "migrations"

database = DatabaseProxy()


class Table(Model):
    """Every table: one database, table names in snake case."""

    class Meta:
        database = database
        legacy_table_names = False

    @classmethod
    def write_each(cls, rows: Iterable[Mapping[str, Any]], finish: Callable[[Any], Any]) -> int:
        """Insert `rows`, which have the same keys, by one statement that is carried out for each.

        peewee writes the SQL once: for a page of rows its insert_many spends more on the text than
        SQLite does on the work. `finish` adds the conflict clause. Returns how many rows were
        written; all or none are.
        """
        rows = list(rows)
        if not rows:
            return 0
        given = [cls._meta.fields[name] for name in rows[0]]
        missing = {f: v for f, v in cls._meta.defaults.items() if f.name not in rows[0]}
        blank = [None] * (len(given) + len(missing))
        sql, marks = finish(cls.insert_many([blank], fields=[*given, *missing])).sql()
        rest = [field.db_value(v() if callable(v) else v) for field, v in missing.items()]
        rest += marks[len(blank) :]
        values = [[field.db_value(row[field.name]) for field in given] + rest for row in rows]
        return carry_out_each(sql, values)

    @classmethod
    def update_each(cls, rows: Iterable["Table"], columns: Iterable[str]) -> int:
        """Write these columns of `rows`, which are in the table, by one statement that is carried out
        for each. Returns how many there were; all or none are written."""
        rows, names = list(rows), set(columns)
        if not rows:
            return 0
        fields = [field for field in cls._meta.sorted_fields if field.name in names]
        key = cls._meta.primary_key
        sql, _ = cls.update(dict.fromkeys(fields)).where(key == SQL("?")).sql()
        changed = [*fields, key]
        return carry_out_each(
            sql, [[one.db_value(getattr(row, one.name)) for one in changed] for row in rows]
        )


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
    queue up at the start instead of failing in the middle. Connections of threads that come later
    open the file and never make one: if it is taken away, nobody works on an empty one.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    handle = SqliteDatabase(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        pragmas={
            "journal_mode": "wal",
            "synchronous": "full",
            "foreign_keys": 1,
            "recursive_triggers": 1,  # else REPLACE deletes a row without asking refuse_changes()
            "cache_size": -4_000,  # KiB, for each of a dozen threads
            "temp_store": "memory",
            "secure_delete": 1,  # what is deleted is gone: of somebody who is erased no byte stays
        },
        timeout=60,
        lock_type="IMMEDIATE",
    )
    database.initialize(handle)
    handle.connect(reuse_if_open=True)


def wait_for_writers(seconds: float) -> None:
    """How long this thread waits for another writer to finish, in place of the usual minute."""
    database.execute_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def empty_log(patience: float = 2.0) -> bool:
    """Bring all that is in the write-ahead log into the file, and empty the log: of what was erased it has
    the pages of before. Returns whether it could; who reads at this moment keeps it from being emptied for
    `patience` seconds, and no longer."""
    [(before,)] = database.execute_sql("PRAGMA busy_timeout").fetchall()
    wait_for_writers(patience)
    try:
        [(busy, _, _)] = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        wait_for_writers(before / 1000)
    return not busy


def close_database() -> None:
    """Close this thread's connection."""
    database.close()


def migrate() -> list[str]:
    """Bring the file to the shape that this version declares. Returns the names that were run."""
    names: list[str] = Runner(database.obj, str(MIGRATIONS)).up()
    return names


def pending_migrations() -> list[str]:
    """Migrations of this version that the file has not been through."""
    return [m.name for m in Runner(database.obj, str(MIGRATIONS)).status() if not m.applied]


def compact() -> None:
    """Write the file anew without what is free in it. Nobody else may have it open.

    What SQLite needs for it meanwhile lies on the disk, not in memory: where SQLITE_TMPDIR says.
    """
    database.execute_sql("PRAGMA temp_store = FILE")
    database.execute_sql("VACUUM")
    empty_log()


def free_bytes() -> int:
    """How much of the file is free: it is used again, and given back by `compact`."""
    [(pages,)] = database.execute_sql("PRAGMA freelist_count").fetchall()
    [(size,)] = database.execute_sql("PRAGMA page_size").fetchall()
    return int(pages) * int(size)


def unknown_migrations() -> list[str]:
    """Migrations in the file that this version does not have: a newer winback wrote it."""
    return [m.name for m in Runner(database.obj, str(MIGRATIONS)).status() if m.path is None]


def among(field: Any, values: Iterable[Any]) -> Any:
    """`field` is one of `values`, which travel as one parameter.

    peewee writes a mark and a conversion for each member of an IN: for the hundred rows of a page
    that costs more than the statement itself.
    """
    return field.in_(SQL("(SELECT value FROM json_each(?))", [json.dumps(list(values))]))


def rows_of(array: Any, alias: str) -> tuple[Any, Any]:
    """A JSON array as something to select from, and the column with its members.

    `array` is a column or a list; the list travels as one parameter.
    """
    members = fn.json_each(json.dumps(array) if isinstance(array, list) else array)
    return members.alias(alias), SQL(f'"{alias}"."value"')


def among_pairs(fields: tuple[Any, Any], pairs: Iterable[tuple[Any, Any]]) -> Any:
    """The two `fields` are one of `pairs`, which travel as one parameter and use an index of both."""
    given = SQL(
        "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
        [json.dumps(list(pairs))],
    )
    return Tuple(*fields).in_(given)


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a select as plain tuples."""
    return list(query.tuples())


def stream(query: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a select as the table has them, one by one: for more than memory should hold.

    This connection writes nothing until the last of them is read.
    """
    yield from database.execute_sql(*query.sql())


def raw(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a select, each value as it stands in the table: instants as text (see `instant`).

    peewee looks at every value of every row, which for thousands of rows costs more than SQLite's work.
    """
    rows: list[tuple[Any, ...]] = database.execute(query).fetchall()
    return rows


def instant(text: str) -> datetime:
    """An instant as UtcField wrote it."""
    return datetime.fromisoformat(f"{text}+00:00")


def later_by(moment: Any, span: timedelta) -> Any:
    """The instant in a column, later by `span`, to compare with: without fractions of a second."""
    return fn.DATETIME(moment, f"{round(span.total_seconds()):+} seconds")


def delete_in_parts(
    table: type[Table], condition: Any, *, rows: int = 2_000, beat: Callable[[], None]
) -> int:
    """Delete what meets `condition`, so many rows a transaction: others write in between. Returns how many.

    What is deleted is looked for first, for all parts, without keeping anybody from writing; it is looked
    at again when its part comes.
    """
    number = SQL("rowid")
    found = [one for (one,) in tuples(table.select(number).where(condition))]
    gone = 0
    for first in range(0, len(found), rows):
        beat()
        part = number.in_(
            SQL("(SELECT value FROM json_each(?))", [json.dumps(found[first : first + rows])])
        )
        gone += int(table.delete().where(part, condition).execute())
    return gone


def carry_out_each(sql: str, values: Iterable[Sequence[Any]]) -> int:
    """One statement for many sets of values, all or none. Returns how many rows were written."""
    with database.atomic(), peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # not in stubs
        written: int = database.obj.cursor().executemany(sql, values).rowcount
    return written


@contextmanager
def transaction() -> Iterator[None]:
    """One write transaction; all of it or nothing.

    On a full disk SQLite rolls back by itself, and peewee's own rollback then fails and hides why.
    """
    try:
        with database.atomic():
            yield
    except OperationalError as error:
        if "no transaction is active" not in str(error):
            raise
        raise _cause(error) from None


def _cause(error: BaseException) -> BaseException:
    """The first of the database's errors that led to this one."""
    first, beneath = error, error.__context__
    while beneath is not None:
        first = beneath if isinstance(beneath, DatabaseError) else first
        beneath = beneath.__context__
    return first


def refuse_changes(table: str, *, lets_go: str = "") -> list[str]:
    """SQL that makes `table` append-only: the database itself refuses updates and deletes.

    `lets_go`: the condition, in SQL, on which a row (OLD) may be deleted after all.
    """
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    but_for = f" WHEN NOT {lets_go}" if lets_go else ""
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refusal}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}{but_for} {refusal}",
    ]
