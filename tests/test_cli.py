"""The `winback` command: what people type, and what they get back when it cannot be done."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import peewee
import pytest
from click.testing import CliRunner
from daemon_process import environ, run_winback
from sending_world import World

from agent import cli
from agent.cli import COMMANDS, main, winback
from agent.errors import (
    AlreadyRunning,
    ConfigError,
    DatabaseTrouble,
    Garbled,
    PortInUse,
    Refused,
    Retryable,
    Unauthorized,
    Unsure,
    WinbackError,
)
from agent.sandbox.clock import WallClock


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        yield world


def test_a_full_disk_behind_a_redirection_is_no_traceback() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agent.cli", "bridge"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 74
    assert done.stderr.strip() == "winback: No space left on device"


def test_help_names_every_command_with_what_it_does() -> None:
    told = CliRunner().invoke(winback, ["--help"]).output
    for name, what in COMMANDS.items():
        assert f"{name} " in told
        assert what.split()[0] in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_named_exists_and_has_help(name: str) -> None:
    told = CliRunner().invoke(winback, [name, "--help"])
    assert told.exit_code == 0
    assert "Usage:" in told.output


def test_a_command_that_does_not_exist_is_a_usage_error() -> None:
    told = CliRunner().invoke(winback, ["fly"])
    assert told.exit_code == 2
    assert "fly" in told.output


@pytest.mark.parametrize(("typed", "meant"), [("statsu", "status"), ("simulat", "simulate")])
def test_a_command_that_is_misspelt_is_told_what_was_meant(typed: str, meant: str) -> None:
    result = CliRunner().invoke(winback, [typed])
    assert result.exit_code == 2
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in result.output


def test_the_version_is_the_packages() -> None:
    assert "winback, version " in CliRunner().invoke(winback, ["--version"]).output


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (WinbackError, 1),
        (Retryable, 69),
        (Unsure, 69),
        (PortInUse, 71),
        (DatabaseTrouble, 74),
        (AlreadyRunning, 75),
        (Garbled, 76),
        (Refused, 77),
        (Unauthorized, 77),
        (ConfigError, 78),
    ],
)
def test_an_expected_failure_is_one_message_and_an_exit_code(
    kind: type[WinbackError],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.command
    def failing() -> None:
        raise kind("it does not go", fix="turn it around")

    monkeypatch.setattr(cli, "winback", failing)
    monkeypatch.setattr(sys, "argv", ["winback"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert capsys.readouterr().err == "winback: it does not go\n  -> turn it around\n"


def test_a_database_in_trouble_where_no_path_is_at_hand_is_no_traceback_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command
    def failing() -> None:
        raise peewee.OperationalError("disk I/O error")

    monkeypatch.setattr(cli, "winback", failing)
    monkeypatch.setattr(sys, "argv", ["winback"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 74
    assert capsys.readouterr().err == "winback: database: disk I/O error\n"


@pytest.mark.parametrize("command", ["report", "status"])
def test_looking_before_the_first_start_says_what_to_do(world: World, command: str) -> None:
    ended = run_winback(command, "--config", str(world.write_config()))
    assert ended.returncode == 74
    assert "there is no database at" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("command", ["run", "check", "sync", "report"])
def test_a_bad_config_is_told_by_every_command_alike(world: World, command: str) -> None:
    config = world.write_config(whatsapp__workers=-3, shop__key="nonsense")
    ended = run_winback(command, "--config", str(config))
    assert ended.returncode == 78
    assert ended.stderr.count(f"{config}:") == 2
    assert "Traceback" not in ended.stderr


def test_the_config_may_be_named_by_the_environment(world: World) -> None:
    config = world.write_config()
    ended = subprocess.run(
        [sys.executable, "-m", "agent.cli", "report"],
        capture_output=True, text=True, timeout=30, check=False,
        env=environ(WINBACK_CONFIG=str(config)),
    )  # fmt: skip
    assert ended.returncode == 74
    assert str(world.folder / "winback.db") in ended.stderr


@pytest.mark.long
def test_a_shop_that_says_no_is_one_message(world: World) -> None:
    config = world.write_config(shop__key="ck_of_another_shop")
    ended = run_winback("sync", "--config", str(config))
    assert ended.returncode == 77
    assert "-> " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ck_of_another_shop" not in ended.stderr


def test_the_idle_daemon_loads_neither_tables_nor_the_sandbox() -> None:
    """Each of these costs memory for as long as the daemon lives."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, agent.cli, agent.commands.run; print(*sys.modules)"],
        capture_output=True, text=True, timeout=30, check=True, env=environ(),
    ).stdout.split()  # fmt: skip
    heavy = {"rich", "babel", "agent.sandbox", "hypothesis", "pytest"}
    assert heavy.isdisjoint(loaded)
    assert "agent.daemon" in loaded
