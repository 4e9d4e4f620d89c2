"""The first page: alarms, how everything is, and what the messages of the last days came to."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from agent.config import Settings
from agent.jobs.health import look_at_health
from agent.jobs.report import known_ahead
from agent.web.dashboard.names import CAMPAIGNS
from models import JobRun, Message
from models.delivery import MARKETING

FUNNEL: Final = ("chosen", "sent", "delivered", "opened", "clicked", "converted")
OLD: Final = timedelta(minutes=40)  # figures that should have been worked out twice since


def overview(settings: Settings, now: datetime) -> dict[str, Any]:
    """What the page shows."""
    kept = known_ahead()
    figures, counted_at = kept if kept is not None else (None, None)
    return {
        "health": look_at_health(now),
        "figures": figures,
        "counted_at": counted_at,
        "old": counted_at is not None and now - counted_at > OLD,
        "nobody": _why_nobody(settings, counted_at),
        "daily_at": f"{settings.timetable.campaigns_at:%H:%M}",
        "funnel": _funnel(settings, figures),
        "days": _days(figures) if figures else [],
        "lines": _in_order(figures["campaigns"]) if figures else [],
        "news": _in_order(figures["news"]) if figures else [],
        "reasons": _reasons(figures) if figures else [],
    }


def _why_nobody(settings: Settings, counted_at: datetime | None) -> str:
    """Why the figures may know of nobody who was chosen: they are older than the first run, all is off, or
    no run has come yet; "" where people were looked at, and none chosen."""
    since = Message.select(Message.id).where(
        Message.created_at > counted_at, Message.kind == MARKETING
    )
    if counted_at is not None and since.exists():
        return "not counted"
    if not any(one.enabled for one in settings.campaigns.values()):
        return "off"
    return "no run" if JobRun.newest("campaigns") is None else ""


def _funnel(settings: Settings, figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Where nobody counts the clicks, none is not what happened."""
    lines = figures["campaigns"] if figures else []
    counted = settings.links.count or any(line["figures"]["clicked"] for line in lines)
    return FUNNEL if counted else tuple(step for step in FUNNEL if step != "clicked")


def _days(figures: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """(date, sent, led to an order) of each day, those without anything too."""
    first, last = date.fromisoformat(figures["first"]), date.fromisoformat(figures["last"])
    days = [
        (first + timedelta(days=passed)).isoformat() for passed in range((last - first).days + 1)
    ]
    return [(day, *figures["days"].get(day, (0, 0))) for day in days]


def _in_order(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As the campaigns are named; those of other versions last."""
    known = list(CAMPAIGNS)
    return sorted(
        lines, key=lambda one: known.index(one["name"]) if one["name"] in known else len(known)
    )


def _reasons(figures: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Why people were left alone in the last run of the campaigns, the most frequent first."""
    return sorted(
        ((name, people) for name, people in figures["reasons"].items() if people),
        key=lambda one: -one[1],
    )
