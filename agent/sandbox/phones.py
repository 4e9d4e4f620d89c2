"""Telephone numbers that belong to nobody, and the ways in which people type them into a checkout.

Numbers are drawn from ranges reserved for fiction where a country has one that the library
`phonenumbers` accepts as a mobile (US 555-01XX, Germany 0176 040690XX and 0171 39200XX; London's
020 7946 0XXX and Berlin's 030 231250XX for landlines). The British range 07700 900XXX is refused
by that library, and the other countries reserve none, so there the subscriber's digits are
obviously made up: 90000-1234, 600 00 1234.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

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
class Country:
    """How one country numbers its mobiles and writes them down. `#` stands for a digit."""

    code: str  # the country code, without +
    mobiles: tuple[str, ...]  # how a made-up mobile begins after the country code
    free: int  # the digits left to tell our people apart
    written: str  # at home
    grouped: str  # after + and the country code
    landline: str = ""  # how a made-up landline begins; "" where one cannot be told from a mobile
    landline_free: int = 4
    trunk: str = ""  # what is dialled before a number at home, and dropped from abroad
    code_alone: bool = True  # readable without its +? In Germany 49... is also a landline's start
    words: tuple[str, ...] = ("none", "-", "x", "n/a")

    @property
    def capacity(self) -> int:
        """How many people can get a mobile of their own."""
        return int(len(self.mobiles) * 10**self.free)


_BRAZILIAN_AREAS = (
    "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 "
    "53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 "
    "95 96 97 98 99"
).split()
_AMERICAN_AREAS = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 "
    "239 240 248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 "
    "310 312 313 314 315 316 317 318 319 320 321 323"
).split()

COUNTRIES = {
    "BR": Country(
        "55",
        tuple(f"{area}9000" for area in _BRAZILIAN_AREAS),
        5,
        "(##) #####-####",
        "## #####-####",
        landline="113000",
        trunk="0",
        words=("não tenho", "nao tem", "-", "whatsapp é o mesmo", "sem telefone"),
    ),
    "PT": Country(
        "351",
        ("91000", "93000", "96000"),
        4,
        "### ### ###",
        "### ### ###",
        landline="21000",
        words=("não tenho", "-"),
    ),
    "ES": Country(
        "34",
        ("60000", "61100", "62200"),
        4,
        "### ## ## ##",
        "### ### ###",
        landline="91000",
        words=("no tengo", "-"),
    ),
    "MX": Country(
        "52",
        ("555000", "335000", "815000"),
        4,
        "## #### ####",
        "## #### ####",
        words=("no tengo", "ninguno"),
    ),
    "AR": Country(
        "54",
        ("9115000", "9115001", "9115002"),
        4,
        "## ##-####-####",
        "# ## ####-####",
        landline="114000",
        trunk="0",
        words=("no tengo", "sin teléfono"),
    ),
    "US": Country(
        "1",
        tuple(f"{area}55501" for area in _AMERICAN_AREAS),
        2,
        "(###) ###-####",
        "###-###-####",
    ),
    "GB": Country(
        "44",
        ("740000", "740011"),
        4,
        "##### ######",
        "#### ######",
        landline="2079460",
        landline_free=3,
        trunk="0",
    ),
    "DE": Country(
        "49",
        ("176040690", "17139200"),
        2,
        "####/#######",
        "### #######",
        landline="30231250",
        landline_free=2,
        trunk="0",
        code_alone=False,
        words=("keine", "-"),
    ),
    "IN": Country(
        "91",
        ("900000", "800000"),
        4,
        "##### #####",
        "##### #####",
        landline="222000",
        trunk="0",
        words=("nil", "NA"),
    ),
}


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
        area = _BRAZILIAN_AREAS[self._given_old % len(_BRAZILIAN_AREAS)]
        place = self._given_old // len(_BRAZILIAN_AREAS)
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
