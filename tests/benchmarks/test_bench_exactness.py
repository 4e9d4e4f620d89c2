"""What `winback status` and the metrics cost at size: a look at a mirror of a million orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from parties import Stopwatch, median, settings_in, show

from agent.jobs.exactness import look_at_mirror
from models import Cursor, Order, Sample
from models.base import close_database, database, migrate, open_database, transaction

if TYPE_CHECKING:
    from pathlib import Path

ORDERS, LOOKS = 1_000_000, 5
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SQL = (
    "INSERT INTO shop_order (woo_id, number, status, currency, total, tax, shipping, customer_id, "
    "email, phone, country, first_name, last_name, consent, consent_rule, created_at, modified_at, "
    "lines_at, read_at) VALUES (?, ?, 'completed', 'BRL', 10000, 0, 0, ?, ?, '+12025550123', 'US', "
    "'Ana', 'Example', '', '0123456789abcdef', ?, ?, ?, ?)"
)


@pytest.mark.bench
def test_a_look_at_a_million_orders(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_database(settings.database.path)
    try:
        migrate()
        fill()
        looks = []
        for _ in range(LOOKS):
            with Stopwatch() as watch:
                seen = look_at_mirror(NOW)
            looks.append(watch.took)
        scans = []
        for _ in range(LOOKS):
            with Stopwatch() as watch:
                database.execute_sql("SELECT count(*), min(read_at) FROM shop_order").fetchone()
            scans.append(watch.took)
        with Stopwatch() as counting:
            assert Order.select().count() == seen.held["orders"].rows == ORDERS
    finally:
        close_database()
    look, scan = median(looks), median(scans)
    show(
        f"a look at the mirror, {ORDERS:,} orders",
        [
            ("the first look", f"{looks[0].wall:.2f} s"),
            ("a look", f"{look.wall:.2f} s, {look.cpu:.2f} s CPU"),
            ("one scan of the orders in SQL", f"{scan.wall:.2f} s"),
            ("look / scan", f"{look.wall / scan.wall:.2f}"),
            ("counting the orders", f"{counting.took.wall:.3f} s"),
        ],
    )


def fill() -> None:
    moment = Order.read_at.db_value
    at = [moment(NOW - timedelta(minutes=number)) for number in range(1_000)]
    rows = (
        (n, str(n), n % 300_000, f"ana{n % 300_000}@example.com", *[at[n % 1_000]] * 4)
        for n in range(1, ORDERS + 1)
    )
    with transaction():
        database.obj.cursor().executemany(SQL, rows)
    Cursor.insert(name="orders", since=NOW, polled_at=NOW).execute()
    Sample.insert(kind="orders", taken_at=NOW, compared=200, differing=1).execute()
