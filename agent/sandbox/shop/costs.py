"""What a request costs a real server: milliseconds as measured, slept, and counted.

Measured on WooCommerce 9.9.5, 20,000 orders, 2 cores, 4 PHP children, opcache: medians of 20 for
pages of 100 rows. Orders 1674 ms in full, 1400 ms with some fields
and line_items, 190 ms without line_items; products 324 / 236 ms, variable ones 609 / 453 ms;
analytics variations 1032 ms, 3 of one product 80-108 ms; customers 427 / 342 ms; refunds 258 ms; 50 coupons 119 ms; an empty
answer 54 ms; 100 product updates in one batch 4.8 s. Beyond the cores only the wait grows.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass

BOOT = 0.054  # seconds until WordPress is there, for every request
WRITE = 0.048  # seconds for a change
SLICE = 0.005  # seconds; how finely the cores are shared


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds for a row: in full, or with some `_fields`."""

    full: float
    some: float


RATES = {
    "orders": Rate(0.0162, 0.00136),
    "products": Rate(0.0027, 0.0018),
    "variations": Rate(0.0098, 0.0098),
    "customers": Rate(0.0037, 0.0029),
    "refunds": Rate(0.0020, 0.0020),
    "coupons": Rate(0.0013, 0.0013),
}
OTHER = Rate(0.0005, 0.0005)
LINES = 0.0121  # seconds more for an order whose line_items are shown among some fields
PARENT = 0.011  # seconds to load the product whose variations are listed: 3 of them took 80-108 ms
VARIABLE = Rate(0.0028, 0.0022)  # seconds more for a variable product


@dataclass(frozen=True, slots=True)
class Work:
    """What one request made the server do."""

    resource: str  # "orders", "products", ...
    rows: int = 0
    full: bool = True  # no `_fields`
    lines: bool = False  # line_items among the fields
    variable: int = 0  # how many of the rows are variable products
    below_parent: bool = False  # a list of one product's variations
    writes: bool = False

    def seconds(self) -> float:
        """What it costs with a core for itself."""
        rate = RATES.get(self.resource, OTHER)
        cost = BOOT + self.rows * (rate.full if self.full else rate.some)
        if self.lines and not self.full:
            cost += self.rows * LINES
        cost += self.variable * (VARIABLE.full if self.full else VARIABLE.some)
        if self.below_parent:
            cost += PARENT
        return cost + (WRITE if self.writes else 0.0)


class Costs:
    """A server of `cores` cores and `children` PHP processes, `factor` times as slow as measured.

    At most `children` requests are worked on at once, and they share the cores evenly; the others
    wait. With factor 0 nothing sleeps, and the counting goes on.

    `charged_seconds` are server seconds at factor 1; `requests` and `bytes` count by resource.
    """

    def __init__(self, *, factor: float = 1.0, cores: int = 2, children: int = 4) -> None:
        self.factor, self.cores = factor, cores
        self.charged_seconds = 0.0
        self.requests: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self._children = threading.BoundedSemaphore(children)
        self._running, self._lock = 0, threading.Lock()

    def count(self, work: Work, size: int) -> None:
        """Note a request whose answer had `size` bytes."""
        with self._lock:
            self.charged_seconds += work.seconds()
            self.requests[work.resource] += 1
            self.bytes[work.resource] += size

    def charge(self, work: Work, spent: float) -> None:
        """Sleep for what the work costs, less the `spent` seconds that it really took."""
        left = work.seconds() * self.factor - spent
        if left <= 0:
            return
        with self._children:
            with self._lock:
                self._running += 1
            try:
                while left > 0:
                    share = min(1.0, self.cores / self._running)
                    before = time.monotonic()
                    time.sleep(min(SLICE, left / share))
                    left -= (time.monotonic() - before) * share
            finally:
                with self._lock:
                    self._running -= 1
