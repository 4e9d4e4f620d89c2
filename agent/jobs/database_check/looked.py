"""What was looked at in the database, and how it is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

A_WALK: Final = 20_000  # rows read in one statement
ANEW: Final = "let `winback once histories` run; if it stays, tell us with the number"
Beat = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at. `wrong` is '' where it is well."""

    what: str
    wrong: str = ""
    fix: str = ""


def some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5]))
