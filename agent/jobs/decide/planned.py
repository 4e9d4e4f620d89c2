"""One person of a plan, and between which moments their message may leave."""

from dataclasses import dataclass
from datetime import datetime

from agent.config import Settings
from agent.jobs.decide.day import Day
from agent.jobs.decide.people import Known
from agent.rules.hours import next_allowed
from agent.rules.selection import Decision


@dataclass(frozen=True, slots=True)
class Planned:
    """What one person gets, or why nothing.

    `withheld`: they are chosen, and hear nothing: out of what chance holds them, see agent/rules/holdout.py.
    """

    known: Known
    decision: Decision
    from_backlog: bool = False
    withheld: str = ""


def not_before(settings: Settings, day: Day, known: Known) -> datetime:
    """When the quiet hours of this person are over; now, where they are not in them."""
    return next_allowed(
        day.now,
        zones=known.zones,
        shop_zone=day.zone,
        quiet_from=settings.limits.quiet_from,
        quiet_until=settings.limits.quiet_until,
    )


def expires_at(settings: Settings, day: Day, decision: Decision) -> datetime:
    return day.now + settings.campaigns[decision.campaign].expires_after
