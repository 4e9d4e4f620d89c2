"""Who followed a link: the person whose message has it, if their consent to marketing stands.

Whoever they forwarded the message to is taken for them: nobody can tell.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from models import Contact, Link
from models.newer_number import newer_numbers

UNKNOWN, OLD, NO_CONSENT = "unknown link", "link too old", "no consent"


@dataclass(slots=True)
class Followers:
    """Of some tokens: whose they are, and why those are nobody's that are not."""

    contacts: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # token -> UNKNOWN, OLD or NO_CONSENT


def find_followers(tokens: Collection[str], since: datetime) -> Followers:
    """Links that were made before `since` name nobody any more. Of somebody who changed numbers it is
    the newer one that is named, and that must have agreed."""
    found = Followers()
    if not tokens:
        return found
    owners = Link.owners(tokens)
    newer = newer_numbers({contact for contact, _ in owners.values()})
    named = {token: newer.get(contact, contact) for token, (contact, _) in owners.items()}
    agreed = Contact.agreed(set(named.values()))
    for token in tokens:
        if token not in owners:
            found.refused[token] = UNKNOWN
        elif owners[token][1] < since:
            found.refused[token] = OLD
        elif named[token] not in agreed:
            found.refused[token] = NO_CONSENT
        else:
            found.contacts[token] = named[token]
    return found
