"""The look at the mirror: how exact it is, how old an unseen change may be, and what found what."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.jobs.exactness import Exactness, Held, look_at_mirror
from models import Category, Cursor, Customer, Found, Hint, Order, Product, Refund, Sample


def test_an_empty_mirror_is_nothing_and_not_exact(database: Path, now: datetime) -> None:
    status = look_at_mirror(now)
    assert set(status.held) == {
        "orders", "lines", "products", "variations", "customers", "refunds", "categories",
    }  # fmt: skip
    assert set(status.held.values()) == {Held(0, None)}
    assert (status.exactness, status.found, status.hints) == ({}, {}, {})
    assert (status.polled, status.longest_unseen) == (None, None)
    assert (status.overall.ratio, status.overall.interval) == (None, (0.0, 1.0))


def test_what_was_read_longest_ago_tells_how_old_an_unseen_change_may_be(
    database: Path, now: datetime
) -> None:
    tables = {Order: 5, Customer: 90, Refund: 30, Category: 1, Product: 60}
    for table, minutes in tables.items():
        table.insert(
            woo_id=1, read_at=now - timedelta(minutes=minutes),
            **({"order_id": 1} if table is Refund else {}),
        ).execute()  # fmt: skip
        table.insert(
            woo_id=2, read_at=now, **({"order_id": 1} if table is Refund else {})
        ).execute()
    Product.insert(woo_id=3, parent_id=1, read_at=now - timedelta(minutes=2)).execute()
    status = look_at_mirror(now)
    assert status.held["customers"] == Held(2, timedelta(minutes=90))
    assert status.held["products"] == Held(2, timedelta(minutes=60))
    assert status.held["variations"] == Held(1, timedelta(minutes=2))
    assert status.longest_unseen == ("customers", timedelta(minutes=90))


def test_a_shop_whose_clock_is_ahead_makes_no_age_below_zero(database: Path, now: datetime) -> None:
    Order.insert(woo_id=1, read_at=now + timedelta(minutes=5)).execute()
    Cursor.insert(name="orders", polled_at=now + timedelta(seconds=1)).execute()
    status = look_at_mirror(now)
    assert status.held["orders"].oldest_read == timedelta(0)
    assert status.polled == timedelta(0)


def test_samples_of_seven_days_are_taken_together(database: Path, now: datetime) -> None:
    for days, kind, compared, differing in [
        (0, "orders", 100, 2), (6, "orders", 100, 0), (8, "orders", 100, 100),
        (0, "products", 50, 0), (0, "customers", 0, 0),
    ]:  # fmt: skip
        Sample.insert(
            kind=kind, taken_at=now - timedelta(days=days), compared=compared, differing=differing
        ).execute()
    status = look_at_mirror(now)
    assert status.exactness["orders"] == Exactness(198, 200)
    assert status.exactness["orders"].differing == 2
    assert status.exactness["orders"].ratio == 0.99
    assert status.exactness["customers"].ratio is None
    assert status.overall == Exactness(248, 250)
    low, high = status.overall.interval
    assert (low, high) == pytest.approx((0.9713, 0.9978), abs=0.0001)


def test_found_and_hints_are_counted_by_kind(database: Path, now: datetime) -> None:
    Found.add("orders", "poll", 3, now.date())
    Found.add("orders", "poll", 4, now.date() - timedelta(days=6))
    Found.add("orders", "poll", 5, now.date() - timedelta(days=7))
    Hint.note("orders", [1, 2, 3], "webhook", now)
    status = look_at_mirror(now)
    assert status.found == {("orders", "poll"): 7}
    assert status.hints == {"orders": 3}
