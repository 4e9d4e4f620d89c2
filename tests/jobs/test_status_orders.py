"""Whatever the order of a set of statuses, however often each comes, and however late: the same end.

Each history is played many times, in an order by a seed: statuses in webhooks of one or several, doubled,
held back until the others are worked off; the answer to a request before, between or after them, or never.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, nothing
from status_bodies import body, failed, priced, status

from agent.config import Settings
from agent.jobs.track import file_orphans, track
from agent.rules.states import State
from models import Message, Status, Webhook

MINUTE = timedelta(minutes=1)
SEEDS = 24
END = (
    "state", "wamid", "accepted_at", "sent_at", "delivered_at", "read_at", "ended_at", "code", "detail", "charged",
    "deferred", "resent",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A status of one of a message's tries. Some never carry our own id."""

    name: str
    after: timedelta
    code: int = 0
    with_uid: bool = True
    pricing: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Try:
    """One request: what was told of it. `answered` is whether its answer ever came.

    All that must be known before the next try can be is in `first`: it may come again later.
    """

    told: Sequence[Told]
    answered: bool = True
    first: frozenset[str] = frozenset()


SENT = Told("sent", MINUTE, pricing=("regular", "marketing"))
DELIVERED = Told("delivered", 2 * MINUTE, pricing=("regular", "marketing"))
READ = Told("read", 3 * MINUTE, with_uid=False)
FAILED = Told("failed", 2 * MINUTE, code=131026)
PUT_OFF = Told("failed", 2 * MINUTE, code=131049)
LATER = (
    Told("sent", DAY + 5 * MINUTE, pricing=("free_entry_point", "marketing")),
    Told("delivered", DAY + 6 * MINUTE, pricing=("free_entry_point", "marketing")),
    Told("read", DAY + 7 * MINUTE, with_uid=False),
)
LATER_FAILED = (LATER[0], Told("failed", DAY + 6 * MINUTE, code=131049))
HISTORIES: dict[str, tuple[str, str, Sequence[Try]]] = {
    # name: the state and the price in the end, and the tries
    "read": ("read", "marketing", [Try((SENT, DELIVERED, READ))]),
    "read, the answer was lost": ("read", "marketing", [Try((SENT, DELIVERED, READ), answered=False)]),
    "read at once": ("read", "marketing", [Try((SENT, READ))]),
    "failed": ("failed", "marketing", [Try((SENT, FAILED))]),
    "failed, and delivered all the same": ("delivered", "marketing", [Try((SENT, FAILED, DELIVERED))]),
    "put off, and read all the same": ("read", "marketing", [Try((SENT, PUT_OFF, READ))]),
    "put off, and delivered all the same, the answer was lost": (
        "delivered", "marketing", [Try((SENT, PUT_OFF, DELIVERED), answered=False)],
    ),
    "put off, then read": (
        "read", "free", [Try((SENT, PUT_OFF), first=frozenset({"failed"})), Try(LATER)],
    ),
    "put off, then read, both answers were lost": (
        "read", "free",
        [Try((SENT, PUT_OFF), answered=False, first=frozenset({"failed"})), Try(LATER, answered=False)],
    ),
    "put off, then failed for good": (
        "failed", "free",
        [Try((SENT, PUT_OFF), first=frozenset({"failed"})), Try(LATER_FAILED)],
    ),
}  # fmt: skip


class Play:
    """One message, and what comes of it in an order by `seed`."""

    def __init__(
        self, contact: int, name: str, seed: int, settings: Settings, now: datetime
    ) -> None:
        self._random, self._settings, self._now = Random(seed), settings, now
        self._message = add_message(
            contact, now, subject=f"{name} {seed}", expires_at=now + 5 * DAY, uid=f"{name} {seed}"
        )
        self._waiting: list[Callable[[], None] | bytes] = []

    def through(self, tries: Sequence[Try]) -> dict[str, Any]:
        """Play all of it; returns how the message ended."""
        for number, one in enumerate(tries):
            self._claim()
            self._play(number, one, last=number == len(tries) - 1)
        file_orphans(self._settings, now=self._now)
        found = Message.get_by_id(self._message.id)
        ended = {name: getattr(found, name) for name in END}
        assert not found.wamid or found.wamid == self._wamid(len(tries) - 1)
        return ended | {"wamid": "the last", "after": found.sent_at and found.sent_at - self._now}

    def _claim(self) -> None:
        """The sender takes it, as it stands in the outbox."""
        assert Message.claim([self._message.id], now=self._now, day=self._now.date())

    def _play(self, number: int, one: Try, *, last: bool) -> None:
        wamid = self._wamid(number)
        if one.answered:
            row = (self._message.id, wamid, "accepted")
            self._waiting.append(lambda: Message.accepted([row], self._now))
        needed = []
        for told in one.told:
            element = self._element(told, wamid)
            self._waiting += [element] * self._random.choice((1, 1, 2))
            if told.name in one.first:
                needed.append(element)
        self._random.shuffle(self._waiting)
        held_back = [] if last else self._held_back(needed)
        if not one.answered and self._random.random() < 0.5:
            Message.move([self._message.id], ["claimed"], State.UNSURE)
        while self._waiting:
            self._some()
            if self._random.random() < 0.3:
                file_orphans(self._settings, now=self._now)
        self._waiting = held_back

    def _held_back(self, needed: Sequence[Any]) -> list[Any]:
        """What comes only during the next try; what the next try needs comes now, and perhaps again."""
        late = [one for one in self._waiting if self._random.random() < 0.5]
        self._waiting = [one for one in self._waiting if one not in late] + list(needed)
        return late

    def _some(self) -> None:
        """The next one or few come in a webhook, and are worked off."""
        statuses = []
        for _ in range(self._random.choice((1, 1, 2, 4))):
            one = self._waiting.pop() if self._waiting else None
            if callable(one):
                one()
            elif one is not None:
                statuses.append(one)
        Webhook.insert(
            source="whatsapp", received_at=self._now, body=body(statuses=statuses)
        ).execute()
        track(self._settings, now=self._now, beat=nothing)

    def _element(self, told: Told, wamid: str) -> Any:
        at = self._now + told.after
        more: dict[str, Any] = {"wamid": wamid}
        if told.with_uid:
            more["uid"] = self._message.uid
        if told.code:
            return failed(told.code, at, **more)
        return status(told.name, at, **more) | priced(*told.pricing)

    def _wamid(self, number: int) -> str:
        return f"wamid.{self._message.id}.{number}"


@pytest.mark.parametrize("name", HISTORIES)
def test_the_end_is_the_same_in_whatever_order_it_is_told(
    database: Path, settings: Settings, now: datetime, name: str
) -> None:
    state, charged, tries = HISTORIES[name]
    contact = add_contact("+12025550101", now)
    ends = [Play(contact, name, seed, settings, now).through(tries) for seed in range(SEEDS)]
    assert (ends[0]["state"], ends[0]["charged"]) == (state, charged)
    for seed, end in enumerate(ends):
        assert end == ends[0], seed
    assert Status.select().where(Status.message_id.is_null()).count() == 0
