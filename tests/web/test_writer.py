"""The writer: many wait, one commits; nobody is told that something is kept which is not."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.web import writer as writer_module
from agent.web.writer import ENDED, NotStored, Row, Writer
from models import Webhook
from models.base import database as handle

PATIENCE = 10.0
Keep = Callable[..., "Future[None]"]


def row(body: bytes, at: datetime) -> dict[str, Any]:
    return {"source": "whatsapp", "received_at": at, "body": body, "urgent": False}


def stored() -> list[bytes]:
    return sorted(bytes(one.body) for one in Webhook.select())


class Door:
    """Stores rows once it is open, and knows how many came together."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.arrived = threading.Event()
        self.groups: list[int] = []

    def store(self, rows: Sequence[Row]) -> None:
        self.arrived.set()
        assert self.open.wait(PATIENCE)
        self.groups.append(len(rows))
        Webhook.keep(rows)


@pytest.fixture
def door(database: Path) -> Door:
    return Door()


@pytest.fixture
def posts() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as posts:
        yield posts


def test_what_comes_during_a_commit_goes_together_with_the_next(
    door: Door, now: datetime, posts: ThreadPoolExecutor
) -> None:
    writer = Writer(door.store)
    bodies = [f"{number:02}".encode() for number in range(30)]
    first = posts.submit(writer.keep, row(b"first", now), PATIENCE)
    door.arrived.wait(PATIENCE)
    others = [posts.submit(writer.keep, row(body, now), PATIENCE) for body in bodies]
    while len(writer._queue) < len(bodies):
        threading.Event().wait(0.01)
    assert not any(one.done() for one in (first, *others))
    assert stored() == []
    door.open.set()
    for one in (first, *others):
        one.result(PATIENCE)
    assert door.groups == [1, 30]
    assert stored() == [*bodies, b"first"]


def test_a_row_that_cannot_be_stored_fails_alone(
    door: Door, now: datetime, posts: ThreadPoolExecutor
) -> None:
    writer = Writer(door.store)
    posts.submit(writer.keep, row(b"first", now), PATIENCE)
    door.arrived.wait(PATIENCE)
    good = [posts.submit(writer.keep, row(body, now), PATIENCE) for body in (b"a", b"b")]
    bad = posts.submit(writer.keep, row(b"c", now.replace(tzinfo=None)), PATIENCE)
    while len(writer._queue) < 3:
        threading.Event().wait(0.01)
    door.open.set()
    for one in good:
        one.result(PATIENCE)
    with pytest.raises(NotStored, match="no time zone"):
        bad.result(PATIENCE)
    assert stored() == [b"a", b"b", b"first"]


def test_on_a_full_disk_what_fits_is_stored_and_the_rest_is_told(
    database: Path, now: datetime, posts: ThreadPoolExecutor
) -> None:
    door = Door()

    def store(rows: Sequence[Row]) -> None:
        (pages,) = handle.execute_sql("PRAGMA page_count").fetchone()
        handle.execute_sql(f"PRAGMA max_page_count = {pages + 1}")
        door.store(rows)

    writer = Writer(store)
    posts.submit(writer.keep, row(b"first", now), PATIENCE)
    door.arrived.wait(PATIENCE)
    large = posts.submit(writer.keep, row(b"x" * 1_000_000, now), PATIENCE)
    small = posts.submit(writer.keep, row(b"small", now), PATIENCE)
    while len(writer._queue) < 2:
        threading.Event().wait(0.01)
    door.open.set()
    small.result(PATIENCE)
    with pytest.raises(NotStored, match="full"):
        large.result(PATIENCE)
    assert stored() == [b"first", b"small"]


@pytest.mark.parametrize(("pragma", "why"), [("query_only = 1", "readonly")])
def test_a_database_that_takes_nothing_is_told(
    database: Path, now: datetime, pragma: str, why: str
) -> None:
    def store(rows: Sequence[Row]) -> None:
        handle.execute_sql(f"PRAGMA {pragma}")
        Webhook.keep(rows)

    with pytest.raises(NotStored, match=why):
        Writer(store).keep(row(b"a", now), PATIENCE)
    assert stored() == []


def test_while_another_writes_nobody_waits_beyond_their_patience(
    database: Path, now: datetime, posts: ThreadPoolExecutor
) -> None:
    writer = Writer(Webhook.keep)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [posts.submit(writer.keep, row(b"a", now), 0.2) for _ in range(20)]
        for one in waiting:
            with pytest.raises(NotStored):
                one.result(PATIENCE)
        other.execute("ROLLBACK")
    assert stored() == []
    writer.keep(row(b"again", now), PATIENCE)
    assert stored() == [b"again"]


def test_what_nobody_waits_for_any_more_is_not_written(
    door: Door, now: datetime, posts: ThreadPoolExecutor
) -> None:
    writer = Writer(door.store)
    first = posts.submit(writer.keep, row(b"first", now), PATIENCE)
    door.arrived.wait(PATIENCE)
    with pytest.raises(NotStored, match="within"):
        writer.keep(row(b"late", now), 0.05)
    door.open.set()
    first.result(PATIENCE)
    writer.keep(row(b"next", now), PATIENCE)
    assert stored() == [b"first", b"next"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_dies_leaves_nobody_waiting_and_another_takes_its_place(
    database: Path, now: datetime
) -> None:
    died = []

    def store(rows: Sequence[Row]) -> None:
        if not died:
            died.append(threading.current_thread())
            raise SystemExit
        Webhook.keep(rows)

    writer = Writer(store)
    with pytest.raises(NotStored, match=ENDED):
        writer.keep(row(b"a", now), PATIENCE)
    died[0].join(PATIENCE)
    writer.keep(row(b"b", now), PATIENCE)
    assert stored() == [b"b"]


def test_a_writer_without_work_ends_and_the_next_row_finds_another(
    database: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "IDLE", 0.01)
    threads = set()

    def store(rows: Sequence[Row]) -> None:
        threads.add(threading.current_thread())
        Webhook.keep(rows)

    writer = Writer(store)
    for body in (b"a", b"b"):
        writer.keep(row(body, now), PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)
    assert len(threads) == 2
    assert stored() == [b"a", b"b"]
