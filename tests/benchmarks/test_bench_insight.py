"""What is worked out from the orders: from the beginning, and kept current while pages are filed."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from parties import Stopwatch, settings_in, show
from population import CURRENCY, PAID, populated

from agent.jobs.companions import count_companions
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import ORDERS
from agent.recommendations import recommendations
from agent.rules.copies import order_lines, shop_date
from models import Basis, Companion, History, Order, OrderLine, Stale
from models.base import close_database, open_database, transaction
from models.refresh import refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from agent.config import Settings

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PAGE, PAGES = 100, 20
PEOPLE, BATCHES = 500, 10
DAY = timedelta(days=1)

Rows = list[tuple[str, str]]


@pytest.mark.bench
@pytest.mark.parametrize("contacts", [10_000, 100_000, 1_000_000])
def test_worked_out_from_the_orders(tmp_path: Path, contacts: int) -> None:
    settings = settings_in(tmp_path)
    with populated(settings.database.path, contacts, NOW, worked_out=False) as population:
        close_database()  # whoever measures has the file for itself
        written = ", ".join(f"{part} {took:.0f} s" for part, took in population.seconds.items())
        rows = [("the shop itself", written)]
        for measure in (from_the_beginning, kept_current, companions):
            rows += alone(measure, tmp_path)
        open_database(settings.database.path)
    show(f"insight, {contacts:,} contacts, {population.orders:,} orders", rows)


def alone(measure: Callable[[Settings], Rows], folder: Path) -> Rows:
    """In a process of its own, with the most memory that it took."""
    ours, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    child = spawn.Process(target=_measure, args=(measure, folder, theirs))
    child.start()
    theirs.close()
    rows: Rows = ours.recv()
    child.join()
    return rows


def _measure(measure: Callable[[Settings], Rows], folder: Path, back: Connection) -> None:
    settings = settings_in(folder)
    open_database(settings.database.path)
    rows = measure(settings)
    close_database()
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
    back.send([*rows, ("  peak memory", f"{peak / 1024:.0f} MB")])


def from_the_beginning(_: Settings) -> Rows:
    stages: dict[str, float] = {}
    watch = Stopwatch()
    watch.__enter__()

    def beat() -> None:
        nonlocal watch
        watch.__exit__()
        stage = Basis.get().stage
        stages[stage] = stages.get(stage, 0) + watch.took.wall
        watch = Stopwatch()
        watch.__enter__()

    with Stopwatch() as whole:
        refresh(PAID, CURRENCY, beat=beat)
    parts = ", ".join(f"{stage} {took:.1f}" for stage, took in stages.items())
    histories = History.select().count()
    return [
        ("from the beginning", f"{whole.took.wall:.1f} s, {whole.took.cpu:.1f} s CPU ({parts})"),
        ("  a history", f"{whole.took.cpu / histories * 1e6:.0f} us CPU, {histories:,} of them"),
    ]


def kept_current(settings: Settings) -> Rows:
    """Pages of orders that changed, as the jobs file them, and what that costs beside."""
    filing = Filing.from_settings(settings, NOW)
    Stale.delete().execute()
    filed, marked, refreshed, histories = [], [], [], []
    for page in pages():
        file(page, filing, NOW)  # as it was: the phones are read
        for status, kept in (("processing", True), ("completed", False)):
            moved = [one | {"status": status} for one in page]
            basis = Basis.get()
            if not kept:
                Basis.delete().execute()  # nothing is marked without it
            with Stopwatch() as watch:
                file(moved, filing, NOW + (2 - kept) * DAY)
            (marked if kept else filed).append(watch.took.cpu)
            if not kept:
                Basis.insert(basis.__data__).execute()
        for one in page:
            one["total"] = "77.00"
        file(page, filing, NOW + 3 * DAY)
        with Stopwatch() as watch:
            histories.append(refresh(PAID, CURRENCY))
        refreshed.append(watch.took.cpu)
    bare, page, work = median(filed), median(marked), median(refreshed)
    return [
        ("filing a page of 100 changed orders, nothing marked", f"{bare * 1e3:.1f} ms CPU"),
        ("  with marks", f"{page * 1e3:.1f} ms, {page / bare:.2f} x"),
        (
            "refresh after it",
            f"{work * 1e3:.1f} ms, {work / bare:.2f} x filing, {median(histories):.0f} histories",
        ),
    ]


def pages() -> Iterator[list[dict[str, Any]]]:
    """The newest orders as the shop tells them."""
    newest = Order.select().order_by(Order.woo_id.desc()).limit(PAGE * PAGES)
    orders = list(newest)
    for first in range(0, len(orders), PAGE):
        yield [as_told(order) for order in orders[first : first + PAGE]]


def as_told(order: Any) -> dict[str, Any]:
    lines = OrderLine.select().where(OrderLine.order_id == order.woo_id)
    return {
        "id": order.woo_id,
        "status": "on-hold",
        "currency": order.currency,
        "total": f"{order.total / 100:.2f}",
        "customer_id": order.customer_id,
        "billing": {
            "phone": order.phone, "email": order.email, "country": "BR",
            "first_name": "Ana", "last_name": "Exemplo",
        },
        "meta_data": [],
        "date_created_gmt": shop_date(order.created_at),
        "date_modified_gmt": shop_date(order.created_at),
        "date_paid_gmt": shop_date(order.created_at),
        "line_items": [
            {
                "id": line.woo_id, "product_id": line.product_id, "variation_id": line.variation_id,
                "name": line.name, "quantity": line.quantity, "total": "10.00",
            }
            for line in lines
        ],
        "coupon_lines": [],
    }  # fmt: skip


def file(page: list[dict[str, Any]], filing: Filing, read_at: datetime) -> None:
    with transaction():
        ORDERS.absorb(page, read_at, replace(filing, now=read_at))
    with transaction():
        copied = [order_lines(one) for one in page]
        OrderLine.replace_for(
            [one["id"] for one in page], [line for lines, _ in copied for line in lines]
        )


def companions(settings: Settings) -> Rows:
    Stale.delete().execute()
    Stale.mark("product", range(1, 10_001))
    runs = []
    while Stale.waiting("product", 1):
        with Stopwatch() as watch:
            count_companions(settings, now=NOW, beat=lambda: None)
        runs.append(watch.took)
    with Stopwatch() as idle:
        count_companions(settings, now=NOW, beat=lambda: None)
    people = range(1, PEOPLE * BATCHES, PEOPLE)
    with Stopwatch() as asked:
        for first in people:
            recommendations(range(first, first + PEOPLE))
    whole = sum(took.wall for took in runs)
    return [
        (
            "what goes with what, all products",
            f"{whole:.1f} s, {sum(took.cpu for took in runs):.1f} s CPU in {len(runs)} runs, "
            f"{Companion.select().count():,} pairs",
        ),
        ("  an hour later: bestsellers and a 24th", f"{idle.took.cpu:.2f} s CPU"),
        (
            f"recommendations for {PEOPLE}",
            f"{asked.took.cpu / BATCHES * 1e3:.0f} ms CPU",
        ),
    ]
