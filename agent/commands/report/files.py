"""The report for other programs: JSON, and CSV with one row for each day, campaign, template and language."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from typing import Any

from agent.jobs.report import Failure, Line, Report
from agent.rules.comparison import Arm, Comparison, visible_beforehand
from agent.rules.figures import COUNTS, Figures, average_order, is_news, return_on_cost
from agent.rules.intervals import Difference
from agent.rules.money import amount

HEADERS = (
    "day", "about", "campaign", "template", "language", *COUNTS, "orders", "revenue", "currency",
    "other_revenue", "cost", "cost_currency",
)  # fmt: skip
"""The columns of the CSV. New ones are added at the end."""

FUNNEL = ("chosen", "sent", "delivered", "opened", "clicked", "converted")
"""The steps from the choice to the order, of all campaigns together."""

_DIGITS = 6  # of a rate


def as_csv(report: Report) -> str:
    """Money as plain decimals: `revenue` in the shop's currency, others as "12.50 USD" and so on."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADERS)
    for cell, one in sorted(report.cells.items()):
        others = Counter({c: minor for c, minor in one.revenue.items() if c != report.currency})
        rows.writerow(
            (
                cell.day,
                "order news" if is_news(cell.campaign) else "campaign",
                cell.campaign,
                cell.template,
                cell.language,
                *(getattr(one, name) for name in COUNTS),
                one.orders.total(),
                _plain(amount(one.revenue[report.currency], report.currency)),
                report.currency,
                "; ".join(f"{_plain(amount(m, c))} {c}" for c, m in sorted(others.items())),
                _plain(one.cost),
                report.cost_currency,
            )
        )
    return text.getvalue()


def as_json(report: Report) -> str:
    """Amounts of money are texts of plain decimals, rates are numbers from 0 to 1, dates ISO 8601."""
    whole: dict[str, Any] = {
        "shop": report.shop,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "view": report.view.value,
        "currency": report.currency,
        "cost_currency": report.cost_currency,
        "total": _figures(report.total, report),
        "funnel": [{"step": step, "messages": getattr(report.total, step)} for step in FUNNEL],
        "campaigns": [
            _line(line, report)
            | {
                "holdout": _comparison(report.compared[line.campaign], report.currency)
                if line.campaign in report.compared
                else None
            }
            for line in report.lines
        ],
        "order_news": [_line(line, report) for line in report.news],
        "days": [{"day": day} | _figures(one, report) for day, one in report.days.items()],
        "holdout_of_everything": None
        if report.everything is None
        else _comparison(report.everything, report.currency),
        "smallest_visible_difference_beforehand": None
        if report.everything is None
        else visible_beforehand(report.everything, report.share),
        "left_alone": {why.name.lower(): count for why, count in report.reasons.items()},
        "unreachable": dict(report.unreachable),
        "people": report.people,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _line(line: Line, report: Report) -> dict[str, Any]:
    return {
        "campaign": line.campaign,
        **_figures(line.figures, report),
        "templates": [
            {"template": part.template, "language": part.language} | _figures(part.figures, report)
            for part in line.parts
        ],
        "failures": [_failure(one) for one in report.failures if one.campaign == line.campaign],
    }


def _failure(one: Failure) -> dict[str, Any]:
    return {"code": one.code, "meaning": one.meaning, "messages": one.messages}


def _figures(one: Figures, report: Report) -> dict[str, Any]:
    average = average_order(one, report.currency)
    back = return_on_cost(one, report.currency, report.cost_currency)
    return {
        **{name: getattr(one, name) for name in COUNTS},
        "orders": one.orders.total(),
        "revenue": {c: _plain(amount(minor, c)) for c, minor in sorted(one.revenue.items())},
        "average_order": None if average is None else _plain(amount(average, report.currency)),
        "cost": _plain(one.cost),
        "return_on_cost": None if back is None else _plain(back),
        "rates": {
            name: None
            if rate is None
            else {key: round(value, _DIGITS) for key, value in rate._asdict().items()}
            for name, rate in one.rates.items()
        },
    }


def _comparison(one: Comparison, currency: str) -> dict[str, Any]:
    revenue = one.extra_revenue
    return {
        "treated": _arm(one.treated, currency),
        "control": _arm(one.control, currency),
        "share": one.share,
        "complete": one.complete,
        "difference": _difference(one.difference),
        "incremental_buyers": _difference(one.extra_buyers),
        "incremental_revenue": None
        if revenue is None
        else {
            key: _plain(amount(round(getattr(revenue, key)), currency))
            for key in ("value", "low", "high")
        },
        "verdict": one.verdict.value,
        "more_people_needed": one.more_needed,
        "smallest_visible_difference": None if one.visible is None else round(one.visible, _DIGITS),
        "chance_of_these_sizes": one.chance,
    }


def _arm(arm: Arm, currency: str) -> dict[str, Any]:
    return {
        "people": arm.people,
        "buyers": arm.buyers,
        "revenue": _plain(amount(arm.revenue.total, currency)),
    }


def _difference(one: Difference) -> dict[str, float]:
    return {key: round(getattr(one, key), _DIGITS) for key in ("value", "low", "high")}


def _plain(number: Decimal) -> str:
    """Never 1E+3."""
    return f"{number:f}"
