"""Attacks on the five campaigns: each test states a promise; those that fail are defects."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    approve_templates,
    file_orders,
    nothing,
    open_shop,
    order_json,
)
from test_alerts import DAY, DRESS, HOUR, RED, SHIRT, person, product, queue, saw, sent, told

from agent.config import Settings
from agent.jobs.decide import ALERTS, EVERYTHING, decide, make_plan
from agent.jobs.decide import people as people_module
from agent.jobs.send.recheck import recheck
from agent.rules.events import Frame, NotAnEvent, read_event
from agent.rules.reasons import Why
from models import (
    Bestseller,
    Contact,
    Coupon,
    Identity,
    Interest,
    Message,
    Order,
    OrderLine,
    ShopFact,
    Stale,
)
from models.base import database as handle

ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    settings = write_settings()
    on = {name: replace(one, enabled=True) for name, one in settings.campaigns.items()}
    return replace(settings, campaigns=on)


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)
    product(now)


def with_campaign(settings: Settings, name: str, **changes: Any) -> Settings:
    changed = replace(settings.campaigns[name], **changes)
    return replace(settings, campaigns={**settings.campaigns, name: changed})


def only(settings: Settings, *names: str) -> Settings:
    on = {name: replace(one, enabled=name in names) for name, one in settings.campaigns.items()}
    return replace(settings, campaigns=on)


def bought(now: datetime, who: int, number: int, ago: timedelta, **more: Any) -> None:
    row = {
        "woo_id": number, "status": "completed", "created_at": now - ago, "contact_id": who,
        "total": 5000, "currency": "USD", "read_at": now, "lines_at": now,
    } | more  # fmt: skip
    Order.insert(row).execute()
    Stale.mark("order", [number])


# waves


def test_the_night_does_not_pile_up_waves(settings: Settings, now: datetime) -> None:
    """Nobody has been told yet: all leave at eight, ten waves for one piece."""
    queue(now, 60)
    night = datetime(2026, 3, 2, 22, 30, tzinfo=ZONE).astimezone(UTC)
    for hour in range(10):
        told(settings, night + hour * HOUR)
    morning = datetime(2026, 3, 3, 8, 0, tzinfo=ZONE).astimezone(UTC)
    assert len(Message.due(morning, 1000)) <= 5


def test_a_queue_that_is_held_for_the_days_limit_does_not_pile_up_waves(
    settings: Settings, now: datetime
) -> None:
    """Meta's limit of the day is used up, the five wait in the outbox: no next wave before they left."""
    queue(now, 60)
    for hour in range(5):
        told(settings, now + hour * HOUR)  # nothing is ever sent
    assert Message.select().where(Message.state == "queued").count() <= 5


def test_a_unit_is_not_promised_to_two_queues(settings: Settings, now: datetime) -> None:
    """One red shirt: those who wait for red and those who wait for any shirt share it."""
    product(now, stock_quantity=None, type="variable")
    product(now, RED, SHIRT, stock_quantity=1)
    for place in range(12):
        one = person(now)
        saw(one, now - DAY + place * timedelta(minutes=1), variation_id=RED if place % 2 else 0)
    assert len(told(settings, now)) <= 5


def test_stock_that_is_counted_at_the_parent_is_not_counted_for_each_variation(
    settings: Settings, now: datetime
) -> None:
    """`manage_stock: "parent"`: WooCommerce gives the parent's quantity as that of each variation."""
    product(now, stock_quantity=1, type="variable")
    for number in range(3):
        product(now, RED + number, SHIRT, stock_quantity=1)
    queue(now, 30)
    assert len(told(settings, now)) <= 5


# fairness


@pytest.mark.long
def test_the_backlog_comes_to_its_turn_while_others_become_quiet(
    settings: Settings, now: datetime
) -> None:
    """README: "those who were quiet before are written to by a daily share, until all had their turn".

    Fifteen of the backlog, a share of one a day, and one more a day becomes quiet: after 90 days all
    of the backlog could have had their turn six times.
    """
    settings = only(settings, "we_miss_you")
    settings = replace(settings, audience=replace(settings.audience, backlog_per_day=1))
    old = [person(now) for _ in range(15)]
    for place, one in enumerate(old):
        bought(now, one, place + 1, (200 + place) * DAY)
    for day in range(100):
        bought(now, person(now), 100 + day, 60 * DAY - day * DAY + timedelta(hours=1))
    got: Counter[int] = Counter()
    for day in range(90):
        at = now + day * DAY
        got.update(told(settings, at, EVERYTHING))
        Message.update(state="read", accepted_at=at).where(Message.state == "queued").execute()
    assert [got[one] for one in old if not got[one]] == [], [got[one] for one in old]


@pytest.mark.long
@pytest.mark.parametrize("greetings", [0, 60])
def test_greetings_leave_room_for_what_is_urgent(
    settings: Settings, now: datetime, write_settings: Callable[..., Settings], greetings: int
) -> None:
    """Alerts leave first, so greetings that wait in the queue are not in their way. Six days of a
    small account: 20 people in any 24 hours, and `greetings` people become quiet each day."""
    small = write_settings("").whatsapp
    settings = replace(settings, whatsapp=replace(small, messages_per_day=20))
    for number in range(6 * greetings):
        ago = 60 * DAY - (number // greetings) * DAY + 2 * HOUR
        bought(now, person(now), number + 1, ago)
    waiting = person(now)
    for hour in range(6 * 24):
        at = now + hour * HOUR
        if hour == 26:
            saw(waiting, at)
        told(settings, at, ALERTS if hour % 24 else EVERYTHING)
        Message.expire(at)
        recent = Message.select().where(Message.claimed_at > at - DAY).count()
        for one in Message.due(at, 20 - recent) if recent < 20 else ():  # what Sender would send
            Message.update(state="read", claimed_at=at, accepted_at=at).where(
                Message.id == one.id
            ).execute()
    alerted = [one.contact_id for one in Message.select() if one.campaign == "back_in_stock"]
    assert alerted == [waiting], Counter(one.state for one in Message.select())


def test_nothing_is_queued_that_cannot_leave_before_it_expires(
    settings: Settings, now: datetime
) -> None:
    """09:00 in New York is 23:00 in Tokyo: its morning comes after the end."""
    settings = with_campaign(
        only(settings, "we_miss_you"), "we_miss_you", expires_after=timedelta(hours=6)
    )
    one = person(now, phone="+81312345678", region="JP", zones="Asia/Tokyo")
    bought(now, one, 1, 90 * DAY)
    other = person(now, phone="+13125550188")
    bought(now, other, 2, 91 * DAY)
    settings = replace(settings, audience=replace(settings.audience, backlog_per_day=1))
    plan = make_plan(settings, now=now, beat=nothing, campaigns=EVERYTHING)
    for _ in plan.batches():
        pass
    assert plan.tally[Why.QUIET_HOURS] == 1, plan.tally
    told(settings, now, EVERYTHING)
    # nor does it take the place of somebody whose message can leave
    assert [(row.contact_id, row.not_before) for row in Message.select()] == [(other, now)]


@pytest.mark.parametrize("email", ["no at sign", "a*b@example.com", "spoilt@example.com"])
def test_whoever_cannot_have_a_coupon_gets_something_else_the_next_day(
    settings: Settings, now: datetime, email: str
) -> None:
    settings = only(settings, "loyalty_reward", "we_miss_you")
    one = person(now, email=email)
    bought(now, one, 1, 200 * DAY, total=100_000)
    for day in range(10):
        at = now + day * DAY
        told(settings, at, EVERYTHING)
        # what make_coupons does where the shop does not keep the restriction to that e-mail
        Message.update(state="cancelled", detail="no coupon: ...", ended_at=at).where(
            Message.campaign == "loyalty_reward", Message.state == "queued"
        ).execute()
        Message.update(state="read").where(Message.state == "queued").execute()
    assert Message.select().where(Message.state == "cancelled").count() <= 1
    assert Message.select().where(Message.state == "read").exists(), "ten days, ten cancelled"


@pytest.mark.long
def test_a_spent_budget_of_money_looks_at_nobody(
    settings: Settings, now: datetime, write_settings: Callable[..., Settings]
) -> None:
    """Less is left than any message costs, and it is not exactly 0: all are looked at, one by one."""
    limited = write_settings(
        '[budget]\nmoney_per_month = "0.10"\nprices = [{since = "2026-01-01", country = "US", price = "0.04"}]'
    )
    settings = only(replace(settings, budget=limited.budget), "we_miss_you")
    for number in range(1500):
        bought(now, person(now), number + 1, 60 * DAY + number * HOUR)
    plan = make_plan(settings, now=now, beat=nothing)
    looked_at = sum(len(batch) for batch in plan.batches())
    assert plan.tally[Why.CHOSEN] == 2
    assert looked_at <= 500


@pytest.mark.long
def test_nothing_new_in_the_shop_looks_at_nobody(settings: Settings, now: datetime) -> None:
    settings = only(settings, "new_arrivals")
    product(now, created_at=now - 1000 * DAY, categories=[5])
    for number in range(1500):
        bought(now, person(now), number + 1, 60 * DAY + number * HOUR)
        OrderLine.insert(woo_id=number + 1, order_id=number + 1, product_id=SHIRT).execute()
    OrderLine.update(quantity=1).execute()
    plan = make_plan(settings, now=now, beat=nothing)
    looked_at = sum(len(batch) for batch in plan.batches())
    assert looked_at <= 500


# what a message says, when it leaves


def leaving(settings: Settings, now: datetime) -> list[Message]:
    verdict = recheck(Message.due(now, 100), settings, now=now, zone=ZONE)
    return verdict.send


def test_a_new_arrival_that_is_sold_out_meanwhile_is_not_told(
    settings: Settings, now: datetime
) -> None:
    settings = only(settings, "new_arrivals")
    product(now, categories=[5])
    product(now, DRESS, categories=[5], created_at=now - DAY, name="Dress")
    one = person(now)
    bought(now, one, 1, 90 * DAY)
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT, quantity=1).execute()
    assert told(settings, now, EVERYTHING) == [one]
    assert Message.get().variables["product_1"] == "Dress"
    product(now, DRESS, categories=[5], created_at=now - DAY, stock_status="outofstock",
            stock_quantity=0, read_at=now + HOUR)  # fmt: skip
    assert leaving(settings, now + HOUR) == []


def test_a_recommendation_that_is_sold_out_meanwhile_is_not_told(
    settings: Settings, now: datetime
) -> None:
    settings = with_campaign(
        only(settings, "we_miss_you"), "we_miss_you", body=("{first_name|x}", "{recommended_1|y}")
    )
    product(now, DRESS, name="Dress")
    one = person(now)
    bought(now, one, 1, 90 * DAY)
    Bestseller.insert(category_id=0, product_id=DRESS, sold=5).execute()
    assert told(settings, now, EVERYTHING) == [one]
    assert Message.get().variables["recommended_1"] == "Dress"
    product(now, DRESS, stock_status="outofstock", stock_quantity=0, read_at=now + HOUR)
    assert leaving(settings, now + HOUR) == []


def test_the_price_that_a_back_in_stock_message_names_is_the_shops(
    settings: Settings, now: datetime
) -> None:
    settings = with_campaign(settings, "back_in_stock", body=("{product_name|x}", "{price|y}"))
    queue(now, 1)
    told(settings, now)
    assert Message.get().variables["price"] == "$80.00"
    product(now, price=9900, read_at=now + timedelta(minutes=30))
    assert leaving(settings, now + timedelta(minutes=31)) == []


def test_whom_the_settings_leave_out_since_is_not_written_to(
    settings: Settings, now: datetime
) -> None:
    one = person(now, email="boss@example.com")
    saw(one, now - DAY)
    assert told(settings, now) == [one]
    reloaded = replace(
        settings,
        audience=replace(
            settings.audience, exclude_emails=("boss@example.com",), exclude_countries=("US",)
        ),
    )
    assert told(reloaded, now + DAY) == []
    assert leaving(reloaded, now + timedelta(seconds=5)) == []


def test_a_coupon_can_be_used_on_the_day_that_its_message_names(
    settings: Settings, now: datetime
) -> None:
    settings = with_campaign(
        only(settings, "loyalty_reward"),
        "loyalty_reward",
        body=("{first_name|x}", "{discount_percent}", "{coupon_code}", "{coupon_expires}"),
    )
    one = person(now, email="a@example.com")
    bought(now, one, 1, 200 * DAY, total=100_000)
    assert told(settings, now, EVERYTHING) == [one]
    ends = Coupon.get().expires_at.astimezone(ZONE)
    assert f"{ends:%B} {ends.day}, {ends.year}" == Message.get().variables["coupon_expires"]
    assert ends.hour == 23, f"it ends on that day at {ends:%H:%M} already"


def test_the_last_product_is_that_of_the_newest_order(settings: Settings, now: datetime) -> None:
    """Old orders were imported after the newer one: their numbers are higher."""
    settings = with_campaign(
        only(settings, "we_miss_you"), "we_miss_you", body=("{first_name|x}", "{last_product|y}")
    )
    one = person(now)
    bought(now, one, 10, 90 * DAY)
    bought(now, one, 11, 900 * DAY)
    OrderLine.insert(woo_id=1, order_id=10, product_id=SHIRT, name="New", quantity=1).execute()
    OrderLine.insert(woo_id=2, order_id=11, product_id=DRESS, name="Old", quantity=1).execute()
    assert told(settings, now, EVERYTHING) == [one]
    assert Message.get().variables["last_product"] == "New"


# never what is not in stock; never twice


@pytest.mark.parametrize("units", [0, -3])
def test_what_has_no_unit_is_no_arrival(settings: Settings, now: datetime, units: int) -> None:
    settings = only(settings, "new_arrivals")
    product(now, categories=[5])
    product(now, DRESS, categories=[5], created_at=now - DAY, stock_quantity=units)
    one = person(now)
    bought(now, one, 1, 90 * DAY)
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT, quantity=1).execute()
    assert told(settings, now, EVERYTHING) == []


def test_a_new_arrival_is_told_once(settings: Settings, now: datetime) -> None:
    settings = only(settings, "new_arrivals")
    product(now, categories=[5])
    product(now, DRESS, categories=[5], created_at=now - DAY, name="Dress")
    one = person(now)
    bought(now, one, 1, 90 * DAY)
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT, quantity=1).execute()
    assert told(settings, now, EVERYTHING) == [one]
    sent(now)
    assert told(settings, now + 31 * DAY, EVERYTHING) == []


def test_a_drop_of_a_product_is_told_once_also_to_who_saw_a_variation_too(
    settings: Settings, now: datetime
) -> None:
    product(now, type="variable", stock_quantity=None, price=8000)
    product(now, RED, SHIRT, price=8000)
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    saw(one, now - DAY, price=10_000, stock_status="instock", variation_id=RED)
    assert told(settings, now) == [one]
    sent(now)
    assert told(settings, now + 7 * DAY) == []


def test_back_in_stock_is_told_once_also_to_who_saw_a_variation_too(
    settings: Settings, now: datetime
) -> None:
    product(now, type="variable", stock_quantity=None, price=8000)
    product(now, RED, SHIRT, price=8000)
    one = person(now)
    saw(one, now - DAY)
    saw(one, now - DAY, variation_id=RED)
    assert told(settings, now) == [one]
    sent(now)
    assert told(settings, now + 7 * DAY) == []


def test_a_low_price_of_long_ago_does_not_silence_later_drops(
    settings: Settings, now: datetime
) -> None:
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    assert told(settings, now) == [one]  # at 80
    sent(now)
    later = now + 400 * DAY
    product(later, price=9000)
    saw(one, later - DAY, price=12_000, stock_status="instock")
    assert told(settings, later) == [one]  # 120 -> 90


def test_who_bought_it_a_moment_ago_is_not_told_although_the_lines_are_not_read_yet(
    settings: Settings, now: datetime
) -> None:
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    bought(now, one, 1, timedelta(minutes=40), status="processing", lines_at=None)
    assert told(settings, now) == []


def test_a_cart_that_waits_for_its_payment_hears_of_a_drop(
    settings: Settings, now: datetime
) -> None:
    """RULES: "the shop's checkout-draft, pending and failed orders as carts"."""
    from agent.jobs.interest import gather_interest

    one = person(now)
    product(now, price=10_000)
    bought(now, one, 1, 3 * DAY, status="pending", modified_at=now - 3 * DAY)
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT, quantity=1).execute()
    gather_interest(settings, now=now, beat=nothing)
    assert Interest.select().count() == 1
    product(now, price=8_000)
    assert told(settings, now) == [one]


def test_another_currency_of_the_shop_is_no_drop(settings: Settings, now: datetime) -> None:
    """10,000 JPY are 6,400 cents: not 36 % cheaper."""
    open_shop(country="US", zone="America/New_York", currency="JPY")
    one = person(now)
    saw(one, now - DAY, price=10_000, stock_status="instock")
    ShopFact.put({"currency": "USD"})
    product(now, price=6_400)
    assert told(settings, now) == []


# who is who


def test_an_alert_goes_to_the_newer_number_of_an_account(settings: Settings, now: datetime) -> None:
    """As the other campaigns do: somebody who changed numbers is one person."""
    file_orders(
        settings, now,
        order_json(10, now - 100 * DAY, "202-555-0101", customer_id=5, consent="yes", currency="USD"),
    )  # fmt: skip
    [old] = [one.id for one in Contact.select()]
    saw(old, now - 5 * DAY)  # told of the account 5, which was held by the old number then
    file_orders(
        settings, now,
        order_json(11, now - 3 * DAY, "202-555-0102", customer_id=5, consent="yes", currency="USD"),
    )  # fmt: skip
    Order.update(lines_at=now).execute()
    [new] = [one.id for one in Contact.select().where(Contact.id != old)]
    assert Identity.get(Identity.kind == "customer", Identity.value == "5").contact_id == new
    assert told(settings, now) == [new]


def test_somebody_who_looks_again_under_a_new_number_keeps_the_place_and_is_told_once(
    settings: Settings, now: datetime
) -> None:
    file_orders(
        settings, now,
        order_json(10, now - 100 * DAY, "202-555-0101", customer_id=5, consent="yes", currency="USD"),
        order_json(11, now - 3 * DAY, "202-555-0102", customer_id=5, consent="yes", currency="USD"),
    )  # fmt: skip
    Order.update(lines_at=now).execute()
    old, new = (one.id for one in Contact.select().order_by(Contact.phone))
    saw(old, now - 5 * DAY)
    saw(new, now - 2 * DAY)
    assert len(told(settings, now)) == 1


# bad data


def test_an_order_of_the_year_one_stops_nobody_else(settings: Settings, now: datetime) -> None:
    settings = with_campaign(
        only(settings, "we_miss_you"), "we_miss_you", body=("{first_name|x}", "{order.date|y}")
    )
    one, other = person(now), person(now)
    bought(now, one, 1, timedelta(0), created_at=datetime(1, 1, 1, tzinfo=UTC))
    bought(now, other, 2, 90 * DAY)
    assert other in told(settings, now, EVERYTHING)


def test_a_stock_status_that_is_none_is_refused(now: datetime) -> None:
    """It would be taken with a 202 and never be a wait."""
    frame = Frame(now=now, oldest=now - 90 * DAY, undated=now, country="US")
    event = {
        "kind": "product_view",
        "customer_id": 1,
        "product_id": 7,
        "stock_status": "out-of-stock",
    }
    with pytest.raises(NotAnEvent):
        read_event(event, frame)


# speed


def test_the_wishes_of_a_batch_are_found_by_person(settings: Settings, now: datetime) -> None:
    """A product with very many views is not read whole for each batch of 500."""
    queue(now, 3)
    plans: list[str] = []
    decide(settings, now=now, beat=nothing, campaigns=ALERTS)
    from models.waiting import Stir

    Stir.work_out(now - 30 * DAY, 10)
    query = (
        Interest.select(Interest.contact_id)
        .join(
            Stir,
            on=(Stir.product_id == Interest.product_id)
            & (Stir.variation_id == Interest.variation_id),
        )
        .where(people_module.among(Interest.contact_id, [1, 2]))
        .order_by(Interest.contact_id, Interest.first_at, Interest.id)
    )
    sql, marks = query.sql()
    plans = [row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {sql}", marks)]
    assert any("interest" in one.lower() and "contact_id=?" in one for one in plans), plans


def test_who_was_told_is_not_said_to_wait_for_the_next_wave(
    settings: Settings, now: datetime
) -> None:
    """The article is not even counted: there are no waves. (After the week of the caps, each hourly
    run reads and judges all who were told again, for three weeks.)"""
    product(now, stock_quantity=None)
    queue(now, 100)
    told(settings, now)
    Message.update(state="read").execute()
    plan = make_plan(settings, now=now + 8 * DAY, beat=nothing, campaigns=ALERTS)
    list(plan.batches())
    assert plan.tally[Why.NEXT_WAVE] == 0, plan.tally


def test_a_wish_that_was_taken_back_overnight_is_not_told(
    settings: Settings, now: datetime
) -> None:
    one = person(now)
    saw(one, now - DAY, kind="wishlist")
    night = datetime(2026, 3, 2, 22, 30, tzinfo=ZONE).astimezone(UTC)
    assert told(settings, night) == [one]
    Interest.unwish([(one, SHIRT, 0, night + HOUR)])
    morning = datetime(2026, 3, 3, 8, 0, tzinfo=ZONE).astimezone(UTC)
    product(morning)
    assert leaving(settings, morning) == []


def test_what_is_dated_in_the_future_is_not_new_for_ever(settings: Settings, now: datetime) -> None:
    settings = only(settings, "new_arrivals")
    product(now, categories=[5])
    product(now, DRESS, categories=[5], created_at=now + 300 * DAY)
    one = person(now)
    bought(now, one, 1, 90 * DAY)
    OrderLine.insert(woo_id=1, order_id=1, product_id=SHIRT, quantity=1).execute()
    assert told(settings, now, EVERYTHING) == []


@pytest.mark.parametrize("price", [0, 2**63 - 1, 10**17])
def test_prices_without_measure_break_nothing(
    settings: Settings, now: datetime, price: int
) -> None:
    product(now, price=price)
    one = person(now)
    saw(one, now - DAY, price=99_999_999_999_900, stock_status="instock")
    saw(one, now - 2 * DAY, price=None, stock_status="outofstock")
    told(settings, now)
