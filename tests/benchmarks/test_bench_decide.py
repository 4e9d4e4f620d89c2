"""Deciding about everybody, against one scan of the contacts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from parties import Stopwatch, Took, median, settings_in, show

from agent.jobs.decide import decide
from models import CampaignStanding, Contact, Message, Order, ShopFact
from models.base import close_database, database, migrate, open_database, transaction

if TYPE_CHECKING:
    from pathlib import Path

ORDERS_EACH = 3
SCANS = 5


@pytest.mark.bench
@pytest.mark.parametrize("contacts", [10_000, 100_000])
def test_deciding_about_everybody(tmp_path: Path, contacts: int) -> None:
    settings = settings_in(tmp_path)
    now = datetime.now(UTC)
    open_database(settings.database.path)
    try:
        migrate()
        fill_mirror(contacts, now)
        scan, read = (
            median([scanned() for _ in range(SCANS)]),
            median([fetched() for _ in range(SCANS)]),
        )
        with Stopwatch() as first:
            tally = decide(settings, now=now, beat=lambda: None)
        with Stopwatch() as again:
            decide(settings, now=now, beat=lambda: None)
        assert sum(tally.values()) == contacts
        assert Message.select().count() == tally["chosen"] >= settings.audience.backlog_per_day
    finally:
        close_database()
    show(
        f"decide, {contacts:,} contacts, {contacts * ORDERS_EACH:,} orders",
        [
            ("scan of the contacts, in SQLite", f"{scan.wall:.4f} s"),
            ("scan, each contact read into Python", f"{read.wall:.3f} s"),
            ("decide", seconds(first.took)),
            ("decide again, nothing new", seconds(again.took)),
            ("decide / scan in SQLite", f"{first.took.wall / scan.wall:.0f}"),
            ("decide / scan into Python", f"{first.took.wall / read.wall:.1f}"),
            ("a contact", f"{first.took.wall / contacts * 1e6:.0f} us"),
        ],
    )


def seconds(took: Took) -> str:
    return f"{took.wall:.2f} s, {took.cpu:.2f} s CPU"


def scanned() -> Took:
    """Every row looked at, none of them fetched."""
    with Stopwatch() as watch:
        Contact.select().where(Contact.last_name == "nobody").count()
    return watch.took


def fetched() -> Took:
    """Every row as a plain tuple."""
    with Stopwatch() as watch:
        sum(1 for _ in Contact.select().tuples().iterator())
    return watch.took


def fill_mirror(contacts: int, now: datetime) -> None:
    """People with three orders each, spread over two years; six of ten agreed to marketing.

    In SQL of its own: peewee would take minutes, and this is not what is measured.
    """
    numbers = range(1, contacts + 1)
    people = (
        (number, f"+5511{900_000_000 + number}", "BR", "America/Sao_Paulo", "Ana", "Exemplo",
         f"ana{number}@example.com", "yes" if number % 10 < 6 else "", stamp(now), stamp(now))
        for number in numbers
    )  # fmt: skip
    orders = (
        (order, str(order), "completed", "BRL", 12_345, 0, 0, number, number,
         f"ana{number}@example.com", "", "BR", "Ana", "Exemplo", "",
         *[stamp(now - timedelta(days=(number * 7 + nth * 240) % 730, hours=1))] * 3, stamp(now))
        for nth in range(ORDERS_EACH)
        for number in numbers
        for order in [nth * contacts + number]
    )  # fmt: skip
    identities = (
        (kind, value, number, stamp(now))
        for number in numbers
        for kind, value in (("customer", str(number)), ("email", f"ana{number}@example.com"))
    )
    with transaction():
        ShopFact.put(
            {
                "zone": "America/Sao_Paulo",
                "currency": "BRL",
                "name": "Example",
                "url": "https://shop.example",
            }
        )
        CampaignStanding.put("we_miss_you", "", now)
        insert(
            "contact", "id phone region zones first_name last_name email marketing marketing_at created_at",
            people,
        )  # fmt: skip
        insert(
            Order._meta.table_name,
            "woo_id number status currency total tax shipping customer_id contact_id email phone country "
            "first_name last_name consent created_at paid_at modified_at read_at",
            orders,
        )
        insert("identity", "kind value contact_id seen_at", identities)


def insert(table: str, columns: str, rows: object) -> None:
    names = columns.split()
    marks = ", ".join("?" for _ in names)
    database.connection().executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows
    )


def stamp(moment: datetime) -> str:
    """As UtcField writes it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
