"""The first full pull, beside the `woocommerce` package as it is, and beside a bare parallel fetch of
just the pages that we asked for.

The stand-in takes a quarter of the times that were measured on a real server, so what is ours weighs
four times as much here as it does there.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest
import requests
import woocommerce
from parties import KEYS, Spent, Stopwatch, Took, measured_shop_process, settings_in, show

from agent.clients.shop import Page, Shop
from agent.jobs.pull import pull_all
from models import Customer, Order, OrderLine, Product, Refund
from models.base import close_database, migrate, open_database, tuples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from parties import Party

    from agent.config import Settings

SLOWNESS = 0.25  # of the measured times
SAMPLED = 5  # every fifth page of what would take too long
MIRRORED = (Order, OrderLine, Product, Customer, Refund)
LISTS = ("orders", "products", "customers")

Asked = tuple[str, dict[str, "str | int"]]


@pytest.mark.bench
def test_full_pull_beside_a_bare_parallel_fetch_and_a_plain_loop(tmp_path: Path) -> None:
    with measured_shop_process(SLOWNESS) as party:
        settings = settings_in(tmp_path, shop=party.url)
        with opened(settings), listening(party.url) as shop:
            ours = Measured(party, lambda: pull(shop, settings))
            came = [f"{table.select().count():,} {table.__name__}" for table in MIRRORED]
            variable = Product.select(Product.woo_id).where(Product.type == "variable")
            parents = [number for (number,) in tuples(variable)]
        bare = Measured(party, lambda: fetch(party.url, shop.asked, settings.shop.parallel))
        loop = plain_loop(party.url, parents)
    headers = shop.first("products") - ours.begun
    floor = bare.spent.charged * SLOWNESS / settings.shop.parallel
    show(
        f"full pull, a server that takes {SLOWNESS:.0%} of the measured times",
        [
            ("mirrored", ", ".join(came)),
            ("pages", f"{len(shop.asked)}"),
            ("ours", ours.told),
            ("bare parallel fetch of the same pages", bare.told),
            ("ours / bare (at most 1.15)", f"{ours.wall / bare.wall:.2f}"),
            ("the server alone, two requests at once", f"{floor:.1f} s"),
            ("ours / the server alone", f"{ours.wall / floor:.2f}"),
            (f"plain loop, {SAMPLED} x every {SAMPLED}th request", f"{loop:.1f} s"),
            ("ours / plain loop", f"{ours.wall / loop:.2f}"),
            ("all headers of orders in, ours", f"{headers:.1f} s"),
            ("headers / plain loop", f"{headers / loop:.3f}"),
            ("the stand-in's CPU in ours, share of a core", f"{ours.spent.cpu / ours.wall:.0%}"),
        ],
    )


class Measured:
    """One way of reading the shop: what it took here, and what it cost there."""

    def __init__(self, party: Party, run: Callable[[], object]) -> None:
        before = party.spent()
        self.begun = time.perf_counter()
        with Stopwatch() as watch:
            run()
        self.took: Took = watch.took
        self.spent: Spent = party.spent() - before

    @property
    def wall(self) -> float:
        return self.took.wall

    @property
    def told(self) -> str:
        return (
            f"{self.took.wall:.1f} s, {self.took.cpu:.1f} s CPU; "
            f"the server worked {self.spent.charged:.0f} s (unscaled)"
        )


class ListeningShop(Shop):
    """The client as it is, and a list of what it was asked for and gave."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.asked: list[Asked] = []
        self._moments: list[float] = []

    def page(self, endpoint: str, **params: str | int) -> Page:
        moment = time.perf_counter()
        page = super().page(endpoint, **params)
        self.asked.append((endpoint, params))
        self._moments.append(moment)
        return page

    def first(self, endpoint: str) -> float:
        """When the first page of this list was asked for."""
        pairs = zip(self.asked, self._moments, strict=True)
        return next(moment for (name, _), moment in pairs if name == endpoint)


@contextmanager
def opened(settings: Settings) -> Iterator[None]:
    open_database(settings.database.path)
    try:
        migrate()
        yield
    finally:
        close_database()


@contextmanager
def listening(url: str) -> Iterator[ListeningShop]:
    shop = ListeningShop(url, *KEYS, sleep=time.sleep, user_agent="winback/bench")
    try:
        yield shop
    finally:
        shop.close()


def pull(shop: Shop, settings: Settings) -> None:
    pull_all(shop, settings, now=lambda: datetime.now(UTC), beat=lambda: None)


def fetch(url: str, asked: list[Asked], parallel: int) -> None:
    """What nobody can do without: sessions kept open, signed addresses, the JSON read. Nothing kept."""
    waiting: SimpleQueue[Asked] = SimpleQueue()
    for one in asked:
        waiting.put(one)
    threads = [threading.Thread(target=_fetch, args=(url, waiting)) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fetch(url: str, waiting: SimpleQueue[Asked]) -> None:
    sign = woocommerce.API(url, *KEYS)._API__get_oauth_url
    with requests.Session() as session:
        while True:
            try:
                endpoint, params = waiting.get_nowait()
            except Empty:
                return
            namespace = "" if endpoint.startswith("wc-") else "wc/v3/"
            query = requests.compat.urlencode(params)
            answer = session.get(sign(f"{url}/wp-json/{namespace}{endpoint}?{query}", "GET"))
            answer.raise_for_status()
            answer.json()


def plain_loop(url: str, parents: list[int]) -> float:
    """Seconds that a loop over whole objects takes with the `woocommerce` package as it is, one
    request after the other, the variations of each product by themselves.
    """
    api = woocommerce.API(url, *KEYS, version="wc/v3", timeout=60)
    seconds = 0.0
    for endpoint in LISTS:
        pages = int(_ask(api, endpoint, per_page=1).headers["X-WP-Total"]) // 100 + 1
        with Stopwatch() as watch:
            for page in range(1, pages + 1, SAMPLED):
                _ask(api, endpoint, per_page=100, page=page, orderby="id", order="asc").json()
        seconds += watch.took.wall * pages / len(range(1, pages + 1, SAMPLED))
    with Stopwatch() as watch:
        for parent in parents[::SAMPLED]:
            _ask(api, f"products/{parent}/variations", per_page=100).json()
    return seconds + watch.took.wall * len(parents) / len(parents[::SAMPLED])


def _ask(api: woocommerce.API, endpoint: str, **params: str | int) -> requests.Response:
    answer = api.get(endpoint, params=params)
    answer.raise_for_status()
    return answer
