"""The day on which a plan is made, and the shop that it is made for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models import ShopFact


@dataclass(frozen=True, slots=True)
class Day:
    """What the whole plan needs to know of today and of the shop."""

    now: datetime
    zone: ZoneInfo
    currency: str
    facts: Mapping[str, str]

    @classmethod
    def at(cls, now: datetime) -> "Day":
        facts = ShopFact.all()
        return cls(now, ZoneInfo(facts["zone"]), facts["currency"], facts)

    @property
    def date(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, days_ago: int = 0) -> datetime:
        """When this date began, or an earlier one; in UTC."""
        day = self.date - timedelta(days=days_ago)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
