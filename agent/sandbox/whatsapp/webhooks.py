"""Bringing the updates to the subscriber: packed, signed, posted, and again if nobody took them."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random
from secrets import randbelow
from typing import TYPE_CHECKING

import requests

from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.payloads import Sender, Update, envelope, signature, wire

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.clock import Clock
    from agent.sandbox.whatsapp.switches import Switches

LARGEST_BATCH = 1000  # updates in one POST
# after the first failure at once, then more and more rarely; the last one repeats
RETRY_AFTER = tuple(timedelta(seconds=pause) for pause in (0, 5, 30, 120, 600, 3600, 21600))
GIVE_UP_AFTER = timedelta(days=7)
ANSWER_WITHIN = 5.0  # wall seconds that the subscriber has for its 200
TICK = 0.1  # wall seconds between two looks at the queue


@dataclass(slots=True, eq=False)
class _Parcel:
    """One POST, unchanged however often it is tried."""

    body: bytes
    updates: int
    first: datetime
    due: datetime
    failures: int = 0


class _Trickle:
    """A body of which the second half comes `pause` seconds after the first."""

    def __init__(self, body: bytes, pause: float) -> None:
        half = len(body) // 2
        self._length, self._parts = len(body), [body[half:], body[:half]]
        self._pause = pause

    def __len__(self) -> int:
        return self._length

    def read(self, _size: int = -1) -> bytes:
        if len(self._parts) == 1:
            time.sleep(self._pause)
        return self._parts.pop() if self._parts else b""


class Courier:
    """Holds updates until they are due, and posts them until they are taken."""

    def __init__(self, clock: Clock, sender: Sender, switches: Switches) -> None:
        self.callback_url: str | None = None
        self.dropped = 0  # updates that nobody took for seven days
        self._clock, self._sender, self._switches = clock, sender, switches
        self._queue: list[tuple[datetime, int, Update]] = []
        self._parcels: list[_Parcel] = []
        self._numbers = count()
        self._queueing, self._delivering = threading.Lock(), threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False  # the subscriber is on loopback; no proxy knows the way
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, update: Update, due: datetime) -> None:
        """Deliver `update` at `due`, or as much later as the switches say, if they let it come."""
        if chance(self._switches.seed, "lost", update.name) < self._switches.lose_webhooks:
            return
        with self._queueing:
            draw = chance(self._switches.seed, "delay", update.name)
            late = draw * self._switches.delay_webhooks
            heapq.heappush(self._queue, (due + late, next(self._numbers), update))

    def pending(self) -> int:
        """How many updates are still to be delivered, due or not."""
        with self._queueing:
            return len(self._queue) + sum(parcel.updates for parcel in self._parcels)

    def next_due(self) -> datetime | None:
        """When the next one has to go out; None if nothing waits."""
        with self._queueing:
            moments = [parcel.due for parcel in self._parcels]
            if self._queue:
                moments.append(self._queue[0][0])
            return min(moments, default=None)

    def deliver_due(self) -> int:
        """Post all that is due now, and say how many updates were taken.

        What a crashed or slow subscriber does not take stays and is tried again later. After the
        first POST without any answer the others wait for the next call.
        """
        if self.callback_url is None:
            return 0
        with self._delivering:
            now, taken = self._clock.now(), 0
            for parcel in self._due_parcels(now):
                answer = self._post(self.callback_url, parcel)
                if answer == 200:
                    with self._queueing:
                        self._parcels.remove(parcel)
                    taken += parcel.updates
                    continue
                self._put_off(parcel, now)
                if answer is None:
                    break
            return taken

    def verify(self) -> bool:
        """Whether the subscriber passes the handshake: our token in, our challenge back."""
        if self.callback_url is None:
            return False
        challenge = str(randbelow(10**10))
        question = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self._switches.verify_token,
        }
        try:
            answer = self._session.get(self.callback_url, params=question, timeout=ANSWER_WITHIN)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.text == challenge

    def start(self) -> None:
        """Deliver in a thread of its own, on the wall clock, until `stop()`."""
        if self._thread is not None:
            raise RuntimeError("deliveries have been started already")
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="whatsapp-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the POST in hand. Stopping twice does no harm."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Stop, and give the connections back."""
        self.stop()
        self._session.close()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            self.deliver_due()

    def _due_parcels(self, now: datetime) -> list[_Parcel]:
        with self._queueing:
            self._pack(now)
            return [parcel for parcel in self._parcels if parcel.due <= now]

    def _pack(self, now: datetime) -> None:
        seed, switches = self._switches.seed, self._switches
        due: list[Update] = []
        while self._queue and self._queue[0][0] <= now:
            _, _, update = heapq.heappop(self._queue)
            due.append(update)
            if chance(seed, "duplicate", update.name) < switches.duplicate_webhooks:
                due.append(update)
        if switches.reorder_webhooks:
            Random(f"{seed}:{len(due)}:{now}").shuffle(due)
        for start in range(0, len(due), LARGEST_BATCH):
            batch = due[start : start + LARGEST_BATCH]
            body = wire(envelope(self._sender, batch, now))
            self._parcels.append(_Parcel(body, len(batch), now, now))

    def _post(self, url: str, parcel: _Parcel) -> int | None:
        """The HTTP status, None if no answer came."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signature(self._switches.app_secret, parcel.body),
        }
        try:
            slow = self._switches.slow_webhooks
            body = _Trickle(parcel.body, slow) if slow else parcel.body
            return self._session.post(
                url, data=body, headers=headers, timeout=ANSWER_WITHIN, allow_redirects=False
            ).status_code
        except requests.RequestException:
            return None

    def _put_off(self, parcel: _Parcel, now: datetime) -> None:
        with self._queueing:
            if now - parcel.first >= GIVE_UP_AFTER:
                self._parcels.remove(parcel)
                self.dropped += parcel.updates
                return
            pause = RETRY_AFTER[min(parcel.failures, len(RETRY_AFTER) - 1)]
            parcel.failures += 1
            parcel.due = now + pause
