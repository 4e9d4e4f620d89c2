"""How many of the messages of a plan may leave at first: what a new template and the account let through."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from peewee import fn

from agent.canary import allowances
from agent.config import Settings
from agent.explain.explanation import HoldShown
from agent.room import account
from models import Message
from models.base import transaction, tuples
from models.delivery import MARKETING


def at_first(
    settings: Settings, told: Mapping[str, int], at: datetime, zone: ZoneInfo
) -> dict[str, int]:
    """campaign -> how many of its `told` people may be written to by a sender that begins at `at`.

    What is queued already goes before them. To be asked on a copy: trials of templates may begin here.
    """
    with transaction():
        allowed = allowances(settings, at)
    queued = _queued()
    places = _places(settings, at, zone)
    if places is not None:
        places = max(places - sum(queued.values()), 0)
    first = {}
    for name, people in told.items():
        count = people
        if name in allowed:
            count = min(count, max(allowed[name] - queued.get(name, 0), 0))
        if places is not None:
            count = min(count, places)
            places -= count
        first[name] = count
    return first


def account_hold(
    settings: Settings, told: Mapping[str, int], at: datetime, zone: ZoneInfo
) -> list[HoldShown]:
    """That the account may not write to all of these people within 24 hours, if so."""
    places = _places(settings, at, zone)
    people = sum(told.values()) + sum(_queued().values())
    if places is None or people <= places:
        return []
    what = (
        f"the account may write marketing to {places:,} more people until 24 hours have passed, and "
        f"{people:,} are planned or queued: the others wait"
    )
    fix = "nothing: they leave when there are places again; see `account` in winback status"
    return [HoldShown(campaign="", what=what, fix=fix)]


def _places(settings: Settings, at: datetime, zone: ZoneInfo) -> int | None:
    """How many more people the account may write marketing to at `at`; None: it has no limit."""
    found = account(settings, at, zone)
    if found.people_a_day is None:
        return None
    return max(found.people_a_day - found.recent, 0)


def _queued() -> dict[str, int]:
    """campaign -> messages of marketing that wait to be sent."""
    query = Message.select(Message.campaign, fn.COUNT(Message.id)).where(
        Message.state == "queued", Message.kind == MARKETING
    )
    return dict(tuples(query.group_by(Message.campaign)))
