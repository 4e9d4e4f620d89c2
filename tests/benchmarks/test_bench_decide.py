"""Planning for everybody, against one scan of the contacts: seconds, peak memory, growth."""

from __future__ import annotations

import multiprocessing
import resource
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from parties import Stopwatch, median, settings_in, show
from peewee import fn
from population import populated

from agent.jobs.decide import ALERTS, EVERYTHING, decide, make_plan
from agent.rules.reasons import Why
from models import Contact, Message
from models.base import close_database, database, open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from agent.config import Settings

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)  # 09:00 in the shop
SCANS = 5
RUNS = 3
MB = 1024

Figures = tuple[float, Counter[Why], float]  # seconds, people by reason, most memory in MB


@pytest.mark.bench
@pytest.mark.parametrize("contacts", [10_000, 100_000, 1_000_000])
def test_planning_for_everybody(tmp_path: Path, contacts: int) -> None:
    settings = settings_in(tmp_path)
    with populated(settings.database.path, contacts, NOW):
        close_database()  # the child has a file that nobody else holds
        figures = _in_a_process_of_its_own(tmp_path)
        open_database(settings.database.path)
    scans = figures.pop("scans")
    rows = [(f"contacts: {name}", f"{took:.4f} s") for name, took in scans.items()]
    for name, (took, tally, peak) in figures.items():
        told = f"{took:.3f} s, {tally[Why.CHOSEN]:,} chosen, {peak:.0f} MB at most"
        ratios = ", ".join(f"{took / scan:.1f}" for scan in scans.values())
        rows += [(name, told), ("  / each of these scans", ratios)]
    by_reason = (f"{why.name.lower()} {count:,}" for why, count in tally.most_common())
    rows.append(("people by reason, the day after", ", ".join(by_reason)))
    show(f"plan, {contacts:,} contacts, 3 orders, 6 lines, 5 views, 1 message each", rows)


def _in_a_process_of_its_own(folder: Path) -> dict[str, Any]:
    """Peak memory is that of a process: the one that filled the tables has had its own."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_measure, args=(folder, theirs))
    child.start()
    theirs.close()
    figures: dict[str, Any] = ours.recv()
    child.join()
    return figures


def _measure(folder: Path, back: Connection) -> None:
    settings = settings_in(folder)
    on = {name: replace(one, enabled=True) for name, one in settings.campaigns.items()}
    settings = replace(settings, campaigns=on)
    everybody = replace(settings, audience=replace(settings.audience, backlog_per_day=100_000))
    open_database(settings.database.path)
    scans = {
        "one column compared": median([_compared() for _ in range(SCANS)]).wall,
        "every column looked at": median([_scanned() for _ in range(SCANS)]).wall,
        "read into Python": median([_read() for _ in range(RUNS)]).wall,
    }
    figures: dict[str, Any] = {"scans": scans}
    _plan(settings, NOW, EVERYTHING)  # the first brings up to date what nobody asked for yet
    figures["first run, all that piled up"] = _median(settings, NOW, EVERYTHING)
    figures["first run, a backlog of 100,000"] = _median(everybody, NOW, EVERYTHING)
    decide(settings, now=NOW, beat=lambda: None)
    Message.update(state="read").where(Message.state == "queued").execute()
    next_day = NOW + timedelta(days=1)
    figures["alerts, an hour later"] = _median(settings, NOW + timedelta(hours=1), ALERTS)
    figures["daily, the day after"] = _median(settings, next_day, EVERYTHING)
    back.send(figures)
    close_database()


def _median(settings: Settings, now: datetime, campaigns: Sequence[str]) -> Figures:
    with _Peak() as peak:  # in a run of its own: to look at the memory takes time
        _plan(settings, now, campaigns)
    runs = [_plan(settings, now, campaigns) for _ in range(RUNS)]
    return median([took for took, _ in runs]).wall, runs[0][1], peak.most


def _plan(settings: Settings, now: datetime, campaigns: Sequence[str]) -> tuple[Any, Counter[Why]]:
    with Stopwatch() as watch:
        made = make_plan(settings, now=now, beat=lambda: None, campaigns=campaigns)
        for _ in made.batches():
            pass
    return watch.took, made.tally


class _Peak:
    """The most resident memory of this process, looked at every 5 ms by a thread."""

    def __enter__(self) -> _Peak:
        self.most, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        page = resource.getpagesize()
        statm = Path("/proc/self/statm")
        while not self._over.is_set():
            resident = int(statm.read_text(encoding="ascii").split()[1]) * page
            self.most = max(self.most, resident / MB / MB)
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def _compared() -> Any:
    """The fastest scan that SQLite can do: one short column of each row, nothing fetched."""
    with Stopwatch() as watch:
        Contact.select().where(Contact.last_name == "nobody").count()
    return watch.took


def _scanned() -> Any:
    """All of each row, nothing fetched."""
    columns = reduce(add, (fn.LENGTH(column) for column in Contact._meta.sorted_fields))
    with Stopwatch() as watch:
        Contact.select(fn.SUM(columns)).scalar()
    return watch.took


def _read() -> Any:
    """Every row as a plain tuple."""
    with Stopwatch() as watch:
        for _ in database.execute(Contact.select()):
            pass
    return watch.took
