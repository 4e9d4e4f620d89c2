"""Two contacts of different groups are one person: the comparison of a campaign stays one of like with like."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_message,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.attribute import attribute
from agent.jobs.insight import keep_current
from agent.jobs.lots import draw_lots
from agent.jobs.report import report
from agent.joining import merge, split
from agent.person_key import person_key
from agent.rules.holdout import OF_CAMPAIGN, held_out, lot
from models import Contact
from models.refresh import refresh

ANA, BEN, CARA, DAN = (f"+1202555010{number}" for number in range(1, 5))
HELD = {"state": "withheld", "detail": OF_CAMPAIGN}
READ = {"state": "read"}


@pytest.fixture
def settings(write_settings: Callable[..., Settings]) -> Settings:
    return write_settings("[holdout]\neverything = 2\nshare = 10")


@pytest.fixture(autouse=True)
def _opened(database: Path, settings: Settings, now: datetime) -> None:
    """Ana and Cara were written to, Ben and Dan held out; all four bought afterwards."""
    open_shop(country="US", zone="America/New_York", currency="USD")
    keep_current(settings, beat=nothing)
    people = ((ANA, READ), (BEN, HELD), (CARA, READ), (DAN, HELD))
    orders = [
        order_json(number, now - 15 * DAY, phone, currency="USD", email=f"{number}@example.com")
        for number, (phone, _) in enumerate(people, start=1)
    ]
    file_orders(settings, now, *orders)
    for days, (phone, told) in enumerate(people):
        at = now - 20 * DAY + days * DAY / 24
        add_message(contact_at(phone).id, at, period=at.date().isoformat(), **told)


def groups(settings: Settings, now: datetime) -> Any:
    refresh(settings.audience.paid_statuses, "USD")
    attribute(settings, beat=nothing)
    one = report(settings, now=now, days=30).compared["we_miss_you"]
    return (one.treated.people, one.treated.buyers), (one.control.people, one.control.buyers)


@pytest.mark.parametrize(
    ("kept", "other", "come_to"),
    [
        (ANA, CARA, ((1, 1), (2, 2))),
        (BEN, DAN, ((2, 2), (1, 1))),
        (ANA, BEN, ((2, 2), (1, 1))),  # Ana's message came first: she was written to
        (BEN, ANA, ((2, 2), (1, 1))),
        (BEN, CARA, ((1, 1), (1, 1))),  # Ben was held out first: compared with nobody
        (CARA, BEN, ((1, 1), (1, 1))),
    ],
)
def test_who_was_in_both_groups_is_never_one_who_heard_nothing(
    settings: Settings, now: datetime, kept: str, other: str, come_to: Any
) -> None:
    assert groups(settings, now) == ((2, 2), (2, 2))
    merge(contact_at(kept), contact_at(other), now=now)
    assert groups(settings, now) == come_to


def test_who_is_held_out_hangs_on_the_number_that_is_kept_however_often_they_are_merged(
    settings: Settings, now: datetime
) -> None:
    draw_lots(beat=nothing)
    drawn = {one.phone: one.lot for one in Contact.select()}
    key = person_key()
    assert drawn == {phone: lot(key, phone) for phone in drawn}
    out_of = {phone: held_out(key, phone, "we_miss_you", 10) for phone in drawn}
    for _ in range(2):
        merge(contact_at(BEN), contact_at(CARA), now=now)
        assert contact_at(BEN).lot == drawn[BEN]
        once = groups(settings, now)
        assert once == ((1, 1), (1, 1))
        split(contact_at(BEN), "phone", CARA, None, now=now)
        draw_lots(beat=nothing)
        assert {one.phone: one.lot for one in Contact.select()} == drawn
        assert {one: held_out(key, one, "we_miss_you", 10) for one in drawn} == out_of
    merge(contact_at(BEN), contact_at(CARA), now=now)
    assert groups(settings, now) == once
