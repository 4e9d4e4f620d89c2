"""What the benchmarks measure against: the sandbox in processes of its own, so its CPU is not ours."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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
def shop_process(*, products: int, customers: int, slowness: float | None = None) -> Iterator[str]:
    """A furnished shop; yields its address. `slowness` 1 takes as long as a real server does."""
    with _process(_serve_shop, products, customers, slowness) as url:
        yield url


@contextmanager
def whatsapp_process(*, latency: float = 0.0) -> Iterator[str]:
    """A WhatsApp that answers after `latency` seconds; yields its address."""
    with _process(_serve_whatsapp, latency) as url:
        yield url


@contextmanager
def _process(serve: object, *arguments: object) -> Iterator[str]:
    spawn = multiprocessing.get_context("spawn")  # a fork would take our threads and locks along
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(60):
            raise TimeoutError("the sandbox does not start")
        yield ours.recv()
    finally:
        ours.close()
        process.join(5)
        if process.is_alive():
            process.terminate()
            process.join()


def _serve_shop(parent: Connection, products: int, customers: int, slowness: float | None) -> None:
    shop = Shop(WallClock())
    furnish(shop, seed=7, now=datetime.now(UTC), products=products, customers=customers)
    costs = None if slowness is None else Costs(factor=slowness)
    with Server(shop_app(shop, costs=costs)) as url:
        _serve_until_left(parent, url)


def _serve_whatsapp(parent: Connection, latency: float) -> None:
    whatsapp = WhatsApp(WallClock())
    whatsapp.latency = latency
    whatsapp.add_template("we_miss_you", "en", body="Hello {{1}}, have a look at {{2}} again.")
    with Server(whatsapp_app(whatsapp)) as url:
        _serve_until_left(parent, url)


def _serve_until_left(parent: Connection, url: str) -> None:
    parent.send(url)
    try:
        parent.recv()  # nothing ever comes: it ends when the other side is closed, or has died
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
