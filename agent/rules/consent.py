"""What all the statements of a person come to. Without a yes nobody is written to."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

YES, NO, UNSAID = "yes", "no", ""


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the ledger. `imported`: it came from a list, not from the person."""

    says: str  # YES or NO
    said_at: datetime
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds now, and since when; UNSAID where nobody said anything."""

    answer: str = UNSAID
    since: datetime | None = None


def standing(statements: Iterable[Said]) -> Standing:
    """The newest explicit statement wins, and a no wins over a yes of the same instant.

    A list that is imported may bring consent, but never over a no that the person gave.
    """
    said = list(statements)
    refused = any(one.says == NO and not one.imported for one in said)
    counted = [one for one in said if not (refused and one.imported and one.says == YES)]
    if not counted:
        return Standing()
    newest = max(counted, key=lambda one: (one.said_at, one.says == NO))
    return Standing(newest.says, newest.said_at)


def meta_says(value: object, yes: Iterable[str], refusals: Iterable[str]) -> str:
    """What the value of a consent field means: YES, NO, or nothing at all.

    An empty, unticked or unknown value says nothing: not ticking a box is no refusal.
    """
    text = _folded("1" if value is True else str(value)) if isinstance(value, str | int) else ""
    if text and text in {_folded(word) for word in yes}:
        return YES
    if text and text in {_folded(word) for word in refusals}:
        return NO
    return UNSAID


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
