"""mirror -> outbox: who hears from the shop today, why, and why not the others."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    Killed,
    add_message,
    approve_templates,
    contact_at,
    dying_after,
    file_customers,
    file_orders,
    file_refunds,
    gmt,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import Heard, record
from agent.jobs.decide import Day, decide, make_plan
from agent.jobs.pull.filing import Filing
from agent.jobs.pull.kinds import CUSTOMERS
from agent.rules.reasons import Why
from models import CampaignStanding, Contact, Coupon, Message, OrderLine, Pause, ShopFact
from models.base import close_database
from models.refresh import refresh

ANA, BRUNO = "+12025550101", "+12025550102"
NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = timedelta(days=200)
QUIET = timedelta(days=60)


@pytest.fixture
def now() -> datetime:
    """09:00 of a Monday in New York, where the shop is: when campaigns run."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(settings, now)


def order(
    number: int, created: datetime, phone: str = "202-555-0101", **more: Any
) -> dict[str, Any]:
    """An order of somebody who agreed, with an e-mail."""
    more = {"consent": "yes", "currency": "USD", "email": f"e{phone[-4:]}@example.com"} | more
    return order_json(number, created, phone, **more)


def run(settings: Settings, now: datetime) -> dict[str, int]:
    return decide(settings, now=now, beat=nothing)


def chosen() -> dict[str, str]:
    """phone -> campaign of every message in the outbox."""
    phones = {one.id: one.phone for one in Contact.select()}
    return {phones[one.contact_id]: one.campaign for one in Message.select()}


def with_audience(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, audience=replace(settings.audience, **changes))


def with_limits(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, limits=replace(settings.limits, **changes))


def with_campaign(settings: Settings, name: str, **changes: Any) -> Settings:
    campaigns = dict(settings.campaigns)
    campaigns[name] = replace(campaigns[name], **changes)
    return replace(settings, campaigns=campaigns)


def work_out_histories(settings: Settings) -> None:
    """So that the run itself has none to work out: its `beat` is for the batches alone."""
    refresh(settings.audience.paid_statuses, "USD")


# who


def test_somebody_quiet_who_agreed_is_chosen(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - QUIET))
    assert run(settings, now) == {"chosen": 1}
    assert chosen() == {ANA: "we_miss_you"}


@pytest.mark.parametrize(
    ("silence", "why"),
    [
        (QUIET, "chosen"),
        (QUIET - timedelta(seconds=1), "not_quiet"),  # 59 days, 23:59:59
        (QUIET + timedelta(seconds=1), "chosen"),
        (timedelta(0), "not_quiet"),
    ],
)
def test_quiet_begins_after_exactly_sixty_days(
    settings: Settings, now: datetime, silence: timedelta, why: str
) -> None:
    file_orders(settings, now, order(10, now - silence))
    assert run(settings, now) == {why: 1}


@pytest.mark.parametrize(
    ("consent", "why"), [(None, "no_consent"), ("refused", "said_no"), ("yes", "chosen")]
)
def test_without_consent_nobody_is_chosen(
    settings: Settings, now: datetime, consent: str | None, why: str
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, consent=consent))
    assert run(settings, now) == {why: 1}


@pytest.mark.parametrize("status", ["failed", "cancelled", "trash", "refunded"])
def test_what_was_never_bought_or_taken_back_is_no_purchase(
    settings: Settings, now: datetime, status: str
) -> None:
    """Fault 14."""
    file_orders(settings, now, order(10, now - LONG_AGO, status=status))
    assert run(settings, now) == {"never_bought": 1}


def test_an_order_that_was_refunded_in_full_is_no_purchase(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    file_refunds(settings, now, (50, 10, "60.00"))
    assert run(settings, now) == {"chosen": 1}

    Message.delete().execute()
    file_refunds(settings, now, (51, 10, "40.00"))
    assert run(settings, now) == {"never_bought": 1}


@pytest.mark.parametrize(
    ("status", "paid", "why"),
    [
        ("shipped", True, "chosen"),  # a plugin's status counts by its date of payment
        ("shipped", False, "never_bought"),
        ("processing", False, "chosen"),  # cash on delivery
        ("on-hold", False, "never_bought"),
    ],
)
def test_bought_is_a_paid_date_or_a_paid_status(
    settings: Settings, now: datetime, status: str, paid: bool, why: str
) -> None:
    one = order(10, now - LONG_AGO, status=status)
    file_orders(settings, now, one if paid else one | {"date_paid_gmt": None})
    assert run(settings, now) == {why: 1}


def test_the_shop_may_name_paid_statuses_of_its_own(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, status="shipped", date_paid_gmt=None))
    own = with_audience(settings, paid_statuses=("processing", "completed", "shipped"))
    assert run(own, now) == {"chosen": 1}


@pytest.mark.parametrize(
    ("status", "why"),
    [("on-hold", "not_quiet"), ("pending", "not_quiet"), ("failed", "chosen"), ("trash", "chosen")],
)
def test_somebody_whose_order_is_open_is_not_asked_back(
    settings: Settings, now: datetime, status: str, why: str
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    file_orders(settings, now, order(11, now - DAY, status=status, date_paid_gmt=None))
    assert run(settings, now) == {why: 1}


def test_countries_and_emails_of_the_settings_are_left_out(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, email="Ana@Example.com"))
    assert run(with_audience(settings, exclude_countries=("US",)), now) == {"excluded": 1}
    assert run(with_audience(settings, exclude_emails=("ANA@example.com",)), now) == {"excluded": 1}
    assert run(settings, now) == {"chosen": 1}


def test_roles_of_the_settings_are_left_out(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, customer_id=5))
    account = {
        "id": 5, "email": "e0101@example.com", "role": "wholesale_customer",
        "billing": {"phone": "202-555-0101", "country": "US"},
        "date_created_gmt": "2020-01-01T00:00:00",
    }  # fmt: skip
    CUSTOMERS.absorb([account], now, Filing.from_settings(settings, now))
    wholesale = with_audience(settings, exclude_roles=("wholesale_customer",))
    assert run(wholesale, now) == {"excluded": 1}


# who is who


def test_somebody_who_changed_numbers_is_written_to_at_the_newer_only(
    settings: Settings, now: datetime
) -> None:
    file_orders(
        settings, now,
        order(10, now - 300 * DAY, "202-555-0101", customer_id=5),
        order(11, now - 200 * DAY, "202-555-0102", customer_id=5),
    )  # fmt: skip
    assert run(settings, now) == {"chosen": 1, "never_bought": 1}
    assert chosen() == {BRUNO: "we_miss_you"}


def test_an_order_of_the_account_without_a_phone_counts_against_quietness(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, customer_id=5))
    file_orders(settings, now, order(11, now - DAY, "", customer_id=5, email=""))
    assert run(settings, now) == {"not_quiet": 1}


def test_a_guest_order_without_a_phone_counts_by_its_email(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, email="ana@example.com"))
    file_orders(settings, now, order(11, now - DAY, "no phone", email="ANA@example.com"))
    assert run(settings, now) == {"not_quiet": 1}


def test_guests_count_by_their_phone(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order(10, now - LONG_AGO, "202-555-0101"),
        order(11, now - DAY, "+1 (202) 555-0101", email=""),
        order(12, now - LONG_AGO, "202-555-0102"),
    )  # fmt: skip
    assert run(settings, now) == {"not_quiet": 1, "chosen": 1}
    assert chosen() == {BRUNO: "we_miss_you"}


# which campaign


@pytest.mark.parametrize(
    ("total", "campaign", "percent"),
    [
        ("499.99", "we_miss_you", None),
        ("500.00", "loyalty_reward", 15),
        ("500.01", "loyalty_reward", 15),
    ],
)
def test_the_tier_begins_at_exactly_its_amount(
    settings: Settings, now: datetime, total: str, campaign: str, percent: int | None
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total=total))
    run(settings, now)
    assert chosen() == {ANA: campaign}
    assert [one.percent for one in Coupon.select()] == ([] if percent is None else [percent])


def test_the_best_tier_that_was_reached_counts(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    settings = write_settings(
        "[campaigns.loyalty_reward]\nenabled = true\n"
        "tiers = [{spent = 100, percent = 5}, {spent = 500, percent = 15}]"
    )
    file_orders(
        settings, now,
        order(10, now - LONG_AGO, "202-555-0101", total="499.00"),
        order(11, now - LONG_AGO, "202-555-0102", total="900.00"),
    )  # fmt: skip
    run(settings, now)
    contacts = {one.id: one.phone for one in Contact.select()}
    percents = {
        contacts[Message.get(Message.uid == one.message_uid).contact_id]: one.percent
        for one in Coupon.select()
    }
    assert percents == {ANA: 5, BRUNO: 15}


@pytest.mark.parametrize(
    "spoilt", [{"status": "cancelled"}, {"status": "refunded"}, {"currency": "EUR"}]
)
def test_only_money_that_stayed_in_the_shops_currency_is_spent(
    settings: Settings, now: datetime, spoilt: dict[str, str]
) -> None:
    file_orders(
        settings, now,
        order(10, now - LONG_AGO, total="300.00"),
        order(11, now - LONG_AGO, total="300.00", **spoilt),
    )  # fmt: skip
    run(settings, now)
    assert chosen() == {ANA: "we_miss_you"}


def test_refunds_are_taken_off_what_was_spent(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="510.00"))
    file_refunds(settings, now, (50, 10, "10.01"))
    run(settings, now)
    assert chosen() == {ANA: "we_miss_you"}


def test_without_an_email_there_is_no_coupon(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00", email=""))
    run(settings, now)
    assert chosen() == {ANA: "we_miss_you"}
    assert Why.NO_EMAIL.value in Message.get().reason


def test_campaigns_come_in_the_order_of_the_settings(
    write_settings: Callable[..., Settings], now: datetime
) -> None:
    file_orders(write_settings(), now, order(10, now - LONG_AGO, total="900.00"))
    other_way = write_settings('[campaigns]\npriority = ["we_miss_you", "loyalty_reward"]')
    run(other_way, now)
    assert chosen() == {ANA: "we_miss_you"}
    assert Message.get().priority == 0


def test_the_reason_tells_why_and_why_not_the_ones_before(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - 61 * DAY))
    run(settings, now)
    reason = Message.get().reason
    assert "quiet for 61 days" in reason
    assert f"loyalty_reward: {Why.SPENT_LESS.value}" in reason


@pytest.mark.parametrize(("days", "campaign"), [(89, "we_miss_you"), (90, "loyalty_reward")])
def test_a_campaign_rests_for_its_cooldown(
    settings: Settings, now: datetime, days: int, campaign: str
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00"))
    before = now - days * DAY
    add_message(
        contact_at(ANA).id, before, campaign="loyalty_reward", state="read",
        cap_day=before.astimezone(NEW_YORK).date().isoformat(),
    )  # fmt: skip
    run(settings, now)
    assert Message.select().order_by(Message.id.desc()).get().campaign == campaign


def test_campaigns_that_are_off_or_in_trouble_are_passed_over(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00"))
    CampaignStanding.put("loyalty_reward", "the template is PAUSED", now)
    off = with_campaign(settings, "we_miss_you", enabled=False)
    assert run(off, now) == {"nothing_fits": 1}

    run(settings, now)
    assert chosen() == {ANA: "we_miss_you"}


def test_a_paused_campaign_is_not_planned_and_the_reason_stands_with_the_next(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00"))
    Pause.put("loyalty_reward", "operator", "no more coupons", now=now)
    run(settings, now)
    assert chosen() == {ANA: "we_miss_you"}
    assert f"loyalty_reward: {Why.PAUSED.value}" in Message.get().reason


@pytest.mark.parametrize("scope", ["*", "marketing"])
def test_while_everything_is_paused_nothing_is_planned(
    settings: Settings, now: datetime, scope: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00"))
    Pause.put(scope, "account", "the number is BANNED", now=now, until=now + DAY)
    assert run(settings, now) == {"nothing_fits": 1}
    assert not Message.select().exists()
    (told, *_) = (one for one in caplog.records if one.getMessage() == "campaign.paused")
    assert told.fields["reason"] == "paused because of the account: the number is BANNED"  # type: ignore[attr-defined]
    later = now + DAY  # the pause is over by itself
    run(settings, later)
    assert chosen() == {ANA: "loyalty_reward"}


def test_a_campaign_whose_template_nobody_looked_at_is_not_used(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    CampaignStanding.delete().execute()
    assert run(settings, now) == {"nothing_fits": 1}


# how much


def test_deciding_again_on_the_same_day_changes_nothing(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO), order(11, now - LONG_AGO, "202-555-0102"))
    run(settings, now)
    before = list(Message.select().dicts())
    assert run(settings, now + timedelta(hours=3)) == {"capped": 2}
    assert list(Message.select().dicts()) == before


def test_nobody_gets_two_messages_from_one_day_however_high_the_caps(
    settings: Settings, now: datetime
) -> None:
    # given caps that would bear it, and two campaigns that fit
    generous = with_limits(settings, per_7_days=7, per_30_days=30)
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00"))
    run(generous, now)
    assert chosen() == {ANA: "loyalty_reward"}

    # when the run of the day is done again
    assert run(generous, now + timedelta(minutes=5)) == {"capped": 1}
    assert chosen() == {ANA: "loyalty_reward"}

    # then the other one has its turn tomorrow
    assert run(generous, now + DAY) == {"chosen": 1}
    assert Message.select().count() == 2


def test_a_run_that_died_is_made_up_without_writing_to_anybody_twice(
    settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.decide.plan.PEOPLE_A_BATCH", 3)
    orders = [order(n, now - LONG_AGO, f"202-555-01{n}") for n in range(10, 20)]
    file_orders(settings, now, *orders)
    work_out_histories(settings)
    with pytest.raises(Killed):
        decide(settings, now=now, beat=dying_after(2))
    assert Message.select().count() == 6

    assert run(settings, now + timedelta(minutes=1)) == {"capped": 6, "chosen": 4}
    assert Message.select().count() == len(chosen()) == 10


@pytest.mark.parametrize(("days", "why"), [(6, "capped"), (7, "chosen")])
def test_one_message_in_seven_days(settings: Settings, now: datetime, days: int, why: str) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    run(settings, now)
    # the later run is some seconds earlier in the day
    assert run(settings, now + days * DAY - timedelta(seconds=3)) == {why: 1}


def test_four_messages_in_thirty_days(settings: Settings, now: datetime) -> None:
    patient = with_audience(settings, attempts_per_spell=20)
    file_orders(settings, now, order(10, now - LONG_AGO))
    weekly = [now + 7 * n * DAY for n in range(6)]
    outcomes = [next(iter(run(patient, moment))) for moment in weekly]
    assert outcomes == ["chosen", "chosen", "chosen", "chosen", "capped", "chosen"]


def test_a_reservation_that_ended_unsent_gives_its_place_back(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    run(settings, now)
    for state in ("cancelled", "expired"):
        Message.update(state=state).execute()
        assert run(settings, now + DAY) == {"chosen": 1}, state
        Message.delete().where(Message.period == (now + DAY).date().isoformat()).execute()
    for state in ("queued", "claimed", "unsure", "abandoned", "delivered"):
        Message.update(state=state).execute()
        assert run(settings, now + DAY) == {"capped": 1}, state


@pytest.mark.parametrize("state", ["refused", "failed"])
def test_who_could_not_be_reached_is_not_tried_every_day(
    settings: Settings, now: datetime, state: str
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    outcomes = []
    for day in range(0, 35, 6):
        outcomes.append(next(iter(run(settings, now + day * DAY))))
        Message.update(state=state).execute()
    # a week's rest each time, and three attempts until the next order
    assert outcomes == ["chosen", "failed", "chosen", "failed", "chosen", "attempts"]


def test_the_day_of_a_message_is_the_shops(settings: Settings, now: datetime) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=NEW_YORK).astimezone(UTC)  # 3 March in UTC
    file_orders(settings, late, order(10, late - LONG_AGO))
    run(settings, late)
    message = Message.get()
    assert (message.period, message.cap_day) == ("2026-03-02", "2026-03-02")


def test_after_three_attempts_a_person_is_left_alone_until_the_next_order(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    outcomes = [next(iter(run(settings, now + 7 * n * DAY))) for n in range(5)]
    assert outcomes == ["chosen", "chosen", "chosen", "attempts", "attempts"]

    # when she buys again, a new spell begins
    bought = now + 40 * DAY
    file_orders(settings, bought, order(11, bought))
    assert run(settings, bought + QUIET) == {"chosen": 1}


def test_the_backlog_drips_and_the_newly_quiet_all_go(settings: Settings, now: datetime) -> None:
    drip = with_audience(settings, backlog_per_day=2)
    old = [order(n, now - LONG_AGO - n * DAY, f"202-555-01{n}") for n in range(10, 15)]
    new = [order(n, now - QUIET - timedelta(hours=1), f"202-555-01{n}") for n in range(20, 25)]
    file_orders(settings, now, *old, *new)

    assert run(drip, now) == {"chosen": 7, "backlog": 3}
    assert Message.select().where(Message.from_backlog).count() == 2
    assert {f"+12025550{n + 100}" for n in range(20, 25)} <= set(chosen())

    # a second run on the day adds none of the backlog
    assert run(drip, now + timedelta(hours=2)) == {"capped": 7, "backlog": 3}

    # the next day has a share of its own
    assert run(drip, now + DAY) == {"capped": 7, "chosen": 2, "backlog": 1}


def test_those_who_were_written_to_today_take_nobodys_place_in_the_backlog(
    settings: Settings, now: datetime
) -> None:
    # given one of two places taken in the morning, by somebody for whom another campaign fits too
    drip = with_limits(with_audience(settings, backlog_per_day=2), per_7_days=7, per_30_days=30)
    file_orders(settings, now, order(10, now - 100 * DAY, "202-555-0101", total="900.00"))
    assert run(drip, now) == {"chosen": 1}

    # when more of the shop's past comes in, then the other place is free
    file_orders(settings, now, order(9, now - 300 * DAY, "202-555-0102"))
    assert run(drip, now + timedelta(hours=1)) == {"capped": 1, "chosen": 1}


def test_the_most_recently_quiet_of_the_backlog_go_first(settings: Settings, now: datetime) -> None:
    drip = with_audience(settings, backlog_per_day=1)
    file_orders(
        settings, now,
        order(10, now - 300 * DAY, "202-555-0101"),
        order(11, now - 100 * DAY, "202-555-0102"),
    )  # fmt: skip
    run(drip, now)
    assert chosen() == {BRUNO: "we_miss_you"}


def test_somebody_who_became_quiet_after_yesterdays_run_is_no_backlog_in_a_late_one(
    settings: Settings, now: datetime
) -> None:
    # quiet since yesterday noon; today's run at nine was missed, and is made up in the evening
    none_of_them = with_audience(settings, backlog_per_day=0)
    file_orders(settings, now, order(10, now - QUIET - timedelta(hours=21)))
    assert run(none_of_them, now + timedelta(hours=8)) == {"chosen": 1}


def test_two_runs_at_once_write_to_everybody_once(settings: Settings, now: datetime) -> None:
    # given caps that would bear two, and two runs that see different campaigns: no key would help
    generous = with_limits(settings, per_7_days=7, per_30_days=30)
    people = [order(n, now - LONG_AGO, f"202-555-01{n}", total="900.00") for n in range(10, 60)]
    file_orders(settings, now, *people)
    work_out_histories(settings)
    others = with_campaign(generous, "loyalty_reward", enabled=False)
    both, results = threading.Barrier(2), list[dict[str, int]]()

    def work(own: Settings) -> None:
        try:
            # `beat` is called once, between the reading of all and the writing
            results.append(decide(own, now=now, beat=lambda: both.wait(5) and None))
        finally:
            close_database()

    threads = [threading.Thread(target=work, args=(one,)) for one in (generous, others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 2
    assert Message.select().count() == 50
    assert len(chosen()) == 50
    assert sum(one.get("chosen", 0) for one in results) == 50
    assert sum(one.get("capped", 0) for one in results) == 50


def test_a_message_written_between_the_look_and_the_reservation_counts(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    work_out_histories(settings)

    def write_another() -> None:
        # decided yesterday, held over night, and claimed just now
        add_message(contact_at(ANA).id, now - DAY, campaign="other", cap_day="2026-03-02")

    assert decide(settings, now=now, beat=write_another) == {"capped": 1}
    assert Message.select().count() == 1


def test_a_stop_between_the_look_and_the_reservation_counts(
    settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    work_out_histories(settings)

    def stop() -> None:
        no = Heard(phone=ANA, says="no", source="whatsapp", said_at=now, words="STOP")
        record([no], now=now)

    # `beat` is called between the reading of a batch and its writing
    decide(settings, now=now, beat=stop)
    assert Message.select().count() == 0


def test_a_plan_writes_nothing(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO))
    [[planned]] = make_plan(settings, now=now, beat=nothing).batches()
    assert (planned.decision.why, planned.decision.campaign) == (Why.CHOSEN, "we_miss_you")
    assert planned.from_backlog
    assert Message.select().count() == 0


# what is written


def test_a_message_holds_all_that_it_says(settings: Settings, now: datetime) -> None:
    file_orders(
        settings, now,
        order(9, now - LONG_AGO, first_name="ANA", total="10.00"),
        order(10, now - 90 * DAY, first_name="ANA", total="30.00"),
    )  # fmt: skip
    OrderLine.insert_many(
        [
            {"woo_id": 1, "order_id": 10, "product_id": 8, "name": "Coat", "total": 2500},
            {"woo_id": 2, "order_id": 10, "product_id": 7, "name": "Socks", "total": 500},
            {"woo_id": 3, "order_id": 9, "product_id": 9, "name": "Hat", "total": 9900},
        ]
    ).execute()
    body = ("{first_name|you}", "{last_product|it}")
    run(with_campaign(settings, "we_miss_you", body=body), now)

    message = Message.get()
    assert message.variables == {
        "first_name": "Ana",
        "last_name": "Example",
        "full_name": "Ana Example",
        "last_product": "Coat",
        "shop_name": "Example Shop",
        "shop_url": "https://shop.example",
        "country": "United States",
        "orders_count": "2",
    }
    assert message.state == "queued"
    assert message.spell_began == now - 90 * DAY
    assert message.expires_at == now + timedelta(hours=72)
    assert len(message.uid) >= 20


def test_a_coupon_waits_with_its_message(settings: Settings, now: datetime) -> None:
    file_orders(settings, now, order(10, now - LONG_AGO, total="900.00", email="Ana@Example.com"))
    run(settings, now)

    coupon, message = Coupon.get(), Message.get()
    assert coupon.message_uid == message.uid
    assert (coupon.email, coupon.percent) == ("ana@example.com", 15)
    assert coupon.woo_id is None
    assert coupon.code.startswith("WB")
    assert len(coupon.code) == 11
    # also if the message leaves in the last moment, it has its seven days, and all of the last one
    ends = datetime(2026, 3, 13, tzinfo=NEW_YORK) - timedelta(seconds=1)
    assert coupon.expires_at == ends
    assert timedelta(0) <= ends - (message.expires_at + timedelta(days=7)) < DAY
    assert message.variables["coupon_code"] == coupon.code
    assert message.variables["discount_percent"] == "15%"
    assert message.variables["coupon_expires"] == "March 12, 2026"
    assert Message.due(now, 10) == []


def test_codes_are_never_the_same(settings: Settings, now: datetime) -> None:
    people = [order(n, now - LONG_AGO, f"202-555-01{n}", total="900.00") for n in range(10, 60)]
    file_orders(settings, now, *people)
    run(settings, now)
    assert len({one.code for one in Coupon.select()}) == 50


def test_somebody_for_whom_it_is_night_hears_in_the_morning(
    settings: Settings, now: datetime
) -> None:
    # 09:00 in New York is 06:00 in Los Angeles and 03:00 or 04:00 in Honolulu
    file_orders(settings, now, order(10, now - LONG_AGO, "808-555-0101"))
    run(settings, now)
    honolulu = Message.get().not_before.astimezone(ZoneInfo("Pacific/Honolulu"))
    assert (honolulu.hour, honolulu.minute) == (8, 0)
    assert honolulu.date() == date(2026, 3, 2)


def test_the_day_needs_the_facts_of_the_shop(settings: Settings, now: datetime) -> None:
    day = Day.at(now)
    assert (day.zone.key, day.currency, day.date) == ("America/New_York", "USD", date(2026, 3, 2))
    assert day.facts == ShopFact.all()


# whose order is it


def test_a_role_is_left_out_also_for_an_account_without_a_phone(
    settings: Settings, now: datetime
) -> None:
    without = with_audience(settings, exclude_roles=("wholesale",))
    account = {
        "id": 5, "email": "w@example.com", "role": "wholesale", "billing": {}, "meta_data": [],
        "date_created_gmt": gmt(now - LONG_AGO), "date_modified_gmt": gmt(now - LONG_AGO),
    }  # fmt: skip
    file_customers(without, now, account)
    file_orders(without, now, order(10, now - LONG_AGO, customer_id=5))
    assert run(without, now) == {"excluded": 1}


def test_an_email_is_left_out_also_if_a_later_order_has_another(
    settings: Settings, now: datetime
) -> None:
    without = with_audience(settings, exclude_emails=("Boss@example.com",))
    first = order(10, now - LONG_AGO - DAY, email="boss@example.com")
    file_orders(without, now, first, order(11, now - LONG_AGO, email="other@example.com"))
    assert run(without, now) == {"excluded": 1}


def test_a_till_that_books_on_one_account_is_no_person(settings: Settings, now: datetime) -> None:
    # five strangers who each spent a little; together they would be worth a coupon
    booked = [
        order(n, now - LONG_AGO, f"+1202555010{n}", customer_id=7, total="150.00")
        for n in range(1, 6)
    ]
    file_orders(settings, now, *booked)
    assert run(settings, now) == {"chosen": 5}
    assert {message.campaign for message in Message.select()} == {"we_miss_you"}
