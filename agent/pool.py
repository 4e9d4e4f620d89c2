"""Threads that wait for answers: of WhatsApp, and of the shop."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Pool(Generic[Work, Result]):
    """A fixed number of daemon threads, each with one piece of work at a time.

    They are daemons because a request may take longer than we have when we must stop. What is in
    flight then is left: a page of the shop is read again, a message stays claimed and is unsure.
    """

    def __init__(self, size: int, do: Callable[[Work], Result]) -> None:
        self.size, self.busy = size, 0
        self._do = do
        self._todo: SimpleQueue[Work | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Work, Result | BaseException]] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def free(self) -> int:
        return self.size - self.busy

    def give(self, work: Work) -> None:
        """Hand over one piece of work; starts a thread while there are fewer than needed.

        Where the machine allows no more of them, those that there are do it all. Raises RuntimeError
        if there is none: the work has not begun then.
        """
        if len(self._threads) < min(self.busy + 1, self.size):
            thread = threading.Thread(target=self._run, name="pool", daemon=True)
            try:
                thread.start()
                self._threads.append(thread)
            except RuntimeError:
                if not self._threads:
                    raise
        self.busy += 1
        self._todo.put(work)

    def collect(self, wait: float = 0.0) -> list[tuple[Work, Result | BaseException]]:
        """What has been finished; waits up to `wait` seconds for the first."""
        finished = []
        try:
            finished.append(self._done.get(block=wait > 0, timeout=wait or None))
            while True:
                finished.append(self._done.get_nowait())
        except Empty:
            self.busy -= len(finished)
            return finished

    def close(self) -> None:
        for _ in self._threads:
            self._todo.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        while (work := self._todo.get()) is not None:
            try:
                self._done.put((work, self._do(work)))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that collects
                self._done.put((work, error))
