"""Opening the database: one daemon at a time, migrated, and every trouble with it in words."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import peewee

from agent.errors import AlreadyRunning, DatabaseGone, DatabaseTrouble
from agent.installed import INSTALLED
from agent.log import Log
from models.base import close_database, migrate, open_database, unknown_migrations

log = Log(__name__)


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Open the database as the only one who works on it: the daemon, or `winback sync`.

    Raises AlreadyRunning when another process does, and DatabaseTrouble. The lock is the kernel's and
    ends with the process, however that ends.
    """
    path = path.resolve()  # a link to the database is the same database
    with held(path), _opened(path):
        if migrated := migrate():
            log.info("database.migrated", to=migrated[-1], steps=len(migrated))
        yield


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep everybody else from owning the database, without opening it.

    Raises as `owned` does. Where there is none, an empty file is made.
    """
    with explained(path):
        _require_folder(path)
        with _locked(path):
            yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock beside the file, which tells the process, and one on the file itself, which
    stays where somebody tidies the first away."""
    beside = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    itself = -1
    try:
        itself = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            for lock in (beside, itself):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(beside, 20).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunning(
                f"another winback (process {pid}) works on {path}",
                fix="stop it first (systemctl stop winback, or Ctrl-C where it runs), or give this one a database of its own",
            ) from None
        os.ftruncate(beside, 0)
        os.pwrite(beside, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        for lock in (beside, itself):
            if lock >= 0:
                os.close(lock)


class Presence:
    """Tells whether the database is still the file that it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._look()

    def require(self) -> None:
        """Raises DatabaseGone when the file was deleted, or another one put in its place."""
        if self._look() != self._known:
            raise DatabaseGone(
                f"the database {self._path} was taken away or replaced while winback ran",
                fix="put it back before the next start: without it winback knows neither who was "
                "written to nor who said STOP",
            )

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def require_there(path: Path) -> None:
    """Raises DatabaseTrouble when there is no database yet."""
    if not path.exists():
        raise DatabaseTrouble(
            f"there is no database at {path} yet",
            fix="winback makes it when it starts: `winback run` or `winback sync`",
        )


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Open the database beside a daemon that may be running, to look or to add a statement.

    Raises DatabaseTrouble when there is none yet.
    """
    require_there(path)
    with explained(path), _opened(path):
        yield


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the database and the file system say into DatabaseTrouble with a remedy."""
    try:
        yield
    except peewee.DatabaseError as error:
        raise trouble(error, path) from error
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(path.parent)):
            raise
        fix = "let the user that winback runs as write to this folder"
        raise DatabaseTrouble(
            f"{error.filename}: {error.strerror}", fix=INSTALLED.remedy(path, fix)
        ) from error


def trouble(error: peewee.DatabaseError, path: Path) -> DatabaseTrouble:
    """What a failure of SQLite means for the person who runs the shop."""
    fix = remedy(str(error))
    if any(words in str(error).lower() for words in NOT_PERMITTED):
        fix = INSTALLED.remedy(path, fix)
    return DatabaseTrouble(f"database {path}: {error}", fix=fix)


def remedy(said: str) -> str:
    """What to do about what SQLite said."""
    known = (fix for words, fix in _REMEDIES.items() if words in said.lower())
    return next(known, "see that the disk is healthy; keep a copy of the file before any repair")


NOT_PERMITTED = ("readonly", "unable to open")  # as SQLite says it, most often
_REMEDIES = {
    "locked": "another program holds it: close any sqlite3 shell or copy job on it",
    "readonly": "let the user that winback runs as write to the file and to its folder",
    "full": "the disk is full: make room; winback goes on by itself, nothing is lost",
    "unable to open": "the folder must exist, and the user that winback runs as must write to it",
    "not a database": "this is another kind of file: set [database] path to one of winback's own",
    "malformed": "the file is damaged: put back a backup; keep the damaged file",
    "no such table": "it was made by another version: start `winback run` once, it migrates the file",
    "no such column": "it was made by another version: restart winback, it migrates the file",
}


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    try:
        open_database(path)
        newer = unknown_migrations()
        if newer:
            raise DatabaseTrouble(
                f"database {path} was written by a newer winback (it has {', '.join(newer)})",
                fix="install that version again, or put back the backup from before it",
            )
        yield
    finally:
        with suppress(peewee.InterfaceError):
            close_database()


def _require_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise DatabaseTrouble(
            f"the folder {path.parent} for the database does not exist",
            fix=f"make it (mkdir -p {path.parent}), owned by the user that winback runs as",
        )
