"""What time alone decides: expiry and abandoning."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import DAY, add_contact, add_message

from agent.config import Settings
from agent.jobs.settle import settle
from models import (
    Message,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    return add_contact("+12025550101", now)


def test_a_message_that_waited_too_long_expires_and_gives_its_place_back(
    ana: int, settings: Settings, now: datetime
) -> None:
    message = add_message(ana, now - 3 * DAY, expires_at=now)
    assert Message.cap_days([ana], now.date() - 30 * DAY)
    assert settle(settings, now=now - timedelta(seconds=1)) == {}
    assert settle(settings, now=now) == {"expired": 1}

    one = Message.get_by_id(message.id)
    assert (one.state, one.ended_at) == ("expired", now)
    assert Message.cap_days([ana], now.date() - 30 * DAY) == {}
    assert settle(settings, now=now) == {}


@pytest.mark.parametrize("state", ["claimed", "accepted", "sent", "unsure", "delivered"])
def test_only_what_is_still_queued_expires(
    ana: int, settings: Settings, now: datetime, state: str
) -> None:
    add_message(ana, now - 9 * DAY, state=state, claimed_at=now, expires_at=now - DAY)
    assert "expired" not in settle(settings, now=now)
    assert Message.get().state == state


def test_an_unsure_message_is_abandoned_after_its_time_and_still_counts(
    ana: int, settings: Settings, now: datetime
) -> None:
    message = add_message(ana, now, state="unsure", claimed_at=now)
    just_before = now + HOUR - timedelta(seconds=1)
    assert settle(settings, now=just_before) == {}
    assert settle(settings, now=now + HOUR) == {"abandoned": 1}

    one = Message.get_by_id(message.id)
    assert (one.state, one.ended_at) == ("abandoned", now + HOUR)
    assert Message.cap_days([ana], now.date())[ana] == [(message.id, now.date().isoformat())]


def test_a_claim_that_is_under_way_is_not_abandoned(
    ana: int, settings: Settings, now: datetime
) -> None:
    add_message(ana, now, state="claimed", claimed_at=now - DAY)
    assert settle(settings, now=now) == {}
