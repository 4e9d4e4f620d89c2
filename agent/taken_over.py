"""What the database that was there knows, and the copy that is put in its place does not."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import peewee

from agent.consent import recount
from agent.other_key import in_our_words, nobody_known
from agent.person_key import hashed, name_hashes, person_key
from models import Contact, Departed, Forgotten, Statement
from models.base import carry_out_each, transaction, tuples
from models.base import database as handle
from models.erasures import PHONE, PUT_BACK

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
THEIR_KEY = "SELECT value FROM present.\"shop_fact\" WHERE name = 'person_key'"
ERASED = 'SELECT phone_hash, said_at, purpose FROM present."consent_erased"'
ERASED_TAKEN_OVER = (
    'INSERT OR IGNORE INTO main."consent_erased" (phone_hash, said_at, purpose) VALUES (?, ?, ?)'
)
FORGOTTEN = 'SELECT name_hash, forgotten_at FROM present."forgotten"'
FORGOTTEN_TAKEN_OVER = (
    'INSERT OR IGNORE INTO main."forgotten" (name_hash, forgotten_at) VALUES (?, ?)'
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


class Taken(NamedTuple):
    """What was taken over: see `Restored`."""

    statements: int | None
    unknown_erased: int = 0


def take_over(present: Path, now: datetime) -> Taken:
    """What people said since, who was erased, webhooks that nobody has read yet, replies that the shop is
    yet to be told of, where the links lead that people have, and what was paused, as far as they are still
    there."""
    if present.stat().st_size == 0:
        return Taken(0)
    last = Statement.select(peewee.fn.MAX(Statement.id)).scalar() or 0
    try:
        handle.execute_sql("ATTACH DATABASE ? AS present", (str(present),))
        with transaction():
            unknown = _take_erased_over()
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
        return Taken(Statement.select().where(Statement.id > last).count(), unknown)
    except peewee.DatabaseError:  # it is damaged, or of another version: the operator is told
        return Taken(None)


def _has(table: str) -> bool:
    return handle.execute_sql(THERE, (table,)).fetchone() is not None


def _take_erased_over() -> int:
    """Who was erased since the copy was made, under the copy's key: a database that began anew has another.
    Returns how many people are known by no name here, so that nobody can tell who they are."""
    refused = handle.execute_sql(ERASED).fetchall() if _has("consent_erased") else []
    gone = handle.execute_sql(FORGOTTEN).fetchall() if _has("forgotten") else []
    key = handle.execute_sql(THEIR_KEY).fetchone()
    if key is None or not (refused or gone):
        return 0
    ours = in_our_words((one for one, *_ in (*refused, *gone)), bytes.fromhex(key[0]))
    for statement, rows in ((ERASED_TAKEN_OVER, refused), (FORGOTTEN_TAKEN_OVER, gone)):
        carry_out_each(statement, [(ours[one], *rest) for one, *rest in rows if one in ours])
    return nobody_known(((one, at) for one, at, *_ in (*refused, *gone)), ours)


def _take_words_over() -> None:
    key = person_key()
    said = handle.execute_sql(SAID).fetchall()
    carry_out_each(TO_THE_LEDGER, [(*row, hashed(key, row[0])) for row in said])


def _erase_again() -> set[str]:
    """Who was erased since the copy was made is erased from its ledger too. Returns their phones."""
    return {phone for (phone,) in handle.execute_sql(ERASED_AGAIN).fetchall()}


def _forget_again(now: datetime) -> None:
    """Whom the copy knows and who was erased since it was made is noted, and erased by the daemon."""
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
