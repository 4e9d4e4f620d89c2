"""What is known to be wrong, and is told but does not end a story. Nothing may stand here for long."""

import re

KNOWN = (
    # Statuses tell the ids of their recipients; a STOP that comes from one of these is nobody's.
    re.compile("said under an id of which only statuses have told"),
    # An alert that was held over night is sent to who has found it back or cheaper by themselves.
    re.compile("while it waited to be sent"),
    # "Shirt - Shirt - Blue": the list of all variations gives whole names.
    re.compile(r"it names .* twice"),
)


def is_known(complaint: str) -> bool:
    return any(pattern.search(complaint) for pattern in KNOWN)
