"""The room in the queue, gathered: what waits, and how many people were written to of late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from peewee import Case, fn

from agent.config import Settings
from agent.rules.room import ROLLING, Account, Hours, Room, people_a_day
from models import Message, ShopFact
from models.base import tuples
from models.delivery import MARKETING

LIMIT = "whatsapp_limit"  # the fact that holds Meta's word for the account's limit
THROUGHPUT = "whatsapp_throughput"  # the fact that holds the number's messages a second
NEVER_LEFT = ("queued", "cancelled", "expired", "refused")
LOOK = 30.0  # seconds after which we look again whose 24 hours are over


def gather_room(settings: Settings, now: datetime, zone: ZoneInfo) -> Room:
    """How much a run may queue at `now`."""
    limits = settings.limits
    return Room(
        now,
        per_second=messages_a_second(settings, ShopFact.all()),
        waiting=_waiting(),
        hours=Hours(zone=zone, quiet_from=limits.quiet_from, quiet_until=limits.quiet_until),
        account=account(settings, now, zone),
    )


def messages_a_second(settings: Settings, facts: Mapping[str, str]) -> int:
    """What the config says, and no more than WhatsApp lets the number send."""
    wanted, told = settings.whatsapp.messages_per_second, facts.get(THROUGHPUT, "")
    return min(wanted, int(told)) if told.isdecimal() and int(told) > 0 else wanted


def _waiting() -> dict[int, int]:
    """priority -> how many messages of it are queued."""
    query = Message.select(Message.priority, fn.COUNT(Message.id)).where(Message.state == "queued")
    return dict(tuples(query.group_by(Message.priority)))


def account(settings: Settings, now: datetime, zone: ZoneInfo) -> Account:
    """How many people the account may write marketing to in 24 hours, and how many it has."""
    people = _People.look(settings, now, zone)
    if people.limit is None:
        return Account()
    return Account(people_a_day=people.limit - people.reserve, recent=people.marketing)


def daily_limit(settings: Settings) -> int | None:
    """The lower of what Meta allows and what the config says; None where neither says anything."""
    told = people_a_day(ShopFact.all().get(LIMIT, ""))
    limits = [one for one in (told, settings.whatsapp.messages_per_day) if one is not None]
    return min(limits, default=None)


@dataclass(frozen=True, slots=True)
class _People:
    """The limit of 24 hours, what of it is kept for order news, and who was written to in them."""

    limit: int | None
    reserve: int = 0
    marketing: int = 0
    all: int = 0

    @classmethod
    def look(cls, settings: Settings, now: datetime, zone: ZoneInfo) -> "_People":
        limit = daily_limit(settings)
        if limit is None:
            return cls(None)
        since = now - ROLLING
        # The day a message counts on is the one it was claimed on, and has an index.
        days = (since.astimezone(zone) - timedelta(days=1)).date().isoformat()
        is_marketing = Case(None, [(Message.kind == MARKETING, Message.contact_id)])
        [(marketing, everybody)] = tuples(
            Message.select(
                fn.COUNT(is_marketing.distinct()), fn.COUNT(Message.contact_id.distinct())
            ).where(
                Message.cap_day >= days,
                Message.claimed_at > since,
                Message.state.not_in(NEVER_LEFT),
            )
        )
        reserve = -(-limit * settings.whatsapp.news_reserve // 100)
        return cls(limit, reserve, marketing, everybody)


class Places:
    """How many more people the account may write to, while messages leave.

    What Meta refuses above its limit is lost, so what is too much waits in the queue. Marketing leaves
    the reserve to order news.
    """

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now, self._monotonic = now, monotonic
        self._left: dict[bool, int] | None = None  # for marketing, and for the rest; None: no limit
        self._looked_at: float | None = None

    def within(
        self, wanted: int, settings: Settings, zone: ZoneInfo, *, marketing: bool = True
    ) -> int:
        """As many of `wanted` messages as may leave now."""
        moment = self._monotonic()
        if self._looked_at is None or moment - self._looked_at >= LOOK:
            found = _People.look(settings, self._now(), zone)
            self._left = None
            if found.limit is not None:
                everybody = max(found.limit - found.all, 0)
                of_marketing = max(found.limit - found.reserve - found.marketing, 0)
                self._left = {True: min(everybody, of_marketing), False: everybody}
            self._looked_at = moment
        return wanted if self._left is None else min(wanted, max(self._left[marketing], 0))

    def spend(self, count: int, *, marketing: bool = True) -> None:
        """`count` messages have left. Each counts, also to somebody who was written to before."""
        if self._left is not None:
            self._left[False] -= count
            self._left[True] = min(self._left[True] - count * marketing, self._left[False])
