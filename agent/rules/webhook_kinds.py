"""Under which name what came in is counted."""

import re
from typing import Final

from agent.rules.inbound import Event, Inbound, NumberChanged, Preference, StatusUpdate, Unknown
from agent.rules.meta_news import AccountError

UNKNOWN: Final = "unknown "
"""Begins the names of what we keep and do not read."""

_LONGEST = 60
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kind_of(event: Event) -> str:
    """Under which name it is counted: "status read", "message text", "unknown field security", ..."""
    match event:
        case StatusUpdate():
            kind = f"status {event.status}"
        case Inbound():
            kind = f"message {event.kind}"
        case Preference():
            kind = f"preference {event.value}"
        case NumberChanged():
            kind = "number changed"
        case Unknown():
            kind = "broken" if event.broken else f"{UNKNOWN}{event.what}"
        case AccountError():
            kind = f"account error {event.code}"
        case _:
            kind = _CAPITAL.sub(" ", type(event).__name__).lower()
    return kind[:_LONGEST]
