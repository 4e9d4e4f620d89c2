"""What is wrong with the config, as values: gathered all at once, told with a remedy each."""

import difflib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

_SECRET_BEGINNINGS = ("ck_", "cs_", "EAA")  # of WooCommerce's keys and Meta's tokens

Steps = tuple[str | int, ...]
"""A way down the TOML tree: table names, key names, positions in lists (from 0)."""

T = TypeVar("T")
U = TypeVar("U")


class Wrong(NamedTuple):
    """One complaint; `inside` is where it sits within the value, e.g. (1, "percent")."""

    what: str
    remedy: str
    inside: Steps = ()


class Unfit(ValueError):
    """A value that its key cannot hold, for one reason or several."""

    def __init__(self, *wrongs: Wrong) -> None:
        super().__init__("; ".join(wrong.what for wrong in wrongs))
        self.wrongs = wrongs


def each(items: Iterable[tuple[str | int, T]], read: Callable[[T], U]) -> list[U]:
    """`read` over all items, though some are unfit.

    Raises Unfit with every complaint, each with the item's own step before it.
    """
    good: list[U] = []
    wrongs: list[Wrong] = []
    for step, item in items:
        try:
            good.append(read(item))
        except Unfit as unfit:
            wrongs += [wrong._replace(inside=(step, *wrong.inside)) for wrong in unfit.wrongs]
    if wrongs:
        raise Unfit(*wrongs)
    return good


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely stands for; None if nothing comes near."""
    # lower case on both sides: STOP_WORDS is near stop_words
    names = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def found(raw: object) -> str:
    """How a person would name a TOML value: `the text "7"`, `the whole number 7`, `a list`."""
    match raw:
        case bool():
            return f"the switch {str(raw).lower()}"
        case str() if raw.startswith(_SECRET_BEGINNINGS):
            return "a text that looks like a secret"  # pasted beside its key; not for the log
        case str():
            shown = raw if len(raw) <= 40 else raw[:39] + "…"
            return f'the text "{shown}"'.replace("\n", "\\n").replace("\r", "\\r")
        case int():
            return f"the whole number {raw}" if abs(raw) < 10**20 else "a huge number"
        case float():
            return f"the number {raw}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:  # TOML has nothing else
            return f"the date or time {raw}"
