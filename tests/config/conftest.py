from pathlib import Path

import pytest
from config_file import ConfigFile


@pytest.fixture
def config(tmp_path: Path) -> ConfigFile:
    """A config file in a folder of its own."""
    return ConfigFile(tmp_path)
