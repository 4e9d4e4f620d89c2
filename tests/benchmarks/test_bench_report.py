"""The report and the attribution at a million messages, beside a plain scan of the index that is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from parties import Stopwatch, settings_in, show
from population import CURRENCY, FACTS, PAID

from agent.jobs.attribute import attribute
from agent.jobs.lots import draw_lots
from agent.jobs.report import report
from agent.jobs.report.counts import Period, counted, earned
from agent.jobs.report.groups import compare_campaigns, compare_everything
from agent.rules.budget import Prices
from agent.rules.credit import View
from agent.rules.figures import tally
from agent.rules.holdout import OF_CAMPAIGN
from models import Contact, Conversion, Message, Order, ShopFact
from models.base import close_database, database, migrate, open_database
from models.refresh import refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from models.base import Table

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAYS = 30
CAMPAIGNS = ("we_miss_you", "new_arrivals", "loyalty_reward", "price_drop", "back_in_stock")
LANGUAGES = ("en", "es", "pt_BR")
COUNTRIES = ("BR", "BR", "BR", "US", "MX", "PT")
STATES = (
    *("read",) * 40, *("delivered",) * 36, *("sent",) * 4, *("failed",) * 5, "undelivered",
    "refused", "unsure", "cancelled", "expired", *("withheld",) * 10,
)  # fmt: skip
TAKEN = ("read", "delivered", "sent", "undelivered")


@pytest.mark.bench
@pytest.mark.parametrize("messages", [100_000, 1_000_000])
def test_report(tmp_path: Path, messages: int) -> None:
    settings = settings_in(tmp_path)
    open_database(settings.database.path)
    migrate()
    ShopFact.put(FACTS)
    with Stopwatch() as filled:
        fill(messages)
    refresh(PAID, CURRENCY)
    draw_lots(beat=lambda: None)
    zone = ZoneInfo(FACTS["zone"])
    period = Period.of_days(DAYS, NOW, zone)
    rows = [("written", f"{filled.took.wall:.0f} s"), *attributed(settings)]
    ids = list(range(1, 101))
    Conversion.delete().where(Conversion.order_id.in_(ids)).execute()
    with Stopwatch() as again:
        attribute(settings, beat=lambda: None)
    rows.append(("attribution, 100 are missing", seconds(again)))
    scan = best(lambda: scanned(period))
    counting = best(lambda: counted(period))
    rows += [
        ("a scan of the index", f"{scan:.3f} s"),
        ("the counts", f"{counting:.3f} s, {counting / scan:.1f} times the scan"),
        ("  their rows", f"{len(counted(period)):,}"),
    ]
    parts: dict[str, Callable[[], Any]] = {
        "  added up": lambda: tally(counted(period), *earned(period, View.LAST), Prices()),
        "what was earned": lambda: earned(period, View.LAST),
        "  by the first message": lambda: earned(period, View.FIRST),
        "campaigns, held out": lambda: compare_campaigns(settings, period, NOW, CURRENCY),
        "all marketing, held out": lambda: compare_everything(settings, period, NOW, CURRENCY),
        "the whole report": lambda: report(settings, now=NOW, days=DAYS),
    }
    rows += [(name, f"{best(part):.3f} s") for name, part in parts.items()]
    close_database()
    show(f"report, {messages:,} messages in {DAYS} days", rows)


def attributed(settings: Any) -> Iterator[tuple[str, str]]:
    with Stopwatch() as first:
        found = attribute(settings, beat=lambda: None)
    yield "attribution, from nothing", f"{seconds(first)}, {found['orders']:,} orders credited"
    with Stopwatch() as again:
        attribute(settings, beat=lambda: None)
    yield "attribution, nothing new", seconds(again)


def seconds(watch: Stopwatch) -> str:
    return f"{watch.took.wall:.2f} s"


def best(work: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the quickest of some runs."""
    took = []
    for _ in range(times):
        with Stopwatch() as watch:
            work()
        took.append(watch.took.wall)
    return min(took)


def scanned(period: Period) -> Any:
    return database.execute_sql(
        "SELECT COUNT(*), SUM(clicked) FROM message INDEXED BY message_counted "
        "WHERE period BETWEEN ? AND ?",
        (period.first.isoformat(), period.last.isoformat()),
    ).fetchall()


def fill(messages: int) -> None:
    """A contact for every three messages, and an order for every two of them; a tenth of the orders are of
    the time of the report."""
    random = Random(7)
    people = messages // 3
    began = NOW - timedelta(days=DAYS - 1)
    stamps = [text(NOW - timedelta(hours=hour)) for hour in range(DAYS * 240)]
    write(
        Contact,
        "id phone region marketing marketing_at created_at",
        (
            (n, f"+5511{n:09}", random.choice(COUNTRIES), "yes", stamps[-1], stamps[-1])
            for n in range(1, people + 1)
        ),
    )
    write(
        Order,
        "woo_id status currency total tax shipping contact_id created_at paid_at read_at coupons",
        (
            (n, "completed", CURRENCY, random.randrange(1_000, 50_000), 500, 300, person, at, at, at, "[]")
            for n in range(1, messages // 2)
            for person in [random.randrange(1, people + 1)]
            for at in [random.choice(stamps)]
        ),
    )  # fmt: skip
    apart = timedelta(seconds=DAYS * 86_000 / messages)
    write(
        Message,
        "uid contact_id campaign subject period state template language cap_day created_at not_before "
        "expires_at accepted_at code detail country charged clicked replied stopped",
        (one_message(random, n, people, began + n * apart) for n in range(messages)),
    )


def one_message(random: Random, number: int, people: int, at: datetime) -> tuple[Any, ...]:
    state, campaign = random.choice(STATES), random.choice(CAMPAIGNS)
    if campaign == "back_in_stock" and state == "withheld":
        state = "delivered"  # it holds nobody out by default
    moment, day = text(at), at.date().isoformat()
    arrived = state in ("read", "delivered")
    return (
        f"uid-{number:020}", random.randrange(1, people + 1), campaign, str(number), day, state,
        campaign, random.choice(LANGUAGES), day, moment, moment, moment,
        moment if state in TAKEN else None, 131049 if state == "failed" else None,
        OF_CAMPAIGN if state == "withheld" else "", random.choice(COUNTRIES),
        "marketing" if arrived else "", arrived and random.random() < 0.1,
        arrived and random.random() < 0.02, arrived and random.random() < 0.01,
    )  # fmt: skip


def write(table: type[Table], columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    """`rows` have these columns; the others are as the table has them by default."""
    names = columns.split(" ")
    rest = {
        field.column_name: field.db_value(value() if callable(value) else value)
        for field, value in table._meta.defaults.items()
        if field.column_name not in names
    }
    columns = ", ".join((*names, *rest))
    marks = ", ".join("?" * (len(names) + len(rest)))
    with database.atomic():
        database.obj.cursor().executemany(
            f"INSERT INTO {table._meta.table_name} ({columns}) VALUES ({marks})",
            ((*row, *rest.values()) for row in rows),
        )


def text(moment: datetime) -> str:
    return str(Message.created_at.db_value(moment))
