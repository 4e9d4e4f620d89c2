"""The help teaches: every command has an example, and every example can be typed."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from agent.cli import winback

NOT_THE_UNIT = r"(?<!-u )(?<!stop )(?<!start )(?<!reload )(?<!\S)"  # or its user
EXAMPLES = re.compile(r"^  Examples:\n((?:    .*\n?)+)", re.MULTILINE)


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways to all commands below, groups included."""
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from every(found, (*path, name))


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = winback
    for name in path:
        assert isinstance(command, click.Group)
        below = command.get_command(click.Context(command), name)
        assert below is not None, f"winback {' '.join(path)}: no {name}"
        command = below
    return command


@pytest.mark.parametrize("path", list(every(winback)), ids=" ".join)
def test_the_help_has_examples_that_can_be_typed(path: tuple[str, ...]) -> None:
    context = click.Context(found(path), info_name="winback", terminal_width=80)
    told = found(path).get_help(context)

    block = EXAMPLES.search(told)

    assert block is not None, f"winback {' '.join(path)} -h has no Examples:"
    typed = [words(line) for line in re.split(r"(?<!\\)\n", block[1]) if "winback " in line]
    assert [one for one in typed if tuple(one[: len(path)]) == path], f"none of {path}: {block[1]}"
    for one in typed:
        can_be_typed(one)


def words(line: str) -> list[str]:
    """What follows `winback`, up to a pipe, a redirection or an explanation beside it."""
    line = re.sub(r"\\\n\s*", "", line)
    after = re.split(rf"{NOT_THE_UNIT}winback ", line, maxsplit=1)
    if len(after) == 1:
        return []
    return shlex.split(re.split(r"\s{3,}|[|;>]| && ", after[1])[0])


def can_be_typed(typed: list[str]) -> None:
    """Its commands and options are there."""
    command, known = found(()), options(found(()))
    for word in typed:
        if word.startswith("-"):
            assert word in known, f"no {word}: winback {' '.join(typed)}"
        elif isinstance(command, click.Group) and word != "COMMAND":
            below = command.get_command(click.Context(command), word)
            assert below is not None, f"no command {word}: winback {' '.join(typed)}"
            command, known = below, known | options(below)


def options(command: click.Command) -> set[str]:
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {name for one in command.get_params(context) for name in one.opts}
