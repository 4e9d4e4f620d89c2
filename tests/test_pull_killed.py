"""Killed at any instruction of a full pull: what is in the mirror in the end is what an undisturbed
pull brings.

`winback sync`, in a process of its own, is killed with SIGKILL at random moments, again and again on
the same database, until it gets through. Meanwhile the shop goes on selling, or stands still.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from daemon_process import ROOT, environ
from jobs.mirror_compare import differences
from sending_world import World, wait_until

from agent.database import shared
from agent.sandbox.clock import WallClock
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import furnish
from models import (
    Contact,
    Customer,
    Hint,
    Identity,
    Order,
    OrderLine,
    PhoneReading,
    Product,
    ProductChange,
    Refund,
    Statement,
)
from models.base import database

COPIES = (Order, OrderLine, Product, Refund, Customer)
PEOPLE = (Contact, Identity, Statement, PhoneReading)
# by the shop's clock when we read, by our own, or numbers of ours
NOT_COMPARED = {
    "read_at", "lines_at", "recorded_at", "id", "contact_id",
    "phone_hash",  # each database has a key of its own
}  # fmt: skip
PAID = ("processing", "completed")
PAGES_A_LIFE = 24  # at most: a pull is cut into about ten lives

Rows = dict[str, list[str]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Four hundred orders, read ten rows a page: about 120 pages of all kinds."""
    with World(tmp_path, WallClock()) as world:
        furnish(world.shop, seed=3, now=datetime.now(UTC), products=60, customers=160)
        # some people type a space behind their name, which the comparison takes for a part of it
        for row in (*world.shop.orders, *world.shop.customers):
            row.billing = {name: value.strip() for name, value in row.billing.items()}
        for account in world.shop.customers:
            account.first_name = account.first_name.strip()
        yield world


@pytest.mark.long
def test_killed_three_times_the_mirror_is_as_if_nothing_had_been(world: World) -> None:
    _kill_and_compare(world, kills=3, selling=True)


@pytest.mark.long
@pytest.mark.parametrize("selling", [False, True], ids=["still", "selling"])
def test_killed_fifty_times_the_mirror_is_as_if_nothing_had_been(
    world: World, selling: bool
) -> None:
    _kill_and_compare(world, kills=50, selling=selling)


def _kill_and_compare(world: World, *, kills: int, selling: bool) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to play a failure again
    chosen = random.Random(seed)
    pulls = 0
    while kills > 0:
        pulls += 1
        pull = Pull(world, f"killed-{pulls}")
        while kills > 0 and pull.live_until_killed(chosen, selling=selling):
            kills -= 1
        pull.live()
        if selling:
            pull.live()  # what changed under a walk that was cut short is found by the next one
        _compare(world.shop, pull, _undisturbed(world), changes=selling)
    print(f"{pulls} pulls")  # noqa: T201 - the fewer, the longer each went on being killed


class Pull:
    """`winback sync` into a database of its own, in one life or several."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.database = world.folder / f"{name}.db"
        for left in world.folder.glob(f"{name}.db*"):
            left.unlink()
        self.log = world.folder / f"{name}.log"

    def live(self) -> None:
        """A life in peace."""
        with self._started() as process:
            assert process.wait(60) == 0, self.log.read_text()

    def live_until_killed(self, chosen: random.Random, *, selling: bool) -> bool:
        """Most lives end in the middle of the pull; some earlier, while the database is made or
        opened. False if this one came to its end by itself.
        """
        asked = self.world.shop.asked
        with self._started() as process:
            if chosen.random() < 0.1:
                time.sleep(chosen.uniform(0, 0.6))
            else:
                pages = chosen.randint(1, PAGES_A_LIFE)
                wait_until(lambda: asked or process.poll() is not None)
                if selling:
                    _sell(self.world.shop, chosen)
                wait_until(lambda: len(asked) >= pages or process.poll() is not None)
                time.sleep(chosen.uniform(0, 0.03))
            process.kill()
            code = process.wait()
        assert code in {0, -signal.SIGKILL}, self.log.read_text()
        assert "Traceback" not in self.log.read_text()
        return code != 0

    @contextmanager
    def _started(self) -> Iterator["subprocess.Popen[bytes]"]:
        config = self.world.write_config(shop__page_size=10, database__path=self.database.name)
        self.world.shop.asked.clear()
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "agent.cli", "sync", "--config", str(config)],
                stdout=log, stderr=log, cwd=ROOT, env=environ(),
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _sell(shop: Shop, chosen: random.Random) -> None:
    """What happens at a shop within a second, to people that it knows: each change has its date."""
    paid = [order for order in shop.orders if order.status in PAID]
    one, other, third, fourth = chosen.sample(paid, 4)
    basket = [(line.product_id, line.variation_id, 2) for line in one.lines]
    shop.place_order(basket, billing=one.billing, customer_id=one.customer_id)
    shop.edit_order(other.id, {other.lines[0].id: other.lines[0].quantity + 1})
    shop.set_status(third.id, "cancelled")
    shop.refund(fourth.id, shop.refundable(fourth) / 2, "Example")
    sold = [row for row in shop.products if row.type == "simple" and row.status == "publish"]
    for good in chosen.sample(sold, 3):
        shop.set_stock(good.id, chosen.randrange(100))
    shop.set_price(chosen.choice(list(shop.variations)).id, str(chosen.randrange(10, 90)))


def _undisturbed(world: World) -> Pull:
    pull = Pull(world, "undisturbed")
    pull.live()
    return pull


def _compare(shop: Shop, killed: Pull, undisturbed: Pull, *, changes: bool) -> None:
    with shared(undisturbed.database):
        expected = _contents()
    with shared(killed.database):
        [(verdict,)] = list(database.execute_sql("PRAGMA integrity_check"))
        assert verdict == "ok"
        assert differences(shop) == []
        found = _contents()
        assert Hint.select().count() == 0
        assert changes or ProductChange.select().count() == 0
    for table, rows in expected.items():
        assert len(rows) > 0, f"nothing to compare in {table}"
        assert sorted(set(found[table]) ^ set(rows)) == [], table
        assert len(found[table]) == len(rows), table


def _contents() -> Rows:
    """Each table as text, in an order that does not depend on when a row came."""
    phones = {contact.id: contact.phone for contact in Contact.select()}
    return {
        table.__name__: sorted(_row(row, phones, table) for row in table.select().dicts())
        for table in (*COPIES, *PEOPLE)
    }


def _row(row: dict[str, Any], phones: dict[int, str], table: type[Any]) -> str:
    left_out = NOT_COMPARED | ({"created_at"} if table is Contact else set())
    kept = {name: value for name, value in row.items() if name not in left_out}
    if "contact_id" in row:
        kept["phone of contact"] = phones.get(row["contact_id"])
    return repr(kept)
