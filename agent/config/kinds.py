"""Kinds of values that a key can hold: each reads what TOML gave, or says why it cannot."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from agent.config.complaints import Unfit, Wrong, each, found, nearest

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_HUGE = 10**32
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Kind(ABC, Generic[T_co]):
    """What a key can hold."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """For a person, with unit and bounds: "a whole number from 1 to 100"."""

    @property
    def limits(self) -> str:
        """A sentence for the documentation, where there are bounds or choices to tell."""
        return ""

    @abstractmethod
    def read(self, raw: object) -> T_co:
        """The typed value. Raises Unfit with a remedy."""

    def refuse(self, raw: object, remedy: str) -> Unfit:
        """The complaint that `raw` is something else than what is expected."""
        return Unfit(Wrong(f"is {found(raw)}, not {self.expected}", remedy))


@dataclass(frozen=True)
class Text(Kind[str]):
    """A text that fits `pattern` as a whole."""

    called: str = "a text"
    pattern: str = r"(?s:.*)"
    remedy: str = "write a text in double quotes"

    @property
    def expected(self) -> str:
        return self.called

    def read(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.refuse(raw, 'put it in double quotes: "..."')
        if not re.fullmatch(self.pattern, raw):
            raise self.refuse(raw, self.remedy)
        return raw


@dataclass(frozen=True)
class Choice(Kind[str]):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(f'"{word}"' for word in self.words)

    @property
    def limits(self) -> str:
        return f"{self.expected[0].upper()}{self.expected[1:]}."

    def read(self, raw: object) -> str:
        if isinstance(raw, str) and raw in self.words:
            return raw
        near = nearest(raw, self.words) if isinstance(raw, str) else None
        raise self.refuse(
            raw, f'write "{near or self.words[0]}"' + ("" if near else ", for example")
        )


@dataclass(frozen=True)
class Flag(Kind[bool]):
    """A switch."""

    expected = "true or false"

    def read(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise self.refuse(raw, "write true or false, without quotes")
        return raw


@dataclass(frozen=True)
class Whole(Kind[int]):
    """A whole number within bounds, both included."""

    least: int
    most: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    @property
    def limits(self) -> str:
        return f"From {self.least} to {self.most}."

    def read(self, raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise self.refuse(raw, "write a whole number, without quotes")
        if not self.least <= raw <= self.most:
            raise self.refuse(
                raw, f"the nearest that works is {self.least if raw < self.least else self.most}"
            )
        return raw


@dataclass(frozen=True)
class Digits(Kind[str]):
    """An id of digits. Meta shows it bare, so it is taken with and without quotes."""

    expected = "an id of digits only"

    def read(self, raw: object) -> str:
        text = _written(raw)
        if not re.fullmatch(r"[0-9]{1,32}", text):
            raise self.refuse(raw, "copy the digits alone: no +, no spaces")
        return text


def _written(raw: object) -> str:
    """A text, or a whole number as a text; "" for all else, and for numbers beyond any use."""
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < _HUGE:
        return str(raw)  # Python refuses this to numbers of thousands of digits, such as 0xfff...
    return raw if isinstance(raw, str) else ""


@dataclass(frozen=True)
class Duration(Kind[timedelta]):
    """A span of time such as "90s", within bounds (written alike), both included."""

    least: str
    most: str

    @property
    def expected(self) -> str:
        return f"a duration from {self.least} to {self.most}"

    @property
    def limits(self) -> str:
        return f"From {self.least} to {self.most}."

    def read(self, raw: object) -> timedelta:
        seconds = _seconds(raw)
        if seconds is None:
            raise self.refuse(
                raw, 'write a number and s, m, h or d, in quotes: "90s", "15m", "1h", "7d"'
            )
        least, most = _seconds(self.least) or 0, _seconds(self.most) or 0
        if not least <= seconds <= most:
            raise self.refuse(
                raw, f'the nearest that works is "{self.least if seconds < least else self.most}"'
            )
        return timedelta(seconds=seconds)


def _seconds(raw: object) -> int | None:
    """Of a text like "15m"; None if it is no duration."""
    match = re.fullmatch(r"([0-9]{1,12})([smhd])", raw) if isinstance(raw, str) else None
    return int(match[1]) * _SECONDS[match[2]] if match else None


@dataclass(frozen=True)
class TimeOfDay(Kind[time]):
    """Hours and minutes on a 24-hour clock. TOML's own local time (09:00:00) is taken too."""

    expected = 'a time of day from "00:00" to "23:59"'

    def read(self, raw: object) -> time:
        if isinstance(raw, time):
            return raw
        match = (
            re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", raw) if isinstance(raw, str) else None
        )
        if not match:
            raise self.refuse(
                raw,
                'write hours and minutes on a 24-hour clock, in quotes: "09:00"; midnight is "00:00"',
            )
        return time(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class Date(Kind[date]):
    """A day such as 2026-10-01. TOML's own date is taken too."""

    expected = 'a date such as "2026-10-01"'

    def read(self, raw: object) -> date:
        if type(raw) is date:
            return raw
        try:
            return date.fromisoformat(raw if isinstance(raw, str) else "")
        except ValueError:
            raise self.refuse(raw, 'write year, month and day: "2026-10-01"') from None


@dataclass(frozen=True)
class Money(Kind[Decimal]):
    """An amount in the shop's currency, zero or more, exact."""

    expected = "an amount of money in the shop's currency"

    def read(self, raw: object) -> Decimal:
        if isinstance(raw, float):
            # 19.90 has no exact binary form, and money is never a float
            raise self.refuse(raw, f'put amounts with a fraction in quotes: "{raw:.2f}"')
        text = _written(raw)
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", text):
            raise self.refuse(
                raw, 'write 500 or "19.90": a point before the cents, no currency sign'
            )
        return Decimal(text)


@dataclass(frozen=True)
class Optional(Kind[T | None]):
    """What `kind` holds; "" stands for none."""

    kind: Kind[T]

    @property
    def expected(self) -> str:
        return f'{self.kind.expected}, or ""'

    def read(self, raw: object) -> T | None:
        return None if raw == "" else self.kind.read(raw)


@dataclass(frozen=True)
class Items(Kind[tuple[T, ...]]):
    """A list of one kind, each at most once."""

    kind: Kind[T]
    least: int = 0
    most: int | None = None

    @property
    def expected(self) -> str:
        if self.most is not None:
            return f"a list of at most {self.most}, each {self.kind.expected}"
        return f"a list{' of at least 1' if self.least else ''}, each {self.kind.expected}"

    def read(self, raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list):
            raise self.refuse(raw, "put it in square brackets, with commas between: [..., ...]")
        if len(raw) < self.least:
            raise Unfit(
                Wrong(
                    "is an empty list", "write at least one, or leave the line away for the default"
                )
            )
        if self.most is not None and len(raw) > self.most:
            raise Unfit(Wrong(f"has {len(raw)} entries", f"keep at most {self.most}"))
        return tuple(_once(each(enumerate(raw), self.kind.read)))


class Growing(Items[int]):
    """A list of whole numbers, each greater than the one before."""

    def read(self, raw: object) -> tuple[int, ...]:
        values = super().read(raw)
        if list(values) != sorted(values):
            raise Unfit(Wrong("does not grow", f"write {sorted(values)}"))
        return values


def _once(values: Sequence[T]) -> Sequence[T]:
    """Raises Unfit for each value that came before."""
    wrongs = [
        Wrong("stands there twice", "leave one of them away", (position,))
        for position, value in enumerate(values)
        if value in values[:position]
    ]
    if wrongs:
        raise Unfit(*wrongs)
    return values
