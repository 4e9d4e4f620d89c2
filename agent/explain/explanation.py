"""What is told of one person to whoever asks why: values only, for the terminal and the dashboard alike.

Money is in minor units of `Explanation.currency` unless it says otherwise, instants are aware UTC,
dates are the shop's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from agent.jobs.consent_proof import Entry
from agent.jobs.decide.alone import Queue
from agent.rules.conditions import Condition
from agent.rules.reasons import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    """Who it is. `unreachable`: why WhatsApp cannot bring them anything, or ""."""

    contact_id: int
    phone: str
    first_name: str
    last_name: str
    email: str
    language: str
    country: str
    zones: tuple[str, ...]
    known_since: datetime
    unreachable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityShown:
    """Another name of theirs: kind is customer, guest_order, email, wa_id or user_id."""

    kind: str
    value: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentShown:
    """What holds for one purpose (marketing, order_news): yes, no, or "" where nobody said anything; and
    every statement, oldest first, with what it weighs."""

    purpose: str
    answer: str
    since: datetime | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShown:
    """`counts`: as bought. `total` is in minor units of `currency`, without what was given back."""

    order_id: int
    number: str
    created_at: datetime | None
    status: str
    total: int
    currency: str
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersShown:
    """What they ordered under any of their names. `newest` are the last few."""

    bought: int
    spent: int
    last_order_at: datetime | None
    newest: tuple[OrderShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestShown:
    """One article that they looked at or wished for; the newest sight of each kind is in `kinds`."""

    product_id: int
    variation_id: int
    name: str
    kinds: tuple[str, ...]
    first_at: datetime
    seen_at: datetime
    price_seen: int | None
    price_now: int | None
    stock_seen: str  # instock, outofstock, onbackorder, or "" where it is not known
    stock_now: str
    units_now: int | None
    counts: bool  # recent enough to be told of


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShown:
    """`at`: when it came to its state, else when it is due. `cost` is in `Explanation.cost_currency`;
    None: nobody knows. `counts`: for the caps."""

    message_id: int
    campaign: str
    kind: str
    decided_at: datetime
    state: str
    at: datetime
    reason: str
    template: str
    language: str
    cost: Decimal | None
    code: int | None
    detail: str
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsShown:
    """What counts of what is allowed. `free_on`: from when on the caps allow one more, None: never.

    `restored_on`: everybody counts as written to on that date, because the database was put back.
    """

    in_7_days: int
    per_7_days: int
    in_30_days: int
    per_30_days: int
    free_on: date | None
    restored_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietShown:
    """Whether they must not be disturbed now, and until when. `zone`: in which they read dates."""

    now: bool
    until: datetime
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldShown:
    """What holds a campaign back, or all of them (`campaign` is ""); and what to do about it."""

    campaign: str
    what: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignShown:
    """One campaign for this person, with all that it asks.

    `why`: the first condition that is not met, None where all are. `chosen`: it is the first in the
    order of preference of which all are. `held_out`: chance holds them out of it, at `holdout` percent.
    `from_day`: on which day's run they would fit it, if nothing happens until then and only time stands
    between them; None where more does, or nothing.
    """

    name: str
    enabled: bool
    chosen: bool
    why: Why | None
    conditions: tuple[Condition, ...]
    held_out: bool
    holdout: int
    from_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionShown:
    """What a run would do now, if nobody came before them for the room and the budget.

    `why` is CHOSEN, HELD_OUT, or why nothing. `reason`: in words, as it stands with a message.
    `decided_at`: when that run is, at the earliest: the next of the day, for what is decided once a day.
    `leaves_at`: when a message of it would leave at the earliest. `backlog`: they were quiet before
    yesterday, so they wait for their turn in the daily share. `next_campaign`: where nothing is decided, what
    they would get first if only time passes, from `next_day` on; "" where nothing is to be expected.
    """

    why: Why
    campaign: str
    reason: str
    against: tuple[tuple[str, Why], ...]
    leaves_at: datetime | None
    decided_at: datetime | None = None
    backlog: bool = False
    next_campaign: str = ""
    next_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that the rules look at, and what they come to. `holds`: what keeps messages from being
    decided or from leaving, whoever it is. `unknown`: what cannot be known, in sentences."""

    at: datetime
    shop_zone: str
    currency: str
    cost_currency: str
    person: PersonShown
    identities: Sequence[IdentityShown]
    consent: Sequence[ConsentShown]
    orders: OrdersShown
    interest: Sequence[InterestShown]
    messages: Sequence[MessageShown]
    caps: CapsShown
    quiet: QuietShown
    held_out_of_everything: bool
    campaigns: Sequence[CampaignShown]
    queues: Sequence[Queue]
    holds: Sequence[HoldShown]
    decision: DecisionShown
    unknown: Sequence[str] = ()
