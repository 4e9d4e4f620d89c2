"""The first full sync, against a bare loop that fetches exactly the same pages and keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests
import woocommerce
from parties import Stopwatch, Took, median, settings_in, shop_process, show

from agent.clients.shop import Page, Shop
from agent.jobs.pull import pull_changes, pull_slowly, read_shop_facts
from models import Customer, Order, Product, Refund
from models.base import close_database, migrate, open_database

if TYPE_CHECKING:
    from pathlib import Path

    from agent.config import Settings

ROUNDS = 3
MIRRORED = (Order, Product, Customer, Refund)
SIZE = {"products": 1100, "customers": 8000}  # they make 20,000 orders


class ListeningShop(Shop):
    """The client as it is, and a list of what it was asked for."""

    def page(self, endpoint: str, **params: str | int) -> Page:
        self.asked.append((endpoint, params))
        return super().page(endpoint, **params)


@pytest.mark.bench
def test_full_sync_as_a_share_of_a_bare_loop(tmp_path: Path) -> None:
    with shop_process(**SIZE) as url:
        rounds = [compare(tmp_path / str(number), url) for number in range(ROUNDS)]

    report("full sync, a server that costs nothing", rounds)


@pytest.mark.bench
def test_full_sync_of_a_shop_that_takes_as_long_as_a_real_one(tmp_path: Path) -> None:
    slowness = 0.5
    with shop_process(**SIZE, slowness=slowness) as url:
        rounds = [compare(tmp_path / "slow", url)]

    report(f"full sync, a server that takes {slowness:.0%} of the measured times", rounds)


@dataclass(frozen=True, slots=True)
class Round:
    """The same pages, with and without all that we do with them."""

    ours: Took
    bare: Took
    came: str


def report(title: str, rounds: list[Round]) -> None:
    ours, bare = median([one.ours for one in rounds]), median([one.bare for one in rounds])
    show(
        title,
        [
            ("mirrored", rounds[0].came),
            ("ours", f"{ours.wall:.2f} s, {ours.cpu:.2f} s CPU"),
            ("bare loop", f"{bare.wall:.2f} s, {bare.cpu:.2f} s CPU"),
            ("rate: ours / bare", f"{bare.wall / ours.wall:.0%}"),
            ("CPU: ours / bare", f"{ours.cpu / bare.cpu:.1f}"),
        ],
    )


def compare(folder: Path, url: str) -> Round:
    """Our sync into a new database, then the bare loop over the same pages."""
    folder.mkdir()
    settings = settings_in(folder, shop=url)
    shop = ListeningShop(
        url, "ck_sandbox", "cs_sandbox", sleep=no_sleep, user_agent="winback/bench"
    )
    shop.asked = []
    open_database(settings.database.path)
    try:
        migrate()
        with Stopwatch() as ours:
            sync(shop, settings)
        sizes = [f"{table.select().count():,} {table.__name__}" for table in MIRRORED]
    finally:
        close_database()
        shop.close()
    with Stopwatch() as bare:
        fetch(url, shop.asked)
    return Round(ours.took, bare.took, f"{', '.join(sizes)}: {len(shop.asked)} pages")


def sync(shop: Shop, settings: Settings) -> None:
    now = datetime.now(UTC)
    read_shop_facts(shop, settings)
    pull_changes(shop, settings, now=now, beat=lambda: None)
    pull_slowly(shop, settings, now=now, beat=lambda: None)


def fetch(url: str, asked: list[tuple[str, dict[str, str | int]]]) -> None:
    """What nobody can do without: one session, signed addresses, the JSON read."""
    sign = woocommerce.API(url, "ck_sandbox", "cs_sandbox")._API__get_oauth_url
    with requests.Session() as session:
        for endpoint, params in asked:
            namespace = "" if endpoint.startswith("wc-") else "wc/v3/"
            query = requests.compat.urlencode(params)
            answer = session.get(sign(f"{url}/wp-json/{namespace}{endpoint}?{query}", "GET"))
            answer.raise_for_status()
            answer.json()


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"the sandbox refused something: asked to wait {seconds} s")
