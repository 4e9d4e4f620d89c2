"""What every room's tests share: a database of its own, and one moment to call now."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from models.base import close_database, empty_log, migrate, open_database

settings.register_profile(
    "ours", deadline=None
)  # how long an example takes is the machine's business
settings.load_profile("ours")


@pytest.fixture
def now() -> datetime:
    """A Monday noon, UTC."""
    return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied: migrating takes longer than most of the tests."""
    path = tmp_path_factory.mktemp("migrated") / "winback.db"
    open_database(path)
    migrate()
    empty_log()
    close_database()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Path]:
    """A migrated SQLite file, open in this thread; yields its path."""
    path = tmp_path / "winback.db"
    shutil.copy(migrated, path)
    open_database(path)
    yield path
    close_database()
