"""The last days once more: who would have been written to, from the orders and consents of then."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    add_message,
    approve_templates,
    contact_at,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import Heard, record
from agent.errors import BadInput
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import ORDERS
from agent.rehearse.outcome import Simulation
from agent.rehearse.rewind import as_of
from agent.rehearse.simulation import simulate
from agent.rules.holdout import held_out
from models import (
    Contact,
    History,
    Interest,
    Message,
    Order,
    OrderChange,
    Product,
    ProductChange,
    ShopFact,
)
from models.base import transaction

ANA, BEN = "+12025550101", "+12025550102"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def shop(settings: Settings, now: datetime) -> Settings:
    """Ana bought 100 days ago and agreed to marketing then; winback came today."""
    open_shop()
    approve_templates(settings, now)
    placed = now - 100 * DAY
    fill(settings, now, order_json(1, placed, ANA, consent="yes", country="US"))
    return settings


def fill(settings: Settings, now: datetime, *orders: dict[str, Any]) -> None:
    """They were in the shop before winback came, and are read for the first time."""
    filing = replace(Filing.from_settings(settings, now), first=True)
    ORDERS.absorb(list(orders), now, filing)


def simulated(settings: Settings, now: datetime, days: int = 90, **more: bool) -> Simulation:
    return simulate(settings, now=now, days=days, **more)


def days_after(told: Simulation, first: datetime) -> list[int]:
    return [(one.at - first).days for one in told.sent]


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        return list(database.iterdump())


@pytest.mark.long
def test_who_is_quiet_hears_three_times_and_a_week_apart(shop: Settings, now: datetime) -> None:
    told = simulated(shop, now)
    assert [one.phone for one in told.sent] == [ANA] * 3
    assert days_after(told, now - 100 * DAY) == [60, 67, 74]
    # decided at nine in São Paulo, when it is seven where Ana lives
    assert {one.at.astimezone(ZoneInfo("America/New_York")).hour for one in told.sent} == {8}
    assert (told.total.people, told.total.messages, told.often) == (1, 3, {3: 1})
    assert sum(sum(sent.values()) for sent in told.days.values()) == 3


def test_nothing_is_changed_and_the_database_is_open_as_before(
    shop: Settings, now: datetime
) -> None:
    before = dump(shop.database.path)
    simulated(shop, now, 30)
    assert dump(shop.database.path) == before
    assert Contact.select().count() == 1
    assert Message.select().count() == 0


@pytest.mark.long
def test_an_order_ends_the_silence_and_counts_for_the_message_before_it(
    shop: Settings, now: datetime
) -> None:
    fill(shop, now, order_json(2, now - 35 * DAY, ANA, country="US"))
    told = simulated(shop, now)
    assert days_after(told, now - 100 * DAY) == [60]
    assert (told.total.buyers, told.total.orders, told.total.revenue) == (1, 1, 10_000)


def test_a_stop_counts_from_when_it_was_heard(shop: Settings, now: datetime) -> None:
    stop = now - 36 * DAY
    with transaction():
        record([Heard(phone=ANA, says="no", source="whatsapp", said_at=stop)], now=stop)
    told = simulated(shop, now)
    assert days_after(told, now - 100 * DAY) == [60]


@pytest.mark.long
def test_consent_of_a_list_counts_from_its_import_or_if_asked_from_its_date(
    settings: Settings, now: datetime
) -> None:
    open_shop()
    approve_templates(settings, now)
    watched = now - 5 * DAY
    fill(settings, now - 10 * DAY, order_json(1, now - 100 * DAY, ANA))
    # given: winback saw an order come before the list was imported
    OrderChange.add(
        [
            {
                "order_id": 1, "what": "total", "was": "10000", "became": "10000",
                "changed_at": watched, "seen_at": watched,
            }
        ]
    )  # fmt: skip
    with transaction():
        said = Heard(phone=ANA, says="yes", source="import l.csv:2", said_at=now - 90 * DAY)
        record([said], now=now - 4 * DAY)
    assert len(simulated(settings, now, 60).sent) == 1
    assert len(simulated(settings, now, 60, as_said=True).sent) == 3


def test_what_was_really_sent_counts_only_if_it_was_before(shop: Settings, now: datetime) -> None:
    ana = contact_at(ANA).id
    then = now - 41 * DAY
    for sent in (then, now - 30 * DAY):
        add_message(
            ana, sent, subject=str(sent), state="delivered", claimed_at=sent, accepted_at=sent,
            delivered_at=sent, ended_at=sent,
        )  # fmt: skip
    told = simulated(shop, now, 41)  # Ana is quiet since 40 days, and heard a day before
    assert days_after(told, then)[0] == 7, "the message of before holds her back for a week"
    assert any("really sent" in note for note in told.notes)


@pytest.mark.long
def test_who_is_held_out_hears_nothing_and_is_counted(
    write_settings: Callable[..., Settings], shop: Settings, now: datetime
) -> None:
    settings = write_settings("[holdout]\neverything = 0\nshare = 50")
    keys = (bytes([number]) * 32 for number in range(256))
    unlucky = next(key for key in keys if held_out(key, ANA, "we_miss_you", 50))
    ShopFact.put({"person_key": unlucky.hex()})
    told = simulated(settings, now)
    assert (told.total.messages, told.total.withheld) == (0, 3)


@pytest.mark.long
def test_a_budget_that_is_spent_ends_the_month(
    write_settings: Callable[..., Settings], shop: Settings, now: datetime
) -> None:
    settings = write_settings(
        "[budget]\nmessages_per_month = 1\nprices = [{since = 2020-01-01, "
        'country = "*", price = "0.05"}]'
    )
    told = simulated(settings, now)
    by_month = [line.sum.messages for line in told.lines if line.month]
    assert by_month
    assert set(by_month) == {1}
    assert str(told.total.cost) == str(told.total.messages * 5 / 100)


def test_without_a_mirror_there_is_nothing_to_replay(settings: Settings, now: datetime) -> None:
    with pytest.raises(BadInput, match="knows nothing of the shop yet"):
        simulated(settings, now)


def test_prices_and_stock_are_as_they_were(shop: Settings, now: datetime) -> None:
    Product.insert(
        woo_id=5, status="publish", price=900, stock_status="instock", stock_quantity=3,
        created_at=now - 300 * DAY, read_at=now,
    ).execute()  # fmt: skip
    changes = [
        ("price", "1000", "1200", 20), ("price", "1200", "900", 10),
        ("stock_status", "instock", "outofstock", 15), ("stock_status", "outofstock", "instock", 5),
        ("stock_quantity", None, "0", 15), ("stock_quantity", "0", "3", 5),
    ]  # fmt: skip
    ProductChange.add(
        {
            "product_id": 5, "field": field, "was": was, "became": became, "means": "poll",
            "seen_at": now - ago * DAY,
        }
        for field, was, became, ago in changes
    )  # fmt: skip
    seen = {}
    for ago in (25, 17, 12, 7, 1):
        with as_of(shop, now - ago * DAY):
            one = Product.get_by_id(5)
            seen[ago] = (one.price, one.stock_status, one.stock_quantity)
    assert seen == {
        25: (1000, "instock", None),
        17: (1200, "instock", None),
        12: (1200, "outofstock", 0),
        7: (900, "outofstock", 0),
        1: (900, "instock", 3),
    }


def test_a_price_that_fell_is_told_on_that_day(shop: Settings, now: datetime) -> None:
    Product.insert(
        woo_id=5, name="Shirt", status="publish", price=900, stock_status="instock",
        created_at=now - 300 * DAY, read_at=now,
    ).execute()  # fmt: skip
    looked = now - 14 * DAY
    row = {
        "contact_id": contact_at(ANA).id, "product_id": 5, "kind": "view", "price": 1200,
        "stock_status": "instock", "first_at": looked, "seen_at": looked, "source": "events",
    }  # fmt: skip
    Interest.write_each([row], lambda insert: insert)
    fell = {"field": "price", "was": "1200", "became": "900", "means": "poll"}
    ProductChange.add([{"product_id": 5, "seen_at": now - 10 * DAY, **fell}])
    only = {
        name: replace(campaign, enabled=name == "price_drop")
        for name, campaign in shop.campaigns.items()
    }
    told = simulated(replace(shop, campaigns=only), now, 13)
    [one] = told.sent
    assert one.campaign == "price_drop"
    assert timedelta(0) <= one.at - (now - 10 * DAY) < DAY


def test_people_and_orders_of_later_are_not_there_yet(shop: Settings, now: datetime) -> None:
    fill(shop, now, order_json(2, now - 20 * DAY, BEN, consent="yes", country="US"))
    with as_of(shop, now - 30 * DAY):
        assert [one.phone for one in Contact.select()] == [ANA]
        assert [one.woo_id for one in Order.select()] == [1]
        assert History.select().count() == 1
    with as_of(shop, now - 10 * DAY):
        assert {one.phone for one in Contact.select()} == {ANA, BEN}
        assert Contact.get(Contact.phone == BEN).marketing == "yes"
    with as_of(shop, now - 101 * DAY):
        assert Contact.select().count() == 0


def test_nine_in_the_morning_is_nine_on_both_sides_of_summer_time(
    settings: Settings, now: datetime
) -> None:
    open_shop(zone="Europe/Lisbon", country="PT", currency="EUR")
    approve_templates(settings, now)
    until = datetime(2026, 4, 5, 20, tzinfo=UTC)
    placed = datetime(2026, 1, 24, 12, tzinfo=UTC)  # quiet from 25 March on, 60 days later
    order = order_json(1, placed, "+351910000001", consent="yes", country="PT", currency="EUR")
    fill(settings, until, order)
    told = simulated(settings, until, 20)
    assert [f"{one.at:%m-%d %H:%M}" for one in told.sent] == ["03-26 09:01", "04-02 08:01"]
    assert timedelta(minutes=1) > told.sent[0].at - datetime(2026, 3, 26, 9, 0, 59, tzinfo=UTC)
