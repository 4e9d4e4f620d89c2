"""What a cycle costs the shop: requests, bytes, and seconds that its server works for us.

Nothing is timed here. The server's seconds are those that were measured on a real one, counted and
not slept; the hour passes on a clock that is moved.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import TYPE_CHECKING

import pytest
from parties import KEYS, measured_shop, settings_in, show

from agent.clients.shop import Shop as Client
from agent.jobs.pull import pull_all, run_cycle
from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.costs import Costs
from models.base import close_database, migrate, open_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.sandbox.shop.shop import Shop

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some requests."""

    requests: int
    bytes: int
    seconds: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.requests - other.requests, self.bytes - other.bytes, self.seconds - other.seconds
        )

    def __str__(self) -> str:
        return f"{self.requests} requests, {self.bytes / 1000:,.1f} KB, {self.seconds:.2f} s"


@pytest.mark.bench
def test_what_a_cycle_costs_the_shop(tmp_path: Path) -> None:
    clock, costs = MovedClock(datetime.now(UTC)), Costs(factor=0)
    shop = measured_shop(clock)
    clock.advance(timedelta(hours=1))
    with Server(shop_app(shop, costs=costs)) as url:
        settings = settings_in(tmp_path, shop=url)
        client = Client(url, *KEYS, sleep=time.sleep, user_agent="winback/bench")
        open_database(settings.database.path)

        def cycle() -> None:
            clock.advance(MINUTE)
            run_cycle(client, settings, now=clock.now(), beat=lambda: None)

        def pull() -> None:
            pull_all(client, settings, now=clock.now, beat=lambda: None)

        try:
            migrate()
            whole = cost_of(costs, pull)
            first_hour = [cost_of(costs, cycle) for _ in range(60)]
            resources = costs.requests.copy()
            idle = [cost_of(costs, cycle) for _ in range(60)]
            resources = costs.requests - resources
            change_orders(shop, 10)
            orders = cost_of(costs, cycle)
            change_products(shop, 100)
            products = cost_of(costs, cycle)
        finally:
            close_database()
            client.close()
    show(
        "a cycle a minute, 20,000 orders, 1,100 products",
        [
            ("the first full pull", str(whole)),
            ("the hour after it, an average cycle", average(first_hour)),
            ("an idle hour after that, an average cycle", average(idle)),
            ("the dearest cycle of that hour", str(max(idle, key=lambda one: one.seconds))),
            ("most requests of a cycle of that hour", str(max(one.requests for one in idle))),
            ("the server's time that the idle mirror takes", f"{mean_seconds(idle) / 60:.2%}"),
            ("requests of that hour by list", told(resources)),
            ("10 changed orders", str(orders)),
            ("100 changed products", str(products)),
        ],
    )


def cost_of(costs: Costs, run: Callable[[], None]) -> Cost:
    before = _so_far(costs)
    run()
    return _so_far(costs) - before


def _so_far(costs: Costs) -> Cost:
    return Cost(costs.requests.total(), costs.bytes.total(), costs.charged_seconds)


def average(cycles: list[Cost]) -> str:
    return (
        f"{mean(one.requests for one in cycles):.1f} requests, "
        f"{mean(one.bytes for one in cycles) / 1000:,.1f} KB, {mean_seconds(cycles):.2f} s"
    )


def mean_seconds(cycles: list[Cost]) -> float:
    return mean(one.seconds for one in cycles)


def told(resources: dict[str, int]) -> str:
    return ", ".join(f"{name or 'index'} {count}" for name, count in sorted(resources.items()))


def change_orders(shop: Shop, count: int) -> None:
    newest = [order for order in shop.orders if order.status == "processing"] or list(shop.orders)
    for order in newest[-count:]:
        shop.set_status(order.id, "on-hold")


def change_products(shop: Shop, count: int) -> None:
    simple = [row for row in shop.products if row.type == "simple" and row.status == "publish"]
    for row in simple[:count]:
        shop.set_stock(row.id, 7)
