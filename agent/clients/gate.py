"""What every request to the shop passes, whatever thread it comes from.

The decisions are those of `Pace` (how many at once) and `Absence` (is the shop there at all); here
is what stands around them: the lock, the waiting, and the two lines of the log.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.clients.absence import Absence, Sign
from agent.clients.pace import Pace
from agent.errors import Retryable, ShopAway, WinbackError
from agent.log import Log

log = Log(__name__)

PARALLEL = 2  # by default; on two cores more requests at once only wait for each other
LOOK = 0.25  # seconds between two looks, in a queue, at whether we must stop
INSTANT = 0.001  # seconds; a wait that is shorter is over: what is left of it is rounding


@dataclass(slots=True)
class Errand:
    """One thing that is asked of the shop, in one try or several. `what` tells it from others."""

    what: str
    began: float
    sign: Sign = Sign.HERE  # of its newest try
    probe: bool = False  # its newest try looks whether the shop is back


@dataclass(frozen=True, slots=True)
class Ending:
    """How one try ended. `kind` and `seconds` are those of a good answer; `after` what the shop told
    to wait, in seconds.
    """

    sign: Sign
    good: bool
    kind: str = ""
    seconds: float = 0.0
    after: float | None = None


class Gate:
    """Lets requests through: `parallel` at once, one while the shop is in trouble.

    While the shop is away one caller waits for the next probe and makes it; all others are turned
    away at once with ShopAway.

    `sleep` waits, and what it raises passes through: so whoever waits here leaves when the service
    stops. A wait that was asked of `sleep` counts as over when it returns, however long that took:
    `winback check` is impatient on purpose.
    """

    def __init__(
        self,
        parallel: int = PARALLEL,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep, self._monotonic = sleep, monotonic
        self._changed = threading.Condition()  # guards all below
        self._pace, self._absence = Pace(parallel), Absence()
        self._under_way = 0
        self._probing = False
        self._skipped = 0.0  # seconds that `sleep` returned early, together
        self._queue: deque[object] = deque()  # who only waits for room, in the order they came
        self._unanswered: list[Retryable] = []  # failures since the last answer
        self._what = self._fix = ""  # of the failure that the shop is away by

    @property
    def parallel(self) -> int:
        """How many requests may be under way while all is well."""
        return self._pace.parallel

    @parallel.setter
    def parallel(self, parallel: int) -> None:
        with self._changed:
            self._pace.parallel = parallel
            self._changed.notify_all()

    def begin(self, what: str) -> Errand:
        return Errand(what, self._now())

    @contextmanager
    def turn(self, errand: Errand) -> Iterator[None]:
        """Wait until a try of `errand` may leave; it is under way until the block ends.

        Raises ShopAway without waiting if the shop is away and another caller looks for it.
        """
        errand.probe = self._enter()
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._probing = self._probing and not errand.probe
                self._changed.notify_all()

    def ended(self, errand: Errand, ending: Ending) -> None:
        """Tell how the try went, while it is still under way."""
        errand.sign = ending.sign
        with self._changed:
            now = self._now()
            was_away = self._absence.heard(now) if ending.sign is Sign.HERE else None
            if ending.sign is Sign.HERE:
                self._unanswered.clear()
            if was_away is not None:
                self._pace.trouble()  # all who waited come now: one after the other
            if ending.good:
                self._pace.answered(ending.kind, ending.seconds)
            else:
                self._pace.trouble()
            if ending.after is not None:
                self._pace.hold(now, ending.after)
        if was_away is not None:
            log.info("shop.back", away=_span(was_away), seconds=round(was_away))

    def failure_of_try(self, errand: Errand, failure: WinbackError) -> WinbackError:
        """What a failed try raises: ShopAway for a probe in vain, which is not repeated at once."""
        if not errand.probe or errand.sign is Sign.HERE:
            return failure
        with self._changed:
            if not self._absence.away:
                return failure
            self._absence.missed(self._now())
            if not isinstance(failure, Retryable):
                return failure  # an Unsure stays one: it may have been done
            return self._away_by(failure)

    def failure_of_errand(self, errand: Errand, failure: WinbackError) -> WinbackError:
        """What is raised when all tries have failed; ShopAway, and a line in the log, if this shows
        that the shop is away.

        A write whose answer was lost shows nothing: it has one try only, and it may be the one thing
        that the shop breaks on, each time it is asked for.
        """
        if errand.sign is Sign.HERE or not isinstance(failure, Retryable):
            return failure
        if isinstance(failure, ShopAway):
            return failure
        with self._changed:
            self._unanswered.append(failure)
            gone = self._absence.failed(
                errand.what, errand.sign, began=errand.began, now=self._now()
            )
            if gone:
                for earlier in self._unanswered:
                    earlier.told = True
                self._unanswered.clear()
                self._changed.notify_all()
            raised = self._away_by(failure) if self._absence.away else failure
        if gone:
            log.warning("shop.away", what=failure.what, fix=failure.fix)
        return raised

    def sleep(self, seconds: float) -> None:
        """Wait, outside of any turn."""
        begun = self._monotonic()
        self._sleep(seconds)
        early = seconds - (self._monotonic() - begun)
        if early > 0:
            with self._changed:
                self._skipped += early

    def _now(self) -> float:
        return self._monotonic() + self._skipped

    def _enter(self) -> bool:
        """Wait for room; returns whether this try is the probe."""
        me, probing = object(), False
        try:
            while True:
                with self._changed:
                    now = self._now()
                    from_when = self._pace.held_until
                    if self._absence.away:
                        if not probing:
                            self._require_probe()
                        self._probing = probing = True
                        from_when = max(from_when, self._absence.next_probe)
                    wait = from_when - now
                    if wait <= INSTANT:
                        if self._is_first(me) and self._pace.may_begin(
                            max(now, from_when), self._under_way
                        ):
                            self._under_way += 1
                            return probing
                        wait = 0.0
                        self._changed.wait(LOOK)
                    else:
                        self._leave_queue(me)
                self.sleep(wait)  # of 0 seconds: only whether we must stop
        except BaseException:
            if probing:
                with self._changed:
                    self._probing = False
            raise
        finally:
            with self._changed:
                self._leave_queue(me)

    def _is_first(self, me: object) -> bool:
        """Whether nobody was there before. Without a queue whoever asks for page after page would
        leave no gap for the others.
        """
        if me not in self._queue:
            self._queue.append(me)
        return self._queue[0] is me

    def _leave_queue(self, me: object) -> None:
        if me in self._queue:
            self._queue.remove(me)
            self._changed.notify_all()

    def _require_probe(self) -> None:
        """Raises ShopAway if somebody else looks for the shop."""
        if self._probing:
            raise ShopAway(
                f"not asked, because the shop is away: {self._what}",
                fix=self._fix,
                after=self._until_probe(),
            )

    def _away_by(self, failure: Retryable) -> ShopAway:
        """The same failure as one of the whole shop."""
        self._what, self._fix = failure.what, failure.fix
        after = self._until_probe() if failure.after is None else failure.after
        return ShopAway(failure.what, fix=failure.fix, after=after)

    def _until_probe(self) -> float:
        return max(0.0, self._absence.next_probe - self._now())


def _span(seconds: float) -> str:
    """For a person: 95s, 12m, 3h 5m."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{round(seconds)}s"
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h {minutes % 60}m"
