"""A copy is put in the place of the database."""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import peewee

from agent.backups import (
    NO_HARD_LINKS,
    copy_all,
    explained,
    reading,
    remove,
    require_sound,
    require_space,
    sync,
)
from agent.database import held
from agent.epoch import treat_as_restored
from agent.errors import BadInput
from agent.marks import beside, read_marks, sync_folder, write_marks
from agent.taken_over import Taken, take_over
from models import Epoch, Heartbeat, Message
from models.base import (
    close_database,
    migrate,
    open_database,
    unknown_migrations,
)
from models.base import database as handle

OURS = frozenset({"schema_migration", "message", "contact", "consent_statement"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of putting a copy back."""

    known_until: datetime | None  # what happened later it does not know
    aside: Path | None  # where the database is that was there before
    statements: int | None  # consents and STOPs taken over from it; None where it cannot be read
    abandoned: int  # messages that waited in the copy, and are not sent
    unknown_erased: int  # people who were erased under another key, and whom the copy does not know


def put_back(file: Path, database: Path, *, now: datetime) -> Restored:
    """Put the copy `file` in the place of `database`, which is kept aside; nobody may work on it.

    What is put back is marked: see agent/epoch.py. Until the last moment the old database is in its
    place, so a failure or a power cut leaves one of the two. Raises BadInput where the file is no copy
    of ours, AlreadyRunning, and DatabaseTrouble.
    """
    database = database.resolve()
    if not file.is_file():
        raise BadInput(f"there is no file {file}", fix="name a copy that winback backup made")
    if database.exists() and file.samefile(database):
        raise BadInput(f"{file} is the database itself", fix="name a copy of it")
    with held(database), explained(f"putting {file} in the place of {database}"):
        fresh = database.with_name(f"{database.name}.restoring")
        remove(fresh)
        try:
            _take(file, fresh)
            mark = secrets.token_hex(16)
            known_until, taken, abandoned = _make_ready(file, fresh, database, mark, now)
            marks = beside(database)
            write_marks(marks, mark, *(read_marks(marks) or ()))
            aside = _swap(fresh, database, now)
            write_marks(marks, mark)
        finally:
            remove(fresh)
    return Restored(
        known_until=known_until,
        aside=aside,
        statements=taken.statements,
        abandoned=abandoned,
        unknown_erased=taken.unknown_erased,
    )


def _take(file: Path, fresh: Path) -> None:
    """Copy `file` to the folder of the database, and see that it is one of ours and whole."""
    no_copy = BadInput(
        f"{file} is not a database of winback", fix="name a copy that winback backup made"
    )
    try:
        with closing(reading(file)) as source:
            require_space(source, fresh.parent)
            os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            copy_all(source, fresh)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
            require_sound(copy, str(file))
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise no_copy from None
        raise BadInput(
            f"{file} is damaged: {error}", fix="put back an older copy; keep this one"
        ) from error
    if not tables >= OURS:
        raise no_copy


def _make_ready(
    file: Path, fresh: Path, present: Path, mark: str, now: datetime
) -> tuple[datetime | None, Taken, int]:
    """Bring the copy to the shape of this version, and mark it as put back.

    Returns until when it knows all, what it took over, and how many messages it abandoned.
    """
    try:
        open_database(fresh)
        if newer := unknown_migrations():
            raise BadInput(
                f"{file} was written by a newer winback (it has {', '.join(newer)})",
                fix="install that version again, or put back an older copy",
            )
        _keep_the_key(present)
        migrate()
        waiting = Message.select().where(Message.state == "queued").count()
        treat_as_restored(now)
        taken = take_over(present, now)
        Epoch.put(mark=mark)
        Heartbeat.update(
            beat_at=now, stopped_at=now
        ).execute()  # the gap until now is told of already
        return Epoch.get().known_until, taken, waiting
    finally:
        with suppress(peewee.InterfaceError):
            close_database()  # the last connection: it writes the log into the file, and removes it
        sync(fresh)


def _keep_the_key(present: Path) -> None:
    """A copy of before there was a key gets the one by which people were known since: who was erased
    is known by nothing else. Of a database that cannot be read, `take_over` tells."""
    with suppress(sqlite3.DatabaseError), closing(reading(present)) as old:
        found = old.execute("SELECT value FROM shop_fact WHERE name = 'person_key'").fetchone()
        if found:
            handle.execute_sql(
                "INSERT OR IGNORE INTO shop_fact (name, value) VALUES ('person_key', ?)", found
            )


def _free(name: Path) -> Path:
    """This name, or the next one that nothing has: what an earlier restore kept is not written over."""
    names = (name, *(name.with_name(f"{name.name}-{number}") for number in range(2, 1000)))
    return next(one for one in names if not one.exists())


def _swap(fresh: Path, database: Path, now: datetime) -> Path | None:
    """Keep what was there under a name of its own, and put the fresh one in its place."""
    if database.stat().st_size == 0:  # made by our lock
        fresh.replace(database)
        sync_folder(database.parent)
        return None
    aside = _free(database.with_name(f"{database.name}.before-{now:%Y%m%d-%H%M%S}"))
    wal, shm = (database.with_name(f"{database.name}-{end}") for end in ("wal", "shm"))
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if wal.exists() and wal.stat().st_size:  # it is damaged, or somebody still reads it
        database.rename(aside)
        wal.rename(f"{aside}-wal")
    else:
        try:
            aside.hardlink_to(database)
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            database.rename(aside)
        wal.unlink(missing_ok=True)
    shm.unlink(missing_ok=True)  # what they say is of the old one
    fresh.replace(database)
    sync_folder(database.parent)
    return aside
