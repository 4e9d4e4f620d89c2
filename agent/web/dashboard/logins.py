"""How often somebody may try a password: per address, and all that come from elsewhere together.

Counted in this process. This machine itself has a count of its own, so that a flood from elsewhere
does not lock out who comes through ssh.
"""

import hmac
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

WINDOW: Final = timedelta(minutes=10)
EACH: Final = 5  # tries of an address in WINDOW
ALL: Final = 50
ADDRESSES: Final = 1_000  # that are remembered


class Logins:
    """Counts tries before the password is looked at: of many at once, none is one too many."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._all: deque[datetime] = deque()
        self._lock = Lock()

    def may_try(self, address: str, now: datetime, *, near: bool) -> bool:
        """Count a try; False if it is one too many. `near`: it comes from this machine itself."""
        with self._lock:
            own = self._tries.setdefault(f"{address} {near}", deque())
            self._tries.move_to_end(f"{address} {near}")
            while len(self._tries) > ADDRESSES:
                self._tries.popitem(last=False)
            counts = [(own, EACH)] if near else [(own, EACH), (self._all, ALL)]
            for tries, _ in counts:
                _forget(tries, now)
            if any(len(tries) >= most for tries, most in counts):
                return False
            for tries, _ in counts:
                tries.append(now)
            return True

    def succeeded(self, address: str, *, near: bool) -> None:
        """The tries of this address were its owner's."""
        with self._lock:
            self._tries.pop(f"{address} {near}", None)
            if not near and self._all:
                self._all.pop()


def is_password(given: str, password: str) -> bool:
    """Takes as long whatever is given, and however long the password is."""
    one, other = (sha256(text.encode(errors="replace")).digest() for text in (given, password))
    return hmac.compare_digest(one, other) and bool(password)


def _forget(tries: deque[datetime], now: datetime) -> None:
    """What is too old, and what a clock that was set back left in the future."""
    while tries and not timedelta(0) <= now - tries[0] < WINDOW:
        tries.popleft()
