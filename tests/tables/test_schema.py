"""What the migrations make is what the models declare."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

import models
from models import TABLES, Erased, SetAside, Statement, Webhook
from models.base import (
    MIGRATIONS,
    Table,
    close_database,
    migrate,
    open_database,
    refuse_changes,
    unknown_migrations,
)
from models.base import database as handle
from models.contacts import KEPT_UNDER_THE_HASH
from models.waiting import TEMPORARY

Declared = set[tuple[object, ...]]


def test_migrated_and_declared_schemas_are_equal() -> None:
    """Fault 2."""
    assert str(diff_models(handle.obj, list(TABLES))) == ""


@contextmanager
def opened(path: Path) -> Iterator[None]:
    """Another file in the place of this test's; the first is back in place afterwards."""
    (_, _, first) = handle.execute_sql("PRAGMA database_list").fetchone()
    close_database()
    open_database(path)
    yield
    close_database()
    open_database(first)


def columns() -> Declared:
    """(table, column, type, not null, default, place in the key) of every column in the file."""
    return {
        (table, *row[1:])
        for table in handle.get_tables()
        for row in handle.execute_sql(f'PRAGMA table_info("{table}")')
    }


def indexes() -> Declared:
    """(table, name, what it says), with the columns of those that SQLite makes for a key."""
    listed = handle.execute_sql("SELECT tbl_name, name, sql FROM sqlite_master WHERE type='index'")
    return {
        (table, name, sql, tuple(handle.execute_sql(f'PRAGMA index_info("{name}")')))
        for table, name, sql in listed
    }


def triggers() -> set[str]:
    return {
        sql for (sql,) in handle.execute_sql("SELECT sql FROM sqlite_master WHERE type='trigger'")
    }


def without_runners_own(rows: Declared) -> Declared:
    """The runner notes in a table of its own which migrations were run."""
    others = {row for row in rows if row[0] != "schema_migration"}
    assert others < rows
    return others


def test_every_column_and_index_is_as_the_models_declare_it(tmp_path: Path) -> None:
    migrated = columns(), indexes()
    with opened(tmp_path / "declared.db"):
        handle.create_tables(TABLES)
        declared = columns(), indexes()
    assert without_runners_own(migrated[0]) == declared[0]
    assert without_runners_own(migrated[1]) == declared[1]


def test_the_consent_ledger_and_who_was_erased_are_the_only_tables_that_refuse_changes() -> None:
    assert triggers() == {
        *refuse_changes(Statement._meta.table_name, lets_go=KEPT_UNDER_THE_HASH),
        *refuse_changes(Erased._meta.table_name),
    }


def test_every_table_that_a_model_declares_is_listed() -> None:
    """A table that is missing from TABLES would escape all of these tests."""

    def leaves(table: type[Table]) -> Iterator[type[Table]]:
        if not table.__subclasses__():
            yield table
        for child in table.__subclasses__():
            yield from leaves(child)

    passing = set(TEMPORARY)  # made anew by each run that needs them
    ours = {table for table in leaves(Table) if table.__module__.startswith("models.")}
    assert {table for table in ours if table._meta.temporary} == passing
    assert ours - passing == set(TABLES)
    assert {table.__name__ for table in TABLES} < set(models.__all__)


def test_migrating_again_does_nothing() -> None:
    assert migrate() == []


def test_an_empty_file_gets_every_migration_in_order(tmp_path: Path) -> None:
    expected = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
    with opened(tmp_path / "empty.db"):
        assert migrate() == expected
        assert unknown_migrations() == []


def test_a_file_that_a_newer_version_wrote_is_recognised(tmp_path: Path) -> None:
    assert unknown_migrations() == []
    # given a later version with one migration more, which worked on this file
    later = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, later)
    (later / "9999_from_later.py").write_text(
        "def up(migrator, db):\n    db.execute_sql('CREATE TABLE from_later (id INTEGER)')\n"
    )
    assert Runner(handle.obj, str(later)).up() == ["9999_from_later"]
    # then this version knows that the file is not its own, and migrating does not help
    assert unknown_migrations() == ["9999_from_later"]
    assert migrate() == []
    assert unknown_migrations() == ["9999_from_later"]


def test_what_could_not_be_read_before_is_set_aside_by_the_migration(tmp_path: Path) -> None:
    earlier = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, earlier)
    for path in earlier.glob("[0-9]*.py"):
        if path.stem >= "0007":
            path.unlink()
    with opened(tmp_path / "earlier.db"):
        Runner(handle.obj, str(earlier)).up()
        for trouble, done in (("", "NULL"), ("not JSON", "'2026-03-02 12:00:00.000000'")):
            handle.execute_sql(
                "INSERT INTO webhook (source, received_at, urgent, body, done_at, trouble) "
                f"VALUES ('whatsapp', '2026-03-02 11:00:00.000000', 1, 'x', {done}, '{trouble}')"
            )
        migrate()
        [aside] = SetAside.select()
        assert (aside.webhook_id, aside.place, aside.reason) == (2, "", "not JSON")
        assert Webhook.select().count() == 2
