"""What marketing may cost in a month: what is spent, what is left, and whether one more fits.

A price that is not known is not 0: no message whose price is not known fits a budget of money.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

MARKETING: Final = "marketing"
UTILITY: Final = "utility"
ALL_OTHERS: Final = "*"  # in the price table: every country that has no line of its own
_CENT: Final = Decimal("0.01")


class Rate(NamedTuple):
    """A line of the price table: what one message costs from `since` on."""

    since: date
    country: str
    category: str
    price: Decimal


class Prices:
    """A price table. Its lines may stand in any order."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        self._lines: dict[tuple[str, str], list[tuple[date, Decimal]]] = {}
        for rate in sorted(rates):
            line = (rate.since, rate.price)
            self._lines.setdefault((rate.country, rate.category), []).append(line)

    def __bool__(self) -> bool:
        return bool(self._lines)

    def of(self, country: str, category: str, day: date) -> Decimal | None:
        """What one message costs on `day`: the newest price that holds by then, of this country if it
        has one. None: not known.
        """
        for market in (country, ALL_OTHERS):
            lines = self._lines.get((market, category), [])
            held = bisect_right(lines, day, key=lambda line: line[0])
            if held:
                return lines[held - 1][1]
        return None


class Sent(NamedTuple):
    """Messages to one country that count on one day."""

    country: str
    kind: str
    day: date
    messages: int


class Unpriced(NamedTuple):
    """For what a price is missing, and how many messages or people that is about."""

    country: str
    category: str
    number: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a month came to so far. `money` is only what is known: see `unpriced`.

    What is still queued is spent as well. Messages of other kinds than marketing cost money, but do
    not count as `messages`.
    """

    messages: int = 0
    money: Decimal = Decimal(0)
    unpriced: tuple[Unpriced, ...] = ()

    @classmethod
    def of(cls, sent: Iterable[Sent], prices: Prices) -> "Spent":
        messages, money = 0, Decimal(0)
        unpriced: dict[tuple[str, str], int] = {}
        for one in sent:
            category = MARKETING if one.kind == MARKETING else UTILITY
            price = prices.of(one.country, category, one.day)
            if price is None:
                key = (one.country, category)
                unpriced[key] = unpriced.get(key, 0) + one.messages
            else:
                money += price * one.messages
            if category == MARKETING:
                messages += one.messages
        gaps = (Unpriced(*key, count) for key, count in sorted(unpriced.items()))
        return cls(messages, money, tuple(gaps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The most that a month may come to; None is no limit."""

    messages: int | None = None
    money: Decimal | None = None
    currency: str = "USD"


class Budget:
    """One month's budget while a run plans: each message that is planned takes its part.

    Who is asked first gets it, so the same people in the same order give the same answers; a message
    that is too dear does not keep a cheaper one behind it from going out.
    """

    def __init__(
        self,
        allowance: Allowance,
        prices: Prices,
        spent: Spent,
        *,
        today: date,
        reachable: Mapping[str, int] | None = None,
        hear_news: Mapping[str, int] | None = None,
    ) -> None:
        """`reachable`: country -> how many people there may be written to; "" is where no price is
        asked for, because numbers of no country are few. `hear_news`: the same of order news."""
        self.allowance, self.spent = allowance, spent
        self._prices, self._today = prices, today
        self._messages, self._money = spent.messages, spent.money
        known = (self.price(country) for country in reachable or {})
        self._cheapest = min((price for price in known if price is not None), default=None)
        self.unpriced = self._unpriced(reachable or {}, hear_news or {})
        """Why nothing may be sent at all: prices without which nobody knows what is left.

        What was sent in this month and has none, and the countries of people we may write to. Without
        a limit in money there is nothing to know.
        """

    def _unpriced(
        self, reachable: Mapping[str, int], hear_news: Mapping[str, int]
    ) -> tuple[Unpriced, ...]:
        if self.allowance.money is None:
            return ()
        ahead = (
            Unpriced(country, category, people)
            for category, where in ((MARKETING, reachable), (UTILITY, hear_news))
            for country, people in sorted(where.items())
            if country and self._prices.of(country, category, self._today) is None
        )
        known = {(one.country, one.category) for one in self.spent.unpriced}
        return (*self.spent.unpriced, *(one for one in ahead if one[:2] not in known))

    @property
    def messages_left(self) -> int | None:
        """How many more may be planned; None is no limit."""
        most = self.allowance.messages
        return None if most is None else max(most - self._messages, 0)

    @property
    def money_left(self) -> Decimal | None:
        most = self.allowance.money
        return None if most is None else max(most - self._money, Decimal(0))

    @property
    def is_spent(self) -> bool:
        """Does nothing more fit, whoever it is for? Also where less is left than any message costs."""
        if self.messages_left == 0:
            return True
        left = self.money_left
        if left is None:
            return False
        return left == 0 if self._cheapest is None else left < self._cheapest

    def price(self, country: str) -> Decimal | None:
        """What a marketing message there costs today; None: not known."""
        return self._prices.of(country, MARKETING, self._today)

    def why_not(self, country: str) -> str:
        """Why one more marketing message to `country` does not fit, or ''."""
        if self.messages_left == 0:
            return f"this month's {self.allowance.messages:,} messages are spent"
        left = self.money_left
        if left is None:
            return ""
        if self.unpriced:
            return "what this month cost is not known: prices are missing"
        price = self.price(country)
        if price is None:
            return f"what a message to {country or 'an unknown country'} costs is not known"
        if price > left:
            whole = f"{self.allowance.money:,} {self.allowance.currency}"
            return f"a message for {price} is more than the {left} left of this month's {whole}"
        return ""

    def take(self, country: str) -> bool:
        """Plan one more marketing message to `country`, if it fits."""
        if self.why_not(country):
            return False
        self._messages += 1
        self._money += self.price(country) or 0
        return True

    @property
    def is_told(self) -> bool:
        """Is there a limit or a price, so that there is something to say?"""
        return self.allowance.messages is not None or bool(self._prices)

    @property
    def in_words(self) -> str:
        """What is spent of what: "1,234 of 10,000 messages, 61.20 of 250.00 USD this month"."""
        limits, spent = self.allowance, self.spent
        said = f"{_of(f'{spent.messages:,}', limits.messages, ',')} "
        said += "message" if (limits.messages or spent.messages) == 1 else "messages"
        if limits.money is not None or self._prices:
            money = f"{spent.money.quantize(_CENT, ROUND_HALF_UP):,}"
            said += f", {_of(money, limits.money, ',.2f')} {limits.currency}"
        said += " this month"
        if self._prices and spent.unpriced:
            said += f"; {sum(one.number for one in spent.unpriced):,} have no price"
        return said


def _of(spent: str, most: object, form: str) -> str:
    return spent if most is None else f"{spent} of {most:{form}}"
