"""The README says what is so: its commands exist, and its dependencies are ours."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from agent.cli import COMMANDS, winback
from agent.config.schema import keys_of
from agent.config.settings import SECTIONS
from agent.rules.alarm_kinds import KINDS

ROOT = Path(__file__).parents[1]
CI = ROOT / ".ci" / "run"
DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/winback demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/poe check"
FIRST_SCREEN = 40  # lines
_WORD = r"[^\s/(`|&;#][^\s`|&;#]*"
_FILE = r"/(?:etc|var)/[\w./-]+"
# not the user or the unit of that name
NAMED = re.compile(rf"(?<!-[ugo] )(?<![-\w:])winback((?: {_WORD})(?: (?:{_WORD}|{_FILE}))*)")


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [DEMO, TESTS])
def test_the_two_commands_stand_on_the_first_screen(command: str) -> None:
    assert command in readme().splitlines()[:FIRST_SCREEN]


def test_every_command_and_option_that_the_readme_names_exists() -> None:
    for words in named():
        command, known = winback, options(winback)
        for word in words:
            if word.startswith("-"):
                assert word.partition("=")[0] in known, f"README.md: no {word}: winback {words}"
            elif isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, f"README.md: no command {word}: winback {words}"
                command, known = found, known | options(found)


def test_every_command_is_named_in_the_readme() -> None:
    assert {words[0] for words in named()} >= set(COMMANDS)


def test_every_alarm_is_in_the_readme_with_what_to_do() -> None:
    table = readme().partition("| alarm | what to do |")[2].partition("\n\n")[0]
    assert set(
        re.findall(r"`([a-z_]+)`", re.sub(r"\|[^|]*\|$", "", table, flags=re.MULTILINE))
    ) == set(KINDS)


def test_every_key_of_the_config_is_in_the_example_with_what_it_is() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    texts = dict(
        re.findall(
            r"^(?:# )?\[([\w.-]+)\]\n(.*?)(?=^(?:# )?\[[\w.-]+\]\n|\Z)",
            example,
            re.MULTILINE | re.DOTALL,
        )
    )
    for section, cls in SECTIONS.items():
        for name, key in keys_of(cls).items():
            assert re.search(rf"^(# )?{name} = ", texts[section], re.MULTILINE), (
                f"[{section}] {name}"
            )
            assert key.doc, f"[{section}] {name}"


def test_the_readmes_table_of_dependencies_is_the_one_of_pyproject() -> None:
    # given: the only table whose rows begin with a package in backticks, or a link to one
    section = re.split(r"^##+ .*dependenc.*$", readme(), flags=re.MULTILINE | re.IGNORECASE)[1]
    table = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| *\[?`([a-z0-9-]+)`", table, re.MULTILINE)

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert sorted(rows) == sorted(
        re.split(r"[^a-z0-9-]", one)[0] for one in project["dependencies"]
    )


def test_ci_runs_the_test_command_of_the_readme_and_then_the_long_tests(tmp_path: Path) -> None:
    # given: a checkout in which every program only says how it was called
    checkout = tmp_path / "checkout"
    said = tmp_path / "said"
    for name in ("pip", "poe"):
        pretend(checkout / ".venv" / "bin" / name, said)
    for name in ("python3", "dpkg", "apt-get"):
        pretend(tmp_path / "bin" / name, said)
    (checkout / "README.md").write_text(readme(), encoding="utf-8")
    ci = checkout / ".ci" / "run"
    ci.parent.mkdir()
    ci.write_text(CI.read_text())
    ci.chmod(0o755)

    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([ci], env=environment, check=True, capture_output=True, timeout=20)

    assert said.read_text().splitlines() == [
        "dpkg --status python3-venv systemd php-cli chromium mmdebstrap systemd-container",
        "python3 -m venv .venv",
        "pip install -e .[dev]",
        "poe check",
        "poe long",
    ]


def test_ci_fails_when_the_checks_fail(tmp_path: Path) -> None:
    checkout, said = tmp_path / "checkout", tmp_path / "said"
    pretend(checkout / ".venv" / "bin" / "pip", said)
    pretend(checkout / ".venv" / "bin" / "poe", said, code=3)
    for name in ("python3", "dpkg"):
        pretend(tmp_path / "bin" / name, said)
    (checkout / "README.md").write_text(TESTS + "\n", encoding="utf-8")
    (checkout / ".ci").mkdir()
    (checkout / ".ci" / "run").write_text(CI.read_text())

    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", checkout / ".ci" / "run"], env=environment, check=False, timeout=20
    )

    assert ended.returncode == 3
    assert "poe long" not in said.read_text()


def test_ci_is_executable() -> None:
    assert os.access(CI, os.X_OK)


def named() -> list[list[str]]:
    """What follows `winback` wherever the README writes a command line, word by word."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme(), re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```\w*\n.*?^```", "", readme(), flags=re.MULTILINE | re.DOTALL)
    lines = [*"\n".join(blocks).splitlines(), *re.findall(r"`([^`\n]+)`", prose)]
    return [words.split() for line in lines for words in NAMED.findall(line)]


def options(command: click.Command) -> set[str]:
    """The options that `command` knows by itself, help included."""
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {name for one in command.get_params(context) for name in one.opts}


def pretend(program: Path, said: Path, code: int = 0) -> None:
    """Make a program that notes how it was called, and does nothing."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/bash\necho "{program.name} $*" >> "{said}"\nexit {code}\n')
    program.chmod(0o755)
