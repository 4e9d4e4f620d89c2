"""What shall become of one send, as a script of the sandbox WhatsApp says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fate = Literal["taken", "held", "lost", "garbled", "dropped", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a script. `code` is Meta's, where it is refused or fails."""

    fate: Fate
    code: int = 0


TAKEN = Turn("taken")
HELD = Turn("held")  # taken, and kept back until the template is judged
LOST = Turn("lost")  # taken, and the connection closes without a byte
GARBLED = Turn("garbled")  # taken, and a proxy answers with its own page
DROPPED = Turn("dropped")  # not taken, and the connection closes without a byte


def refused(code: int) -> Turn:
    """Not taken: the answer is an error."""
    return Turn("refused", code)


def failed(code: int) -> Turn:
    """Taken, and a status tells of its failure."""
    return Turn("failed", code)


class Vanished(Exception):
    """The request never reached WhatsApp: its connection closes without a byte."""
