"""A shop that runs the bridge."""

from pathlib import Path

import pytest
from shop_page import Shop, php


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    return Shop(folder, php())
