"""The outbox and the account's limit -> how much a run may queue."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import DAY, add_contact, add_message

from agent.config import Settings, load
from agent.room import LIMIT, account, daily_limit, gather_room
from agent.rules.room import Account
from agent.rules.states import State
from models import ShopFact

Write = Callable[..., Settings]
UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
ALWAYS = '[limits]\nquiet_from = "00:00"\nquiet_until = "00:00"'


@pytest.fixture(autouse=True)
def _open(database: Path) -> None:
    """A database."""


def told(tier: str) -> None:
    ShopFact.put({LIMIT: tier})


def sent(number: int, claimed: datetime, **more: object) -> None:
    person = add_contact(f"+1202555{number:04}", claimed)
    columns = {"state": "read", "claimed_at": claimed, "cap_day": claimed.date().isoformat()}
    add_message(person, claimed, **(columns | more))


def test_nothing_is_known_of_a_limit_at_first(settings: Settings, now: datetime) -> None:
    assert daily_limit(settings) is None
    assert account(settings, now, UTC) == Account()


@pytest.mark.parametrize(
    ("tier", "ours", "limit"),
    [
        ("TIER_2K", '""', 2000),
        ("TIER_2K", 500, 500),
        ("TIER_2K", 5000, 2000),  # Meta's holds in any case
        ("TIER_UNLIMITED", 500, 500),
        ("TIER_UNLIMITED", '""', None),
        ("", 500, 500),
    ],
)
def test_the_lower_of_two_limits_holds(
    write_settings: Write, tier: str, ours: object, limit: int | None
) -> None:
    told(tier)
    path = write_settings().path
    said = path.read_text().replace("[whatsapp]", f"[whatsapp]\nmessages_per_day = {ours}")
    path.write_text(said)
    assert daily_limit(load(path, environ={})) == limit


@pytest.mark.parametrize(
    ("ago", "recent"), [(HOUR, 1), (DAY - timedelta(seconds=1), 1), (DAY, 0), (3 * DAY, 0)]
)
def test_who_was_written_to_within_a_day_counts(
    settings: Settings, now: datetime, ago: timedelta, recent: int
) -> None:
    told("TIER_250")
    sent(1, now - ago)
    # a tenth is kept for order news
    assert account(settings, now, UTC) == Account(people_a_day=225, recent=recent)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_they_count_wherever_the_shop_is(settings: Settings, now: datetime, zone: str) -> None:
    """The day that a message counts on is the shop's, and may be another than the clock's in UTC."""
    told("TIER_250")
    for number, hours in enumerate((0.1, 1, 12, 23.9)):
        moment = now - hours * HOUR
        sent(number, moment, cap_day=moment.astimezone(ZoneInfo(zone)).date().isoformat())
    assert account(settings, now, ZoneInfo(zone)).recent == 4


@pytest.mark.parametrize("state", sorted(State))
def test_only_what_has_left_counts(settings: Settings, now: datetime, state: str) -> None:
    told("TIER_250")
    sent(1, now - HOUR, state=state)
    left = state not in {"queued", "cancelled", "expired", "refused"}
    assert account(settings, now, UTC).recent == left


def test_a_person_counts_once(settings: Settings, now: datetime) -> None:
    told("TIER_250")
    person = add_contact("+12025550001", now)
    for campaign in ("we_miss_you", "price_drop"):
        add_message(person, now, campaign=campaign, state="read", claimed_at=now - HOUR)
    assert account(settings, now, UTC).recent == 1


def test_what_waits_takes_its_place(write_settings: Write, now: datetime) -> None:
    settings = write_settings(ALWAYS)
    empty = gather_room(settings, now, UTC).left(HOUR, 0)
    assert empty == settings.whatsapp.messages_per_second * 3600 * 3 // 4
    sent(1, now, state="queued")
    sent(2, now, state="read")
    sent(3, now, state="queued", priority=3)
    run = gather_room(settings, now, UTC)
    assert (run.left(HOUR, 0), run.left(HOUR, 2), run.left(HOUR, 3)) == (
        empty - 1,
        empty - 1,
        empty - 2,
    )


def test_the_quiet_hours_are_those_of_the_settings(settings: Settings, now: datetime) -> None:
    night = now.replace(hour=23)
    assert gather_room(settings, night, UTC).left(HOUR, 0) == 0
    assert gather_room(settings, night, ZoneInfo("America/Sao_Paulo")).left(HOUR, 0) > 0


def test_the_limit_of_the_account_is_the_room(write_settings: Write, now: datetime) -> None:
    told("TIER_50")
    for number in range(3):
        sent(number, now - HOUR)
    run = gather_room(write_settings(ALWAYS), now, UTC)
    assert sum(run.take(HOUR, 0) for _ in range(60)) == 42  # five are kept for order news
