"""Some are chosen and hear nothing, so that it can be told what would have happened anyway."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import DAY, approve_templates, file_orders, nothing, open_shop, order_json
from test_alerts import product as put_product
from test_alerts import queue

from agent.budget import gather_budget
from agent.config import Settings
from agent.jobs.decide import ALERTS, Day, decide
from agent.jobs.lots import draw_lots
from agent.jobs.report import Report, report
from agent.person_key import person_key
from agent.rules.holdout import OF_CAMPAIGN, OF_EVERYTHING, held_out, held_out_of_everything
from models import Contact, Coupon, Message, ShopFact

PEOPLE = 120
QUIET = timedelta(days=60)
KEY = "5a" * 32


@pytest.fixture
def now() -> datetime:
    """A morning in New York."""
    return datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _opened(database: Path, now: datetime) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")
    ShopFact.put({"person_key": KEY})  # else chance would draw others in each run of the tests


@pytest.fixture
def shares(write_settings: Callable[..., Settings]) -> Callable[..., Settings]:
    """Settings with these shares, and every campaign on."""

    def make(everything: int = 0, share: int = 0, **of_campaigns: int) -> Settings:
        settings = write_settings(f"[holdout]\neverything = {everything}\nshare = {share}")
        campaigns = {
            name: replace(one, enabled=True, holdout=of_campaigns.get(name, one.holdout))
            for name, one in settings.campaigns.items()
        }
        return replace(settings, campaigns=campaigns)

    return make


def people(
    settings: Settings, now: datetime, *, spent: str = "100.00", count: int = PEOPLE
) -> None:
    """Who agreed, and has become quiet since yesterday."""
    orders = [
        order_json(
            number, now - QUIET - timedelta(minutes=number), f"+1202555{number:04}",
            currency="USD", consent="yes", total=spent, email=f"e{number}@shop.example",
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    file_orders(settings, now, *orders)
    approve_templates(settings, now)


def run(settings: Settings, now: datetime, *campaigns: str) -> dict[str, int]:
    if campaigns:
        return decide(settings, now=now, beat=nothing, campaigns=campaigns)
    return decide(settings, now=now, beat=nothing)


def phones(which: object = True) -> set[str]:
    """Of whom a message is written down."""
    query = Message.select(Contact.phone).join(Contact, on=(Contact.id == Message.contact_id))
    return {phone for (phone,) in query.where(which).tuples()}


WITHHELD = Message.state == "withheld"


def test_those_whom_chance_draws_are_chosen_and_hear_nothing(
    shares: Callable[..., Settings], now: datetime
) -> None:
    settings = shares(share=30)
    people(settings, now)
    tally = run(settings, now)
    drawn = {phone for phone in phones() if held_out(bytes.fromhex(KEY), phone, "we_miss_you", 30)}
    assert phones(WITHHELD) == drawn
    assert phones(Message.state == "queued") == phones() - drawn
    assert tally == {"chosen": PEOPLE - len(drawn), "held_out": len(drawn)}
    assert 15 < len(drawn) < 60
    one = Message.get(WITHHELD)
    assert (one.detail, one.template, one.country) == (OF_CAMPAIGN, "we_miss_you", "US")
    assert one.reason.startswith("quiet for 60 days")


def test_nobody_is_held_out_where_the_shares_are_nothing(
    shares: Callable[..., Settings], now: datetime
) -> None:
    settings = shares()
    people(settings, now)
    assert run(settings, now) == {"chosen": PEOPLE}


def test_a_campaign_may_have_its_own_share(shares: Callable[..., Settings], now: datetime) -> None:
    settings = shares(share=50, we_miss_you=0)
    people(settings, now)
    assert run(settings, now) == {"chosen": PEOPLE}


def test_back_in_stock_has_none_by_default(
    write_settings: Callable[..., Settings],
) -> None:
    settings = write_settings("[holdout]\nshare = 50")
    shares = {name: one.holdout for name, one in settings.campaigns.items()}
    assert shares.pop("back_in_stock") == 0
    assert set(shares.values()) == {None}


def test_who_is_held_out_of_one_campaign_does_not_fall_through_to_the_next(
    shares: Callable[..., Settings], now: datetime
) -> None:
    settings = shares(loyalty_reward=50)
    people(settings, now, spent="900.00")
    run(settings, now)
    assert {one.campaign for one in Message.select()} == {"loyalty_reward"}
    assert 30 < len(phones(WITHHELD)) < 90
    # and no coupon is made for them
    coupons = {one.message_uid for one in Coupon.select()}
    assert coupons == {one.uid for one in Message.select().where(~WITHHELD)}


def test_both_groups_are_chosen_at_the_same_times(
    shares: Callable[..., Settings], now: datetime
) -> None:
    """The caps, the cool-downs and the attempts hold for those who hear nothing as well."""
    settings = shares(share=30)
    people(settings, now)
    days: dict[str, list[str]] = {}
    for day in range(30):
        run(settings, now + day * DAY)
        Message.update(state="delivered", accepted_at=now + day * DAY).where(
            Message.state == "queued"
        ).execute()
    for phone, period in (
        Message.select(Contact.phone, Message.period)
        .join(Contact, on=(Contact.id == Message.contact_id))
        .order_by(Message.period)
        .tuples()
    ):
        days.setdefault(phone, []).append(period)
    assert len(days) == PEOPLE
    assert set(map(tuple, days.values())) == {("2026-03-02", "2026-03-09", "2026-03-16")}
    in_both = phones(WITHHELD) & phones(~WITHHELD)
    assert in_both == set()


def test_who_is_held_out_of_everything_hears_of_no_campaign(
    shares: Callable[..., Settings], now: datetime
) -> None:
    settings = shares(everything=30)
    people(settings, now, spent="900.00")
    run(settings, now)
    drawn = {phone for phone in phones() if held_out_of_everything(bytes.fromhex(KEY), phone, 30)}
    assert phones(WITHHELD) == drawn
    assert {one.detail for one in Message.select().where(WITHHELD)} == {OF_EVERYTHING}


def test_who_hears_nothing_takes_no_place_of_a_wave(
    shares: Callable[..., Settings], now: datetime
) -> None:
    settings = shares(everything=50)
    approve_templates(settings, now)
    put_product(now)
    waiting = queue(now, 40)
    run(settings, now, *ALERTS)
    told = Message.select().where(Message.state == "queued")
    assert [one.contact_id for one in told] == [
        contact
        for contact in waiting
        if not held_out_of_everything(bytes.fromhex(KEY), Contact.get_by_id(contact).phone, 50)
    ][:5]
    # nor is it counted later, as told of a unit
    assert phones(WITHHELD)
    Message.update(state="delivered", accepted_at=now).where(~WITHHELD).execute()
    before = told.count()
    run(settings, now + timedelta(hours=1), *ALERTS)
    assert Message.select().where(Message.state == "queued").count() - before == 5


def test_silence_costs_nothing(shares: Callable[..., Settings], now: datetime) -> None:
    settings = shares(share=50)
    people(settings, now)
    run(settings, now)
    spent = gather_budget(settings, now, Day.at(now).zone).spent
    assert spent.messages == len(phones(~WITHHELD)) < PEOPLE


def test_a_rehearsal_draws_the_same_people(shares: Callable[..., Settings], now: datetime) -> None:
    from agent.jobs.decide import make_plan

    settings = shares(share=30)
    people(settings, now)
    plan = make_plan(settings, now=now, beat=nothing)
    rehearsed = {one.known.phone for batch in plan.batches() for one in batch if one.withheld}
    assert Message.select().count() == 0
    run(settings, now)
    assert phones(WITHHELD) == rehearsed


def test_the_key_is_made_once(database: Path) -> None:
    ShopFact.delete().where(ShopFact.name == "person_key").execute()
    first = person_key()
    assert len(first) == 32
    assert person_key() == first
    assert Counter(fact.name for fact in ShopFact.select())["person_key"] == 1


# what is compared with what


def compared(settings: Settings, now: datetime) -> Report:
    return report(settings, now=now, days=30)


def test_an_edit_of_the_shares_changes_nothing_of_what_was_drawn_before(
    shares: Callable[..., Settings], now: datetime
) -> None:
    """Who edits the config, and looks at the report before any run has drawn by it."""
    settings = shares(everything=10, share=30)
    people(settings, now)
    run(settings, now)
    draw_lots(beat=nothing)
    before = compared(settings, now)
    assert before.everything is not None
    assert before.everything.control.people > 0
    for other in (shares(everything=50, share=50), shares()):
        after = compared(other, now)
        assert after.everything == before.everything
        assert after.compared == before.compared


def test_after_a_change_only_what_was_drawn_since_is_compared(
    shares: Callable[..., Settings], now: datetime
) -> None:
    people(shares(), now, count=PEOPLE)
    run(shares(everything=10, share=30), now)
    draw_lots(beat=nothing)
    # the same day nothing more can be drawn by another share; the next day it is
    larger = shares(everything=10, share=50)
    run(larger, now + timedelta(hours=1))
    tomorrow = compared(larger, now)
    assert tomorrow.compared == {}
    later = now + 7 * DAY
    Message.update(state="delivered", accepted_at=now).where(Message.state == "queued").execute()
    run(larger, later)
    [(name, one)] = compared(larger, later).compared.items()
    assert (name, one.since) == ("we_miss_you", date(2026, 3, 3))
    assert one.share == 0.5
    assert one.people == phones_on(later)
    # and what did not change is compared as before
    everything = compared(larger, later).everything
    assert everything is not None
    assert everything.since == date(2026, 3, 2)


def phones_on(moment: datetime) -> int:
    """How many people a campaign chose on that date, without those who hear no marketing at all."""
    day = moment.date().isoformat()
    return len(phones((Message.period == day) & (Message.detail != OF_EVERYTHING)))
