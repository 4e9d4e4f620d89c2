"""What is paused, said in words, and how a person pauses and lets go on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import Canary, Pause, ShopFact
from models.base import transaction
from models.delivery import EVERYTHING, MARKETING

OPERATOR: Final = "operator"
ACCOUNT: Final = "account"
RESTRICTION: Final = "restriction"
ERROR: Final = "error"
CANARY: Final = "canary"
RESTORE: Final = "restore"
ENDED_BY_A_PERSON: Final = (OPERATOR, RESTRICTION, ERROR, CANARY)
REINSTATED: Final = "whatsapp_reinstated"
"""The fact that holds until when no restriction that Meta announced counts any more: an ISO instant."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """What `winback resume` ended, and what stands all the same."""

    lifted: Sequence[Pause]
    left: Sequence[Pause]


def pause(scope: str, reason: str, *, now: datetime) -> bool:
    """Somebody pauses a campaign, or EVERYTHING. Returns whether it was not paused so before.

    Said again without a reason, it keeps the one that it has.
    """
    if not reason and (standing := Pause.get_or_none(scope=scope, source=OPERATOR)):
        reason = standing.reason
    return Pause.put(scope, OPERATOR, reason, now=now)


def resume(*, now: datetime) -> Resumed:
    """Somebody has looked: all goes on, but for the campaigns that somebody paused one by one, and for
    what no person can end."""

    def ends(one: Pause) -> bool:
        whole = one.scope in (EVERYTHING, MARKETING)
        return one.source in ENDED_BY_A_PERSON and (whole or one.source == CANARY)

    with transaction():
        standing = Pause.in_force(now)
        return _lift([one for one in standing if ends(one)], standing, now)


def resume_campaign(name: str, *, now: datetime) -> Resumed:
    """Somebody has looked at this campaign. What holds all campaigns stays."""
    with transaction():
        standing = [one for one in Pause.in_force(now) if _holds(one, name)]
        own = [one for one in standing if one.scope == name and one.source in ENDED_BY_A_PERSON]
        return _lift(own, standing, now)


def paused_campaigns(names: Iterable[str], now: datetime) -> Mapping[str, Sequence[Pause]]:
    """Campaign -> the pauses that hold it back, [] where none does."""
    standing = Pause.in_force(now)
    return {name: [one for one in standing if _holds(one, name)] for name in names}


def in_words(one: Pause) -> str:
    """By whom and why: `paused by you: stocktaking`."""
    by = {
        OPERATOR: "paused by you",
        ACCOUNT: "paused because of the account",
        RESTRICTION: "paused because of what Meta announced",
        CANARY: "stopped while its template was tried out",
        RESTORE: "held because the database was put back, or may have been",
    }.get(one.source, "paused because of what WhatsApp answered")
    return f"{by}: {one.reason}" if one.reason else by


def way_out(one: Pause) -> str:
    """What ends it: a command, or what has to happen."""
    if one.source == RESTORE:
        return "winback restored"
    if one.source == ACCOUNT:
        return "ends by itself when the account is well again: see WhatsApp Manager"
    if one.scope in (EVERYTHING, MARKETING):
        return "winback resume"
    return f"winback campaign resume {one.scope}"


def _holds(one: Pause, campaign: str) -> bool:
    return one.scope in (EVERYTHING, MARKETING, campaign)


def _lift(ending: Sequence[Pause], standing: Sequence[Pause], now: datetime) -> Resumed:
    """In the caller's transaction. A batch of a canary that did badly is tried once more."""
    for one in ending:
        Pause.lift(one.scope, one.source)
        if one.source == CANARY:
            Canary.try_again(one.scope, now)
    if any(one.source == RESTRICTION for one in ending):
        ShopFact.put({REINSTATED: now.isoformat()})
    return Resumed(ending, [one for one in standing if one not in ending])
