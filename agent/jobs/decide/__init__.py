"""mirror -> outbox: who should hear from the shop now, and why; and why not the others."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from agent.budget import gather_budget, refusal
from agent.config import Settings
from agent.holdout_shares import note_shares
from agent.jobs.decide.alone import Alone, Judged
from agent.jobs.decide.day import Day
from agent.jobs.decide.offers import tell_of_those_held
from agent.jobs.decide.plan import Plan
from agent.jobs.decide.planned import Planned
from agent.jobs.decide.reserve import reserve
from agent.log import Log
from agent.room import gather_room
from agent.rules.budget import Allowance, Budget, Prices, Spent
from agent.rules.reasons import Why
from agent.rules.selection import ALERTS, WINBACKS
from models.refresh import refresh

__all__ = [
    "ALERTS", "EVERYTHING", "Day", "Judged", "Plan", "Planned", "decide", "judge_alone", "make_plan",
]  # fmt: skip

log = Log(__name__)

EVERYTHING: Sequence[str] = (*ALERTS, *WINBACKS)


def make_plan(
    settings: Settings,
    *,
    now: datetime,
    beat: Callable[[], None],
    campaigns: Sequence[str] = EVERYTHING,
) -> Plan:
    """The plan as it would be made at `now`; nothing is written to the outbox until somebody reserves it.

    Raises ConfigError where money is limited and what a message costs is not known.
    """
    day = Day.at(now)
    refresh(settings.audience.paid_statuses, day.currency, beat=beat)
    budget = gather_budget(settings, now, day.zone) if _is_limited(settings) else _endless(day)
    refused = refusal(budget, day.date)
    if refused is not None:
        raise refused
    room = gather_room(settings, now, day.zone)
    return Plan(settings, day, campaigns=campaigns, room=room, budget=budget, beat=beat)


def judge_alone(settings: Settings, contact: int, *, now: datetime) -> Judged:
    """What a run at `now` would decide about this person. Nothing is worked out anew before.

    Raises KeyError for a contact that there is none of.
    """
    day = Day.at(now)
    budget = gather_budget(settings, now, day.zone) if _is_limited(settings) else _endless(day)
    room = gather_room(settings, now, day.zone)
    alone = Alone(
        settings,
        day,
        campaigns=EVERYTHING,
        room=room,
        budget=budget,
        beat=lambda: None,
        only=contact,
    )
    return alone.judge(contact)


def _is_limited(settings: Settings) -> bool:
    limits = settings.budget
    return limits.messages_per_month is not None or limits.money_per_month is not None


def _endless(day: Day) -> Budget:
    """Without a limit nobody has to know what a month of messages came to."""
    return Budget(Allowance(), Prices(), Spent(), today=day.date)


def decide(
    settings: Settings,
    *,
    now: datetime,
    beat: Callable[[], None],
    campaigns: Sequence[str] = EVERYTHING,
) -> dict[str, int]:
    """Plan, and reserve what is planned. Running it twice on a day changes nothing.

    Returns how many people met each reason, by its name in lower case.
    """
    day = Day.at(now)
    note_shares(settings, day.date)
    tell_of_those_held(settings, campaigns, now=now)
    made = make_plan(settings, now=now, beat=beat, campaigns=campaigns)
    planned, held_out = Counter[str](), Counter[str]()
    for batch in made.batches():
        chosen = [one for one in batch if one.decision.why is Why.CHOSEN]
        written = reserve(settings, day, chosen)
        for one in chosen:
            if one.decision.contact_id not in written:  # another loop was faster
                made.tally[Why.HELD_OUT if one.withheld else Why.CHOSEN] -= 1
                made.tally[Why.CAPPED] += 1
            else:
                (held_out if one.withheld else planned)[one.decision.campaign] += 1
    for name in sorted(planned | held_out):
        log.info("campaign.planned", campaign=name, messages=planned[name], held_out=held_out[name])
    return {why.name.lower(): count for why, count in made.tally.items() if count}
