"""Filing a page of a hundred orders and their lines, beside raw SQL of the same rows.

Raw is `sqlite3.executemany` into the same tables with the same indexes and pragmas, one transaction a
page, from values that are ready. Both read the JSON first. Ours also finds people, phones and what
changed, in the two transactions that the jobs make of it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from parties import KEYS, Stopwatch, measured_shop, settings_in, show
from peewee import EXCLUDED, chunked

from agent.clients.shop import Page
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import CUSTOMERS, ORDERS, PRODUCTS, Kind
from agent.jobs.pull.lines import _file
from agent.rules import copies
from agent.rules.consent import MARKETING, ORDER_NEWS, ConsentFields
from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.api import shop_app
from models import Cursor, Order, OrderLine, ShopFact
from models.base import close_database, database, migrate, open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from agent.config import Settings

ROUNDS, PAGES = 5, 40
PASSES = ("first fill", "all rows changed")
SHOP_SECONDS = 1.4  # that a real shop works for such a page, as measured
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FACTS = {
    "zone": "America/Sao_Paulo",
    "currency": "BRL",
    "country": "BR",
    "order_statuses": "pending processing on-hold completed cancelled refunded failed",
    "name": "Example Shop",
    "url": "https://shop.example",
}
PRAGMAS = "journal_mode = wal", "synchronous = full", "foreign_keys = 1", "cache_size = -4000"

Bodies = tuple[str, str]  # the headers of a page of orders, and their lines


@pytest.mark.bench
def test_filing_a_page_beside_raw_sql(tmp_path: Path) -> None:
    said = Answers()
    seconds: dict[tuple[str, str], list[float]] = {}
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = settings_in(folder)
        for way in (ours, raw, insert_many):
            with mirror(settings, said, way.__name__), way(settings, folder, said) as write:
                for name, pages in said.passes.items():
                    for bodies in pages:
                        with Stopwatch() as watch:
                            write(bodies, said.read_at[name])
                        seconds.setdefault((way.__name__, name), []).append(watch.took.wall)
    show(
        f"filing a page of 100 orders and {said.lines / PAGES:.0f} lines, {said.size / 1000:.0f} KB",
        [row for name in PASSES for row in told(name, seconds)],
    )


def told(name: str, seconds: dict[tuple[str, str], list[float]]) -> Iterator[tuple[str, str]]:
    own, bare, other = (median(seconds[way, name]) for way in ("ours", "raw", "insert_many"))
    yield f"{name}: raw", f"{bare * 1000:.1f} ms"
    yield f"{name}: peewee's insert_many", f"{other * 1000:.1f} ms, {other / bare:.1f} x raw"
    yield f"{name}: ours", f"{own * 1000:.1f} ms, {own / bare:.1f} x raw"
    yield f"{name}: ours / the shop's own time (at most 0.1)", f"{own / SHOP_SECONDS:.3f}"


class Answers:
    """What the shop answers: forty pages of orders, as the jobs ask for them."""

    def __init__(self) -> None:
        self.shop = measured_shop(MovedClock(NOW))
        self._client: FlaskClient = shop_app(self.shop).test_client()
        every = [order.id for order in self.shop.orders if order.status != "trash"]
        chosen = every[:: len(every) // (PAGES * 100)][: PAGES * 100]
        first = [self._page(ids) for ids in chunked(chosen, 100)]
        self.lines = sum(len(one["line_items"]) for _, text in first for one in json.loads(text))
        self.size = sum(len(headers) + len(lines) for headers, lines in first) / PAGES
        self.passes = dict(zip(PASSES, (first, [_changed(page) for page in first]), strict=True))
        self.read_at = {name: NOW + place * DAY for place, name in enumerate(PASSES)}
        self.goods = self.ask("products", copies.PRODUCT_FIELDS, len(self.shop.products))
        self.people = self.ask("customers", copies.CUSTOMER_FIELDS, len(self.shop.customers))

    def ask(self, endpoint: str, fields: str, count: int) -> list[dict[str, Any]]:
        """A whole list."""
        pages = (
            self._get(endpoint, f"_fields={fields}&offset={begin}")
            for begin in range(0, count, 100)
        )
        return [row for page in pages for row in json.loads(page)]

    def _page(self, ids: Iterable[int]) -> Bodies:
        named = ",".join(map(str, ids))
        headers, lines = (
            self._get("orders", f"_fields={fields}&include={named}")
            for fields in (copies.ORDER_FIELDS, copies.LINE_FIELDS)
        )
        return headers, lines

    def _get(self, endpoint: str, query: str) -> str:
        answer = self._client.get(
            f"/wp-json/wc/v3/{endpoint}?{query}&per_page=100&orderby=id&order=asc",
            base_url="https://shop.example",
            auth=KEYS,
        )
        assert answer.status_code == 200
        return answer.get_data(as_text=True)


def _changed(page: Bodies) -> Bodies:
    """The same orders, each saved a day later with another shipping and one more of each piece."""
    headers, lines = (json.loads(text) for text in page)
    for one in headers:
        one["shipping_total"] = "7.77"
        one["date_modified_gmt"] = copies.shop_date(NOW + DAY - timedelta(hours=1))
    for one in lines:
        for line in one["line_items"]:
            line["quantity"] += 1
    return json.dumps(headers), json.dumps(lines)


@contextmanager
def mirror(settings: Settings, said: Answers, way: str) -> Iterator[None]:
    """A database in which the products and accounts are already."""
    settings.database.path.unlink(missing_ok=True)
    open_database(settings.database.path)
    try:
        migrate()
        ShopFact.put(FACTS)
        filing = replace(Filing.from_settings(settings, NOW), first=True)
        for kind, rows in ((PRODUCTS, said.goods), (CUSTOMERS, said.people)):
            _absorb(kind, rows, NOW - DAY, filing)
        yield
    finally:
        close_database()
        settings.database.path.rename(settings.database.path.with_name(f"{way}.db"))


def _absorb(kind: Kind, rows: list[dict[str, Any]], read_at: datetime, filing: Filing) -> None:
    with transaction():
        kind.absorb(rows, read_at, filing)


@contextmanager
def ours(settings: Settings, _: Path, said: Answers) -> Iterator[Any]:
    filing, cursor = Filing.from_settings(settings, NOW), Cursor.named("orders")

    def write(bodies: Bodies, read_at: datetime) -> None:
        now = replace(filing, now=read_at, first=read_at == NOW)
        headers, lines = bodies
        with transaction():
            ORDERS.absorb(json.loads(headers), read_at, now)
            cursor.save()
        page = Page(json.loads(lines), 100, read_at)
        _file([one["id"] for one in page.rows], page, now)

    yield write
    assert Order.select().count() == PAGES * 100
    assert OrderLine.select().count() == said.lines


def _rows(bodies: Bodies, read_at: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both tables' rows as our own copying makes them."""
    keys = {
        MARKETING: frozenset({"_winback_marketing"}),
        ORDER_NEWS: frozenset({"_winback_order_news"}),
    }
    consent = ConsentFields(keys, ("yes",), ())
    headers, lines = (json.loads(text) for text in bodies)
    orders = [copies.order(one, read_at, consent) | {"lines_at": read_at} for one in headers]
    return orders, [line for one in lines for line in copies.order_lines(one)[0]]


@contextmanager
def raw(settings: Settings, _: Path, said: Answers) -> Iterator[Any]:
    ready: dict[tuple[Bodies, datetime], Any] = {}
    for name, pages in said.passes.items():
        for bodies in pages:
            orders, lines = _rows(bodies, said.read_at[name])
            ready[bodies, said.read_at[name]] = (
                [tuple(_values(Order, row)) for row in orders],
                [(row["woo_id"],) for row in orders],
                [tuple(_values(OrderLine, row)) for row in lines],
            )
    upsert = _upsert("shop_order", list(orders[0]))
    insert = _upsert("order_line", list(lines[0]))
    connection = sqlite3.connect(settings.database.path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

    def write(bodies: Bodies, read_at: datetime) -> None:
        for text in bodies:
            json.loads(text)
        values = ready[bodies, read_at]
        connection.execute("BEGIN IMMEDIATE")
        for sql, rows in zip(
            (upsert, "DELETE FROM order_line WHERE order_id = ?", insert), values, strict=True
        ):
            connection.executemany(sql, rows)
        connection.execute("COMMIT")

    yield write
    [(count,)] = connection.execute("SELECT count(*) FROM order_line")
    assert count == said.lines
    connection.close()


def _values(table: Any, row: dict[str, Any]) -> Iterator[Any]:
    return (table._meta.fields[name].db_value(value) for name, value in row.items())


def _upsert(table: str, names: list[str]) -> str:
    into, marks = ", ".join(names), ", ".join("?" * len(names))
    updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    where = " WHERE excluded.read_at >= shop_order.read_at" if table == "shop_order" else ""
    return (
        f"INSERT INTO {table} ({into}) VALUES ({marks}) "
        f"ON CONFLICT (woo_id) DO UPDATE SET {updates}{where}"
    )


@contextmanager
def insert_many(_: Settings, __: Path, said: Answers) -> Iterator[Any]:
    copied = [Order._meta.fields[name] for name in ("status", "shipping", "modified_at", "read_at")]

    def write(bodies: Bodies, read_at: datetime) -> None:
        orders, lines = _rows(bodies, read_at)
        with database.atomic():
            Order.insert_many(orders).on_conflict(
                conflict_target=[Order.woo_id],
                preserve=copied,
                where=EXCLUDED.read_at >= Order.read_at,
            ).execute()
            OrderLine.delete().where(
                OrderLine.order_id.in_([row["woo_id"] for row in orders])
            ).execute()
            OrderLine.insert_many(lines).on_conflict_replace().execute()

    yield write
    assert OrderLine.select().count() == said.lines
