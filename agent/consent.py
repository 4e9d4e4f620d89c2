"""The one way onto the consent ledger: whatever is said is written down, and in force at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.rules.consent import MARKETING, PURPOSES, Said, standing
from models import Statement
from models.contacts import set_standing

IMPORT = "import"  # how the source of an imported statement begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that somebody said about a purpose. `source` is where: order 17, whatsapp, ..."""

    phone: str  # E.164
    purpose: str = MARKETING  # one of PURPOSES
    says: str  # yes, no
    source: str
    said_at: datetime
    words: str = ""


def record(heard: Sequence[Heard], *, now: datetime) -> int:
    """Append, and bring the contacts in line; in the caller's transaction.

    Returns how many were new: a statement that is on the ledger already changes nothing. Its person may
    be new all the same: a restore takes the ledger over, and not who was met since the copy.
    """
    added = Statement.add(
        [
            {
                "phone": one.phone,
                "purpose": one.purpose,
                "says": one.says,
                "source": one.source,
                "words": one.words,
                # nothing was said after we heard it: a clock that is ahead must not outweigh a STOP
                "said_at": min(one.said_at, now),
                "recorded_at": now,
            }
            for one in heard
        ]
    )
    for purpose in {one.purpose for one in heard}:
        _recount(purpose, [one.phone for one in heard if one.purpose == purpose])
    return added


def recount(phones: Iterable[str]) -> None:
    """Bring the contacts' standing, for each purpose, in line with all that is on the ledger."""
    asked = list(phones)
    for purpose in PURPOSES:
        _recount(purpose, asked)


def _recount(purpose: str, phones: Iterable[str]) -> None:
    asked = sorted(set(phones))
    said: dict[str, list[Said]] = {phone: [] for phone in asked}
    for one in Statement.of(asked, purpose):
        said[one.phone].append(Said(one.says, one.said_at, one.source.startswith(IMPORT)))
    came_to = {phone: standing(all_said) for phone, all_said in said.items()}
    set_standing(purpose, {phone: (one.answer, one.since) for phone, one in came_to.items()})
