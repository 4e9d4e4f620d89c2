"""All that `winback status` shows, gathered at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.budget import gather_budget
from agent.config import Settings
from agent.epoch import Doubt, standing_doubt
from agent.explain import next_run
from agent.jobs.canary import Trying, under_trial
from agent.jobs.exactness import MirrorStatus, look_at_mirror
from agent.jobs.health import Health, look_at_health
from agent.jobs.send.waiting import Waiting, what_waits
from agent.jobs.status import Status, look
from agent.room import account
from agent.rules.budget import Budget
from agent.rules.room import Account
from agent.service import WallClock

MOST_LOOKED_AT = 5_000  # queued messages: with --watch it is done every two seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A look at everything; `now` is when, and `zone` the shop's."""

    settings: Settings
    now: datetime
    zone: ZoneInfo
    health: Health
    status: Status
    mirror: MirrorStatus
    doubt: Doubt | None
    budget: Budget
    limit: Account
    trials: Mapping[str, Trying]
    waits: Sequence[
        Waiting
    ]  # what queued messages wait for; empty where they are too many to look at each
    next_run: datetime | None  # when the campaigns are decided next; None while none is on


def see(settings: Settings, now: datetime) -> Seen:
    """Gather it, from the open database."""
    status = look(now)
    zone = ZoneInfo(status.shop.get("zone", "UTC"))
    return Seen(
        settings=settings,
        now=now,
        zone=zone,
        health=look_at_health(now),
        status=status,
        mirror=look_at_mirror(now),
        doubt=standing_doubt(),
        budget=gather_budget(settings, now, zone),
        limit=account(settings, now, zone),
        trials=under_trial(settings, now),
        waits=_waits(settings, status, now, zone),
        next_run=_next_run(settings, status, now),
    )


def _waits(settings: Settings, status: Status, now: datetime, zone: ZoneInfo) -> Sequence[Waiting]:
    if not 0 < status.messages.get("queued", 0) <= MOST_LOOKED_AT:
        return ()
    return what_waits(settings, now, zone, WallClock().monotonic)


def _next_run(settings: Settings, status: Status, now: datetime) -> datetime | None:
    is_on = any(campaign.enabled for campaign in settings.campaigns.values())
    is_known = {"zone", "currency"} <= status.shop.keys()
    return next_run(settings, now) if is_on and is_known else None
