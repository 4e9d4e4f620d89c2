"""Instants, JSON and transactions, on the file itself."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_rows import NOON, an_order

from models import Cursor, JobRun, Order, Product, ShopFact
from models.base import (
    JsonField,
    UtcField,
    close_database,
    open_database,
    transaction,
    wait_for_writers,
)
from models.base import database as handle

# A year inside both ends, so that no zone leads out of what a datetime holds.
instants = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds naive
    datetime(9998, 1, 1),  # noqa: DTZ001 - and here
    timezones=st.timezones(),
)


def stored(moment: datetime) -> str:
    text = UtcField().db_value(moment)
    assert text is not None
    return text


def test_a_naive_datetime_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="modified_at: 2026-03-02 12:00:00 has no time zone"):
        Order.absorb([an_order(modified_at=naive)])
    assert Order.select().count() == 0


def test_a_naive_datetime_is_refused_in_a_condition_too() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        list(Order.select().where(Order.created_at > NOON.replace(tzinfo=None)))


def test_an_instant_comes_back_as_utc() -> None:
    kolkata = datetime(2026, 3, 2, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    Order.absorb([an_order(created_at=kolkata, paid_at=None)])
    order = Order.get()
    assert order.created_at == NOON
    assert order.created_at.tzinfo is UTC
    assert order.paid_at is None


def test_instants_in_other_zones_are_found_by_their_instant() -> None:
    eleven_in_utc = NOON - timedelta(hours=1)
    noon_in_madrid = NOON.replace(tzinfo=ZoneInfo("Europe/Madrid"))  # the same instant
    Order.absorb([an_order(created_at=eleven_in_utc)])
    assert Order.select().where(Order.created_at == noon_in_madrid).count() == 1


def test_both_halves_of_the_hour_that_comes_twice_are_different_instants() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Madrid"), fold=0)
    assert stored(first) == "2026-10-25 00:30:00.000000"
    assert stored(first.replace(fold=1)) == "2026-10-25 01:30:00.000000"


@given(instants)
def test_an_instant_survives_the_table(moment: datetime) -> None:
    assert UtcField().python_value(stored(moment)) == moment.astimezone(UTC)


@given(instants, instants)
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    one, other = one.astimezone(UTC), other.astimezone(UTC)
    assert (stored(one) < stored(other)) is (one < other)
    assert len(stored(one)) == len(stored(other))


def test_a_year_of_three_digits_sorts_before_this_one() -> None:
    # a shop that was filled by an import may have any date
    assert stored(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01 00:00:00.000000"


def test_the_database_orders_by_instant() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    moments = [NOON + timedelta(microseconds=shift) for shift in (5, -3, 0, 10**6, -(10**9))]
    Order.absorb(
        an_order(number, created_at=moment.astimezone(zone if number % 2 else UTC))
        for number, moment in enumerate(moments)
    )
    assert [order.created_at for order in Order.select().order_by(Order.created_at)] == sorted(
        moments
    )


@pytest.mark.parametrize("value", [{}, [], {"b": [1, None], "a": "é"}, "text", 0, False])
def test_json_survives_the_table(value: Any) -> None:
    JobRun.write("poll", started_at=NOON, ended_at=NOON, outcome="ok", result=value)
    assert JobRun.get().result == value


def test_json_that_is_null_is_null() -> None:
    Order.absorb([an_order()])
    assert Order.get().coupons is None
    assert Order.select().where(Order.coupons.is_null()).count() == 1


def test_equal_values_are_equal_texts_whatever_the_order_of_their_keys() -> None:
    field = JsonField()
    assert field.db_value({"b": 1, "a": "ñ"}) == field.db_value({"a": "ñ", "b": 1})
    assert field.db_value({"a": "ñ"}) == '{"a": "ñ"}'


def test_a_list_is_stored_as_json() -> None:
    Product.absorb([{"woo_id": 1, "categories": [53, 63], "read_at": NOON}])
    assert Product.get().categories == [53, 63]


def test_the_file_is_durable_and_readers_do_not_wait(database: Path) -> None:
    def pragma(name: str) -> object:
        return handle.execute_sql(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL
    assert pragma("foreign_keys") == 1


def test_a_transaction_is_all_or_nothing() -> None:
    def write_and_fail() -> None:
        with transaction():
            ShopFact.put({"name": "Shop"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert ShopFact.all() == {}
    with transaction():
        ShopFact.put({"name": "Shop"})
    assert ShopFact.all() == {"name": "Shop"}


def test_a_transaction_takes_the_write_lock_at_once(database: Path) -> None:
    # given another program that may not wait
    other = sqlite3.connect(database, timeout=0, isolation_level=None)
    with transaction():
        # then it cannot write, although nothing has been written here yet
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        # and it can read
        assert other.execute("SELECT COUNT(*) FROM shop_order").fetchone() == (0,)
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_thread_may_wait_for_another_writer_as_long_as_it_likes(database: Path) -> None:
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait_for_writers(0.2)
    began = monotonic()
    with pytest.raises(peewee.OperationalError, match="locked"):
        ShopFact.put({"name": "Shop"})
    assert 0.15 < monotonic() - began < 5  # far from the usual minute
    # when the other is done in time, nothing is lost
    other.execute("COMMIT")
    ShopFact.put({"name": "Shop"})
    assert ShopFact.all() == {"name": "Shop"}
    other.close()


def test_opening_twice_in_a_thread_is_harmless(database: Path) -> None:
    ShopFact.put({"name": "Shop"})
    open_database(database)
    assert ShopFact.all() == {"name": "Shop"}


def test_each_thread_has_a_connection_of_its_own_and_closes_it() -> None:
    seen: list[object] = []

    def look() -> None:
        seen.append(handle.is_closed())
        Cursor.named("orders")
        seen.append(handle.is_closed())
        close_database()
        seen.append(handle.is_closed())

    thread = Thread(target=look)
    thread.start()
    thread.join(10)
    assert seen == [True, False, True]
    # and this thread's is still open, and sees what the other wrote
    assert not handle.is_closed()
    assert Cursor.select().count() == 1
