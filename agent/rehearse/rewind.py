"""The database as it was at a moment: a copy in a folder of its own, wound back.

What is worked out from the rows is worked out anew by the jobs that always do it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile

import peewee
from peewee import fn

from agent.backups import IN_TMPDIR, copy_all, explained, reading, require_space, temporary_folder
from agent.config import Settings
from agent.database import require_there
from agent.jobs.interest.carts import follow_carts
from agent.rehearse import looks, people, shop, writing
from agent.rehearse.known import Known
from agent.rehearse.later import SCHEMA
from models import Basis, Bestseller, Companion, Interest, ProductChange, ShopFact, Stale
from models.base import UtcField, close_database, database, migrate, open_database, raw, transaction
from models.refresh import nothing, refresh


@dataclass(frozen=True, slots=True)
class Rewound:
    """The copy that is open. `notes`: what of that time cannot be known, in sentences."""

    moment: datetime
    known: Known
    notes: tuple[str, ...]


@contextmanager
def as_of(settings: Settings, moment: datetime, *, as_said: bool = False) -> Iterator[Rewound]:
    """Open the database as it was at `moment` in the place of the real one, which is not touched; beside
    it, as the schema of agent/rehearse/later.py, it stands as it is now. Both are gone afterwards.

    `as_said`: consent counts from when it was said, also where it was heard later. Works beside a daemon.
    Raises DatabaseTrouble.
    """
    path = settings.database.path
    require_there(path)
    with in_place_of_the_open_one(), temporary_folder(path) as folder:
        try:
            now = _copies(path, folder)
            for pragma in ("synchronous = off", "cache_size = -64000"):  # it is thrown away
                database.execute_sql(f"PRAGMA {pragma}")
            database.execute_sql(f"ATTACH DATABASE ? AS {SCHEMA}", (str(now),))
            known = Known.look(as_said=as_said)
            notes = _notes(known, moment)
            _wind_back(known, moment, settings)
            yield Rewound(moment, known, notes)
        finally:
            with suppress(peewee.InterfaceError):  # it never came to be opened
                close_database()


@contextmanager
def in_place_of_the_open_one() -> Iterator[None]:
    """Another database is opened inside; the one that is open now is the tables' again afterwards."""
    before = database.obj
    try:
        yield
    finally:
        if before is not None:
            database.initialize(before)


def _copies(path: Path, folder: Path) -> Path:
    """Two copies of one moment, in the shape of this version: one is opened, the other is returned."""
    now, then = folder / "now.db", folder / "then.db"
    with explained(f"copying {path} to {folder}", full=IN_TMPDIR):
        with closing(reading(path)) as source:
            require_space(source, folder, copies=2, fix=IN_TMPDIR)
            _copy(source, now)
        open_database(now)
        migrate()
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        close_database()
        copyfile(now, then)
        open_database(then)
    return now


def _copy(source: sqlite3.Connection, target: Path) -> None:
    """As it is at one moment; nobody who writes waits."""
    target.touch(0o600)
    copy_all(source, target)


def _wind_back(known: Known, moment: datetime, settings: Settings) -> None:
    at = UtcField().db_value(moment)
    assert at is not None  # noqa: S101 - of an instant it is a text
    with transaction():
        _lay_triggers_down()
        # nothing is marked as stale meanwhile: all is worked out anew
        Basis.delete().execute()
        Stale.delete().execute()
        writing.wind_back(at)
        shop.wind_back(known, at)
        people.wind_back(known, at)
        looks.wind_back(at)
    facts = ShopFact.all()
    if "currency" in facts:
        refresh(settings.audience.paid_statuses, facts["currency"])
        follow_carts(moment - settings.interest.kept, beat=nothing)
    Interest.sum_up()
    Companion.delete().execute()
    Bestseller.delete().execute()


def _lay_triggers_down() -> None:
    """The ledger refuses to be changed; this is a copy of it."""
    names = database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        database.execute_sql(f'DROP TRIGGER "{name}"')


def _notes(known: Known, moment: datetime) -> tuple[str, ...]:
    """What the tables do not tell of that time."""
    at = UtcField().db_value(moment) or ""
    notes = []
    if at < known.began:
        when = f"since {known.began[:10]}" if known.began != "9999" else "from now on"
        notes.append(
            f"what orders did is known {when}: before, they are taken to have been paid, cancelled and "
            "changed when they were placed"
        )
    [(first,)] = raw(ProductChange.select(fn.MIN(ProductChange.seen_at)))
    if first is None or at < first:
        when = f"since {first[:10]}" if first else "from now on"
        notes.append(
            f"changes of prices and stock are known {when}; before, they are as they were then"
        )
    [(first,)] = raw(Interest.select(fn.MIN(Interest.seen_at)).where(Interest.source != "shop"))
    if first is None or at < first:
        when = f"since {first[:10]}" if first else "from now on"
        notes.append(f"what people looked at is known {when}")
    notes.append(
        "orders that were deleted, people who were erased, and lines of orders that were edited are not as "
        "they were"
    )
    return tuple(notes)
