"""The file beside the database with the mark of its newest state: see agent/epoch.py."""

import os
from contextlib import suppress
from pathlib import Path

HEADER = """\
# winback keeps here which state of its database is the newest, to know when an older one was put back.
# Leave this file where it is, and out of backups.
"""


def beside(database: Path) -> Path:
    """Where the file with the mark is. A link to the database leads to the same."""
    database = database.resolve()
    return database.with_name(f"{database.name}.epoch")


def read_marks(file: Path) -> tuple[str, ...] | None:
    """The marks in the file; None where there is none. Something else of that name has none of ours."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    return tuple(line.strip() for line in lines if not line.startswith("#"))


def write_marks(file: Path, *marks: str) -> None:
    """Put the file in place of the one before; it is on the disk when this returns. Raises OSError."""
    fresh = file.with_name(f"{file.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, (HEADER + "".join(f"{mark}\n" for mark in marks)).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Until then a power cut may undo what was made, renamed or removed in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
