"""What every room's tests share: a database of its own, and one moment to call now."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.base import close_database, migrate, open_database


@pytest.fixture
def now() -> datetime:
    """A Monday noon, UTC."""
    return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """A migrated SQLite file, open in this thread; yields its path."""
    path = tmp_path / "winback.db"
    open_database(path)
    migrate()
    yield path
    close_database()
