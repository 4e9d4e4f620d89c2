"""Warnings that strangers can bring about: counted, and told at most once a minute."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.log import Log

TOLD_EVERY = timedelta(minutes=1)


class Seldom:
    """One event of the log that anybody who can post here may cause: the log is not theirs to fill."""

    def __init__(self, log: Log, event: str, now: Callable[[], datetime], *, fix: str) -> None:
        self._log, self._event, self._now, self._fix = log, event, now, fix
        self._count = 0
        self._told: datetime | None = None
        self._lock = threading.Lock()

    def tell(self, **fields: object) -> None:
        """Count it; `fields` are told if it is time to, with how many there were since the last."""
        with self._lock:
            self._count += 1
            now = self._now()
            if self._told is not None and now - self._told < TOLD_EVERY:
                return
            count, self._count, self._told = self._count, 0, now
        self._log.warning(self._event, requests=count, **fields, fix=self._fix)
