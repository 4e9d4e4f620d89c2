"""Somebody is forgotten, and what was counted of them stays counted: of nobody, and of nobody else."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import stands
from agent.forgetting import forget
from agent.jobs.attribute import attribute
from agent.jobs.database_check import check_database
from agent.jobs.insight import keep_current
from agent.jobs.report import report
from agent.person import person_of
from agent.rules.holdout import OF_CAMPAIGN
from models import Basis, Contact, Conversion, Cursor, History, Message, Order
from models.refresh import refresh

ANA, BEN, CARA = "+12025550143", "+12025550102", "+12025550103"


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    keep_current(settings, beat=nothing)


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    return write_settings("[holdout]\neverything = 2\nshare = 10")


def order(number: int, created: datetime, phone: str, now: datetime, **more: Any) -> dict[str, Any]:
    more = {"consent": "yes", "currency": "USD", "total": "100.00", "modified": now} | more
    return order_json(number, created, phone, **more)


def anew(settings: Settings) -> None:
    refresh(settings.audience.paid_statuses, "USD")
    attribute(settings, beat=nothing)


def sums(settings: Settings, now: datetime) -> Any:
    told = report(settings, now=now, days=90)
    return told.cells, told.lines, told.failures, told.compared


def test_the_report_and_the_comparison_are_the_same_before_and_after(
    settings: Settings, now: datetime
) -> None:
    """Ana was written to and bought, Ben was held out and bought, Cara did neither."""
    placed = [
        order(1, now - 9 * DAY, ANA, now),
        order(2, now - 8 * DAY, BEN, now, total="70.00"),
        order(3, now - 200 * DAY, CARA, now),
    ]
    file_orders(settings, now, *placed)
    for phone, held in ((ANA, {}), (BEN, {"state": "withheld", "detail": OF_CAMPAIGN}), (CARA, {})):
        told = {"state": "read", "accepted_at": now - 20 * DAY, "ended_at": now - 19 * DAY} | held
        if held:
            told["accepted_at"] = None
        add_message(contact_at(phone).id, now - 20 * DAY, country="US", **told)
    anew(settings)
    before = sums(settings, now)
    group = before[3]["we_miss_you"]
    assert (group.treated.people, group.treated.buyers) == (2, 1)
    assert (group.control.people, group.control.buyers) == (1, 1)
    for phone in (ANA, BEN, CARA):
        assert not forget(person_of(contact_at(phone)), now=now).busy
        anew(settings)
        assert sums(settings, now) == before
    # when the shop's rows come again, and all is worked out once more
    file_orders(settings, now + DAY, *placed)
    Basis.delete().execute()
    anew(settings)
    assert sums(settings, now) == before
    assert Contact.select().count() == 0
    looked = check_database(settings.database.path, quick=False, now=now, beat=nothing)
    assert [one.wrong for one in looked if one.wrong] == []


def test_who_comes_next_gets_nothing_of_who_was_erased(settings: Settings, now: datetime) -> None:
    """The newest row's number is given again once the row is gone."""
    file_orders(settings, now, order(1, now - 9 * DAY, ANA, now))
    gone = contact_at(ANA).id
    add_message(gone, now - 20 * DAY, state="read", accepted_at=now - 20 * DAY)
    anew(settings)
    assert not forget(person_of(contact_at(ANA)), now=now).busy
    ben = add_contact(BEN, now)
    anew(settings)
    assert Message.select().where(Message.contact_id == ben).count() == 0
    assert Message.cap_days([ben], (now - 30 * DAY).date()) == {}
    assert Order.select().where(Order.holder_id == ben).count() == 0
    assert Conversion.select().where(Conversion.contact_id == ben).count() == 0
    assert Conversion.select().count() == 1


@pytest.fixture
def gift(settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Ana's account placed the second order, with Ben's phone on it: for him, or by him at her computer."""
    placed = [
        order(1, now - 99 * DAY, ANA, now, customer_id=17, email="ana@example.com"),
        order(
            2, now - 50 * DAY, BEN, now, customer_id=17, email="ana@example.com", first_name="Ben"
        ),
        order(
            3, now - 20 * DAY, ANA, now, customer_id=17, email="ana@example.com", first_name="Ana"
        ),
        order(4, now - 10 * DAY, BEN, now, email="ben@example.com", first_name="Ben"),
    ]
    file_orders(settings, now, *placed)
    anew(settings)
    assert history(ANA) == (3, 30_000)
    return placed


def history(phone: str) -> tuple[int, int]:
    one = History.get_by_id(contact_at(phone).id)
    return one.bought, one.spent


def test_a_gift_stays_the_order_of_who_placed_it(
    gift: list[dict[str, Any]], settings: Settings, now: datetime
) -> None:
    assert not forget(person_of(contact_at(BEN)), now=now).busy
    for again in (False, True):
        if again:
            file_orders(settings, now + DAY, *(one | {"date_modified_gmt": None} for one in gift))
            Basis.delete().execute()
        anew(settings)
        assert history(ANA) == (3, 30_000)
        second = Order.get_by_id(2)
        assert (second.phone, second.first_name, second.contact_id) == ("", "", None)
        assert (second.customer_id, second.email) == (17, "ana@example.com")
        assert (Order.get_by_id(4).phone, Order.get_by_id(4).email) == ("", "")
        assert Contact.get_or_none(Contact.phone == BEN) is None
    assert stands(ANA)["marketing"].answer == "yes"


def test_who_was_given_something_loses_only_that_order(
    gift: list[dict[str, Any]], settings: Settings, now: datetime
) -> None:
    assert not forget(person_of(contact_at(ANA)), now=now).busy
    anew(settings)
    assert history(BEN) == (1, 10_000)
    file_orders(settings, now + DAY, *gift)
    anew(settings)
    assert history(BEN) == (1, 10_000)
    for number in (1, 2, 3):
        one = Order.get_by_id(number)
        assert (one.customer_id, one.email, one.phone) == (0, "", "")
    assert Contact.get_or_none(Contact.phone == ANA) is None
    assert contact_at(BEN).marketing == "yes"
