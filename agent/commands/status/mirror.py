"""How exact the mirror is, in the words of `winback status`."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil, floor

from agent.jobs.exactness import LINES, WINDOW, MirrorStatus

IN_DAYS = f"in {WINDOW.days} days"


def _of_lines(mirror: MirrorStatus) -> str:
    age = mirror.held[LINES].oldest_read
    return "" if age is None else f"; one of a single line of an order {span_in_words(age)}"


def exactness_lines(mirror: MirrorStatus) -> Iterator[tuple[str, str]]:
    """How exact the mirror is, how old a change may be that nobody saw, and what found the others."""
    if mirror.longest_unseen is None:
        return
    yield "exact", _compared(mirror)
    kind, age = mirror.longest_unseen
    yield (
        "unseen",
        f"a change that moved no date could be {span_in_words(age)} old at most, and not seen yet: that long "
        f"ago the last of the {kind} was read{_of_lines(mirror)}",
    )
    found = Counter[str]()
    for (_, means), rows in mirror.found.items():
        found[means] += rows
    waiting = sum(mirror.hints.values())
    if found or waiting:
        told = ", ".join(f"{rows:,} by {means}" for means, rows in found.most_common())
        yield "found", (told or "nothing") + f" {IN_DAYS}; {waiting:,} waiting to be read again"


def _compared(mirror: MirrorStatus) -> str:
    overall = mirror.overall
    if overall.ratio is None:
        return f"no rows were compared with the shop's {IN_DAYS}"
    low, high = overall.interval
    differing = ", ".join(
        f"{one.differing:,} {kind}"
        for kind, one in sorted(mirror.exactness.items())
        if one.differing
    )
    return (
        # rounded outwards: what is not all is never said to be
        f"{_percent(floor(overall.ratio * 1000))} % "
        f"({_percent(floor(low * 1000))} to {_percent(ceil(high * 1000))} %) "
        f"of {overall.compared:,} rows compared {IN_DAYS}"
        + (f"; {differing} differed, and were put right" if differing else "")
    )


def _percent(thousandths: int) -> str:
    return f"{thousandths / 10:g}"


def ago(moment: datetime, now: datetime) -> str:
    return f"{span_in_words(now - moment)} ago"


def span_in_words(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
