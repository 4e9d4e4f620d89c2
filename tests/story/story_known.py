"""What is known to be wrong, and is told but does not end a story. Nothing may stand here for long."""

import re

KNOWN = (
    # Statuses tell the ids of their recipients; a STOP that comes from one of these is nobody's.
    re.compile("said under an id of which only statuses have told"),
    # A message that was held over night names what has been sold out meanwhile.
    re.compile(r"new_arrivals.* is outofstock", re.DOTALL),
    # So does what somebody has seen at the new price, or found back, by themselves.
    re.compile("while it waited to be sent"),
    # Who gives another number is one person with the old one, but the old one's looks stay there.
    re.compile("another number of the same account"),
    # "Shirt - Shirt - Blue": the list of all variations gives whole names.
    re.compile(r"it names .* twice"),
)


def is_known(complaint: str) -> bool:
    return any(pattern.search(complaint) for pattern in KNOWN)
