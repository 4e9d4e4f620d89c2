"""The people of the sandbox town: who they are, what they type, whether they agreed to be written to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from zlib import crc32

from agent.sandbox.town import names
from agent.sandbox.town.dialling import COUNTRIES
from agent.sandbox.town.goods import SHELVES, Shelf
from agent.sandbox.town.phones import (
    READABLE,
    UNREACHABLE,
    WEIGHTS,
    Line,
    Phonebook,
    Spelling,
    knows,
    type_number,
)

if TYPE_CHECKING:
    from random import Random

ORDER_CONSENT = "_winback_marketing"  # the order meta that the shop's checkout box writes
CUSTOMER_CONSENT = "winback_marketing"  # the customer meta that the shop's account page writes
NEWS_ORDER_CONSENT = "_winback_order_news"  # the same of the box for news of their orders
NEWS_CUSTOMER_CONSENT = "winback_order_news"

HOMES = {"BR": 78, "PT": 6, "AR": 3, "MX": 3, "US": 3, "ES": 2, "GB": 2, "IN": 2, "DE": 1}

# What somebody without a will of their own leaves in the box: unticked, empty, or no box at all.
_SILENCE = ("no", "", None, None)

# Ways that somebody may fall into without thinking, from one order to the next.
_OTHER_WAYS = tuple(way for way in Spelling if way in READABLE - {Spelling.NINTH_MISSING})


class Consent(Enum):
    """What a person thinks of messages about offers, or of news of their orders."""

    AGREES = "ticks the box"
    REFUSES = "has taken it back, or said no"
    SILENT = "never said anything"


# Out of 1,000 people. A few who agree never come to an order or account that says so.
_CONSENTS = {Consent.AGREES: 460, Consent.REFUSES: 40, Consent.SILENT: 500}


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who buys, or once registered."""

    first_name: str
    last_name: str
    email: str
    country: str
    city: str
    state: str
    registered: bool
    consent: Consent
    favourite: Shelf
    spelling: Spelling
    lines: tuple[Line, ...]  # the mobiles that a careful reader finds in `fields`
    fields: tuple[str, ...]  # what the telephone field held, from order to order in turn
    customer_id: int = 0  # the shop's, once there is an account
    orders: list[int] = field(default_factory=list)  # ids, oldest first
    said: bool | None = None  # the newest explicit statement about offers that the shop holds
    said_of_news: bool | None = None  # the same about order news

    @property
    def reachable(self) -> bool:
        """Whether the shop knows a mobile of theirs, spelled so that there is no doubt about it."""
        return bool(self.lines) and self.spelling is not Spelling.TWO_NUMBERS

    @property
    def phone(self) -> str:
        """What they typed when they registered."""
        return self.fields[0]

    def billing(self) -> dict[str, str]:
        """The address of their next order."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "address_1": "Rua do Exemplo, 100",
            "city": self.city,
            "state": self.state,
            "country": self.country,
            "email": self.email,
            "phone": self.fields[len(self.orders) % len(self.fields)],
        }

    @property
    def news(self) -> Consent:
        """What they think of order news, which more people want than offers, and not the same ones.

        It follows from who they are: no chance is drawn for it, so all else in the town is as it would
        be without.
        """
        lot = crc32(f"order news:{self.email}".encode()) % 1000
        return Consent.AGREES if lot < 620 else Consent.REFUSES if lot < 640 else Consent.SILENT

    def boxes(self, random: Random) -> dict[str, str]:
        """The meta data with what their next order says about consent; remembers the statements."""
        offers, news = self._box(random), self._news_box()
        said = {ORDER_CONSENT: offers, NEWS_ORDER_CONSENT: news}
        return {key: value for key, value in said.items() if value is not None}

    def account_boxes(self, random: Random) -> dict[str, str]:
        """What their account says; never the contrary of what an order will say."""
        said = {}
        if (offers := self._account_box(random)) is not None:
            said[CUSTOMER_CONSENT] = offers
        if self.news is Consent.AGREES:
            self.said_of_news, said[NEWS_CUSTOMER_CONSENT] = True, "yes"
        return said

    def _box(self, random: Random) -> str | None:
        """About offers; None for no box at all."""
        if self.consent is Consent.AGREES:
            # Once is enough: who has ticked the box may leave it alone later.
            if self.said is None or random.random() < 0.6:
                self.said = True
                return "yes"
        elif self.consent is Consent.REFUSES and self.said is not False:
            # Half of them agreed once. With a single order, only the refusal is ever seen.
            if self.said is None and not self.orders and random.random() < 0.5:
                self.said = True
                return "yes"
            self.said = False
            return "refused"
        return random.choice(_SILENCE)

    def _news_box(self) -> str | None:
        """About order news: who agrees ticks it each time, who refuses has ticked it once."""
        if self.news is Consent.SILENT or self.said_of_news is False:
            return None
        self.said_of_news = self.news is Consent.AGREES or self.said_of_news is None
        return "yes" if self.said_of_news else "refused"

    def _account_box(self, random: Random) -> str | None:
        if self.consent is Consent.AGREES and random.random() < 0.5:
            self.said = True
            return "yes"
        return random.choice(_SILENCE)


class Registry:
    """Everybody of the town. The same `random` makes the same people, in the same order."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._phonebook = Phonebook(random)
        self._last: Person | None = None
        self._serial = 0

    def person(self, *, registered: bool) -> Person:
        """Somebody new. About one in seventy shares the telephone of the one before."""
        random = self._random
        self._serial += 1
        country = self._country()
        first, last = names.full_name(country, random)
        city, state = names.city(country, random)
        spelling = self._spelling(country)
        lines = self._lines(country, spelling)
        email = names.mail_address(first, last, self._serial, random)
        fields = self._fields(country, spelling, lines, email)
        before = self._last
        if before is not None and before.spelling in READABLE and random.random() < 0.014:
            country, city, state = before.country, before.city, before.state
            spelling, lines, fields = before.spelling, before.lines[:1], before.fields[:1]
        person = Person(
            first_name=names.as_typed(first, random),
            last_name=names.as_typed(last, random),
            email=email,
            country=country,
            city=city,
            state=state,
            registered=registered,
            consent=random.choices(tuple(_CONSENTS), tuple(_CONSENTS.values()))[0],
            favourite=random.choice(SHELVES),
            spelling=spelling,
            lines=() if spelling in UNREACHABLE else lines,
            fields=fields,
        )
        self._last = person
        return person

    def _country(self) -> str:
        country = self._random.choices(tuple(HOMES), tuple(HOMES.values()))[0]
        return country if self._phonebook.has_left(country) else "BR"

    def _spelling(self, country: str) -> Spelling:
        spelling = self._random.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        return spelling if knows(country, spelling) else Spelling.NATIONAL

    def _lines(self, country: str, spelling: Spelling) -> tuple[Line, ...]:
        if spelling is Spelling.NINTH_MISSING:
            return (self._phonebook.old_brazilian(),)
        line = self._phonebook.mobile(country)
        another = spelling is Spelling.TWO_NUMBERS or (
            spelling in READABLE and self._random.random() < 0.02
        )
        if another and self._phonebook.has_left(country):
            return line, self._phonebook.mobile(country)
        return (line,)

    def _fields(
        self, country: str, spelling: Spelling, lines: tuple[Line, ...], email: str
    ) -> tuple[str, ...]:
        random = self._random
        match spelling:
            case Spelling.EMPTY:
                return ("",)
            case Spelling.WORDS:
                return (random.choice(COUNTRIES[country].words),)
            case Spelling.EMAIL:
                return (email,)
            case Spelling.LANDLINE:
                return (self._phonebook.landline(country),)
            case Spelling.TWO_NUMBERS:
                joint = random.choice((" / ", " ou ", ", ", " - "))
                return (joint.join(type_number(line, Spelling.NATIONAL, random) for line in lines),)
            case Spelling.EXTENSION | Spelling.TOO_SHORT:
                return (type_number(lines[0], spelling, random),)
        typed = [type_number(line, spelling, random) for line in lines]
        if random.random() < 0.3:  # autofill is not everybody's: some type it anew, differently
            others = [way for way in _OTHER_WAYS if knows(country, way)]
            typed += [type_number(lines[0], way, random) for way in random.sample(others, 2)]
        return tuple(typed)
