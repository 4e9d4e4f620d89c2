"""interest -> who waits for what, against counts made by hand; and the figures that are worked out ahead."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, nothing, open_shop

from agent.config import Settings
from agent.jobs.awaited import list_awaited
from agent.jobs.report import known_ahead, report, work_out_ahead
from models import Awaited, Contact, Conversion, Figure, Interest, Message, Product, ProductChange


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(name="Example Shop", currency="BRL", zone="America/Sao_Paulo")


def product(number: int, status: str, now: datetime, **more: Any) -> None:
    Product.insert(
        woo_id=number, name=f"Product {number}", status="publish", stock_status=status, read_at=now,
        **more,
    ).execute()  # fmt: skip


def look(contact: int, number: int, at: datetime, **more: Any) -> None:
    row = {
        "contact_id": contact, "product_id": number, "variation_id": 0, "kind": "view",
        "stock_status": "outofstock", "first_at": at, "seen_at": at, "source": "events",
    }  # fmt: skip
    Interest.write_each([row | more], lambda insert: insert.on_conflict_ignore())


def listed(settings: Settings, now: datetime) -> dict[tuple[int, int], tuple[int, int, int]]:
    """article -> (people, of them agreed, told)"""
    list_awaited(settings, now=now, beat=nothing)
    return {
        (one.product_id, one.variation_id): (one.people, one.agreed, one.told)
        for one in Awaited.select()
    }


def test_a_person_waits_for_what_they_saw_sold_out_or_wish_for(
    settings: Settings, now: datetime
) -> None:
    people = [add_contact(f"+120255501{number:02}", now) for number in range(6)]
    product(1, "outofstock", now)
    look(people[0], 1, now - DAY)
    look(people[0], 1, now - DAY, kind="wishlist")  # one person all the same
    look(people[1], 1, now - 2 * DAY)
    look(people[2], 1, now - DAY, stock_status="instock")  # saw it there, and wants nothing
    look(people[3], 1, now - DAY, stock_status="instock", kind="cart")
    look(people[4], 1, now - 31 * DAY)  # long ago
    look(people[5], 1, now - DAY, source="told")  # by a message of ours
    Contact.update(marketing="no").where(Contact.id == people[1]).execute()
    agreed = Contact.select().where(
        Contact.marketing == "yes", Contact.id << [people[0], people[3]]
    )
    assert listed(settings, now) == {(1, 0): (3, agreed.count(), 0)}
    assert Awaited.get().since == now - 2 * DAY


def test_what_was_never_away_is_not_on_the_list_and_what_is_back_is_with_who_was_told(
    settings: Settings, now: datetime
) -> None:
    person = add_contact("+12025550101", now)
    product(1, "instock", now)
    look(person, 1, now - DAY, stock_status="instock", kind="wishlist")
    assert listed(settings, now) == {}
    look(person, 1, now - DAY)
    ProductChange.insert(
        product_id=1, field="stock_status", was="outofstock", became="instock", seen_at=now - DAY,
        means="poll",
    ).execute()  # fmt: skip
    told = add_message(person, now, campaign="back_in_stock", state="delivered")
    Message.update(product_id=1).where(Message.id == told.id).execute()
    assert listed(settings, now)[1, 0][2] == 1
    Message.update(state="cancelled").where(Message.id == told.id).execute()
    assert listed(settings, now) == {}


def test_variations_have_their_products_name_and_the_old_list_is_gone(
    settings: Settings, now: datetime
) -> None:
    person = add_contact("+12025550101", now)
    product(1, "instock", now)
    product(2, "outofstock", now, parent_id=1)
    Product.update(name="Blue").where(Product.woo_id == 2).execute()
    Awaited.replace_all(
        [{"product_id": 9, "variation_id": 0, "people": 1, "agreed": 1, "since": now}]
    )
    look(person, 1, now - DAY, variation_id=2)
    assert list(listed(settings, now)) == [(1, 2)]
    assert Awaited.get().name == "Product 1 - Blue"


def test_what_is_kept_is_what_the_report_says(settings: Settings, now: datetime) -> None:
    for number, state in enumerate(("read", "delivered", "queued", "withheld", "failed")):
        add_message(add_contact(f"+120255501{number:02}", now), now, state=state)
    first = Message.get()
    for order, currency in ((1, "BRL"), (2, "USD")):
        Conversion.insert(
            order_id=order, message_id=first.id, contact_id=first.contact_id, campaign=first.campaign,
            ordered_at=now, revenue=500, currency=currency, period=first.period,
            template=first.template, language=first.language, first_message_id=first.id,
        ).execute()  # fmt: skip
    assert known_ahead() is None
    work_out_ahead(settings, now=now, beat=nothing)
    known = known_ahead()
    assert known is not None
    figures, at = known
    told = report(settings, now=now, days=30).total
    assert at == now
    assert {name: figures["total"][name] for name in ("chosen", "sent", "opened", "converted")} == {
        "chosen": told.chosen, "sent": told.sent, "opened": told.opened, "converted": 1,
    }  # fmt: skip
    assert (figures["total"]["revenue"], figures["total"]["elsewhere"]) == (500, 1)
    assert figures["days"] == {first.period: [told.sent, told.converted]}


def test_figures_of_another_version_are_not_read(now: datetime) -> None:
    Figure.put("overview", {"form": 99}, now)
    assert known_ahead() is None


def test_where_many_wait_those_who_have_waited_longest_are_kept(
    settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.awaited.MANY", 3)
    monkeypatch.setattr("agent.jobs.awaited.SHOWN", 2)
    people = [add_contact(f"+120255501{number:02}", now) for number in range(4)]
    for number in (1, 2):
        product(number, "outofstock", now)
    for days, person in enumerate(people, start=1):
        look(person, 1, now - days * DAY)
    look(people[0], 2, now - DAY)
    listed(settings, now)
    many = Awaited.get(Awaited.product_id == 1)
    assert [row[0] for row in many.longest] == [people[3], people[2]]
    assert Awaited.get(Awaited.product_id == 2).longest == []
