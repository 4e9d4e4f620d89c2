"""What every event of the status log means, read from the catalogue beside this file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).parent / "events.toml"
COUNTS_OF = {"alerts": "decide", "campaigns": "decide", "poll": "read", "hints": "read"}
"""Jobs that share the meaning of their counts."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the levels that it can have, what has happened, and its fields."""

    name: str
    levels: tuple[str, ...]
    means: str
    fields: tuple[str, ...]

    @property
    def wants_somebody(self) -> bool:
        """Can it be a warning or an error? Then its line has a `fix`."""
        return bool({"warning", "error"} & set(self.levels))


@cache
def catalogue() -> Mapping[str, Event]:
    """All events by name, in the order of the catalogue."""
    return {
        name: Event(name, tuple(one["level"].split()), one["means"], tuple(one["fields"].split()))
        for name, one in _read().items()
        if name != "counts"
    }


@cache
def counts() -> Mapping[str, Mapping[str, str]]:
    """Job -> what each of its counts means, as `job.done` has them."""
    told: dict[str, dict[str, str]] = _read()["counts"]
    return told


def counts_of(job: str) -> Mapping[str, str]:
    """The counts of one job; {} for one that counts nothing."""
    return counts().get(COUNTS_OF.get(job, job), {})


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
