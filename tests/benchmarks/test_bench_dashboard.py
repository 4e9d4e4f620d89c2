"""The pages of the dashboard at a million messages and half a million contacts; how SQLite goes about them.

Each page twice: as it is when the file's pages are in memory, and at its very first request, when all of
them are read from the disk.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import requests
from parties import Stopwatch, settings_in, show
from population import CURRENCY, FACTS, PAID
from test_bench_report import NOW, best, fill, text, write

from agent.jobs.attribute import attribute
from agent.jobs.awaited import list_awaited
from agent.jobs.report import work_out_ahead
from agent.web import Listener, intake
from models import Contact, Identity, Interest, LookedAt, Message, Product, ShopFact
from models.base import close_database, database, migrate, open_database
from models.refresh import refresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGES, PEOPLE, LOOKS, PRODUCTS = 1_000_000, 500_000, 1_000_000, 5_000
NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elisa", "Fabio", "Gabriela", "Hugo")
LAST_NAMES = ("Souza", "Lima", "Dias", "Alves", "Prado", "Nunes", "Costa", "Rocha", "Melo", "Pinto")
LIMIT = 200  # ms a page


@pytest.mark.bench
def test_pages(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_database(settings.database.path)
    migrate()
    ShopFact.put(FACTS)
    with Stopwatch() as filled:
        fill(MESSAGES)
        furnish()
    refresh(PAID, CURRENCY)
    attribute(settings, beat=lambda: None)
    with Stopwatch() as ahead:
        work_out_ahead(settings, now=NOW, beat=lambda: None)
    with Stopwatch() as listed:
        list_awaited(settings, now=NOW, beat=lambda: None)
    rows = [
        ("written", f"{filled.took.wall:.0f} s"),
        ("the figures, worked out ahead", f"{ahead.took.wall:.1f} s"),
        ("who waits for what, worked out ahead", f"{listed.took.wall:.1f} s"),
    ]
    shown = replace(settings, dashboard=replace(settings.dashboard, language="en"))
    session = requests.Session()
    slow, slow_at_first = [], []
    for path in pages():
        close_database()
        _out_of_memory(settings.database.path)
        open_database(settings.database.path)
        listener = Listener(intake(lambda: shown, lambda: NOW), host="127.0.0.1", port=0, threads=2)
        url = f"http://127.0.0.1:{listener.port}/dashboard{path}"
        with Stopwatch() as first:
            answer = session.get(url, timeout=120)
        cold = first.took.wall * 1000
        warm = best(lambda url=url: session.get(url, timeout=120), 5) * 1000  # type: ignore[misc]
        size = len(answer.content) // 1024
        rows.append(
            (path, f"{answer.status_code}, {warm:.0f} ms, at first {cold:.0f} ms, {size} KiB")
        )
        slow += [path] if warm > LIMIT else []
        slow_at_first += [path] if cold > LIMIT else []
        listener.close(0.1)
    close_database()
    rows.append((f"slower than {LIMIT} ms at first", ", ".join(slow_at_first) or "none"))
    rows.append((f"slower than {LIMIT} ms", ", ".join(slow) or "none"))
    show(f"dashboard, {MESSAGES:,} messages, {PEOPLE:,} people, {LOOKS:,} looks", rows)


def _out_of_memory(path: Path) -> None:
    """The system's cache forgets this file."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def pages() -> Iterator[str]:
    yield from ("/", "/campaigns", "/people")
    yield from ("/people?q=%2B55110000", "/people?q=p77%40", "/people?q=ana", "/people?q=ana+so")
    yield from ("/people?q=souza", "/people?q=xyz", "/people?q=4711", "/people/4711", "/people/1")
    yield from ("/messages", "/messages?before=500000", "/messages?state=read")
    yield from ("/messages?state=unsure", "/messages?state=queued", "/messages?campaign=price_drop")
    yield from ("/messages?state=read&campaign=price_drop&before=300000",)
    yield from ("/messages?code=131049", "/messages?code=131049&campaign=price_drop")
    yield from ("/messages?code=131049&state=read", "/messages?reason=nothing+like+it")
    yield from ("/messages?reason=nothing+like+it&state=read", "/messages/4711")
    yield from ("/waiting", "/waiting/1", "/waiting/17")


def furnish() -> None:
    """Names, half a million people, products, and what they looked at: one article has a tenth of all looks."""
    random = Random(8)
    [(known,)] = database.execute_sql("SELECT MAX(id) FROM contact")
    stamps = [text(NOW - timedelta(minutes=7 * n)) for n in range(6_000)]
    write(
        Contact,
        "id phone region marketing marketing_at created_at",
        (
            (n, f"+5511{n:09}", "BR", "yes", stamps[-1], stamps[-1])
            for n in range(known + 1, PEOPLE + 1)
        ),
    )
    with database.atomic():
        database.obj.cursor().executemany(
            "UPDATE contact SET first_name = ?, last_name = ?, email = ? WHERE id = ?",
            (
                (random.choice(NAMES), random.choice(LAST_NAMES), f"p{n}@example.com", n)
                for n in range(1, PEOPLE + 1)
            ),
        )
    write(
        Identity,
        "kind value contact_id seen_at",
        (
            (kind, value, n, stamps[-1])
            for n in range(1, PEOPLE + 1)
            for kind, value in (("email", f"p{n}@example.com"), ("customer", str(n)))
        ),
    )
    write(
        Product,
        "woo_id name status price stock_status read_at",
        (
            (
                n,
                f"Product {n}",
                "publish",
                1_000 + n,
                "outofstock" if n % 9 == 1 else "instock",
                stamps[0],
            )
            for n in range(1, PRODUCTS + 1)
        ),
    )
    write(Interest, INTEREST, (one_look(random, n, stamps) for n in range(LOOKS)))
    database.execute_sql(
        "INSERT INTO looked_at (product_id, variation_id, dearest, sold_out_at) "
        "SELECT product_id, 0, MAX(price), MAX(CASE WHEN stock_status = 'outofstock' THEN seen_at END) "
        "FROM interest GROUP BY product_id"
    )
    assert LookedAt.select().exists()
    database.execute_sql(
        "UPDATE message SET product_id = 1 + id % 500 WHERE campaign = 'back_in_stock'"
    )


INTEREST = "contact_id product_id kind price stock_status first_at seen_at source"


def one_look(random: Random, number: int, stamps: list[str]) -> tuple[Any, ...]:
    product = 1 if random.random() < 0.1 else random.randrange(1, PRODUCTS + 1)
    at = random.choice(stamps)
    status = "outofstock" if product % 9 == 1 else "instock"
    kind = "wishlist" if number % 10 == 0 else "view"
    return number % PEOPLE + 1, product, kind, 1_000, status, at, at, f"events{number % 7}"


@pytest.mark.bench
def test_plans(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What SQLite does for each statement of a page: no table is read whole, no list of all is sorted."""
    settings = settings_in(tmp_path)
    open_database(settings.database.path)
    migrate()
    ShopFact.put(FACTS)
    from agent.web.dashboard.messages import LARGEST, Filter, messages
    from agent.web.dashboard.people import search

    asked = [
        Filter(), Filter(state="read"), Filter(campaign="price_drop"), Filter(code=131049),
        Filter(state="read", campaign="price_drop"), Filter(reason="x"),
    ]  # fmt: skip
    Message.insert(
        uid="u", contact_id=1, campaign="price_drop", period="2026-11-01", template="t", language="en",
        cap_day="2026-11-01", created_at=NOW, not_before=NOW, expires_at=NOW,
    ).execute()  # fmt: skip
    statements: dict[str, None] = {}
    database.obj.connection().set_trace_callback(statements.setdefault)
    for one in asked:
        messages(one, LARGEST)
    for words in ("ana", "ana so", "p7@", "4711", "+55110000"):
        search(words, settings)
    database.obj.connection().set_trace_callback(None)
    scans: dict[str, str] = {}
    for sql in statements:
        if sql.lstrip().upper().startswith("SELECT"):
            for *_, step in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}"):
                if re.match(r"SCAN (message|contact|identity|t1)\b(?!.*USING)", step):
                    scans[step] = sql[:120]
    show("tables that are read in their own order", list(scans.items()))
    close_database()
