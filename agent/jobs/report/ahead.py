"""The figures of the dashboard's first page, worked out ahead: at a million messages they take seconds."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from agent.config import Settings
from agent.jobs.report.report import Line, Report, report
from agent.rules.comparison import Comparison
from agent.rules.figures import COUNTS, Figures
from agent.rules.intervals import Difference
from models import Figure
from models.base import transaction

OVERVIEW: Final = "overview"
FORM: Final = 1  # of what is kept; one of another form is not read
DAYS: Final = 30


def work_out_ahead(
    settings: Settings, *, now: datetime, beat: Callable[[], None]
) -> dict[str, int]:
    """Count, and keep it. Reads in short statements, each by an index; writes one row."""
    beat()
    told = report(settings, now=now, days=DAYS)
    beat()
    with transaction():
        Figure.put(OVERVIEW, _overview(told), now)
    return {"days": len(told.days)}


def known_ahead() -> tuple[Mapping[str, Any], datetime] | None:
    """What was kept, and as of when; None where nothing is, or a version with other figures kept it."""
    found = Figure.get_or_none(Figure.name == OVERVIEW)
    if found is None or found.value.get("form") != FORM:
        return None
    return found.value, found.worked_out_at


def _overview(told: Report) -> dict[str, Any]:
    """As JSON holds it. Money is in minor units of the shop's currency, shares are from 0 to 1."""
    return {
        "form": FORM,
        "first": told.first.isoformat(),
        "last": told.last.isoformat(),
        "currency": told.currency,
        "cost_currency": told.cost_currency,
        "window_days": told.window.days,
        "total": _figures(told.total, told.currency),
        "campaigns": [_line(line, told) for line in told.lines],
        "news": [_line(line, told) for line in told.news],
        "days": {day: _day(figures) for day, figures in told.days.items()},
        "failures": [
            {
                "campaign": one.campaign,
                "code": one.code,
                "why": one.meaning,
                "messages": one.messages,
            }
            for one in told.failures
        ],
        "everything": _comparison(told.everything),
        "reasons": {why.name: people for why, people in told.reasons.items()},
        "people": told.people,
    }


def _line(line: Line, told: Report) -> dict[str, Any]:
    return {
        "name": line.campaign,
        "figures": _figures(line.figures, told.currency),
        "compared": _comparison(told.compared.get(line.campaign)),
    }


def _figures(one: Figures, currency: str) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in COUNTS},
        "rates": {name: list(rate) if rate else None for name, rate in one.rates.items()},
        "cost": str(one.cost),
        "orders": one.orders[currency],
        "revenue": one.revenue[currency],
        "elsewhere": sum(one.orders.values()) - one.orders[currency],  # in other currencies
    }


def _day(one: Figures) -> list[int]:
    return [one.sent, one.converted]


def _comparison(one: Comparison | None) -> dict[str, Any] | None:
    if one is None:
        return None
    revenue = one.extra_revenue
    return {
        "verdict": one.verdict.name,
        "treated": one.treated.people,
        "treated_rate": one.treated.rate,
        "control": one.control.people,
        "control_rate": one.control.rate,
        "difference": _span(one.difference),
        "buyers": _span(one.extra_buyers),
        "revenue": _span(revenue) if revenue is not None else None,
        "more_needed": one.more_needed,
        "since": one.since.isoformat() if one.since else None,
    }


def _span(one: Difference) -> list[float]:
    return [one.value, one.low, one.high]
