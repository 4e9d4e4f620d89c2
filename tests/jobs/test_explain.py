"""Why one person hears from the shop, or does not: told with the values that the rules look at."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    approve_templates,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.errors import BadInput
from agent.explain import (
    Explanation,
    daemon_away,
    explain,
    find_people,
    gather_holds,
    next_run,
    plan_ahead,
)
from agent.jobs.decide import decide, make_plan
from agent.rules.reasons import Why
from models import (
    CampaignStanding,
    Canary,
    Contact,
    Cursor,
    Epoch,
    Heartbeat,
    Identity,
    Interest,
    JobRun,
    Message,
    Pause,
    Product,
)
from models.refresh import refresh

ANA = "+12025550101"
NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = timedelta(days=200)


@pytest.fixture
def now() -> datetime:
    """09:00 of a Monday in New York, where the shop is: when campaigns run."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)
    Cursor.insert(name="orders", since=now, polled_at=now).execute()


def order(number: int, created: datetime, phone: str = "202-555-0101", **more: Any) -> Any:
    more = {"consent": "yes", "currency": "USD", "email": f"e{phone[-4:]}@example.com"} | more
    return order_json(number, created, phone, **more)


def told(settings: Settings, now: datetime, phone: str = ANA) -> Explanation:
    refresh(settings.audience.paid_statuses, "USD")
    return explain(settings, contact_at(phone).id, now)


def test_who_is_quiet_is_chosen_as_the_run_does(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(1, now - LONG_AGO))
    found = told(settings, now)
    assert (found.decision.why, found.decision.campaign) == (Why.CHOSEN, "we_miss_you")
    assert [one.name for one in found.campaigns if one.chosen] == ["we_miss_you"]
    assert found.orders.bought == 1
    decide(settings, now=now, beat=nothing)
    [message] = Message.select()
    assert message.campaign == found.decision.campaign
    assert message.reason == found.decision.reason
    assert message.not_before == found.decision.leaves_at


def test_whom_the_caps_hold_is_told_from_when_on_it_may_be_again(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(1, now - LONG_AGO))
    ana = contact_at(ANA).id
    add_message(ana, now - 2 * DAY, state="read", campaign="price_drop", country="US")
    add_message(ana, now - DAY, state="refused", code=131026, detail="not there")
    found = told(settings, now)
    assert found.decision.why is Why.CAPPED
    caps = found.caps
    assert (caps.in_7_days, caps.in_30_days) == (1, 1)
    assert caps.free_on == (now - 2 * DAY).date() + 7 * DAY
    assert [(one.state, one.counts, one.code) for one in found.messages] == [
        ("refused", False, 131026), ("read", True, None),
    ]  # fmt: skip
    [miss] = [one for one in found.campaigns if one.name == "we_miss_you"]
    unmet = {one.name: (one.value, one.threshold) for one in miss.conditions if not one.met}
    assert unmet == {"cap_7_days": (1, 1), "failure": ((now - DAY).date(), 7 * DAY)}


def test_after_a_restore_everybody_counts_as_written_to(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(1, now - LONG_AGO))
    Epoch.put(restored_on=now.date().isoformat())
    found = told(settings, now)
    assert found.caps.restored_on == now.date()
    assert found.decision.why is Why.CAPPED


def test_what_names_them_and_what_they_ordered(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order(1, now - LONG_AGO) | {"number": "A-1"},
        order(2, now - LONG_AGO + DAY, customer_id=17, total="25.50"),
        order(3, now - LONG_AGO + 2 * DAY, status="cancelled"),
    )  # fmt: skip
    found = told(settings, now)
    named = {(one.kind, one.value) for one in found.identities}
    assert named == {
        ("customer", "17"), ("email", "e0101@example.com"), ("guest_order", "A-1"), ("guest_order", "3"),
    }  # fmt: skip
    assert [(one.order_id, one.counts) for one in found.orders.newest] == [
        (3, False), (2, True), (1, True),
    ]  # fmt: skip
    assert (found.orders.bought, found.orders.spent) == (2, 12_550)
    [marketing, news] = found.consent
    assert (marketing.answer, news.answer) == ("yes", "")
    assert [one.source for one in marketing.entries] == ["order 1", "order 2", "order 3"]


def shirt(now: datetime, **more: Any) -> None:
    row = {
        "woo_id": 42,
        "name": "Shirt",
        "status": "publish",
        "stock_status": "instock",
        "price": 1990,
    }
    Product.insert(**(row | {"read_at": now} | more)).execute()


def saw(contact: int, at: datetime, stock: str, price: int | None = 1990) -> None:
    row = {
        "contact_id": contact, "product_id": 42, "kind": "view", "price": price, "source": "events",
        "stock_status": stock, "first_at": at, "seen_at": at,
    }  # fmt: skip
    Interest.write_each([row], lambda insert: insert)


def test_a_place_in_a_wave_is_theirs_when_those_before_are_served(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    settings = write_settings("[campaigns.back_in_stock]\nenabled = true\npeople_per_unit = 1")
    approve_templates(settings, now)
    phones = [f"202-555-01{number}" for number in (11, 12, 13)]
    file_orders(
        settings, now, *(order(n, now - 10 * DAY, phone) for n, phone in enumerate(phones, start=1))
    )
    shirt(now, stock_quantity=2)
    for days, phone in zip((6, 5, 4), phones, strict=True):
        saw(contact_at(f"+1{phone.replace('-', '')}").id, now - days * DAY, "outofstock")
    first, second, third = (told(settings, now, f"+1{phone.replace('-', '')}") for phone in phones)
    assert [queue.ahead for one in (first, second, third) for queue in one.queues] == [0, 1, 2]
    assert {queue.free for one in (first, second, third) for queue in one.queues} == {2}
    assert [one.decision.campaign for one in (first, second, third)] == [
        "back_in_stock", "back_in_stock", "",
    ]  # fmt: skip
    [back] = [one for one in third.campaigns if one.name == "back_in_stock"]
    assert back.why is Why.NEXT_WAVE
    [article] = third.interest
    assert (article.name, article.stock_seen, article.stock_now, article.units_now) == (
        "Shirt", "outofstock", "instock", 2,
    )  # fmt: skip
    decide(settings, now=now, beat=nothing)
    assert Message.select().count() == 2


def test_what_is_gone_from_the_shop_is_still_told_of(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(1, now - DAY))
    ana = contact_at(ANA).id
    saw(ana, now - 100 * DAY, "outofstock")
    [article] = told(settings, now).interest
    assert (article.name, article.counts, article.price_now) == (
        "no longer in the shop",
        False,
        None,
    )
    Product.insert_many(
        [
            {"woo_id": 42, "name": "Poster", "read_at": now},
            {"woo_id": 43, "parent_id": 42, "name": "Blue", "read_at": now},
        ]
    ).execute()
    Interest.update(variation_id=43).execute()
    assert [one.name for one in told(settings, now).interest] == ["Poster - Blue"]


def test_quiet_hours_and_chance(write_settings: Callable[..., Settings], now: datetime) -> None:
    settings = write_settings("[holdout]\neverything = 30\nshare = 30")
    phones = [f"202-555-01{number:02}" for number in range(1, 13)]
    file_orders(
        settings, now,
        *(order(n, now - LONG_AGO, phone) for n, phone in enumerate(phones, start=1)),
    )  # fmt: skip
    night = now - timedelta(hours=6)
    Cursor.update(polled_at=night).execute()
    found = [told(settings, night, f"+1{phone.replace('-', '')}") for phone in phones]
    assert all(one.quiet.now and one.quiet.until > night for one in found)
    held = {one.person.contact_id for one in found if one.decision.why is Why.HELD_OUT}
    decide(settings, now=night, beat=nothing)
    withheld = {one.contact_id for one in Message.select() if one.state == "withheld"}
    assert held == withheld
    assert 0 < len(held) < len(phones)
    assert {one.person.contact_id for one in found if one.held_out_of_everything} <= held


def test_everything_that_holds_is_told_with_a_way_out(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    settings = write_settings(
        "[budget]\nmessages_per_month = 1\n\n[limits]\nper_7_days = 0\n\n"
        '[whatsapp]\nphone_number_id = "106540352242922"\nbusiness_account_id = "102290129340398"\n'
        'token = "EAAexample"\napp_secret = "example-app-secret"\n'
        'verify_token = "example-verify-token"\nmessages_per_day = 1'
    )
    file_orders(settings, now, order(1, now - LONG_AGO))
    ana = contact_at(ANA).id
    add_message(ana, now, state="accepted", claimed_at=now, accepted_at=now, period="before")
    Pause.put("*", "operator", "stocktaking", now=now)
    Pause.put("marketing", "restore", "", now=now)
    Pause.put("we_miss_you", "canary", "3 of 20 messages failed", now=now)
    Pause.put("price_drop", "operator", "it is off, and nobody asked", now=now)
    CampaignStanding.put("loyalty_reward", "WhatsApp has no template", now)
    Canary.put("we_miss_you", "one", batch=0, now=now, passed=False)
    Cursor.update(polled_at=now - DAY).execute()
    zone = ZoneInfo("America/New_York")
    holds = gather_holds(settings, now, zone)
    assert all(one.what and one.fix for one in holds)
    said = [f"{one.campaign}: {one.what} -> {one.fix}" for one in holds]
    for part in (
        ": per_7_days or per_30_days of [limits] is 0",
        ": paused by you: stocktaking -> winback resume",
        "marketing is held",
        "we_miss_you: stopped while its template was tried out: 3 of 20",
        ": the mirror waits for a fresh answer of the shop",
        ": the budget is spent: 1 of 1 message",
        "loyalty_reward: it cannot be sent: WhatsApp has no template",
        "we_miss_you: its template is being tried out: 1 of a batch of",
        "we_miss_you: as many messages are queued as can leave before they expire",
    ):
        assert any(part in one for one in said), (part, said)
    assert not [one for one in said if "nobody asked" in one]
    asked = gather_holds(settings, now, zone, names=["price_drop"])
    assert [one.what for one in asked if one.campaign == "price_drop"]
    Cursor.delete().execute()
    assert any("all orders" in one.what for one in gather_holds(settings, now, zone))


def test_missing_prices_hold_everything(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    settings = write_settings(
        '[budget]\nmoney_per_month = "50"\ncurrency = "USD"\n'
        'prices = [{since = "2026-01-01", country = "BR", category = "marketing", price = "0.06"}]'
    )
    file_orders(settings, now, order(1, now - LONG_AGO))
    [hold] = [
        one for one in gather_holds(settings, now, ZoneInfo("UTC")) if "money_per_month" in one.what
    ]
    assert "prices of [budget]" in hold.fix
    assert told(settings, now).decision.why is Why.BUDGET


def test_whether_the_daemon_runs(now: datetime, settings: Settings) -> None:
    assert daemon_away(now)
    Heartbeat.insert(
        pid=1, version="0", listening="", started_at=now, beat_at=now, stopped_at=None
    ).execute()
    assert not daemon_away(now + timedelta(minutes=1))
    assert daemon_away(now + timedelta(minutes=3))


@pytest.mark.parametrize(
    "typed",
    [
        "+1 202-555-0101",
        "202-555-0101",
        "0012025550101",
        "17",
        "E0101@Example.com",
        "US.177",
        "12025550101",
    ],
)
def test_whoever_is_meant_is_found(settings: Settings, now: datetime, typed: str) -> None:
    file_orders(settings, now, order(1, now - LONG_AGO, customer_id=17))
    ana = contact_at(ANA).id
    rows = [
        {"kind": kind, "value": value, "contact_id": ana, "seen_at": now}
        for kind, value in (("user_id", "US.177"), ("wa_id", "12025550101"))
    ]
    Identity.put(rows)
    assert [one.id for one in find_people(typed, "US")] == [ana]


def test_our_own_number_is_not_the_customers(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order(1, now - LONG_AGO),
        order(2, now - LONG_AGO, "202-555-0102", customer_id=1),
    )  # fmt: skip
    ana = contact_at(ANA).id
    assert [one.phone for one in find_people(f"contact:{ana}", "US")] == [ANA]
    assert [one.phone for one in find_people("1", "US")] == ["+12025550102"]
    for nobody in ("contact:", "contact:99", "contact:x", f"contact:{10**20}", "contact:-1"):
        with pytest.raises(BadInput, match="nobody is known"):
            find_people(nobody, "US")


def test_a_number_may_mean_a_customer_and_a_phone(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order(1, now - LONG_AGO),
        order(2, now - LONG_AGO, "202-555-0102", customer_id=2025550101),
    )  # fmt: skip
    found = find_people("2025550101", "US")
    assert [one.phone for one in found] == [ANA, "+12025550102"]


@pytest.mark.long
def test_it_is_what_the_plan_decides_for_whoever_comes(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    """Of a population that chance made: each one alone, and all of them in a run."""
    dice = Random(8)
    on = "\n\n".join(
        f"[campaigns.{name}]\nenabled = true"
        for name in ("back_in_stock", "price_drop", "new_arrivals", "loyalty_reward", "we_miss_you")
    )
    settings = write_settings(f"{on}\n\n[holdout]\neverything = 5\nshare = 20")
    approve_templates(settings, now)
    phones = [f"202-555-01{number:02}" for number in range(60)]
    file_orders(
        settings, now,
        *(
            order(
                number, now - timedelta(days=dice.choice([1, 59, 61, 61, 300])), phone,
                total=dice.choice(["20.00", "900.00"]), status=dice.choice(["completed"] * 5 + ["failed"]),
                consent=dice.choice(["yes"] * 5 + [None]), email=dice.choice(["", f"e{number}@example.com"]),
            )
            for number, phone in enumerate(phones, start=1)
        ),
    )  # fmt: skip
    shirt(now, categories=[7], created_at=now - 30 * DAY)
    ids = [one.id for one in Contact.select()]
    for contact in ids:
        if dice.random() < 0.4:
            saw(
                contact, now - timedelta(days=dice.randint(1, 29)),
                dice.choice(["outofstock", "instock"]), dice.choice([1990, 2500]),
            )  # fmt: skip
        if dice.random() < 0.3:
            add_message(
                contact, now - timedelta(days=dice.randint(2, 40)), state=dice.choice(["read", "failed"]),
                campaign=dice.choice(["we_miss_you", "loyalty_reward"]),
            )  # fmt: skip
    refresh(settings.audience.paid_statuses, "USD")
    alone = {contact: explain(settings, contact, now) for contact in ids}
    plan = make_plan(settings, now=now, beat=nothing)
    planned = {
        one.decision.contact_id: one
        for batch in plan.batches()
        for one in batch
        if one.decision.why is Why.CHOSEN
    }
    chosen = {
        contact: found.decision
        for contact, found in alone.items()
        if found.decision.why in {Why.CHOSEN, Why.HELD_OUT}
    }
    assert {c: one.campaign for c, one in chosen.items()} == {
        c: one.decision.campaign for c, one in planned.items()
    }
    assert {c for c, one in chosen.items() if one.why is Why.HELD_OUT} == {
        c for c, one in planned.items() if one.withheld
    }
    assert {one.campaign for one in chosen.values()} >= {
        "back_in_stock",
        "price_drop",
        "we_miss_you",
    }
    left = Counter(one.decision.why for one in alone.values() if one.decision.campaign == "")
    tally = {why: n for why, n in plan.tally.items() if why not in {Why.CHOSEN, Why.HELD_OUT}}
    # Whom a wish moves and who must rest is told so; a run, which counts those in sets, that they are not quiet.
    either = {Why.CAPPED, Why.FAILED, Why.NOT_QUIET, Why.NEVER_BOUGHT, Why.ATTEMPTS}
    for why in Why:
        if why not in either:
            assert left[why] == tally.get(why, 0), why
    assert sum(left[why] for why in either) == sum(tally.get(why, 0) for why in either)


def test_nobody_is_a_mistake_with_a_remedy(settings: Settings, now: datetime) -> None:
    with pytest.raises(BadInput) as raised:
        explain(settings, 4711, now)
    assert raised.value.fix


@pytest.mark.parametrize("days_ago", [1, 6, 40])
def test_what_only_time_keeps_from_them_is_told_with_its_day_as_the_preview_plans_it(
    settings: Settings, now: datetime, days_ago: int
) -> None:
    """On the evening before: the plan of the morning and the answer of now speak of the same day."""
    file_orders(settings, now, order(1, now - LONG_AGO))
    ana = contact_at(ANA).id
    add_message(ana, now - days_ago * DAY, state="read", campaign="we_miss_you", country="US")
    evening = now + timedelta(hours=11)
    JobRun.insert(job="campaigns", outcome="ok", started_at=now, ended_at=now).execute()
    found = told(settings, evening)
    [miss] = [one for one in found.campaigns if one.name == "we_miss_you"]
    if days_ago == 40:
        assert (found.decision.campaign, miss.from_day) == ("we_miss_you", None)
        assert found.decision.decided_at == next_run(settings, evening) == now + DAY
        assert found.decision.leaves_at == now + DAY
        return
    assert found.decision.campaign == ""
    day = (now - days_ago * DAY).astimezone(NEW_YORK).date() + 7 * DAY
    assert (miss.from_day, found.decision.next_campaign, found.decision.next_day) == (
        day, "we_miss_you", day,
    )  # fmt: skip
    for when, told_then in ((day - DAY, 0), (day, 1)):
        run = datetime.combine(when, now.astimezone(NEW_YORK).time(), NEW_YORK).astimezone(UTC)
        plan = plan_ahead(settings, now=evening, at=run)
        assert sum(one.told + one.held_out for one in plan.campaigns) == told_then


def test_of_very_many_before_them_it_is_said_that_there_are_more(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    settings = write_settings("[campaigns.back_in_stock]\nenabled = true\npeople_per_unit = 1")
    approve_templates(settings, now)
    file_orders(settings, now, order(1, now - 10 * DAY))
    ana = contact_at(ANA).id
    shirt(now, stock_quantity=2)
    saw(ana, now - DAY, "outofstock")
    others = [add_contact(f"+1202557{number:04}", now, marketing="yes") for number in range(201)]
    for number, contact in enumerate(others):
        saw(contact, now - 5 * DAY, "outofstock")
        if number == 199:
            [queue] = told(settings, now).queues
            assert (queue.ahead, queue.or_more) == (200, False)
    [queue] = told(settings, now).queues
    assert (queue.ahead, queue.or_more) == (200, True)
