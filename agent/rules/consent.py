"""What all the statements of a person come to. Without a yes nobody is written to.

Everything said is about one purpose: a yes to offers is none to order news, nor the other way round.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

YES, NO, UNSAID = "yes", "no", ""
RESUMED: Final = "resumed"
"""Said by WhatsApp's own switch alone: see `standing`."""

MARKETING: Final = "marketing"
ORDER_NEWS: Final = "order_news"
PURPOSES: Final = (MARKETING, ORDER_NEWS)

COLUMNS: Final = MappingProxyType({MARKETING: "consent", ORDER_NEWS: "news_consent"})
"""Purpose -> the column of an order or account with what its consent fields say."""


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the ledger. `imported`: it came from a list, not from the person. `switch`: it is what
    WhatsApp's own switch for a shop's marketing says."""

    says: str  # YES, NO or RESUMED
    said_at: datetime
    imported: bool = False
    switch: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds now, and since when; UNSAID where nobody said anything."""

    answer: str = UNSAID
    since: datetime | None = None


COUNTS: Final = "counts"
OUTWEIGHED: Final = "something newer was said"
SWITCHED_ON: Final = "taken back: marketing was switched on again in WhatsApp"
NOT_OVER_A_NO: Final = "a list does not override what the person refused"
NO_CONSENT: Final = "ends what was switched off in WhatsApp, and is no consent"


def standing(statements: Iterable[Said]) -> Standing:
    """The newest explicit statement wins, and a no wins over a yes of the same instant.

    A list that is imported may bring consent, but never over a no that the person gave. Who switches a
    shop's marketing on again in WhatsApp takes back what that switch had said, and nothing else.
    """
    said = list(statements)
    for one, weight in zip(said, weighed(said), strict=True):
        if weight == COUNTS:
            return Standing(one.says, one.said_at)
    return Standing()


def weighed(statements: Sequence[Said]) -> list[str]:
    """Of each statement whether it COUNTS, or why it does not; at most one of them does."""
    resumed = max((one.said_at for one in statements if one.says == RESUMED), default=None)
    weights = [NO_CONSENT if one.says == RESUMED else "" for one in statements]
    for place, one in enumerate(statements):
        if one.switch and one.says == NO and resumed is not None and one.said_at < resumed:
            weights[place] = SWITCHED_ON
    left = [place for place, weight in enumerate(weights) if not weight]
    if any(statements[place].says == NO and not statements[place].imported for place in left):
        for place in left:
            if statements[place].imported and statements[place].says == YES:
                weights[place] = NOT_OVER_A_NO
    left = [place for place, weight in enumerate(weights) if not weight]
    newest = max(
        left,
        key=lambda place: (statements[place].said_at, statements[place].says == NO),
        default=None,
    )
    for place in left:
        weights[place] = COUNTS if place == newest else OUTWEIGHED
    return weights


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


@dataclass(frozen=True, slots=True)
class ConsentFields:
    """Which meta keys hold consent, by purpose, and which of their values mean what."""

    keys: Mapping[str, frozenset[str]]
    yes: tuple[str, ...]
    refusals: tuple[str, ...]

    def columns(self, meta: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """What the meta data of an order or account say, and by which config that was read."""
        entries = list(meta)
        said = {COLUMNS[purpose]: self._read(purpose, entries) for purpose in PURPOSES}
        return said | {"consent_rule": self.fingerprint}

    @property
    def fingerprint(self) -> str:
        """Tells for each purpose whether two readings followed the same config: see `rules_of`."""
        return " ".join(
            _fingerprint(self.keys[purpose], self.yes, self.refusals) for purpose in PURPOSES
        )

    def _read(self, purpose: str, entries: Iterable[Mapping[str, Any]]) -> str:
        """yes, no or '': a refusal in any of the fields beats a yes in another."""
        said = {
            meta_says(one.get("value"), self.yes, self.refusals)
            for one in entries
            if one.get("key") in self.keys[purpose]
        }
        return NO if NO in said else YES if YES in said else UNSAID


def rules_of(fingerprint: str) -> dict[str, str]:
    """Purpose -> fingerprint of the config by which it was read; absent where nobody read it yet.

    Before there were order news a fingerprint told of marketing alone: so what was read then is
    known still, and what a field says of marketing is not heard again as of the day of its order.
    """
    return dict(zip(PURPOSES, fingerprint.split(), strict=False))


@cache
def _fingerprint(keys: frozenset[str], yes: tuple[str, ...], refusals: tuple[str, ...]) -> str:
    return sha256(repr((sorted(keys), yes, refusals)).encode()).hexdigest()[:16]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
