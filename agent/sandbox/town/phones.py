"""Telephone numbers that belong to nobody, and the ways in which people type them into a checkout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.sandbox.town.dialling import BRAZILIAN_AREAS, COUNTRIES

if TYPE_CHECKING:
    from random import Random


class Spelling(StrEnum):
    """How a telephone field was filled in. The values are for people who read a test's output."""

    NATIONAL = "as the country writes it"
    DIGITS = "national, digits only"
    INTERNATIONAL = "with + and spaces"
    TIGHT = "with + and no spaces"
    NO_PLUS = "country code without the +"
    DOUBLE_ZERO = "00 instead of the +"
    TRUNK_ZERO = "national, with a trunk zero"
    TRUNK_IN_BRACKETS = "country code, then (0)"
    NINTH_MISSING = "Brazilian, from before the ninth digit"
    EXTENSION = "with an extension"
    TWO_NUMBERS = "two numbers in one field"
    LANDLINE = "a landline"
    TOO_SHORT = "without its area code or its end"
    WORDS = "words instead of a number"
    EMAIL = "an e-mail address"
    EMPTY = "nothing"


# Out of 1,000 fields. What a country does not know (a trunk zero in Spain) falls to NATIONAL.
WEIGHTS = {
    Spelling.NATIONAL: 380,
    Spelling.DIGITS: 160,
    Spelling.INTERNATIONAL: 170,
    Spelling.TIGHT: 70,
    Spelling.NO_PLUS: 50,
    Spelling.DOUBLE_ZERO: 15,
    Spelling.TRUNK_ZERO: 30,
    Spelling.TRUNK_IN_BRACKETS: 10,
    Spelling.NINTH_MISSING: 15,
    Spelling.EXTENSION: 8,
    Spelling.TWO_NUMBERS: 8,
    Spelling.LANDLINE: 25,
    Spelling.TOO_SHORT: 8,
    Spelling.WORDS: 7,
    Spelling.EMAIL: 4,
    Spelling.EMPTY: 40,
}

# With these a careful reader finds exactly the person's mobile.
READABLE = frozenset(
    {
        Spelling.NATIONAL,
        Spelling.DIGITS,
        Spelling.INTERNATIONAL,
        Spelling.TIGHT,
        Spelling.NO_PLUS,
        Spelling.DOUBLE_ZERO,
        Spelling.TRUNK_ZERO,
        Spelling.TRUNK_IN_BRACKETS,
        Spelling.NINTH_MISSING,
    }
)
# With these nobody can be reached on WhatsApp, whatever the reader does. The two kinds between,
# extensions and two numbers, are for the reader to decide.
UNREACHABLE = frozenset(
    {Spelling.LANDLINE, Spelling.TOO_SHORT, Spelling.WORDS, Spelling.EMAIL, Spelling.EMPTY}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One mobile subscription."""

    country: str
    number: str  # what follows the country code in E.164

    @property
    def e164(self) -> str:
        return f"+{COUNTRIES[self.country].code}{self.number}"


class Phonebook:
    """Hands out made-up mobiles, no number twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: Counter[str] = Counter()
        self._given_old = 0

    def has_left(self, country: str) -> bool:
        return self._given[country] < COUNTRIES[country].capacity

    def mobile(self, country: str) -> Line:
        """A number nobody has yet. ValueError when the country's made-up range is used up."""
        if not self.has_left(country):
            raise ValueError(f"every made-up number of {country} is given away")
        plan = COUNTRIES[country]
        # A step that shares no factor with the capacity visits each number exactly once.
        place = self._given[country] * 7_919 % plan.capacity
        self._given[country] += 1
        start, rest = divmod(place, 10**plan.free)
        return Line(country, f"{plan.mobiles[start]}{rest:0{plan.free}d}")

    def old_brazilian(self) -> Line:
        """A number that already existed with eight digits: its owner may still type only those."""
        area = BRAZILIAN_AREAS[self._given_old % len(BRAZILIAN_AREAS)]
        place = self._given_old // len(BRAZILIAN_AREAS)
        self._given_old += 1
        return Line("BR", f"{area}99999{place:04d}")

    def landline(self, country: str) -> str:
        """A landline as somebody types it, or a landline of Brazil where they look like mobiles."""
        here = country if COUNTRIES[country].landline else "BR"
        plan = COUNTRIES[here]
        rest = self._random.randrange(10**plan.landline_free)
        digits = f"{plan.landline}{rest:0{plan.landline_free}d}"
        return f"+{plan.code} {digits}" if here != country else f"{plan.trunk}{digits}"


def knows(country: str, spelling: Spelling) -> bool:
    """Whether people of that country can write a number of theirs like that."""
    plan = COUNTRIES[country]
    if spelling in {Spelling.TRUNK_ZERO, Spelling.TRUNK_IN_BRACKETS}:
        return bool(plan.trunk) and (spelling is Spelling.TRUNK_ZERO or country != "AR")
    if spelling is Spelling.NINTH_MISSING:
        return country == "BR"
    if spelling is Spelling.NO_PLUS:
        return plan.code_alone
    # 00 is not how the United States dial abroad.
    return not (spelling is Spelling.DOUBLE_ZERO and country == "US")


def type_number(line: Line, spelling: Spelling, random: Random) -> str:
    """`line` in one of the spellings that hold one complete number.

    KeyError for a spelling that needs more than a line (see `people.telephone_field`).
    """
    plan = COUNTRIES[line.country]
    home = _at_home(line)
    abroad = f"+{plan.code} {_into(plan.grouped, line.number)}"
    ways = {
        Spelling.NATIONAL: _into(plan.written, home),
        Spelling.DIGITS: home,
        Spelling.INTERNATIONAL: abroad,
        Spelling.TIGHT: line.e164,
        Spelling.NO_PLUS: f"{plan.code}{line.number}",
        Spelling.DOUBLE_ZERO: f"00{plan.code} {line.number}",
        Spelling.TRUNK_ZERO: _with_trunk(line, random),
        Spelling.TRUNK_IN_BRACKETS: f"+{plan.code} (0){line.number}",
        Spelling.NINTH_MISSING: f"({line.number[:2]}) {line.number[3:7]}-{line.number[7:]}",
        Spelling.EXTENSION: abroad + random.choice((" ext. 12", " x204", " ramal 3")),
        Spelling.TOO_SHORT: random.choice((home[-7:], home[:5], f"{home[-9:-4]}-{home[-4:]}"[:8])),
    }
    return ways[spelling]


def _at_home(line: Line) -> str:
    """The digits dialled inside the country; where a mobile starts with 0 at home, with that 0."""
    if line.country == "AR":
        return f"{line.number[1:3]}15{line.number[3:]}"  # at home Argentina says 15, abroad 9
    trunk = COUNTRIES[line.country].trunk
    return f"{trunk}{line.number}" if line.country in {"GB", "DE"} else line.number


def _with_trunk(line: Line, random: Random) -> str:
    digits = _at_home(line).removeprefix("0")
    if line.country == "BR" and random.random() < 0.5:
        return f"(0{digits[:2]}) {digits[2:7]}-{digits[7:]}"
    return f"0{digits}"


def _into(pattern: str, digits: str) -> str:
    """Each # takes the next digit; digits that are left over follow at the end."""
    rest = iter(digits)
    return "".join(next(rest, "") if mark == "#" else mark for mark in pattern) + "".join(rest)
