"""What strangers can bring about, or may come a thousand times: counted, and told once in a while."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.log import Log

TOLD_EVERY = timedelta(minutes=1)


class Seldom:
    """One event of the log that anybody who can post here may cause: the log is not theirs to fill."""

    def __init__(
        self,
        log: Log,
        event: str,
        now: Callable[[], datetime],
        *,
        fix: str,
        every: timedelta = TOLD_EVERY,
        error: bool = False,
    ) -> None:
        self._log, self._error = log, error
        self._event, self._now, self._fix, self._every = event, now, fix, every
        self._count = 0
        self._told: datetime | None = None
        self._lock = threading.Lock()

    def tell(self, **fields: object) -> None:
        """Count it; `fields` are told if it is time to, with how many there were since the last."""
        with self._lock:
            self._count += 1
            now = self._now()
            if self._told is not None and now - self._told < self._every:
                return
            count, self._count, self._told = self._count, 0, now
        told = {"requests": count, **fields, "fix": self._fix}
        if self._error:
            self._log.error(self._event, error=None, **told)
        else:
            self._log.warning(self._event, **told)
