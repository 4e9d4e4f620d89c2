"""A config as it would be with some keys changed, to try them out: `limits.per_30_days=2`."""

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from agent.config.complaints import Steps
from agent.config.document import Document
from agent.config.lines import Lines
from agent.errors import BadInput

MAY_BE_TRIED: Final = (
    "attribution", "audience", "budget", "campaigns", "holdout", "interest", "languages", "limits",
    "timetable",
)  # fmt: skip
"""The sections that say who is written to, when, and what. No other party, no secret and no file is
another one only to try something out."""
OF_WHATSAPP: Final = ("canary", "messages_per_", "news_reserve")  # how keys of it begin that may be


def changes_from(texts: Iterable[str]) -> dict[Steps, object]:
    """What was written as KEY=VALUE, with the sections before the key: audience.inactive_after=90d.

    A value is written as in the config; a text may leave its quotes away. Raises BadInput.
    """
    changes: dict[Steps, object] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        steps = tuple(part.strip() for part in key.split("."))
        if not equals or len(steps) < 2 or not all(steps):
            raise BadInput(
                f"{text!r} is no key with a value",
                fix="write it as limits.per_30_days=2: the section, a dot, the key, = and the value",
            )
        if not _may_be_tried(steps):
            raise BadInput(
                f"{key.strip()} cannot be tried out",
                fix=f"what can be is in the sections {', '.join(MAY_BE_TRIED)}, "
                "and the canary and pace of whatsapp",
            )
        changes[steps] = _value(value.strip())
    return changes


def changed(document: Document, changes: Mapping[Steps, object]) -> Document:
    """The document with these in the place of what it has. A complaint about them has the line 0.

    Raises BadInput where one is inside of what is no section.
    """
    tree: dict[str, Any] = deepcopy(dict(document.tree))
    for steps, value in changes.items():
        section = tree
        for name in steps[:-1]:
            section = section.setdefault(str(name), {})
            if not isinstance(section, dict):
                raise BadInput(
                    f"{'.'.join(map(str, steps))}: {name} is a key, not a section",
                    fix="config.example.toml names every section with its keys",
                )
        section[str(steps[-1])] = value
    return replace(document, tree=tree, lines=_Changed(document.lines, changes))


class _Changed(Lines):
    """Where things stand; what was changed stands on no line of the file."""

    def __init__(self, lines: Lines, changes: Iterable[Steps]) -> None:
        others = {
            steps: line
            for steps, line in lines.found.items()
            if not any(steps[: len(one)] == one for one in changes)
        }
        self._found = others | dict.fromkeys(changes, 0)


def _may_be_tried(steps: Steps) -> bool:
    section, key = str(steps[0]), str(steps[1])
    return section in MAY_BE_TRIED or (section == "whatsapp" and key.startswith(OF_WHATSAPP))


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
