"""Whose turn is it? Some questions to the shop are asked every cycle, the others by turns.

So a cycle costs little however many kinds of question there are, and each still comes round in its
time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil


def pick_turns(
    every: Mapping[str, timedelta],
    last: Mapping[str, datetime],
    *,
    now: datetime,
    cycle: timedelta,
) -> list[str]:
    """The names that have waited longest, measured by how often they should come.

    One a cycle is enough for most shops. Where the intervals ask for more than one (a shop so large
    that its sweep reads several pages a cycle), there are more. What was never asked comes first; a
    time that lies in the future (the clock was set back) counts as never.
    """
    waited = {
        name: (now - last[name]) / interval if name in last and last[name] <= now else float("inf")
        for name, interval in every.items()
    }
    due = sorted((name for name, share in waited.items() if share >= 1), key=lambda n: -waited[n])
    return due[: slots(every, cycle)]


def slots(every: Mapping[str, timedelta], cycle: timedelta) -> int:
    """How many turns a cycle must give so that all can come as often as they should."""
    return max(1, ceil(sum(cycle / interval for interval in every.values())))
