"""Copies of the database that are made while the daemon works on it."""

import errno
import fcntl
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import peewee

from agent.database import remedy, require_there, shared
from agent.epoch import COPY
from agent.errors import BadInput, DatabaseTrouble
from agent.marks import sync_folder
from models.base import UtcField, migrate
from models.base import database as handle

ANOTHER_DISK = "make room there, or name a file on another disk"
IN_TMPDIR = "name a folder with room for a copy, and that may be written to, in TMPDIR"
NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def make_copy(database: Path, target: Path, *, replace: bool, now: datetime) -> int:
    """Copy the database as it is at one moment to `target`. Returns how many bytes that are.

    Nobody who writes is kept waiting. The copy is whole, checked and on the disk before it has its
    name, and only its owner may read it. Raises BadInput where the target is not to be written over,
    and DatabaseTrouble.
    """
    if target.exists() and (database.exists() and target.samefile(database)):
        raise BadInput(f"{target} is the database itself", fix="name another file for the copy")
    if target.name in _companions(database) and target.parent.resolve() == database.parent:
        raise BadInput(f"{target} belongs to the database", fix="name another file for the copy")
    if target.exists() and not replace:
        raise _is_there(target)
    with explained(f"copying {database} to {target}"), _partial(target) as partial:
        with closing(reading(database)) as source:
            require_space(source, target.parent)
            copy_all(source, partial)
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = delete")  # one file, readable wherever it lies
            _mark_as_copy(copy, now)
            require_sound(copy, f"the copy of {database}")
        sync(partial)
        _give_name(partial, target, replace=replace)
        sync_folder(target.parent)
    return target.stat().st_size


def _companions(database: Path) -> set[str]:
    """The names of what SQLite and winback keep beside the database."""
    ends = ("-wal", "-shm", "-journal", ".lock", ".epoch", ".epoch.new", ".restoring")
    return {f"{database.name}{end}" for end in ends}


def _is_there(target: Path) -> BadInput:
    return BadInput(f"{target} is there already", fix="name another file, or use --force")


@contextmanager
def on_a_copy(path: Path) -> Iterator[None]:
    """Open a copy of the database in its place, brought to the shape of this version: whatever is done,
    the file itself is not touched. It is gone afterwards. Works beside a daemon. Raises DatabaseTrouble.
    """
    require_there(path)
    before = handle.obj
    with temporary_folder(path) as folder:
        copy = folder / "winback.db"
        copy.touch(0o600)
        with explained(f"copying {path}", full=IN_TMPDIR), closing(reading(path)) as source:
            require_space(source, folder, fix=IN_TMPDIR)
            copy_all(source, copy)
        try:
            with shared(copy):
                migrate()
                yield
        finally:
            if before is not None:
                handle.initialize(before)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """A folder for copies of the database `path`; gone afterwards. Raises DatabaseTrouble where there can be
    none, and where what is done inside fills its disk: that is not the database's."""
    try:
        made = tempfile.TemporaryDirectory(prefix="winback-")
    except OSError as error:
        raise DatabaseTrouble(
            f"copying {path}: {error.filename or ''} {error.strerror or error}",
            fix=IN_TMPDIR,
        ) from error
    with made as name:
        try:
            yield Path(name)
        except (peewee.OperationalError, DatabaseTrouble) as error:
            if "disk is full" not in str(error):
                raise
            what = f"the copy of {path} in {name} does not fit: the disk is full"
            raise DatabaseTrouble(what, fix=IN_TMPDIR) from error


@contextmanager
def explained(what: str, *, full: str = ANOTHER_DISK) -> Iterator[None]:
    """What the disk and SQLite say while we do `what`, as DatabaseTrouble with a remedy; `full` is that for a
    disk without room."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise DatabaseTrouble(f"{what}: {error}", fix=remedy(str(error))) from error
    except OSError as error:
        has_no_room = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise DatabaseTrouble(
            f"{what}: {error.filename or ''} {error.strerror or error}",
            fix=full
            if has_no_room
            else "the folder must exist, and the user that runs this command must write to it",
        ) from error


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A file beside the target that only we write, and that is gone afterwards.

    One that is left of a process that was killed is written over. The lock is the kernel's.
    """
    path = target.with_name(f"{target.name}.partial")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseTrouble(
                f"another backup is being written to {target}", fix="wait for its end"
            ) from None
        os.fchmod(lock, 0o600)
        os.ftruncate(lock, 0)
        try:
            yield path
        finally:
            remove(path)
    finally:
        os.close(lock)


def reading(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing; also where the folder cannot be written."""
    alone = not path.with_name(f"{path.name}-wal").exists()
    # without a log beside it nobody has it open, and nothing has to be made beside it to read it
    more = "&immutable=1" if alone else ""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro{more}", uri=True, timeout=60, isolation_level=None
    )


def copy_all(source: sqlite3.Connection, target: Path) -> None:
    """In one go: those who write go on beside it, and it is the state of one moment."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy, pages=-1)


def require_space(
    source: sqlite3.Connection, folder: Path, *, copies: int = 1, fix: str = ANOTHER_DISK
) -> None:
    """Raises DatabaseTrouble where so many copies do not fit."""
    [(pages,)], [(size,)] = (
        source.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "page_size")
    )
    free = shutil.disk_usage(folder).free
    takes = copies * pages * size
    if free < takes:
        what = "the copy takes" if copies == 1 else f"{copies} copies take"
        raise DatabaseTrouble(
            f"{folder} has room for {free / 1e6:,.0f} MB, and {what} {takes / 1e6:,.0f}",
            fix=fix,
        )


def _mark_as_copy(copy: sqlite3.Connection, now: datetime) -> None:
    """No file has this mark, so whoever puts the copy back by hand is found out, too."""
    columns = {name for _, name, *_ in copy.execute("PRAGMA table_info(epoch)")}
    if "known_until" not in columns:  # no daemon of this version has worked on it yet
        return
    copy.execute(
        "INSERT INTO epoch (id, mark, restored_on, known_until, suspected) VALUES (1, ?, '', ?, 0) "
        "ON CONFLICT (id) DO UPDATE SET mark = excluded.mark, known_until = excluded.known_until",
        (f"{COPY}{secrets.token_hex(16)}", UtcField().db_value(now)),
    )


def require_sound(copy: sqlite3.Connection, whose: str) -> None:
    found = [said for (said,) in copy.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise DatabaseTrouble(
            f"{whose} is damaged: {'; '.join(found)}",
            fix="keep the older backups, and put back the newest that is whole: winback restore FILE",
        )


def _give_name(partial: Path, target: Path, *, replace: bool) -> None:
    """Another file of that name, which came meanwhile, is not written over unless so asked."""
    if replace:
        partial.replace(target)
        return
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        raise _is_there(target) from None
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if target.exists():
            raise _is_there(target) from None
        partial.rename(target)


def sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """The file, and what SQLite puts beside one."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
