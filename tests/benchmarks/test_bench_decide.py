"""Planning for everybody, against one scan of the contacts: seconds, peak memory, growth."""

from __future__ import annotations

import multiprocessing
import resource
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from parties import Stopwatch, median, settings_in, show
from population import populated

from agent.jobs.decide import ALERTS, EVERYTHING, make_plan
from agent.rules.reasons import Why
from models import Contact
from models.base import close_database, open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from agent.config import Settings

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)  # 09:00 in the shop
SCANS = 5
RUNS = 3
MB = 1024


@pytest.mark.bench
@pytest.mark.parametrize("contacts", [10_000, 100_000, 1_000_000])
def test_planning_for_everybody(tmp_path: Path, contacts: int) -> None:
    settings = settings_in(tmp_path)
    with populated(settings.database.path, contacts, NOW):
        close_database()  # the child has a file that nobody else holds
        figures = _in_a_process_of_its_own(tmp_path)
        open_database(settings.database.path)
    scan = figures["scan"]
    rows = [("scan of the contacts", f"{scan:.4f} s")]
    for name in ("daily", "all of the backlog", "alerts"):
        took, chosen, peak = figures[name]
        rows += [
            (name, f"{took:.3f} s, {chosen:,} chosen"),
            (f"{name} / scan", f"{took / scan:.1f}"),
            (f"{name}, peak memory", f"{peak:.0f} MB"),
        ]
    rows.append(("people by reason, daily", ", ".join(figures["tally"])))
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
    figures: dict[str, Any] = {"scan": median([_scanned() for _ in range(SCANS)]).wall}
    _plan(settings, EVERYTHING)  # the first brings up to date what nobody asked for yet
    for name, own, campaigns in (
        ("alerts", settings, ALERTS),
        ("daily", settings, EVERYTHING),
        ("all of the backlog", everybody, EVERYTHING),
    ):
        runs = [_plan(own, campaigns) for _ in range(RUNS)]
        runs.sort(key=lambda run: run[0])
        took, tally, peak = runs[len(runs) // 2]
        figures[name] = (took, tally[Why.CHOSEN], peak)
        if name == "daily":
            figures["tally"] = [f"{why.name.lower()} {n:,}" for why, n in tally.most_common()]
    back.send(figures)
    close_database()


def _plan(settings: Settings, campaigns: Sequence[str]) -> tuple[float, Counter[Why], float]:
    """Seconds, how many met each reason, and the most memory (MB) that was held meanwhile."""
    with _Peak() as peak, Stopwatch() as watch:
        made = make_plan(settings, now=NOW, beat=lambda: None, campaigns=campaigns)
        for _ in made.batches():
            pass
    return watch.took.wall, made.tally, peak.most


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


def _scanned() -> Any:
    """Every row of the contacts looked at, none of them fetched."""
    with Stopwatch() as watch:
        Contact.select().where(Contact.last_name == "nobody").count()
    return watch.took
