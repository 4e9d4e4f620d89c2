"""The room in the queue, gathered: what waits, and how many people were written to of late."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from peewee import fn

from agent.config import Settings
from agent.rules.room import ROLLING, Account, Hours, Room, people_a_day
from models import Message, ShopFact

LIMIT = "whatsapp_limit"  # the fact that holds Meta's word for the account's limit
NEVER_LEFT = ("queued", "cancelled", "expired", "refused")


def gather_room(settings: Settings, now: datetime, zone: ZoneInfo) -> Room:
    """How much a run may queue at `now`."""
    limits = settings.limits
    return Room(
        now,
        per_second=settings.whatsapp.messages_per_second,
        waiting=Message.select().where(Message.state == "queued").count(),
        hours=Hours(zone=zone, quiet_from=limits.quiet_from, quiet_until=limits.quiet_until),
        account=account(settings, now, zone),
    )


def account(settings: Settings, now: datetime, zone: ZoneInfo) -> Account:
    """How many people the account may write to in 24 hours, and how many it has."""
    limit = daily_limit(settings)
    if limit is None:
        return Account()
    since = now - ROLLING
    # The day a message counts on is the one it was claimed on, and has an index.
    days = (since.astimezone(zone) - timedelta(days=1)).date().isoformat()
    recent = (
        Message.select(fn.COUNT(Message.contact_id.distinct()))
        .where(
            Message.cap_day >= days,
            Message.claimed_at > since,
            Message.state.not_in(NEVER_LEFT),
        )
        .scalar()
    )
    return Account(people_a_day=limit, recent=recent)


def daily_limit(settings: Settings) -> int | None:
    """The lower of what Meta allows and what the config says; None where neither says anything."""
    told = people_a_day(ShopFact.all().get(LIMIT, ""))
    limits = [one for one in (told, settings.whatsapp.messages_per_day) if one is not None]
    return min(limits, default=None)
