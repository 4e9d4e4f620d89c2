"""A copy is put in the place of the database."""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import peewee

from agent.backups import (
    NO_HARD_LINKS,
    copy_all,
    explained,
    reading,
    remove,
    require_sound,
    require_space,
    sync,
)
from agent.consent import recount
from agent.database import held
from agent.epoch import treat_as_restored
from agent.errors import BadInput
from agent.marks import beside, read_marks, sync_folder, write_marks
from agent.person_key import hashed, name_hashes, person_key
from models import Contact, Departed, Epoch, Forgotten, Heartbeat, Message, Statement
from models.base import (
    carry_out_each,
    close_database,
    migrate,
    open_database,
    transaction,
    tuples,
    unknown_migrations,
)
from models.base import database as handle
from models.erasures import PHONE, PUT_BACK

OURS = frozenset({"schema_migration", "message", "contact", "consent_statement"})
SAID = 'SELECT phone, purpose, says, source, words, said_at, recorded_at FROM present."consent_statement"'
TAKEN_OVER = (
    'INSERT INTO main."webhook" (source, received_at, urgent, body) '
    'SELECT source, received_at, urgent, body FROM present."webhook" WHERE done_at IS NULL',
)
TO_THE_LEDGER = (
    'INSERT OR IGNORE INTO main."consent_statement" '
    "(phone, purpose, says, source, words, said_at, recorded_at, phone_hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
THERE = "SELECT 1 FROM present.sqlite_master WHERE name = ?"
ERASED_TAKEN_OVER = (
    'INSERT OR IGNORE INTO main."consent_erased" (phone_hash, purpose, said_at) '
    'SELECT phone_hash, purpose, said_at FROM present."consent_erased"'
)
FORGOTTEN_TAKEN_OVER = (
    'INSERT OR IGNORE INTO main."forgotten" (name_hash, forgotten_at) '
    'SELECT name_hash, forgotten_at FROM present."forgotten"'
)
ERASED_AGAIN = (
    'DELETE FROM main."consent_statement" WHERE EXISTS (SELECT 1 FROM main."consent_erased" AS erased '
    "WHERE erased.phone_hash = consent_statement.phone_hash "
    "AND erased.purpose = consent_statement.purpose AND erased.said_at >= consent_statement.said_at) "
    "RETURNING phone"
)
TO_TELL_OF = (
    'INSERT OR IGNORE INTO main."forward" '
    "(event, person, body, created_at, attempts, not_before, trouble) "
    'SELECT event, person, body, created_at, attempts, not_before, trouble FROM present."forward"'
)
PAUSES_TAKEN_OVER = (
    'INSERT OR IGNORE INTO main."pause" (scope, source, reason, since, until) '
    "SELECT scope, source, reason, since, until FROM present.\"pause\" WHERE source <> 'restore'"
)
LINKS_TAKEN_OVER = (
    'INSERT OR REPLACE INTO main."link" '
    "(token, message_uid, target, created_at, clicks, first_at, last_at) "
    "SELECT token, message_uid, target, created_at, clicks, first_at, last_at "
    'FROM present."link"',
    'UPDATE main."message" SET clicked = 1 WHERE NOT clicked AND uid IN '
    '(SELECT message_uid FROM main."link" WHERE clicks > 0)',
)
PHONES_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of putting a copy back."""

    known_until: datetime | None  # what happened later it does not know
    aside: Path | None  # where the database is that was there before
    statements: int | None  # consents and STOPs taken over from it; None where it cannot be read
    abandoned: int  # messages that waited in the copy, and are not sent


def put_back(file: Path, database: Path, *, now: datetime) -> Restored:
    """Put the copy `file` in the place of `database`, which is kept aside; nobody may work on it.

    What is put back is marked: see agent/epoch.py. Until the last moment the old database is in its
    place, so a failure or a power cut leaves one of the two. Raises BadInput where the file is no copy
    of ours, AlreadyRunning, and DatabaseTrouble.
    """
    database = database.resolve()
    if not file.is_file():
        raise BadInput(f"there is no file {file}", fix="name a copy that winback backup made")
    if database.exists() and file.samefile(database):
        raise BadInput(f"{file} is the database itself", fix="name a copy of it")
    with held(database), explained(f"putting {file} in the place of {database}"):
        fresh = database.with_name(f"{database.name}.restoring")
        remove(fresh)
        try:
            _take(file, fresh)
            mark = secrets.token_hex(16)
            known_until, statements, abandoned = _make_ready(file, fresh, database, mark, now)
            marks = beside(database)
            write_marks(marks, mark, *(read_marks(marks) or ()))
            aside = _swap(fresh, database, now)
            write_marks(marks, mark)
        finally:
            remove(fresh)
    return Restored(
        known_until=known_until, aside=aside, statements=statements, abandoned=abandoned
    )


def _take(file: Path, fresh: Path) -> None:
    """Copy `file` to the folder of the database, and see that it is one of ours and whole."""
    no_copy = BadInput(
        f"{file} is not a database of winback", fix="name a copy that winback backup made"
    )
    try:
        with closing(reading(file)) as source:
            require_space(source, fresh.parent)
            os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            copy_all(source, fresh)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
            require_sound(copy, str(file))
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise no_copy from None
        raise BadInput(
            f"{file} is damaged: {error}", fix="put back an older copy; keep this one"
        ) from error
    if not tables >= OURS:
        raise no_copy


def _make_ready(
    file: Path, fresh: Path, present: Path, mark: str, now: datetime
) -> tuple[datetime | None, int | None, int]:
    """Bring the copy to the shape of this version, and mark it as put back.

    Returns until when it knows all, how many statements it took over, and what it abandoned.
    """
    try:
        open_database(fresh)
        if newer := unknown_migrations():
            raise BadInput(
                f"{file} was written by a newer winback (it has {', '.join(newer)})",
                fix="install that version again, or put back an older copy",
            )
        _keep_the_key(present)
        migrate()
        waiting = Message.select().where(Message.state == "queued").count()
        treat_as_restored(now)
        statements = _take_over(present, now)
        Epoch.put(mark=mark)
        Heartbeat.update(
            beat_at=now, stopped_at=now
        ).execute()  # the gap until now is told of already
        return Epoch.get().known_until, statements, waiting
    finally:
        with suppress(peewee.InterfaceError):
            close_database()  # the last connection: it writes the log into the file, and removes it
        sync(fresh)


def _keep_the_key(present: Path) -> None:
    """A copy of before there was a key gets the one by which people were known since: who was erased
    is known by nothing else. Of a database that cannot be read, `_take_over` tells."""
    with suppress(sqlite3.DatabaseError), closing(reading(present)) as old:
        found = old.execute("SELECT value FROM shop_fact WHERE name = 'person_key'").fetchone()
        if found:
            handle.execute_sql(
                "INSERT OR IGNORE INTO shop_fact (name, value) VALUES ('person_key', ?)", found
            )


def _take_over(present: Path, now: datetime) -> int | None:
    """What people said since, who was erased, webhooks that nobody has read yet, replies that the shop is
    yet to be told of, where the links lead that people have, and what was paused, as far as they are still
    there."""
    if present.stat().st_size == 0:
        return 0
    last = Statement.select(peewee.fn.MAX(Statement.id)).scalar() or 0
    try:
        handle.execute_sql("ATTACH DATABASE ? AS present", (str(present),))
        with transaction():
            _take_words_over()
            for statement in TAKEN_OVER:
                handle.execute_sql(statement)
            phones = {
                phone
                for (phone,) in tuples(Statement.select(Statement.phone).where(Statement.id > last))
            } | _erase_again()
            for begin in range(0, len(phones), PHONES_A_TIME):
                recount(sorted(phones)[begin : begin + PHONES_A_TIME])
            if _has("forgotten"):
                _forget_again(now)
            if _has("forward"):
                handle.execute_sql(TO_TELL_OF)
            if _has("link"):
                for statement in LINKS_TAKEN_OVER:
                    handle.execute_sql(statement)
        if _has("pause"):
            handle.execute_sql(PAUSES_TAKEN_OVER)
        return Statement.select().where(Statement.id > last).count()
    except peewee.DatabaseError:  # it is damaged, or of another version: the operator is told
        return None


def _has(table: str) -> bool:
    return handle.execute_sql(THERE, (table,)).fetchone() is not None


def _take_words_over() -> None:
    key = person_key()
    said = handle.execute_sql(SAID).fetchall()
    carry_out_each(TO_THE_LEDGER, [(*row, hashed(key, row[0])) for row in said])


def _erase_again() -> set[str]:
    """Who was erased since the copy was made is erased from its ledger too. Returns their phones."""
    if _has("consent_erased"):
        handle.execute_sql(ERASED_TAKEN_OVER)
    return {phone for (phone,) in handle.execute_sql(ERASED_AGAIN).fetchall()}


def _forget_again(now: datetime) -> None:
    """Whom the copy knows and who was erased since it was made is noted, and erased by the daemon."""
    handle.execute_sql(FORGOTTEN_TAKEN_OVER)
    last = 0
    query = Contact.select(Contact.id, Contact.phone, Contact.created_at).order_by(Contact.id)
    while rows := tuples(query.where(Contact.id > last).limit(PHONES_A_TIME)):
        hashes = name_hashes(phones=[phone for _, phone, _ in rows])
        since = Forgotten.since(hashes.values())
        erased = [
            number
            for number, phone, met in rows
            if (moment := since.get(hashes[PHONE, phone])) is not None and met <= moment
        ]
        Departed.note(erased, PUT_BACK, now)
        last = rows[-1][0]


def _free(name: Path) -> Path:
    """This name, or the next one that nothing has: what an earlier restore kept is not written over."""
    names = (name, *(name.with_name(f"{name.name}-{number}") for number in range(2, 1000)))
    return next(one for one in names if not one.exists())


def _swap(fresh: Path, database: Path, now: datetime) -> Path | None:
    """Keep what was there under a name of its own, and put the fresh one in its place."""
    if database.stat().st_size == 0:  # made by our lock
        fresh.replace(database)
        sync_folder(database.parent)
        return None
    aside = _free(database.with_name(f"{database.name}.before-{now:%Y%m%d-%H%M%S}"))
    wal, shm = (database.with_name(f"{database.name}-{end}") for end in ("wal", "shm"))
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if wal.exists() and wal.stat().st_size:  # it is damaged, or somebody still reads it
        database.rename(aside)
        wal.rename(f"{aside}-wal")
    else:
        try:
            aside.hardlink_to(database)
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            database.rename(aside)
        wal.unlink(missing_ok=True)
    shm.unlink(missing_ok=True)  # what they say is of the old one
    fresh.replace(database)
    sync_folder(database.parent)
    return aside
