"""What a queued message waits for: the first thing that is in its way, and each message once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.config import Settings
from agent.jobs.send import what_waits
from agent.jobs.send.waiting import COUPON, LATER, OVER, PLACES, QUIET, TURN
from agent.pauses import pause
from models import CampaignStanding, Canary, Contact, Coupon, Message, ShopFact, Template
from models.delivery import EVERYTHING

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("America/Sao_Paulo")
pytestmark = pytest.mark.usefixtures("database")


def queue(now: datetime, count: int = 1, **columns: Any) -> None:
    for number in range(Message.select().count(), Message.select().count() + count):
        Message.put(
            [
                {
                    "uid": f"u{number}", "contact_id": number, "campaign": "we_miss_you",
                    "period": "2026-03-02", "template": "we_miss_you", "language": "en",
                    "cap_day": "2026-03-02", "created_at": now, "not_before": now,
                    "expires_at": now + 3 * DAY, **columns,
                }
            ]
        )  # fmt: skip


def waits(settings: Settings, now: datetime) -> list[tuple[int, str]]:
    found = what_waits(settings, now, ZONE, lambda: 0.0)
    return [(one.messages, one.what_for) for one in found]


def test_each_waits_for_the_first_thing_in_its_way(settings: Settings, now: datetime) -> None:
    queue(now, 9)
    queue(now, 8, campaign="price_drop")
    CampaignStanding.put("price_drop", "the template is PAUSED", now)
    queue(now, 7, campaign="new_arrivals", language="es")
    Template.insert(
        name="we_miss_you", language="es", status="APPROVED", category="MARKETING", body={},
        read_at=now, refused="132015 paused",
    ).execute()  # fmt: skip
    queue(now, 6, expires_at=now)
    queue(now, 5, not_before=now + HOUR)
    queue(now, 4, campaign="loyalty_reward")
    for message in Message.select().where(Message.campaign == "loyalty_reward"):
        Coupon.insert(
            code=message.uid, message_uid=message.uid, email="", percent=10, expires_at=now + DAY
        ).execute()  # fmt: skip
    queue(now, 3, campaign="back_in_stock")
    Canary.put("back_in_stock", "x", batch=0, now=now, passed=False)
    Canary.update(filled_at=now).execute()
    queue(now, 2, state="cancelled")
    assert waits(settings, now) == [
        (9, TURN),
        (8, "for their template: price_drop cannot be sent: the template is PAUSED"),
        (7, "for their template in es: WhatsApp refused it: 132015 paused"),
        (6, OVER),
        (5, LATER),
        (4, COUPON),
        (3, "until the messages that tried out the template of back_in_stock were watched"),
    ]
    pause(EVERYTHING, "stocktaking", now=now)
    assert waits(settings, now) == [
        (42, "because this is paused by you: stocktaking -> winback resume")
    ]


def test_the_night_is_that_of_the_person(
    database: Path, write_settings: Callable[..., Settings], now: datetime
) -> None:
    """At 09:00 in the shop it is night in Tokyo (21:00), and not in New York (07:00)."""
    settings = write_settings('[limits]\nquiet_from = "20:00"\nquiet_until = "06:00"\n')
    for number, zones in enumerate(("Asia/Tokyo", "America/New_York")):
        Contact.insert(
            id=number, phone=f"+1202555010{number}", region="US", zones=zones, created_at=now
        ).execute()
    queue(now, 2, not_before=now + HOUR)
    found = {one.what_for: one for one in what_waits(settings, now, ZONE, lambda: 0.0)}
    assert {what: one.messages for what, one in found.items()} == {QUIET: 1, LATER: 1}
    assert found[QUIET].first_at == now + HOUR


def test_metas_limit_of_people_is_a_reason(settings: Settings, now: datetime) -> None:
    ShopFact.put({"whatsapp_limit": "TIER_250"})
    queue(now, 250, state="delivered", claimed_at=now - HOUR)
    queue(now)
    assert waits(settings, now) == [(1, PLACES)]
