"""A plan near its ends: what a new template, the account and the month's budget let through, as the run does."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    approve_templates,
    file_orders,
    nothing,
    open_shop,
    order_json,
    settings_from,
)

from agent.backups import on_a_copy
from agent.canary import allowances
from agent.config import Settings
from agent.explain import PlanShown, plan_ahead
from agent.jobs.decide import decide
from agent.room import Places
from agent.rules.shipped import approved
from models import Canary, Cursor, Message, Template
from models.base import transaction

NEW_YORK = ZoneInfo("America/New_York")
PEOPLE = 40


@pytest.fixture
def now() -> datetime:
    """09:00 of a Monday in New York, where the shop is: when campaigns run."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture
def settings(database: Path, tmp_path: Path, now: datetime) -> Settings:
    """Forty quiet people who agreed, and a template that was never sent."""
    on = "[campaigns.we_miss_you]\nenabled = true\n\n[holdout]\neverything = 0\nshare = 0"
    found = settings_from(tmp_path, on)
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(found, now)
    template = approved("https://shop.example")["we_miss_you", "en"]
    Template.replace_all(
        [
            {
                "name": "we_miss_you", "language": "en", "status": "APPROVED", "category": "MARKETING",
                "body": template, "read_at": now,
            }
        ]
    )  # fmt: skip
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    people = [
        order_json(
            number + 1, now - 200 * DAY - timedelta(hours=number), f"202-555-01{number:02}",
            consent="yes", currency="USD", total="80.00",
        )
        for number in range(PEOPLE)
    ]  # fmt: skip
    file_orders(found, now, *people)
    return found


def look(settings: Settings, now: datetime, at: datetime | None = None) -> PlanShown:
    with on_a_copy(settings.database.path):
        return plan_ahead(settings, now=now, at=at or now, samples=0)


def of(plan: PlanShown) -> tuple[int, int]:
    """People of we_miss_you, and how many of these messages may leave at first."""
    [found] = [one for one in plan.campaigns if one.name == "we_miss_you"]
    return found.told, found.at_first


def held(plan: PlanShown, words: str) -> bool:
    return any(words in one.what for one in plan.holds)


def without_trial(settings: Settings, **more: object) -> Settings:
    return replace(settings, whatsapp=replace(settings.whatsapp, canary=(), **more))  # type: ignore[arg-type]


def test_of_a_new_template_as_many_leave_first_as_a_trial_lets_through(
    settings: Settings, now: datetime
) -> None:
    plan = look(settings, now)
    assert of(plan) == (PEOPLE, 20)
    assert held(plan, "0 of a batch of 20 have left")
    assert not Canary.select().exists()  # of the real database
    # and so it is
    assert decide(settings, now=now, beat=nothing)["chosen"] == PEOPLE
    with transaction():
        assert allowances(settings, now) == {"we_miss_you": 20}
    # when these are queued, nobody planned later is among the first
    assert of(look(settings, now, now + 8 * DAY))[1] == 0


def test_a_template_that_was_tried_out_holds_nobody(settings: Settings, now: datetime) -> None:
    plan = look(without_trial(settings), now)
    assert of(plan) == (PEOPLE, PEOPLE)
    assert not plan.holds


@pytest.mark.parametrize("a_day", [16, 30, 60])
def test_no_more_leave_first_than_the_account_may_write_to(
    settings: Settings, now: datetime, a_day: int
) -> None:
    settings = without_trial(settings, messages_per_day=a_day)
    plan = look(settings, now)
    people, first = of(plan)
    assert decide(settings, now=now, beat=nothing)["chosen"] == people
    places = Places(lambda: now, lambda: 0.0)
    assert first == places.within(people, settings, NEW_YORK)
    assert held(plan, "more people until 24 hours have passed") == (first < people)


def test_the_budget_is_that_of_the_month_of_the_run(settings: Settings, now: datetime) -> None:
    budget = replace(settings.budget, messages_per_month=10)
    settings = without_trial(replace(settings, budget=budget))
    assert of(look(settings, now)) == (10, 10)
    # given all of it is spent
    assert decide(settings, now=now, beat=nothing)["chosen"] == 10
    Message.update(state="read", claimed_at=now).execute()
    plan = look(settings, now, now + DAY)
    assert of(plan)[0] == 0
    assert held(plan, "the budget is spent")
    # when the run is one of the next month, it holds nobody
    plan = look(settings, now, now + 31 * DAY)
    assert of(plan)[0] == 10
    assert not held(plan, "the budget is spent")


def test_who_left_within_24_hours_of_the_run_counts_and_no_other(
    settings: Settings, now: datetime
) -> None:
    settings = without_trial(settings, messages_per_day=10)
    assert decide(settings, now=now, beat=nothing)["chosen"] > 0
    # nine may hear of marketing in 24 hours, and have
    queued = [one.id for one in Message.select().where(Message.state == "queued")]
    Message.update(state="read", claimed_at=now).where(Message.id.in_(queued[:9])).execute()
    Message.delete().where(Message.id.in_(queued[9:])).execute()
    firsts = Counter({hours: of(look(settings, now, now + timedelta(hours=hours)))[1] for hours in (1, 25)})  # fmt: skip
    assert firsts[1] == 0
    assert firsts[25] > 0
