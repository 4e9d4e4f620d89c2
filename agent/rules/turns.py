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
    """The names that are due, those first that have been so for longest.

    By that rule all are equally late where cycles are rare or the shop is slow, and none starves. As
    many are picked as `cycle`, the time since the last pick, has to give so that all come round. What
    was never asked comes first; a time that lies in the future (the clock was set back) counts as
    never.
    """
    never = timedelta.max
    late = {
        name: now - last[name] - interval if name in last and last[name] <= now else never
        for name, interval in every.items()
    }
    due = [name for name in late if late[name] >= timedelta(0)]
    return sorted(due, key=lambda name: late[name], reverse=True)[: slots(every, cycle)]


def slots(every: Mapping[str, timedelta], cycle: timedelta) -> int:
    """How many turns a cycle must give so that all can come as often as they should."""
    return max(1, ceil(sum(cycle / interval for interval in every.values())))
