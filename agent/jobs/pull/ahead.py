"""Requests that are under way while the page before them is being filed."""

from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Generic, Self, TypeVar

from agent.errors import Retryable
from agent.pool import Pool

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")

LOOK = 1.0  # seconds between two beats while we wait for an answer


class Ahead(Generic[Key, Answer]):
    """Asks for what will be wanted, at most `width` at once, and gives it when it is.

    How many requests really fly is the client's to decide: it lets fewer through while the shop is
    in trouble.
    """

    def __init__(
        self, ask: Callable[[Key], Answer], *, width: int, beat: Callable[[], None]
    ) -> None:
        self._pool: Pool[Key, Answer] = Pool(width, ask)
        self._beat = beat
        self._asked: set[Key] = set()
        self._came: dict[Key, Answer | BaseException] = {}

    def want(self, key: Key) -> bool:
        """Ask for it, unless as many as may be are under way. True if it is or was asked for."""
        if key not in self._asked:
            if len(self._asked) >= self._pool.size:
                return False
            self._asked.add(key)
            self._pool.give(key)
        return True

    def take(self, key: Key) -> Answer | None:
        """The answer to what was wanted, when it is there. None where nobody asked for it, or where it
        failed: who takes it asks again and sees why. But a shop that asks for patience gets it at
        once: its Retryable is raised.
        """
        if key not in self._asked:
            return None
        while key not in self._came:
            came = self._pool.collect(wait=LOOK)
            self._came.update(came)
            if not came:
                self._beat()
        self._asked.discard(key)
        answer = self._came.pop(key)
        if isinstance(answer, BaseException):
            must_stop = not isinstance(answer, Exception)
            if must_stop or (isinstance(answer, Retryable) and answer.after is not None):
                raise answer
            return None
        return answer

    def drop(self) -> None:
        """What is under way is not wanted any more."""
        while self._asked:
            self.take(next(iter(self._asked)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()
