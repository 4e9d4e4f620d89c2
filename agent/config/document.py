"""A TOML file as it lies on the disk: its tree, its lines, and what is wrong with it as TOML."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.config.lines import Lines
from agent.errors import ConfigError
from agent.installed import INSTALLED

_FIX = "correct that line; config.example.toml shows how each key is written"

# what tomllib says -> what a person can do
_REMEDIES = (
    ("Cannot overwrite a value", "this key stands there twice: remove one of the two"),
    ("Duplicate inline", "this key stands there twice: remove one of the two"),
    ("Cannot declare", "this section stands there twice: put their keys together"),
    ("Invalid value", 'texts go in double quotes: key = "value"'),
    (
        "Expected '=' after",
        'write key = "value"; a space or accent in a key needs quotes around it',
    ),
    (
        "after a statement",
        "one key a line; a text with a double quote inside goes in single quotes",
    ),
    ("Unescaped '\\'", "write the path with / or in single quotes: 'C:\\file'"),
    (
        "Illegal character",
        "close the text with a quote on the same line; tabs and line breaks are \\t, \\n",
    ),
    ("Unterminated string", "close the text with the quotes that it was opened with"),
    ("Expected \"'''\"", "close the text with the quotes that it was opened with"),
    ("Invalid date", "write a day and a time that exist"),
    ("Invalid hex", "write \\u and four digits, or put the text in single quotes"),
    ("Unclosed array", "close the list with ]"),
    ("Expected ']", "close the section's name with ]"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A sound TOML file. `mode` has the permission bits of the file that was read."""

    path: Path
    mode: int
    tree: Mapping[str, object]
    lines: Lines


def read_document(path: Path) -> Document:
    """Reads the file once. Raises ConfigError if there is none to read, or it is not TOML."""
    content, mode = _read(path)
    return parse_document(content, path, mode)


def parse_document(content: bytes, path: Path, mode: int) -> Document:
    """What `content` would be as the file `path`. Raises ConfigError if it is not TOML."""
    try:
        text = content.decode("utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"{path}:{line}: is not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8"
        raise ConfigError(what, fix=_FIX) from None
    try:
        return Document(path, mode, tomllib.loads(text), Lines(text))
    except RecursionError:
        what = f"{path}:1: lists or tables are nested too deep; no key needs more than three levels"
        raise ConfigError(what, fix=_FIX) from None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise ConfigError(f"{path}:{_explain(str(error), text)}", fix=_FIX) from None


def _read(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(), os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        fix = "write it with `winback init` or from config.example.toml, or name your own with --config"
        raise ConfigError(f"{path}: there is no such file", fix=fix) from None
    except IsADirectoryError:
        fix = "name the file in it with --config"
        raise ConfigError(f"{path}: is a folder, not a file", fix=fix) from None
    except OSError as error:
        fix = INSTALLED.remedy(path, "let the user that winback runs as read it")
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", fix=fix) from None


def _explain(said: str, text: str) -> str:
    """LINE: what is wrong, for a person. The line itself is not shown: it may hold a secret."""
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    what = said[: place.start()] if place else said
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    column = f" (column {place[2]})" if place and place[2] else ""
    remedies = (remedy for key, remedy in _REMEDIES if key in said)
    return f"{line}: is not TOML{column}: {what}; {next(remedies, 'write it as in the example')}"
