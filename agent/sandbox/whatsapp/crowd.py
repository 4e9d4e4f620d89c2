"""What the sandbox WhatsApp knows about people: who they are, when they wrote, what they refused."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.sandbox.whatsapp.messages import inbound_id
from agent.sandbox.whatsapp.phones import Person, person_at, read_phone

if TYPE_CHECKING:
    from datetime import datetime

CUSTOMER_SERVICE_WINDOW = timedelta(hours=24)  # after a customer's message, for free-form answers


class Crowd:
    """Everybody who was ever written to or wrote; safe to share between threads.

    Moments may lie in the future: an answer is noted when it is planned, and counts once the clock
    has come to it.
    """

    def __init__(self, *, seed: int, sender_code: int) -> None:
        """`sender_code` is the country calling code that goes in front of numbers without a plus."""
        self._seed, self._sender_code = seed, sender_code
        self._lock = threading.Lock()
        self._by_user_id: dict[str, Person] = {}
        self._hidden: set[str] = set()
        self._heard_from: Counter[str] = Counter()
        self._heard_at: defaultdict[str, list[datetime]] = defaultdict(list)
        self._preferences: defaultdict[str, list[tuple[datetime, bool]]] = defaultdict(list)

    def at_phone(self, phone: str) -> Person:
        """Who answers at a number, however it is written. GraphError 131009 if it is none."""
        return self.at(read_phone(phone, self._sender_code))

    def at(self, address: str) -> Person:
        """Who is behind an E.164 number or a user id; the latter may have no known number."""
        with self._lock:
            if not address.startswith("+"):
                return self._by_user_id.get(address) or Person(None, address, "Alex", False)
            person = person_at(address, self._seed)
            if person.key in self._hidden:
                person = replace(person, shows_phone=False)
            self._by_user_id[person.user_id] = person
            return person

    def hide(self, person: Person) -> None:
        """They took a username: from now on webhooks name them by user id only."""
        with self._lock:
            self._hidden.add(person.key)

    def hear(self, person: Person, at: datetime) -> str:
        """Note that they write to us, which opens the customer service window; gives the wamid."""
        with self._lock:
            self._heard_at[person.key].append(at)
            self._heard_from[person.key] += 1
            return inbound_id(person.key, self._heard_from[person.key], self._seed)

    def window_is_open(self, person: Person, now: datetime) -> bool:
        """Whether they wrote within the last 24 hours, so that they may get more than templates."""
        with self._lock:
            moments = self._heard_at.get(person.key, ())
            return any(at <= now < at + CUSTOMER_SERVICE_WINDOW for at in moments)

    def prefer(self, person: Person, at: datetime, *, marketing: bool) -> None:
        """Note that they used WhatsApp's own switch for a business's marketing."""
        with self._lock:
            self._preferences[person.key].append((at, marketing))

    def wants_marketing(self, person: Person, now: datetime) -> bool:
        """False after they switched it off; the newest word counts."""
        with self._lock:
            said = [one for one in self._preferences.get(person.key, ()) if one[0] <= now]
        return not said or max(said, key=lambda one: one[0])[1]
