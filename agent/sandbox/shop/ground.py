"""What all parts of the sandbox shop stand on: its place, its clock, its one lock, its counters."""

from __future__ import annotations

import re
import threading
import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from agent.sandbox.shop.rows import Meta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from agent.sandbox.clock import Clock

FIRST_ID = 10  # a new WordPress has used the ids before for its own pages


class NotFound(LookupError):
    """No such row. `what` is its kind: "order", "product", "variation", "customer", "coupon", ..."""

    def __init__(self, what: str, number: int) -> None:
        super().__init__(f"no {what} {number}")
        self.what, self.number = what, number


class Ground:
    """Settings, time, money and ids. Everything public takes `lock` (reentrant) while it works."""

    def __init__(
        self,
        clock: Clock,
        *,
        name: str,
        timezone: str,
        currency: str,
        decimals: int,
        country: str,
        version: str,
        seed: int,
    ) -> None:
        self.clock = clock
        self.name, self.currency, self.decimals = name, currency, decimals
        self.country, self.version = country, version
        self.timezone = timezone
        self.lock = threading.RLock()
        self.random = Random(seed)
        self.listeners: list[Callable[[str, str, int], None]] = []
        # posts, orders and refunds share one counter; what hangs on them has its own
        self._ids, self._meta_ids, self._line_ids, self._note_ids = (
            count(FIRST_ID),
            count(1),
            count(1),
            count(1),
        )
        self._cent = Decimal(1).scaleb(-decimals)

    @property
    def timezone(self) -> str:
        """The shop's zone, as "America/Sao_Paulo". Setting it moves the shop, not its instants."""
        return self._timezone

    @timezone.setter
    def timezone(self, name: str) -> None:
        self.zone, self._timezone = ZoneInfo(name), name

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, to compare: (9, 9, 5)."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))

    def now(self) -> datetime:
        return self.clock.now().replace(microsecond=0)

    def moment(self, given: datetime | None) -> datetime:
        """`given` (aware) in UTC and whole seconds, or now. ValueError if it has no zone."""
        if given is None:
            return self.now()
        if given.tzinfo is None:
            raise ValueError(f"the shop needs an aware moment, not the naive {given}")
        return given.astimezone(UTC).replace(microsecond=0)

    def local(self, moment: datetime) -> datetime:
        """The naive time that the shop's wall clock shows at `moment`."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def money(self, amount: Decimal | str | int) -> Decimal:
        """`amount` with the currency's decimals, halves rounded up as PHP does."""
        return Decimal(amount).quantize(self._cent, ROUND_HALF_UP)

    def tell(self, resource: str, event: str, number: int) -> None:
        """WordPress's hooks: what happened to a row, as ("order", "updated", 4711)."""
        for listener in self.listeners:
            listener(resource, event, number)

    def new_id(self) -> int:
        return next(self._ids)

    def new_line_id(self) -> int:
        return next(self._line_ids)

    def new_note_id(self) -> int:
        return next(self._note_ids)

    def new_meta_id(self) -> int:
        return next(self._meta_ids)

    def new_meta(self, values: Mapping[str, object]) -> list[Meta]:
        return [Meta(next(self._meta_ids), key, value) for key, value in values.items()]

    def write_meta(self, meta: list[Meta], key: str, value: object) -> None:
        """Overwrite the value of `key`, or add it."""
        for one in meta:
            if one.key == key:
                one.value = value
                return
        meta.append(Meta(next(self._meta_ids), key, value))


def slug_of(name: str, taken: Iterable[str] = ()) -> str:
    """ "Café & Pão" -> "cafe-pao", or "cafe-pao-2" if that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "item"
    if slug not in taken:
        return slug
    return next(f"{slug}-{number}" for number in count(2) if f"{slug}-{number}" not in taken)
