"""Which shares are held out and since when, written down by the runs in which they took effect.

The groups are compared by these: the config may have been edited since, and what was drawn by one share
cannot be compared with what was drawn by another.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agent.config import Settings
from models import Message, ShopFact
from models.delivery import MARKETING

EVERYTHING: Final = "*"  # no campaign has this name
_FACT: Final = "holdout "


@dataclass(frozen=True, slots=True)
class Share:
    """So many percent are held out, of all that was decided on the date `since` and after it."""

    percent: int
    since: date


def note_shares(settings: Settings, today: date) -> None:
    """Write down what differs from before; `today` is a date of the shop, and the run has written nothing
    yet. What was decided today already was drawn by the share of before, so it counts from tomorrow."""
    known = shares()
    facts: dict[str, str] = {}
    for name, percent in _wanted(settings).items():
        before = known.get(name)
        if before is None or before.percent != percent:
            since = today + timedelta(days=1) if _has_begun(name, today) else today
            facts[f"{_FACT}{name}"] = f"{percent} {since.isoformat()}"
    if facts:
        ShopFact.put(facts)


def shares() -> dict[str, Share]:
    """By campaign, and EVERYTHING; what no run has looked at yet is not there."""
    found = {}
    for fact, value in ShopFact.all().items():
        if fact.startswith(_FACT):
            percent, _, since = value.partition(" ")
            found[fact.removeprefix(_FACT)] = Share(int(percent), date.fromisoformat(since))
    return found


def _wanted(settings: Settings) -> dict[str, int]:
    wanted = {name: settings.held_out_of(name) for name in settings.campaigns}
    return wanted | {EVERYTHING: settings.holdout.everything}


def _has_begun(name: str, today: date) -> bool:
    decided = Message.select(Message.id).where(Message.period == today.isoformat())
    own = Message.kind == MARKETING if name == EVERYTHING else Message.campaign == name
    return bool(decided.where(own).exists())
