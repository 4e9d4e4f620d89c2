"""Whether the shop is away, and when it is looked for again: decisions only.

No clock, lock or network: `now` is any clock in seconds that never goes back.
"""

from dataclasses import dataclass
from enum import Enum

FIRST_PROBE = 5.0  # seconds after the shop went away; doubled after each probe in vain, up to:
LONGEST_PROBE = (
    45.0  # so that a shop is found within a minute of its return, however long it was away
)
NOTHING_ELSE = 60.0  # seconds with nothing but failures, after which one request alone is believed


class Sign(Enum):
    """What one request tells about where the shop is."""

    HERE = "here"  # it answered, be it with a refusal
    BROKEN = "broken"  # a 5xx, or no answer to what it got: the shop, or only this one request
    SHUT = "shut"  # no connection, or maintenance: it would be the same for every request


@dataclass(frozen=True, slots=True)
class _Doubt:
    """One request failed for good, and nothing has been answered since."""

    what: str
    began: float
    failed: float


class Absence:
    """Here, in doubt, or away.

    One request that fails tells nothing of the shop: PHP may die of one row of its page, while every
    other page comes. So a request that the shop broke on only casts a doubt. Away it is when another
    one, which began after that, fails too with no answer in between; or the same one, when for a
    minute there was nothing else. Whoever wants to know which it is only has to ask for something
    else: any answer ends doubt and absence alike.
    """

    def __init__(self) -> None:
        self.since: float | None = None  # the beginning of the first request that failed
        self.next_probe = float("-inf")
        self._distance = FIRST_PROBE
        self._doubt: _Doubt | None = None

    @property
    def away(self) -> bool:
        return self.since is not None

    def heard(self, now: float) -> float | None:
        """The shop answered. Returns for how many seconds it was away, None if it was not."""
        was_away = None if self.since is None else now - self.since
        self.since = self._doubt = None
        self._distance = FIRST_PROBE
        return was_away

    def failed(self, what: str, sign: Sign, *, began: float, now: float) -> bool:
        """A request failed for good, after all its tries; the first of them at `began`.

        Returns whether the shop is away because of this; False if that is known already.
        """
        if self.away or sign is Sign.HERE:
            return False
        doubt = self._doubt or _Doubt(what, began, now)
        if sign is Sign.BROKEN and not self._confirms(what, began, now):
            self._doubt = doubt
            return False
        self.since = doubt.began
        self.next_probe = now + self._distance
        return True

    def _confirms(self, what: str, began: float, now: float) -> bool:
        """Whether this failure leaves nothing of the benefit of the doubt."""
        doubt = self._doubt
        if doubt is None or began < doubt.failed:
            return False
        return what != doubt.what or now - doubt.failed >= NOTHING_ELSE

    def missed(self, now: float) -> None:
        """A probe was in vain."""
        self._distance = min(2 * self._distance, LONGEST_PROBE)
        self.next_probe = now + self._distance
