"""Why one person hears from the shop, or does not: told with the values that the rules look at."""

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
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.errors import BadInput
from agent.explain import Explanation, explain
from agent.jobs.decide import decide
from agent.rules.reasons import Why
from models import Contact, Cursor, Message, Pause, ShopFact
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


def test_nobody_is_a_mistake_with_a_remedy(settings: Settings, now: datetime) -> None:
    with pytest.raises(BadInput) as raised:
        explain(settings, 4711, now)
    assert raised.value.fix
