"""What the benchmarks measure against: the sandbox in processes of its own, so its CPU is not ours."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from agent.config import Settings, load
from agent.sandbox.clock import WallClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.costs import Costs
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import furnish
from agent.sandbox.whatsapp.api import whatsapp_app
from agent.sandbox.whatsapp.whatsapp import WhatsApp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from agent.sandbox.clock import Clock

CONFIG = """\
[shop]
url = "{shop}"
key = "ck_sandbox"
secret = "cs_sandbox"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAexample"
app_secret = "example-app-secret"
verify_token = "example-verify-token"
base_url = "{whatsapp}"
messages_per_second = {rate}
workers = {workers}
canary = []

[web]
listen = "127.0.0.1:0"

[database]
path = "winback.db"

[limits]
quiet_from = "00:00"
quiet_until = "00:00"

[campaigns.we_miss_you]
enabled = true
"""
KEYS = ("ck_sandbox", "cs_sandbox")
NOWHERE = "http://127.0.0.1:9"  # for a party that is not asked


def settings_in(
    folder: Path, *, shop: str = NOWHERE, whatsapp: str = NOWHERE, rate: int = 80, workers: int = 32
) -> Settings:
    """The settings of a config file that this writes as `config.toml` into `folder`."""
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIG.format(shop=shop, whatsapp=whatsapp, rate=rate, workers=workers))
    return load(path, environ={})


@contextmanager
def shop_process(*, products: int, customers: int) -> Iterator[str]:
    """A furnished shop; yields its address."""
    with _process(_serve_shop, products, customers) as party:
        yield party.url


@contextmanager
def measured_shop_process(slowness: float) -> Iterator[Party]:
    """A shop like the one whose times were measured; `slowness` 1 takes as long as that one did."""
    with _process(_serve_measured_shop, slowness) as party:
        yield party


@contextmanager
def whatsapp_process(*, latency: float = 0.0) -> Iterator[str]:
    """A WhatsApp that answers after `latency` seconds; yields its address."""
    with _process(_serve_whatsapp, latency) as party:
        yield party.url


@dataclass(frozen=True, slots=True)
class Spent:
    """What a stand-in has spent so far, in seconds: of its own CPU, and what a real server would
    have worked for the same answers."""

    cpu: float
    charged: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.cpu - other.cpu, self.charged - other.charged)


class Party:
    """A stand-in that runs in a process of its own."""

    def __init__(self, url: str, pipe: Connection) -> None:
        self.url, self._pipe = url, pipe

    def spent(self) -> Spent:
        self._pipe.send(None)
        spent: Spent = self._pipe.recv()
        return spent


@contextmanager
def _process(serve: object, *arguments: object) -> Iterator[Party]:
    spawn = multiprocessing.get_context("spawn")  # a fork would take our threads and locks along
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(60):
            raise TimeoutError("the sandbox does not start")
        yield Party(ours.recv(), ours)
    finally:
        ours.close()
        process.join(5)
        if process.is_alive():
            process.terminate()
            process.join()


def measured_shop(clock: Clock, *, seed: int = 7) -> Shop:
    """As many orders, products and accounts as the shop had whose times were measured, and about as
    many variations and refunds; about two lines an order."""
    shop, random = Shop(clock), Random(seed)
    furnish(shop, seed=seed, now=clock.now(), products=500, customers=5_000)
    while len(shop.products) < 1_100:
        shop.add_product(name=f"Artigo {len(shop.products)}", price="19.90", stock=500)
    goods = [row.id for row in shop.products if row.type == "simple"]
    known = list(shop.orders)
    while len(shop.orders) < 20_000:
        again = random.choice(known)
        number = shop.place_order(
            [(good, 0, 1) for good in random.sample(goods, 3)],
            billing=again.billing,
            customer_id=again.customer_id,
            status="completed",
            created=again.created,
        )
        if random.random() < 0.09:
            shop.refund(number, "5", created=again.created)
    return shop


def _serve_shop(parent: Connection, products: int, customers: int) -> None:
    shop = Shop(WallClock())
    furnish(shop, seed=7, now=datetime.now(UTC), products=products, customers=customers)
    with Server(shop_app(shop)) as url:
        _serve_until_left(parent, url)


def _serve_measured_shop(parent: Connection, slowness: float) -> None:
    costs = Costs(factor=slowness)
    with Server(shop_app(measured_shop(WallClock()), costs=costs)) as url:
        _serve_until_left(parent, url, costs)


def _serve_whatsapp(parent: Connection, latency: float) -> None:
    whatsapp = WhatsApp(WallClock())
    whatsapp.latency = latency
    whatsapp.add_template("we_miss_you", "en", body="Hello {{1}}, have a look at {{2}} again.")
    with Server(whatsapp_app(whatsapp)) as url:
        _serve_until_left(parent, url)


def _serve_until_left(parent: Connection, url: str, costs: Costs | None = None) -> None:
    """Tell the address, then what was spent as often as that is asked; to the end of the other side."""
    parent.send(url)
    try:
        while True:
            parent.recv()
            charged = 0.0 if costs is None else costs.charged_seconds
            parent.send(Spent(time.process_time(), charged))
    except EOFError:
        return


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the wall, and of this process's CPU."""

    wall: float
    cpu: float

    @property
    def busy(self) -> float:
        """Share of a core."""
        return self.cpu / self.wall


class Stopwatch:
    """`with Stopwatch() as watch: ...`, then `watch.took`."""

    def __enter__(self) -> Stopwatch:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.took = Took(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def median(times: list[Took]) -> Took:
    """Of each figure by itself."""
    return Took(
        statistics.median(took.wall for took in times),
        statistics.median(took.cpu for took in times),
    )


def show(title: str, rows: list[tuple[str, str]]) -> None:
    """Print figures below one another."""
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    print("", title, *lines, sep="\n")  # noqa: T201 - figures to read are all that a benchmark makes
