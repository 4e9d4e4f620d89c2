"""The section about what the messages may cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agent.config.kinds import Choice, Date, Money, Optional, Text, Whole
from agent.config.places import Country
from agent.config.schema import Tables, required, section, setting
from agent.rules.budget import ALL_OTHERS

_HINT = '{since = "2026-10-01", country = "BR", category = "marketing", price = "0.0625"}'


@dataclass(frozen=True)
class Market(Country):
    """A country, or all that have no price of their own."""

    expected = f'a country of two letters (ISO 3166-1), or "{ALL_OTHERS}" for all others'

    def read(self, raw: object) -> str:
        return ALL_OTHERS if raw == ALL_OTHERS else super().read(raw)


@dataclass(frozen=True)
class Amount(Money):
    """An amount in the currency of the prices, which need not be the shop's."""

    expected = "an amount of money, without its currency"


@section
class Price:
    """What a delivered message costs from a date on."""

    since: date = required(Date(), "First day.", example="2026-10-01", hint=_HINT)
    country: str = required(Market(), "Of the recipient's number.", example="BR", hint=_HINT)
    category: str = setting(
        Choice(("marketing", "utility")), "Category of the template.", default="marketing"
    )
    price: Decimal = required(Amount(), "Of one message.", example="0.0625", hint=_HINT)


@section
class Budget:
    """What marketing may cost in a calendar month of the shop. When it is spent, it stops."""

    messages_per_month: int | None = setting(
        Optional(Whole(0, 10_000_000)),
        'Most marketing messages in a month; "" for no limit.',
        default="",
    )
    money_per_month: Decimal | None = setting(
        Optional(Amount()),
        'Most money in a month, in the currency of your prices; "" for no limit. It needs a price for '
        "every country in which somebody agreed: while one is missing, no campaign runs. What other "
        "messages than marketing cost is taken off too.",
        default="",
    )
    prices: tuple[Price, ...] = setting(
        Tables(Price, least=0),
        "What a message costs, by country and category, each from a date on: a list of "
        f'{_HINT}. Country "{ALL_OTHERS}" is for all that have no line of their own. Meta changes its '
        "rates at most on the first of January, April, July and October.",
        default=[],
    )
    currency: str = setting(
        Text("a currency code", r"[A-Z]{3}", 'write "EUR" or "USD"'),
        "Currency of these prices and of the budget.",
        default="USD",
    )
