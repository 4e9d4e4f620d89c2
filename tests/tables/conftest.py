from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _on_a_real_file(database: Path) -> None:
    """Every test here works on a migrated SQLite file of its own."""
