"""One thread stores what many requests bring, in common transactions; each waits until its own is kept.

A commit that has to be on the disk costs as much for one row as for a hundred. So whoever comes while
one is under way goes with the next, and all of them together wait for two commits at the most.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import peewee

from models.base import close_database, transaction, wait_for_writers

MOST = 500  # rows a transaction
ANSWERED = 0.8  # of their patience the requests wait for other writers; then they hear why
IDLE = 2.0  # seconds without work, and the thread ends and closes its connection
ENDED = "the thread that writes ended"

FAILURES = (peewee.PeeweeException, ValueError, TypeError, OverflowError, MemoryError)

Row = Mapping[str, Any]


class NotStored(Exception):
    """It is not on the disk, or nobody could wait until it was. Its text says why."""


@dataclass(slots=True, eq=False)
class _Waiting:
    row: Row
    done: threading.Event = field(default_factory=threading.Event)
    failure: str | None = ENDED  # until it is known to be on the disk
    given_up: bool = False  # nobody waits for it any more


class Writer:
    """`store` writes rows in the transaction that is open; all or none of them.

    The thread begins with the first row and ends when it has nothing to do: there is nothing to close.
    """

    def __init__(self, store: Callable[[Sequence[Row]], object]) -> None:
        self._store = store
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(self, row: Row, patience: float) -> None:
        """Return once `row` is on the disk. Raises NotStored after `patience` seconds at the latest.

        It may then be stored all the same, a moment later: whoever sent it comes again, and what a
        webhook says counts once.
        """
        one = _Waiting(row)
        with self._changed:
            self._queue.append(one)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, args=(patience,), name="writer", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        if not one.done.wait(patience):
            one.given_up = True
            raise NotStored(f"the database was not to be had within {patience:g} s")
        if one.failure is not None:
            raise NotStored(one.failure)

    def _run(self, patience: float) -> None:
        try:
            while batch := self._next():
                try:
                    self._write(batch, patience)
                finally:  # whatever happens to this thread, nobody waits in vain
                    for one in batch:
                        one.done.set()
        finally:
            close_database()

    def _next(self) -> list[_Waiting]:
        """What waits now; empty if nothing came for a while, and then this thread is not the writer any
        more."""
        with self._changed:
            batch: list[_Waiting] = []
            while not batch:
                if not self._changed.wait_for(lambda: self._queue, timeout=IDLE):
                    self._thread = None
                    break
                while self._queue and len(batch) < MOST:
                    one = self._queue.popleft()
                    if not one.given_up:
                        batch.append(one)
            return batch

    def _write(self, batch: Sequence[_Waiting], patience: float) -> None:
        """Together; where that fails because of one of them, each by itself."""
        error = self._stored(batch, patience)
        if error is not None and len(batch) > 1 and not _is_busy(error):
            for one in batch:
                if not one.given_up:
                    self._write([one], patience)
            return
        for one in batch:
            one.failure = None if error is None else f"{type(error).__name__}: {error}"

    def _stored(self, batch: Sequence[_Waiting], patience: float) -> Exception | None:
        """Commit what is still waited for. Returns why it could not be, None if it was."""
        try:
            wait_for_writers(patience * ANSWERED)
            with transaction():
                # they may have waited for it in vain: whoever was told no comes again
                if rows := [one.row for one in batch if not one.given_up]:
                    self._store(rows)
        except FAILURES as error:
            return error
        return None


def _is_busy(error: Exception) -> bool:
    """Somebody else writes: that is no row's fault, and another wait would be as long."""
    return isinstance(error, peewee.OperationalError) and "locked" in str(error)
