"""What must not leave because of what Meta announces about the account, and until when.

Source: Meta's webhook reference, account_update. What no reading of the number shows has to be kept from
here: a restriction ends at its time, a ban when it is taken back, a violation when a person has looked.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from agent.rules.meta_news import AccountUpdate, Restriction

# All that we send begins a conversation.
STOPS_ALL: Final = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING"})
# These are about numbers that are added, and order news that is written otherwise than ours.
STOPS_NOTHING: Final = frozenset(
    {"RESTRICTED_ADD_PHONE_NUMBER_ACTION", "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES"}
)
GONE: Final = frozenset({"ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"})
BACK: Final = "ACCOUNT_RECONNECTED"
REINSTATED: Final = "REINSTATE"
ANNOUNCED: Final = "SCHEDULE_FOR_DISABLE"  # the ban itself is still to come


class Holds(Enum):
    """What a pause holds back."""

    EVERYTHING = "everything"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Measure:
    """A pause that an announcement asks for. `until` None: until Meta takes it back, or a person."""

    holds: Holds
    reason: str
    until: datetime | None = None


def ends_restrictions(update: AccountUpdate) -> bool:
    """Meta takes back what it announced before."""
    return update.event == BACK or update.ban == REINSTATED


def measures(update: AccountUpdate) -> list[Measure]:
    """What has to be paused, the gravest first; [] for what changes nothing.

    Anything of which we do not know what it means stops marketing: a restriction of a new kind, too.
    """
    if ends_restrictions(update):
        return []
    found = [one for restriction in update.restrictions if (one := _measure(restriction))]
    if update.event in GONE:
        found.append(Measure(Holds.EVERYTHING, f"Meta says {update.event} of the account"))
    if update.ban:
        holds = Holds.MARKETING if update.ban == ANNOUNCED else Holds.EVERYTHING
        date = f", {update.ban_date}" if update.ban_date else ""
        found.append(Measure(holds, f"Meta bans the account: {update.ban}{date}"))
    if update.event == "ACCOUNT_VIOLATION" or update.violation:
        what = update.violation or "without saying which"
        found.append(Measure(Holds.MARKETING, f"Meta tells of a violation of its rules: {what}"))
    if update.event == "ACCOUNT_RESTRICTION" and not update.restrictions:
        what = "Meta restricts the account, without saying how"
        found.append(Measure(Holds.MARKETING, what))
    return sorted(found, key=lambda one: one.holds is not Holds.EVERYTHING)


def _measure(restriction: Restriction) -> Measure | None:
    if restriction.kind in STOPS_NOTHING:
        return None
    holds = Holds.EVERYTHING if restriction.kind in STOPS_ALL else Holds.MARKETING
    return Measure(holds, f"Meta restricts the account: {restriction.kind}", restriction.until)
