"""Reading around a row that breaks the shop: one order that PHP dies of must not hide the others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agent.clients.shop import Page
from agent.errors import Garbled, Retryable
from agent.log import Log

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """A list of the shop that can be read in parts, down to single rows.

    `ask` gets the rows that are named by ids or by positions in the list; `named` says by which, for
    the log. `witnesses` are requests for rows of the same kind, if possible other ones than it is
    given: what tells a row that breaks the shop from a shop that is down.
    """

    kind: str
    named: str
    ask: Callable[[Sequence[int]], Page]
    witnesses: Callable[[Sequence[int]], Iterable[Callable[[], Page]]]
    beat: Callable[[], None]

    def read(self, wanted: Sequence[int]) -> Page:
        """All of `wanted` in one request; where that fails, in halves, and halves of those.

        A row that fails alone, and once more, is left out with a warning, if the shop gives another
        row before and after. The answer is then a short page. Each part that fails costs the requests
        for its witnesses too, so one such row among n costs about 4 log2(n) requests.

        Raises the shop's Retryable or Garbled if it gives no other row either, or if it said itself
        how long to wait.
        """
        try:
            return self._ask(wanted)
        except (Retryable, Garbled) as failure:
            if self._blames_the_shop(wanted, failure):
                raise
        if len(wanted) == 1:
            return self._once_more(wanted)
        half = len(wanted) // 2
        first, second = self.read(wanted[:half]), self.read(wanted[half:])
        return Page(
            rows=first.rows + second.rows,
            total=max(first.total, second.total),  # past the end it is 0
            served_at=min(first.served_at, second.served_at),
        )

    def _once_more(self, alone: Sequence[int]) -> Page:
        """The shop may have come back just between the row and its witness."""
        try:
            return self._ask(alone)
        except (Retryable, Garbled) as failure:
            other = self._other_row(alone)
            if other is None or _told_to_wait(failure):
                raise
            fields = {"kind": self.kind, self.named: alone[0], "reason": failure.what}
            log.warning("mirror.set_aside", **fields)
            return Page(rows=[], total=other.total, served_at=other.served_at)

    def _blames_the_shop(self, wanted: Sequence[int], failure: Retryable | Garbled) -> bool:
        return _told_to_wait(failure) or self._other_row(wanted) is None

    def _other_row(self, wanted: Sequence[int]) -> Page | None:
        """The first answer with a row in it; None from a shop that is down, or broken as a whole."""
        for witness in self.witnesses(wanted):
            self.beat()
            try:
                page = witness()
            except (Retryable, Garbled):
                continue
            if page.rows:
                return page
        return None

    def _ask(self, part: Sequence[int]) -> Page:
        self.beat()
        return self.ask(part)


def _told_to_wait(failure: Retryable | Garbled) -> bool:
    """Maintenance, or too many requests: no row is to blame, and asking on would make it worse."""
    return isinstance(failure, Retryable) and failure.after is not None
