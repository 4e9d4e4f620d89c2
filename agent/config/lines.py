"""On which line of a TOML text each key stands: `tomllib` keeps no positions."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

from agent.config.complaints import Steps

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_PART = r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+)"
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'  # the text itself may end in one or two quotes
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
    r"|[^,\]}#\n]+",  # numbers, switches, dates (which may have a space)
    re.DOTALL,
)


class Lines:
    """Where things stand in a text that `tomllib` has already read, so it is known to be sound."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._found: dict[Steps, int] = {}
        self._lists: dict[Steps, int] = {}  # arrays of tables -> how many so far
        self._read_document()

    @property
    def found(self) -> Mapping[Steps, int]:
        """Every table, key and list entry -> its line, from 1."""
        return self._found

    def of(self, steps: Steps) -> int:
        """The line of `steps`, else of the nearest thing around it, else 1."""
        for length in range(len(steps), 0, -1):
            if steps[:length] in self._found:
                return self._found[steps[:length]]
        return 1

    def _read_document(self) -> None:
        table: Steps = ()
        while self._peek():
            if self._peek() == "[":
                table = self._read_header()
            else:
                self._read_pair(table)

    def _read_header(self) -> Steps:
        line, repeated = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        *parents, last = self._read_key()
        self._at = self._text.index("]", self._at) + (2 if repeated else 1)
        table: Steps = ()
        for name in parents:
            table = self._newest((*table, name), line)
        table = (*table, last)
        if repeated:
            self._found.setdefault(table, line)
            self._lists[table] = self._lists.get(table, 0) + 1
            table = self._newest(table, line)
        self._found[table] = line  # over a line that only implied it, such as [table.below]
        return table

    def _newest(self, table: Steps, line: int) -> Steps:
        """`table`, or if it is an array of tables the last of them."""
        self._found.setdefault(table, line)
        return (*table, self._lists[table] - 1) if table in self._lists else table

    def _read_pair(self, table: Steps) -> None:
        line = self._line()
        for name in self._read_key():
            table = (*table, name)
            self._found.setdefault(table, line)
        self._at = self._text.index("=", self._at) + 1
        self._read_value(table)

    def _read_key(self) -> tuple[str, ...]:
        self._peek()
        # tomllib knows the escapes of quoted keys: {"a": {"b": 0}} is the key a.b
        tree: object = tomllib.loads(f"{self._take(_KEY)} = 0")
        names: list[str] = []
        while isinstance(tree, dict):
            ((name, tree),) = tree.items()
            names.append(name)
        return tuple(names)

    def _read_value(self, steps: Steps) -> None:
        match self._peek():
            case "[":
                self._read_list(steps)
            case "{":
                self._read_inline_table(steps)
            case _:
                self._take(_SCALAR)

    def _read_list(self, steps: Steps) -> None:
        self._at += 1
        position = 0
        while self._peek() != "]":
            self._found[*steps, position] = self._line()
            self._read_value((*steps, position))
            position += 1
            self._skip_comma()
        self._at += 1

    def _read_inline_table(self, steps: Steps) -> None:
        self._at += 1
        while self._peek() != "}":
            self._read_pair(steps)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        if self._peek() == ",":
            self._at += 1

    def _peek(self) -> str:
        """The next character that is not white space or comment; "" at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        taken = match[0] if match else ""
        self._at += len(taken)
        return taken

    def _line(self) -> int:
        return bisect_right(self._ends, self._at - 1) + 1
