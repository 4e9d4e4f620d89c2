"""What a run may queue: within the month's budget, and no more than can leave in time."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import DAY, approve_templates, file_orders, nothing, open_shop, order_json

from agent.config import Settings
from agent.errors import ConfigError
from agent.jobs.decide import Day, decide, make_plan
from agent.jobs.decide.reserve import reserve
from agent.room import LIMIT
from agent.rules.reasons import Why
from models import Contact, Epoch, Message, ShopFact

Write = Callable[..., Settings]
QUIET = timedelta(days=60, hours=1)
PRICES = """
prices = [
  {since = "2026-01-01", country = "US", price = "0.0250"},
  {since = "2026-01-01", country = "BR", price = "0.0625"},
]"""


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(country="US", zone="America/New_York", currency="USD")


@pytest.fixture
def now() -> datetime:
    """A morning in New York."""
    return datetime.fromisoformat("2026-03-02T14:00:00+00:00")


def people(settings: Settings, now: datetime, american: int, brazilian: int = 0) -> None:
    """Who agreed, bought once, and has just become quiet; the Brazilians since a little later."""
    phones = [f"+1202555{number:04}" for number in range(american)]
    phones += [f"+551191234{number:04}" for number in range(brazilian)]
    orders = [
        order_json(number, now - QUIET + number * timedelta(seconds=1), phone, currency="USD",
                   consent="yes")
        for number, phone in enumerate(phones, start=1)
    ]  # fmt: skip
    file_orders(settings, now, *orders)
    approve_templates(settings, now)


def run(settings: Settings, now: datetime) -> dict[str, int]:
    return decide(settings, now=now, beat=nothing)


def written() -> Counter[str]:
    """region -> messages."""
    regions = {one.id: one.region for one in Contact.select()}
    return Counter(regions[one.contact_id] for one in Message.select())


def test_when_the_messages_of_the_month_are_spent_marketing_stops(
    write_settings: Write, now: datetime
) -> None:
    settings = write_settings("[budget]\nmessages_per_month = 4")
    people(settings, now, 10)
    assert run(settings, now) == {"chosen": 4, "budget": 6}
    assert run(settings, now)["budget"] == 6  # also in a second run
    assert "chosen" not in run(settings, now + DAY)
    assert Message.select().count() == 4
    Message.update(state="read").execute()
    april = datetime.fromisoformat("2026-04-01T14:00:00+00:00")
    assert run(settings, april)["chosen"] == 4


def test_what_never_left_is_given_back(write_settings: Write, now: datetime) -> None:
    settings = write_settings("[budget]\nmessages_per_month = 4")
    people(settings, now, 10)
    run(settings, now)
    first = Message.select().first()
    Message.update(state="cancelled").where(Message.id == first.id).execute()
    assert run(settings, now + DAY)["chosen"] == 1


def test_money_is_spent_to_the_last_message_that_fits(write_settings: Write, now: datetime) -> None:
    settings = write_settings(f'[budget]\nmoney_per_month = "0.28"{PRICES}')
    people(settings, now, 5, brazilian=5)  # of whom the Brazilians come first
    assert run(settings, now)["budget"] == 5
    # four for 0.25; the fifth is too dear, and one in the US still fits
    assert written() == {"BR": 4, "US": 1}
    run(settings, now + DAY)
    assert written() == {"BR": 4, "US": 1}


def test_without_a_price_nobody_is_written_to(write_settings: Write, now: datetime) -> None:
    prices = PRICES.replace('"BR"', '"AR"')
    settings = write_settings(f"[budget]\nmoney_per_month = 1000{prices}")
    people(settings, now, 3, brazilian=1)
    with pytest.raises(ConfigError, match="not known for BR: no campaign runs"):
        run(settings, now)
    assert not Message.select().exists()


def test_a_run_queues_no_more_than_the_account_may_send(settings: Settings, now: datetime) -> None:
    people(settings, now, 60)
    ShopFact.put({LIMIT: "TIER_50"})
    hasty = settings.campaigns["we_miss_you"].expires_after
    assert hasty == timedelta(hours=72)  # time for fifty a day on three days
    assert run(settings, now) == {"chosen": 60}
    Message.delete().execute()
    ShopFact.put({LIMIT: "TIER_10"})  # of which one is kept for order news
    assert run(settings, now) == {"chosen": 27, "room": 33}


def test_a_run_queues_no_more_than_can_leave_before_it_expires(
    write_settings: Write, now: datetime
) -> None:
    """It would be quiet for as long as these are worth sending."""
    settings = write_settings(
        "[campaigns.we_miss_you]\nenabled = true\nexpires_after = '10m'\n\n"
        "[limits]\nquiet_from = '09:01'\nquiet_until = '09:00'"
    )
    people(settings, now, 20)
    tally = run(settings, now + timedelta(minutes=2))  # 09:02: quiet until tomorrow
    assert tally == {"room": 20}
    assert not Message.select().exists()


def test_what_waits_already_takes_the_room(write_settings: Write, now: datetime) -> None:
    settings = write_settings()
    people(settings, now, 20)
    ShopFact.put({LIMIT: "TIER_5"})  # of which one is kept for order news
    assert run(settings, now)["chosen"] == 12
    assert "chosen" not in run(settings, now + DAY)


def test_after_a_restore_nobody_is_planned_anything_until_the_week_is_over(
    settings: Settings, now: datetime
) -> None:
    people(settings, now, american=5)
    Epoch.put(restored_on="2026-03-02")
    for days in range(7):
        counts = run(settings, now + days * DAY)
        assert counts["capped"] == 5
        assert written() == {}
    run(settings, now + 7 * DAY)
    assert written() == {"US": 5}


def test_a_restore_between_the_plan_and_its_writing_is_heeded(
    settings: Settings, now: datetime
) -> None:
    people(settings, now, american=5)
    day = Day.at(now)
    [batch] = make_plan(settings, now=now, beat=nothing).batches()
    chosen = [one for one in batch if one.decision.why is Why.CHOSEN]
    assert len(chosen) == 5
    Epoch.put(restored_on="2026-03-02")
    assert reserve(settings, day, chosen) == set()
