"""A simulation for other programs: all numbers as JSON, each message as a row of CSV."""

import csv
import json
import os
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.errors import BadInput
from agent.rehearse.outcome import Simulation, Sum
from agent.rules.money import amount
from agent.rules.phones import masked

COLUMNS = ("at", "phone", "name", "campaign", "language", "because", "text")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


def as_json(told: Simulation) -> str:
    """Money as text, in whole units; dates and instants in ISO 8601."""
    whole = {
        "shop": told.shop,
        "zone": told.zone,
        "from": told.began.isoformat(),
        "until": told.until.isoformat(),
        "currency": told.currency,
        "cost_currency": told.cost_currency,
        "people_who_agreed": told.people,
        "total": _sum(told, told.total),
        "campaigns": [
            {"campaign": line.campaign, "month": line.month or None, **_sum(told, line.sum)}
            for line in told.lines
        ],
        "people_by_messages": {str(count): people for count, people in told.often.items()},
        "days": {day.isoformat(): dict(sent) for day, sent in told.days.items()},
        "not_sent": dict(told.dropped),
        "daily_runs": told.runs,
        "reasons_in_all_daily_runs": {
            why.name.lower(): count for why, count in told.reasons.items()
        },
        "notes": list(told.notes),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _sum(told: Simulation, one: Sum) -> dict[str, object]:
    revenue = amount(one.revenue, told.currency)
    return asdict(one) | {"cost": str(one.cost), "revenue": str(revenue)}


def require_new(path: Path) -> None:
    """Raises BadInput where there is such a file already: it is not written over."""
    if path.exists():
        raise BadInput(f"{path} is there already", fix="name a new file")


def write_messages(told: Simulation, path: Path, *, full_phones: bool) -> None:
    """One row a message, in the order in which they would have left; only its owner may read the file.

    Raises BadInput where there is such a file already, or it cannot be written.
    """
    zone = ZoneInfo(told.zone)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for one in told.sent:
                rows.writerow(
                    (
                        one.at.astimezone(zone).isoformat(timespec="seconds"),
                        one.phone if full_phones else masked(one.phone),
                        _harmless(one.name) if full_phones else "",
                        one.campaign,
                        one.language,
                        _harmless(one.reason),
                        _harmless(one.text),
                    )
                )
    except FileExistsError:
        raise BadInput(f"{path} is there already", fix="name a new file") from None
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}", fix="name a file in a folder of yours"
        ) from None


def _harmless(text: str) -> str:
    """A spreadsheet takes it for a text."""
    return f"'{text}" if text.startswith(FORMULAS) else text
