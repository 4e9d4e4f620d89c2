"""From which day on a person fits a campaign, where only time stands between them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent.rules.caps import MONTH, WEEK, fits
from agent.rules.conditions import Condition

_WINDOWS: Final = {"cap_7_days": WEEK, "cap_30_days": MONTH}


def from_when(
    conditions: Iterable[Condition],
    *,
    counted_days: Sequence[date],
    now: datetime,
    zone: ZoneInfo,
    runs_at: time,
) -> date | None:
    """The first date of the shop whose daily run at `runs_at` finds all of `conditions` met, if nothing
    happens until then. None where all are met now, or where one waits for more than time.

    `now` is aware; `counted_days` are those that count for the caps.
    """
    today = now.astimezone(zone).date()
    days: list[date] = []
    for one in conditions:
        if one.met:
            continue
        match one.name, one.value, one.threshold:
            case ("cap_7_days" | "cap_30_days") as name, _, int(most) if most > 0:
                days.append(_free_again(counted_days, today, _WINDOWS[name], most))
            case "cooldown" | "failure", date() as last, timedelta() as rest:
                days.append(last + rest)
            case "quiet", timedelta() as quiet, timedelta() as asked:
                days.append(_first_run_after(now + (asked - quiet), zone, runs_at))
            case _:
                return None
    return max(days, default=None)


def _free_again(days: Sequence[date], today: date, length: int, most: int) -> date:
    """The first day from today on at which one more may count."""
    day = today
    while not fits(days, day, length, most):
        day += timedelta(days=1)
    return day


def _first_run_after(moment: datetime, zone: ZoneInfo, runs_at: time) -> date:
    local = moment.astimezone(zone)
    return local.date() + timedelta(days=local.time() > runs_at)
