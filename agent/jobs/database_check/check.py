"""Is what stands in the database whole, and does it agree with itself? Nothing is changed."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from peewee import JOIN, SQL, fn

from agent import consent, epoch
from agent.database import remedy
from agent.jobs.database_check.anew import compare_anew
from agent.jobs.database_check.looked import A_WALK, Beat, Looked, some
from agent.marks import beside, read_marks
from agent.person_key import hashed, person_key
from agent.rules.consent import PURPOSES
from agent.rules.states import FINAL, TAKEN, State
from models import (
    Contact,
    Conversion,
    Coupon,
    Customer,
    Heartbeat,
    History,
    Identity,
    Interest,
    Link,
    Message,
    Order,
    OrderLine,
    Product,
    Refund,
    Reply,
    Ruling,
    SetAside,
    Statement,
    Status,
    Taste,
    Webhook,
)
from models.base import among, database, pending_migrations, tuples, unknown_migrations

A_BATCH: Final = 500
ROOM: Final = 200_000_000  # bytes that should be free at the least
TRIGGERS: Final = frozenset(
    f"{table}_no_{verb}"
    for table in ("consent_statement", "consent_erased")
    for verb in ("update", "delete")
)
RESTORE: Final = "put back a backup (winback restore), and keep this file"
TELL_US: Final = "it does no harm to others, but should not be: tell us, with the number"


def check_database(path: Path, *, quick: bool, now: datetime, beat: Beat) -> Iterator[Looked]:
    """Each thing as it is looked at. `quick` leaves out what reads the whole file, or works out anew."""
    yield _file(quick=quick)
    shape = _schema()
    yield shape
    if shape.wrong:
        return  # the rest would stumble over what is missing
    yield from _references()
    yield from _ledger(beat)
    yield from _messages(now)
    if not quick:
        yield from compare_anew(beat)
    yield _epoch(path)
    yield _room(path)


def _file(*, quick: bool) -> Looked:
    """Pages, indexes and unique keys."""
    pragma = "quick_check" if quick else "integrity_check"
    what = "the file: pages, indexes, unique keys" if not quick else "the file: pages"
    said = [str(line) for (line,) in database.execute_sql(f"PRAGMA {pragma}(5)")]
    if said == ["ok"]:
        return Looked(what)
    return Looked(what, "; ".join(said), f"{remedy('malformed')}: winback restore")


def _schema() -> Looked:
    what = "its shape is this version's"
    newer, missing = unknown_migrations(), pending_migrations()
    if newer:
        return Looked(what, f"a newer winback wrote it: {', '.join(newer)}", "install that version")
    if missing:
        fix = "start winback once, it migrates the file"
        return Looked(what, f"not migrated yet: {', '.join(missing)}", fix)
    return Looked(what)


def _references() -> Iterator[Looked]:
    """What points at another row."""
    order = Order.woo_id
    for what, column, to in (
        ("order lines", OrderLine.order_id, order),
        ("refunds", Refund.order_id, order),
        ("orders", Order.contact_id, Contact.id),
        ("accounts", Customer.contact_id, Contact.id),
        ("identities", Identity.contact_id, Contact.id),
        ("interest", Interest.contact_id, Contact.id),
        ("histories", History.contact_id, Contact.id),
        ("tastes", Taste.contact_id, Contact.id),
        ("replies", Reply.contact_id, Contact.id),
        ("rulings", Ruling.contact_id, Contact.id),
        ("coupons", Coupon.message_uid, Message.uid),
        ("links", Link.message_uid, Message.uid),
        ("statuses", Status.message_id, Message.id),
        ("conversions", Conversion.message_id, Message.id),
        ("webhooks set aside", SetAside.webhook_id, Webhook.id),
    ):
        lost = _lost(column, to)
        wrong = f"{lost:,} {what} lead to rows that are not there" if lost else ""
        yield Looked(f"{what} lead to what they name", wrong, TELL_US if lost else "")
    lost = _lost(Order.holder_id, Contact.id, Order.holder_id > 0)  # below 0: they were erased
    yield Looked(
        "orders lead to whose they are",
        f"{lost:,} orders are those of contacts that are not there" if lost else "",
        TELL_US if lost else "",
    )
    # who was erased has left messages behind, without texts and without WhatsApp's id
    nobodys = _lost(Message.contact_id, Contact.id, Message.state == "queued")
    yield Looked(
        "what is queued has somebody to go to",
        f"{nobodys:,} messages are queued for contacts that are not there" if nobodys else "",
        "winback message cancel" if nobodys else "",
    )
    parent = Product.alias()
    lost = (
        Product.select().join(parent, JOIN.LEFT_OUTER, on=(parent.woo_id == Product.parent_id))
        .where(Product.parent_id > 0, parent.woo_id.is_null()).count()
    )  # fmt: skip
    yield Looked(
        "variations have their product",
        f"{lost:,} variations have no product" if lost else "",
        "the next sweep reads them again: look once more in 24 hours" if lost else "",
    )


def _lost(column: Any, to: Any, condition: Any = None) -> int:
    found = column.model.select().where(
        column.is_null(False), ~fn.EXISTS(to.model.select(SQL("1")).where(to == column))
    )
    return int((found if condition is None else found.where(condition)).count())


def _ledger(beat: Beat) -> Iterator[Looked]:
    there = {
        name
        for (name,) in database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    }
    missing = sorted(TRIGGERS - there)
    yield Looked(
        "the consent ledger refuses changes",
        f"these guards are gone: {', '.join(missing)}" if missing else "",
        RESTORE if missing else "",
    )
    key, wrong, last = person_key(), 0, 0
    query = Statement.select(Statement.id, Statement.phone, Statement.phone_hash)
    while rows := tuples(query.where(Statement.id > last).order_by(Statement.id).limit(A_WALK)):
        beat()
        wrong += sum(hashed(key, phone) != known for _, phone, known in rows)
        last = rows[-1][0]
    yield Looked(
        "every statement is its person's",
        f"{wrong:,} statements were changed, or written by something else" if wrong else "",
        RESTORE if wrong else "",
    )
    differing = _standings(beat)
    yield Looked(
        "what holds for each contact is what the ledger says",
        f"of {len(differing):,} contacts it is not, such as the numbers {some(differing)}"
        if differing
        else "",
        "winback db check --mend writes anew what the ledger comes to" if differing else "",
    )


def _standings(beat: Beat) -> list[int]:
    differing: list[int] = []
    last = 0
    columns = [getattr(Contact, purpose) for purpose in PURPOSES]
    query = Contact.select(Contact.id, Contact.phone, *columns)
    while rows := tuples(query.where(Contact.id > last).order_by(Contact.id).limit(A_BATCH)):
        beat()
        phones = [row[1] for row in rows]
        comes_to = {purpose: consent.answers(phones, purpose) for purpose in PURPOSES}
        differing += [
            row[0] for row in rows
            if any(known != comes_to[purpose][row[1]] for purpose, known in zip(PURPOSES, row[2:], strict=True))
        ]  # fmt: skip
        last = rows[-1][0]
    return differing


def mend_standings(*, beat: Beat) -> int:
    """Write anew what the ledger comes to, where it stands otherwise. Returns for how many contacts."""
    differing = _standings(beat)
    for first in range(0, len(differing), A_BATCH):
        beat()
        some = differing[first : first + A_BATCH]
        query = Contact.select(Contact.phone).where(among(Contact.id, some))
        consent.recount(phone for (phone,) in tuples(query))
    return len(differing)


def _messages(now: datetime) -> Iterator[Looked]:
    states = Message.state.not_in([state.value for state in State])
    taken = Message.state.in_([state.value for state in TAKEN]) & Message.accepted_at.is_null()
    open_ = Message.state.in_(["queued", "claimed"]) & Message.ended_at.is_null(False)
    # a change of the shop's currency calls off prices without a date
    over = sorted(FINAL - {State.CANCELLED})
    ended = Message.state.in_(over) & Message.ended_at.is_null()
    unclaimed = Message.state.in_(["claimed", "unsure"]) & Message.claimed_at.is_null()
    for what, condition in (
        ("known states only", states),
        ("what WhatsApp took has the moment", taken),
        ("what is open has no end", open_),
        ("what is over has its end", ended),
        ("what is on its way was claimed", unclaimed),
    ):
        found = [number for (number,) in tuples(Message.select(Message.id).where(condition))]
        wrong = f"not so for {len(found):,}, such as {some(found)}" if found else ""
        yield Looked(
            f"messages: {what}", wrong, "winback message show; " + TELL_US if found else ""
        )
    beat = Heartbeat.get_or_none()
    at_work = (
        beat is not None and beat.stopped_at is None and (now - beat.beat_at).total_seconds() < 120
    )
    claimed = 0 if at_work else Message.select().where(Message.state == "claimed").count()
    yield Looked(
        "messages: nothing is on its way without a daemon",
        f"{claimed:,} are, of a daemon that ended" if claimed else "",
        "start winback: it treats them as unsure, and never sends them twice" if claimed else "",
    )


def _epoch(path: Path) -> Looked:
    what = "it is the newest state of itself"
    doubt = epoch.standing_doubt()
    if doubt is not None:
        return Looked(what, doubt.what, doubt.fix)
    if epoch.was_put_back(read_marks(beside(path))):
        fix = "winback restored, once winback has started"
        return Looked(what, "its mark is not the one in the file beside it: it was put back", fix)
    return Looked(what)


def _room(path: Path) -> Looked:
    size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    what = f"{in_words(size)} here, {in_words(free)} free on the disk"
    if free < max(ROOM, size // 4):
        return Looked(what, "that is little", "make room: a full disk stops everything")
    return Looked(what)


def in_words(size: int) -> str:
    """Bytes, as people read them."""
    for unit, of in (("GB", 10**9), ("MB", 10**6)):
        if size >= of:
            return f"{size / of:,.1f} {unit}"
    return f"{size // 1000:,} kB"
