"""What the report counts: messages by what became of them, what they earned, and what they cost."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from agent.rules.budget import MARKETING, UTILITY, Prices
from agent.rules.charged import FREE
from agent.rules.intervals import wilson
from agent.rules.money import amount
from agent.rules.order_kinds import KINDS, STATUSES
from agent.rules.states import TAKEN, State

WAITING: Final = frozenset({State.QUEUED, State.CLAIMED})
ARRIVED: Final = frozenset({State.DELIVERED, State.READ})
FAILED: Final = frozenset({State.FAILED, State.REFUSED, State.UNDELIVERED})
DROPPED: Final = frozenset({State.CANCELLED, State.EXPIRED})
UNKNOWN: Final = frozenset({State.UNSURE, State.ABANDONED})
MAY_HAVE_ARRIVED: Final = frozenset({State.ACCEPTED, State.SENT}) | ARRIVED | UNKNOWN
"""What costs money: WhatsApp charges what is delivered. Held messages have not left WhatsApp yet."""

_AS_MARKETING = frozenset({MARKETING, "marketing_lite"})


class Cell(NamedTuple):
    """The smallest part of the report. `day` is the shop's date of the decision, in ISO 8601."""

    day: str
    campaign: str
    template: str
    language: str


class Counted(NamedTuple):
    """Messages that are alike in all that the report tells apart; the last four are how many."""

    cell: Cell
    country: str
    state: str
    charged: str  # the category that WhatsApp told, FREE, or "" where it has told none
    clicked: int
    replied: int
    stopped: int
    messages: int


class Earned(NamedTuple):
    """Orders in one currency that messages of one cell earned. `revenue` is in minor units."""

    cell: Cell
    currency: str
    orders: int
    revenue: int


class Rate(NamedTuple):
    """A share, and between what it truly is (Wilson, 95 %)."""

    value: float
    low: float
    high: float


@dataclass(slots=True, kw_only=True)
class Figures:
    """How many messages; `revenue` is by currency, in minor units."""

    chosen: int = 0  # whom a campaign chose, those who were not written to among them
    withheld: int = 0  # chosen, and held out to compare
    waiting: int = 0
    sent: int = 0  # WhatsApp took it
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    converted: int = 0  # messages that earned an order
    opt_outs: int = 0
    failed: int = 0  # those that were sent and given up are both
    dropped: int = 0
    unknown: int = 0
    unpriced: int = 0  # cost something that nobody knows
    cost: Decimal = Decimal(0)
    orders: Counter[str] = field(default_factory=Counter)  # by currency
    revenue: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Figures") -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cost += other.cost
        for currency, count in other.orders.items():
            self.orders[currency] += count
        for currency, money in other.revenue.items():
            self.revenue[currency] += money

    @property
    def rates(self) -> Mapping[str, Rate | None]:
        """By name; None where there is nothing that it is a share of.

        A click or an order may be known of a message of which WhatsApp never told that it arrived:
        no share is above one.
        """
        return {
            "delivered": rate(self.delivered, self.sent),
            "opened": rate(self.opened, self.delivered),
            "clicked": rate(self.clicked, self.delivered),
            "replied": rate(self.replied, self.delivered),
            "converted": rate(self.converted, self.sent),
            "opt_outs": rate(self.opt_outs, self.delivered),
        }


COUNTS: Final = (
    "chosen", "withheld", "waiting", "sent", "delivered", "opened", "clicked", "replied", "converted",
    "opt_outs", "failed", "dropped", "unknown", "unpriced",
)  # fmt: skip
"""The counts among the figures, in the order in which they are told."""


def rate(part: int, whole: int) -> Rate | None:
    """`part` of `whole`, at most all of it."""
    if not whole:
        return None
    part = min(part, whole)
    return Rate(part / whole, *wilson(part, whole))


def is_news(campaign: str) -> bool:
    """Is it news of an order, by the name that it has in the outbox?"""
    return campaign in KINDS or campaign.startswith(f"{STATUSES}.")


def tally(
    counted: Iterable[Counted],
    earned: Iterable[Earned],
    converted: Mapping[Cell, int],
    prices: Prices,
) -> dict[Cell, Figures]:
    """The figures of each cell."""
    figures: dict[Cell, Figures] = {}
    for one in counted:
        _count(figures.setdefault(one.cell, Figures()), one, prices)
    for income in earned:
        cell = figures.setdefault(income.cell, Figures())
        cell.orders[income.currency] += income.orders
        cell.revenue[income.currency] += income.revenue
    for place, messages in converted.items():
        figures.setdefault(place, Figures()).converted += messages
    return figures


def _count(figures: Figures, one: Counted, prices: Prices) -> None:
    state, messages = one.state, one.messages
    figures.chosen += messages
    figures.clicked += one.clicked
    figures.replied += one.replied
    figures.opt_outs += one.stopped
    figures.sent += messages * (state in TAKEN)
    figures.delivered += messages * (state in ARRIVED)
    figures.opened += messages * (state == State.READ)
    figures.withheld += messages * (state == State.WITHHELD)
    figures.waiting += messages * (state in WAITING)
    figures.failed += messages * (state in FAILED)
    figures.dropped += messages * (state in DROPPED)
    figures.unknown += messages * (state in UNKNOWN)
    price = price_of(one, prices)
    if price is None:
        figures.unpriced += messages
    else:
        figures.cost += price * messages


def price_of(one: Counted, prices: Prices) -> Decimal | None:
    """What one of these messages costs; None: nobody knows.

    What WhatsApp told decides. Where it has told nothing, the category that the template should have.
    """
    if one.state not in MAY_HAVE_ARRIVED or one.charged == FREE:
        return Decimal(0)
    category = one.charged or (UTILITY if is_news(one.cell.campaign) else MARKETING)
    if category in _AS_MARKETING:
        category = MARKETING
    return prices.of(one.country, category, date.fromisoformat(one.cell.day))


def average_order(figures: Figures, currency: str) -> int | None:
    """Minor units of `currency`; None without an order in it. Half a unit is rounded up."""
    orders = figures.orders[currency]
    return (2 * figures.revenue[currency] + orders) // (2 * orders) if orders else None


def return_on_cost(figures: Figures, currency: str, cost_currency: str) -> Decimal | None:
    """How much each unit of money that the messages cost brought in, to the hundredth.

    None where that cannot be said: nothing was paid, some prices are missing, or the prices are in
    another currency than the shop's.
    """
    if currency != cost_currency or not figures.cost or figures.unpriced:
        return None
    return (amount(figures.revenue[currency], currency) / figures.cost).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
