"""The limits that Meta's own servers keep, so that a sender which does not keep them is seen to fail.

Source: Meta, "About the platform" (pair rate), "Throughput" and "Messaging limits", as of September
2026. All of them are off until they are switched on.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.errors import GraphError

if TYPE_CHECKING:
    from datetime import datetime

PAIR_PAUSE = timedelta(seconds=6)  # what a message to the same person costs
PAIR_BURST = 45  # messages in the first PAIR_PAUSE, each of which is paid for afterwards
SECOND, DAY = timedelta(seconds=1), timedelta(hours=24)


class Limits:
    """Attributes may be set at any time; what was accepted before counts as well.

    pair              True: one message in 6 s to the same person. Up to 45 may go in one burst of
                      6 s, but borrow from the future: after 20 there is a pause of two minutes.
                      131056 else
    per_second        messages that the number may send in any second (80 at first); 130429 else
    people_a_day      people that the portfolio may write to in any 24 hours, outside of the window
                      that their own messages open (250 at first)
    people_code       the code when those are too many. Meta documents none: 131048, 130429 and 131064
                      are what to expect
    people_by_status  True: what is too much is accepted, and fails by webhook
    """

    def __init__(self) -> None:
        self.pair = False
        self.per_second: int | None = None
        self.people_a_day: int | None = None
        self.people_code = 131048
        self.people_by_status = False
        self._lock = threading.Lock()
        self._bursts: dict[str, tuple[datetime, int]] = {}  # person -> its begin, messages in it
        self._second: deque[datetime] = deque()
        self._reached: dict[str, datetime] = {}  # person -> when last

    def take(self, person: str, now: datetime, *, invited: bool) -> int | None:
        """Count a message to `person`. `invited`: they wrote to us within the last 24 hours.

        Raises GraphError, and counts nothing, if it is one too many. Returns the code with which it
        fails later, or None.
        """
        with self._lock:
            pair = self._pair(person, now)
            while self._second and now - self._second[0] >= SECOND:
                self._second.popleft()
            if self.per_second is not None and len(self._second) >= self.per_second:
                raise GraphError(
                    130429,
                    "Message failed to send because there were too many messages sent from this "
                    "phone number in a short period of time",
                )
            late = None if invited else self._people(person, now)
            self._bursts[person] = pair
            self._second.append(now)
            return late

    def _pair(self, person: str, now: datetime) -> tuple[datetime, int]:
        """The burst to `person` with this message in it."""
        begin, count = self._bursts.get(person, (now, 0))
        if now - begin >= PAIR_PAUSE * count:  # all that was borrowed is paid back
            return now, 1
        in_time = now - begin < PAIR_PAUSE and count < PAIR_BURST
        if self.pair and not in_time:
            raise GraphError(
                131056,
                "Message failed to send because there were too many messages sent from this phone "
                "number to the same phone number in a short period of time.",
            )
        return begin, count + 1

    def _people(self, person: str, now: datetime) -> int | None:
        known = person in self._reached and now - self._reached[person] < DAY
        if self.people_a_day is not None and not known:
            reached = sum(now - at < DAY for at in self._reached.values())
            if reached >= self.people_a_day:
                if self.people_by_status:
                    return self.people_code
                raise GraphError(self.people_code, "The portfolio's messaging limit is reached.")
        self._reached[person] = now
        return None
