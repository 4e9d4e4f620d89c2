"""What a person did at the keyboard stands on the ledger of runs, beside what the jobs did."""

from collections.abc import Mapping
from datetime import datetime

from models import JobRun

BY_HAND = "by hand: "


def write_down(what: str, counts: Mapping[str, int], *, begun: datetime, now: datetime) -> None:
    """`what` is the command without its arguments: those may name people."""
    told = {word: count for word, count in counts.items() if count}
    JobRun.write(f"{BY_HAND}{what}", started_at=begun, ended_at=now, outcome="ok", result=told)
