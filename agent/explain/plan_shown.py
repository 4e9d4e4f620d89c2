"""A plan as it is shown before it is made: values only, for the terminal and the dashboard alike.

Costs are in `PlanShown.cost_currency`; instants are aware UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from agent.explain.explanation import HoldShown
from agent.rules.reasons import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One message of the plan. `lines`: what the person would read, [] where there is no such template.

    `cost`: None where nobody knows it.
    """

    contact_id: int
    phone: str
    name: str
    reason: str
    leaves_at: datetime
    template: str
    language: str
    lines: tuple[str, ...]
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlanned:
    """What one campaign would do. `told` would be written to, `held_out` are chosen and hear nothing.

    `cost` is that of the messages whose price is known, `unpriced` are the others. Of those that are told
    `later` leave when the quiet hours of the person are over, between `first_at` and `last_at`. No more
    than `at_first` leave before a trial of the template went on, or the account may write to more people.
    """

    name: str
    enabled: bool
    told: int
    held_out: int
    cost: Decimal
    unpriced: int
    at_first: int
    later: int
    first_at: datetime | None
    last_at: datetime | None
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShown:
    """The plan of the next daily run, at `at`. `left_alone`: why people hear nothing, the most frequent
    first. `rehearsed`: the campaign that is taken as if it were on and nothing held it, or ""."""

    at: datetime
    shop_zone: str
    cost_currency: str
    rehearsed: str
    campaigns: Sequence[CampaignPlanned]
    left_alone: Sequence[tuple[Why, int]]
    queued: int  # messages of before that have not left yet
    holds: Sequence[HoldShown]
    notes: Sequence[str]
