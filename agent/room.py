"""The room in the queue, gathered: what waits, and how many people were written to of late."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from peewee import fn

from agent.config import Settings
from agent.rules.room import ROLLING, Account, Hours, Room, people_a_day
from models import Message, ShopFact
from models.base import tuples

LIMIT = "whatsapp_limit"  # the fact that holds Meta's word for the account's limit
NEVER_LEFT = ("queued", "cancelled", "expired", "refused")
LOOK = 30.0  # seconds after which we look again whose 24 hours are over


def gather_room(settings: Settings, now: datetime, zone: ZoneInfo) -> Room:
    """How much a run may queue at `now`."""
    limits = settings.limits
    return Room(
        now,
        per_second=settings.whatsapp.messages_per_second,
        waiting=_waiting(),
        hours=Hours(zone=zone, quiet_from=limits.quiet_from, quiet_until=limits.quiet_until),
        account=account(settings, now, zone),
    )


def _waiting() -> dict[int, int]:
    """priority -> how many messages of it are queued."""
    query = Message.select(Message.priority, fn.COUNT(Message.id)).where(Message.state == "queued")
    return dict(tuples(query.group_by(Message.priority)))


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


class Places:
    """How many more people the account may write to, while messages leave.

    What Meta refuses above its limit is lost, so what is too much waits in the queue.
    """

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now, self._monotonic = now, monotonic
        self._left: int | None = None
        self._looked_at: float | None = None

    def within(self, wanted: int, settings: Settings, zone: ZoneInfo) -> int:
        """As many of `wanted` messages as may leave now."""
        moment = self._monotonic()
        if self._looked_at is None or moment - self._looked_at >= LOOK:
            found = account(settings, self._now(), zone)
            limit = found.people_a_day
            self._left = None if limit is None else max(limit - found.recent, 0)
            self._looked_at = moment
        return wanted if self._left is None else min(wanted, self._left)

    def spend(self, count: int) -> None:
        """`count` messages have left. Each counts, also to somebody who was written to before."""
        if self._left is not None:
            self._left -= count
