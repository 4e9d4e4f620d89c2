"""The systemd files: systemd itself finds no fault with them, and they agree with the program."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from configparser import RawConfigParser
from pathlib import Path

import pytest

from agent.commands.options import DEFAULT_CONFIG
from agent.config import Database
from agent.config.schema import keys_of
from agent.config.settings import SECTIONS
from agent.errors import AlreadyRunning, ConfigError

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "systemd"
UNIT = FOLDER / "winback.service"
MOST_EXPOSED = 15  # tenths, as `security --threshold` counts

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not here: apt install systemd",
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit and its drop-in as they lie in /etc/systemd/system, but with this environment's winback."""
    winback = Path(sys.executable).with_name("winback")
    assert winback.exists(), "the tests run where winback is installed"
    unit = tmp_path / "winback.service"
    unit.write_text(UNIT.read_text().replace("/opt/winback/bin/winback", str(winback)))
    drop_in = tmp_path / "winback.service.d" / "credentials.conf"
    drop_in.parent.mkdir()
    shutil.copy(FOLDER / "winback.credentials.conf", drop_in)
    return unit


@needs_systemd
def test_systemd_finds_no_fault_with_the_unit(installed: Path) -> None:
    verified = analyze("verify", "--recursive-errors=no", str(installed))

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@needs_systemd
def test_systemd_does_find_fault_with_a_spoiled_unit(installed: Path) -> None:
    # given: the same file, with a directive misspelled
    installed.write_text(installed.read_text().replace("ProtectHome=", "ProtectHomes="))

    verified = analyze("verify", "--recursive-errors=no", str(installed))

    assert "ProtectHomes" in verified.stderr


@needs_systemd
def test_the_daemon_is_exposed_at_most_as_much_as_promised(installed: Path) -> None:
    judged = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(installed))

    assert judged.returncode == 0, judged.stdout
    exposure = re.search(r"exposure level for winback\.service: ([\d.]+)", judged.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSED / 10


def test_each_credential_is_a_secret_of_the_config_and_none_is_missing() -> None:
    # given: those that may be left away are commented out, as a missing file stops the daemon
    secrets = {
        ("" if key.required else "#", f"{section}_{name}")
        for section, cls in SECTIONS.items()
        for name, key in keys_of(cls).items()
        if key.secret
    }
    lines = re.findall(
        r"^(#?)LoadCredential=(\w+):(.+)$",
        (FOLDER / "winback.credentials.conf").read_text(),
        re.MULTILINE,
    )

    assert {(mark, name) for mark, name, _ in lines} == secrets
    assert all(path == f"/etc/winback/credentials/{name}" for _, name, path in lines)


def test_the_daemon_reads_the_config_that_the_commands_read() -> None:
    assert service()["ExecStart"].endswith(f" run --config {DEFAULT_CONFIG}")


def test_the_database_of_the_example_lies_in_the_state_directory() -> None:
    # given: the example, with the comment taken off the default
    example = (ROOT / "config.example.toml").read_text()
    section = example.partition("[database]")[2].partition("\n[")[0]
    path = Path(tomllib.loads(re.sub(r"^# (?=path =)", "", section, flags=re.MULTILINE))["path"])

    assert path == Database().path
    assert path.parent == Path("/var/lib") / service()["StateDirectory"]


def test_every_path_and_user_is_the_same_in_all_files() -> None:
    unit = service()
    user, state, config = unit["User"], f"/var/lib/{unit['StateDirectory']}", Path(DEFAULT_CONFIG)

    assert unit["Group"] == user
    assert entries("winback.sysusers.conf") == [
        ["u", user, "-", "winback daemon", state, "/usr/sbin/nologin"]
    ]
    assert entries("winback.tmpfiles.conf") == [
        ["d", str(config.parent), "0750", "root", user, "-"],
        ["z", str(config), "0640", "root", user],
        ["d", state, unit["StateDirectoryMode"], user, user, "-"],
    ]


def test_a_mistake_in_the_config_is_the_only_end_that_is_not_tried_again() -> None:
    assert service()["RestartPreventExitStatus"].split() == [str(ConfigError.exit_code)]
    assert AlreadyRunning.exit_code != ConfigError.exit_code  # `winback sync` ends some time


def service() -> dict[str, str]:
    """[Service] of the unit; of a directive that is given twice, the last."""
    parser = RawConfigParser(strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment]  # keep the case, as the manual says to
    parser.read(UNIT)
    return dict(parser["Service"])


def entries(name: str) -> list[list[str]]:
    """The lines of a sysusers or tmpfiles file, in columns."""
    lines = (FOLDER / name).read_text().splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
