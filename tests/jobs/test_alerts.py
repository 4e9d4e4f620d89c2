"""Who is told that something is back or cheaper: in waves, the oldest interest first, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import add_message, approve_templates, nothing, open_shop

from agent.config import Settings
from agent.jobs.decide import ALERTS, EVERYTHING, decide
from models import (
    Contact,
    History,
    Interest,
    Message,
    Order,
    OrderLine,
    Product,
    ProductChange,
    Stale,
)

SHIRT, RED, DRESS = 7, 71, 8
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)
    product(now)


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    """Every campaign on, and a person bears much: the waves are what is tried here."""
    settings = write_settings()
    on = {name: replace(one, enabled=True) for name, one in settings.campaigns.items()}
    return replace(settings, campaigns=on)


def product(now: datetime, number: int = SHIRT, parent: int = 0, **more: Any) -> None:
    row = {
        "woo_id": number, "parent_id": parent, "name": f"Thing {number}", "status": "publish",
        "visibility": "visible", "stock_status": "instock", "stock_quantity": 1, "price": 8000,
        "permalink": f"https://shop.example/{number}", "read_at": now,
    } | more  # fmt: skip
    Product.insert(row).on_conflict_replace().execute()


def person(now: datetime, **more: Any) -> int:
    count = Contact.select().count()
    row = {
        "phone": f"+1202555{count:04}", "region": "US", "first_name": "Ana",
        "zones": "America/New_York", "marketing": "yes", "created_at": now,
    } | more  # fmt: skip
    return int(Contact.insert(row).execute())


def saw(contact: int, at: datetime, number: int = SHIRT, **more: Any) -> None:
    row = {
        "contact_id": contact, "product_id": number, "variation_id": 0, "kind": "view",
        "price": 8000, "stock_status": "outofstock", "first_at": at, "seen_at": at,
        "source": "events",
    } | more  # fmt: skip
    Interest.write_each([row], lambda insert: insert)


def queue(now: datetime, people: int) -> list[int]:
    """So many people who met the shirt sold out, the first of them longest ago."""
    waiting = []
    for place in range(people):
        one = person(now)
        saw(one, now - 10 * DAY + place * HOUR)
        waiting.append(one)
    return waiting


def told(settings: Settings, now: datetime, campaigns: Any = ALERTS) -> list[int]:
    """Whom a run writes to, in the order in which they are queued."""
    before = {message.id for message in Message.select()}
    decide(settings, now=now, beat=nothing, campaigns=campaigns)
    new = Message.select().where(Message.id.not_in(before)).order_by(Message.id)
    return [message.contact_id for message in new]


def sent(now: datetime) -> None:
    Message.update(state="accepted", accepted_at=now).where(Message.state == "queued").execute()


# waves


def test_five_people_a_unit_and_the_next_an_hour_later(settings: Settings, now: datetime) -> None:
    waiting = queue(now, 12)
    assert told(settings, now) == waiting[:5]
    sent(now + timedelta(minutes=1))  # while they were sent some moments passed
    assert told(settings, now + timedelta(minutes=55)) == []
    assert told(settings, now + HOUR) == waiting[5:10]
    sent(now + HOUR)
    # then it is sold, and nobody is told any more
    product(now, stock_status="outofstock", stock_quantity=0)
    assert told(settings, now + 2 * HOUR) == []
    # back again, the last two have kept their place
    product(now, stock_quantity=4)
    assert told(settings, now + 3 * HOUR) == waiting[10:]


def test_units_that_come_in_the_middle_of_a_wave_make_room_in_it(
    settings: Settings, now: datetime
) -> None:
    waiting = queue(now, 12)
    told(settings, now)
    product(now, stock_quantity=2)
    assert told(settings, now + timedelta(minutes=10)) == waiting[5:10]


def test_a_message_that_was_called_off_gives_its_place_to_the_next(
    settings: Settings, now: datetime
) -> None:
    waiting = queue(now, 7)
    told(settings, now)
    Message.update(state="cancelled").where(Message.contact_id == waiting[0]).execute()
    assert told(settings, now + timedelta(minutes=5)) == [waiting[5]]


def test_whoever_is_held_by_the_caps_keeps_the_place(settings: Settings, now: datetime) -> None:
    waiting = queue(now, 7)
    last_week = now - 6 * DAY
    add_message(waiting[0], last_week, state="read", cap_day=last_week.date().isoformat())
    assert told(settings, now) == waiting[1:6]
    sent(now)
    # a day later the caps allow it, and they are the first
    assert told(settings, now + DAY) == [waiting[0], waiting[6]]


def test_who_waits_for_two_things_takes_one_place_only(settings: Settings, now: datetime) -> None:
    product(now, DRESS)
    both, *others = queue(now, 6)
    saw(both, now - 20 * DAY, DRESS)
    late = person(now)
    saw(late, now - DAY, DRESS)
    assert told(settings, now) == [both, *others, late]
    about = {one.contact_id: one.product_id for one in Message.select()}
    assert about[both] == DRESS
    assert {about[one] for one in others} == {SHIRT}


def test_the_oldest_interest_is_first_in_the_queue_of_each_article(
    settings: Settings, now: datetime
) -> None:
    """Somebody who has waited long for one thing is not for that the first in another queue."""
    product(now, DRESS, stock_quantity=1)
    tight = replace(settings.campaigns["back_in_stock"], people_per_unit=1)  # type: ignore[call-arg]
    settings = replace(settings, campaigns={**settings.campaigns, "back_in_stock": tight})
    patient, second, rival = person(now), person(now), person(now)
    saw(patient, now - 20 * DAY, SHIRT)
    saw(second, now - 15 * DAY, SHIRT)
    saw(second, now - 3 * DAY, DRESS)
    saw(rival, now - 5 * DAY, DRESS)
    assert sorted(told(settings, now)) == [patient, rival]


def test_where_the_shop_does_not_count_everybody_is_told(settings: Settings, now: datetime) -> None:
    product(now, stock_quantity=None)
    waiting = queue(now, 12)
    assert told(settings, now) == waiting


def test_a_product_has_the_units_of_its_variations(settings: Settings, now: datetime) -> None:
    product(now, stock_quantity=None, type="variable")
    product(now, RED, SHIRT, stock_quantity=2)
    product(now, RED + 1, SHIRT, stock_quantity=5, stock_status="outofstock")
    waiting = queue(now, 12)
    assert told(settings, now) == waiting[:10]


def test_a_variation_is_waited_for_by_itself(settings: Settings, now: datetime) -> None:
    product(now, RED, SHIRT, name="Red")
    product(now, RED + 1, SHIRT, stock_status="outofstock")
    red, blue = person(now), person(now)
    saw(red, now - DAY, variation_id=RED)
    saw(blue, now - DAY, variation_id=RED + 1)
    assert told(settings, now) == [red]
    one = Message.get()
    assert (one.product_id, one.variation_id, one.subject) == (SHIRT, RED, str(RED))
    assert one.variables["product_name"] == "Thing 7 - Red"


def test_what_went_while_it_was_on_a_wishlist_is_told_when_it_is_back(
    settings: Settings, now: datetime
) -> None:
    wished, looked = person(now), person(now)
    saw(wished, now - 5 * DAY, kind="wishlist", stock_status="instock")
    saw(looked, now - 5 * DAY, stock_status="instock")
    for became, ago in (("outofstock", 3), ("instock", 1)):
        ProductChange.insert(
            product_id=SHIRT, field="stock_status", was="", became=became,
            seen_at=now - ago * DAY, means="poll",
        ).execute()  # fmt: skip
    assert told(settings, now) == [wished]


def test_one_is_told_once_and_again_only_after_meeting_it_sold_out_again(
    settings: Settings, now: datetime
) -> None:
    [waiting] = queue(now, 1)
    assert told(settings, now) == [waiting]
    sent(now)
    week = now + 7 * DAY
    assert told(settings, week) == []
    saw(waiting, week + DAY)
    product(week, read_at=week)
    assert told(settings, week + 2 * DAY) == [waiting]


# prices


def test_a_price_is_told_once_and_again_when_it_falls_further(
    settings: Settings, now: datetime
) -> None:
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    assert told(settings, now) == [one]
    message = Message.get()
    assert (message.price, message.campaign) == (8000, "price_drop")
    assert message.variables["price"] == "$80.00"
    assert message.variables["old_price"] == "$100.00"
    assert message.reason.startswith("saw Thing 7, now 20 % cheaper")
    sent(now)
    for price, days, again in ((8000, 7, []), (9_000, 8, []), (8_000, 9, []), (7_999, 10, [one])):
        product(now, price=price)
        assert told(settings, now + days * DAY) == again


def test_nobody_hears_of_a_drop_who_has_bought_it(settings: Settings, now: datetime) -> None:
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    Order.insert(
        woo_id=1, status="processing", created_at=now - HOUR, contact_id=one, currency="USD",
        read_at=now, lines_at=now,
    ).execute()  # fmt: skip
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT).execute()
    Stale.mark("order", [1])
    assert told(settings, now) == []


def test_what_was_seen_too_long_ago_starts_nothing(settings: Settings, now: datetime) -> None:
    old, new = person(now), person(now)
    saw(old, now - 30 * DAY, price=10_000, stock_status="instock")
    saw(new, now - 30 * DAY + timedelta(seconds=1), price=10_000, stock_status="instock")
    assert told(settings, now) == [new]


# all together


def test_somebody_who_is_quiet_gets_the_alert_and_not_the_greeting(
    settings: Settings, now: datetime
) -> None:
    quiet = person(now)
    saw(quiet, now - DAY)
    Order.insert(
        woo_id=1, status="completed", created_at=now - 90 * DAY, contact_id=quiet, total=5000,
        currency="USD", read_at=now, lines_at=now,
    ).execute()  # fmt: skip
    Stale.mark("order", [1])
    assert told(settings, now, EVERYTHING) == [quiet]
    assert Message.get().campaign == "back_in_stock"
    assert Message.get().spell_began is None
    assert History.get().bought == 1


def test_a_run_of_alerts_wins_nobody_back(settings: Settings, now: datetime) -> None:
    quiet = person(now)
    Order.insert(
        woo_id=1, status="completed", created_at=now - 90 * DAY, contact_id=quiet, total=5000,
        currency="USD", read_at=now, lines_at=now,
    ).execute()  # fmt: skip
    Stale.mark("order", [1])
    assert told(settings, now) == []
    assert told(settings, now, EVERYTHING) == [quiet]


def test_a_wish_taken_back_calls_the_message_off_though_the_thing_was_also_looked_at(
    settings: Settings, now: datetime
) -> None:
    """They saw it in stock: without the wish they wait for nothing."""
    one = person(now)
    saw(one, now - 5 * DAY, kind="wishlist", stock_status="instock")
    saw(one, now - 4 * DAY, stock_status="instock")
    for became, ago in (("outofstock", 3), ("instock", 1)):
        ProductChange.insert(
            product_id=SHIRT, field="stock_status", was="", became=became,
            seen_at=now - ago * DAY, means="poll",
        ).execute()  # fmt: skip
    assert told(settings, now) == [one]
    Interest.unwish([(one, SHIRT, 0, now)])
    assert Message.get().state == "cancelled"


def test_a_wish_taken_back_leaves_what_another_look_still_waits_for(
    settings: Settings, now: datetime
) -> None:
    one = person(now)
    saw(one, now - 5 * DAY, kind="wishlist")
    saw(one, now - 4 * DAY)  # and met it sold out
    assert told(settings, now) == [one]
    Interest.unwish([(one, SHIRT, 0, now)])
    assert Message.get().state == "queued"
