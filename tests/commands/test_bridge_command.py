"""winback bridge: the plugin on stdout, byte for byte, and nothing else."""

import tomllib
from pathlib import Path

from typing_in import typed

ROOT = Path(__file__).parents[2]


def test_it_prints_the_plugin() -> None:
    ended = typed("bridge")
    assert ended.exit_code == 0
    assert ended.stdout_bytes == (ROOT / "agent" / "bridge" / "winback.php").read_bytes()
    assert ended.stderr_bytes == b""


def test_its_help_tells_the_constants() -> None:
    told = typed("bridge", "--help").stdout
    assert "define( 'WINBACK_EVENTS_URL'" in told
    assert "define( 'WINBACK_EVENTS_TOKEN'" in told
    assert "define( 'WINBACK_BOXES'" in told


def test_the_package_ships_it() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    shipped = {
        path for one in setuptools["package-data"]["agent"] for path in (ROOT / "agent").glob(one)
    }
    assert ROOT / "agent" / "bridge" / "winback.php" in shipped
    assert (ROOT / "agent" / "bridge" / "__init__.py").is_file()  # or its data is no package's
