"""Statuses move messages: upward only, in whatever order they come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import EXCLUDED, chunked, fn

from agent import faults
from agent.clients.outcomes import Action, action_of
from agent.config import Settings
from agent.consequences import OF_THE_PERSON, heed, named
from agent.log import Log
from agent.rules.charged import charged_as, dearer
from agent.rules.inbound import StatusUpdate
from agent.rules.states import FINAL, State, after_status
from models import Message, Status
from models.base import among, carry_out_each, raw, transaction

log = Log(__name__)

ROWS_A_STATEMENT = 200
FAILED = "winback report counts the codes and says what they mean; many of one are worth a look"
REST = timedelta(hours=24)  # after 131049; earlier tries only fail again
OF_THAT_TRY = frozenset({"sent", "failed"})  # who has read it has got it, whichever try it was
STAMPS = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at"}
MOVED = (
    Message.state, Message.wamid, Message.accepted_at, Message.sent_at, Message.delivered_at,
    Message.read_at, Message.ended_at, Message.code, Message.detail, Message.not_before,
    Message.deferred, Message.deferred_wamid, Message.charged,
)  # fmt: skip


def file_statuses(updates: Sequence[StatusUpdate], settings: Settings, *, now: datetime) -> None:
    """Keep every status, and move the messages that they are about.

    A status may be faster than the answer to its request, or settle a message whose answer was lost:
    it then finds the message by our own id. One that carries no such id and whose wamid we do not
    know yet (`read` often has none) waits in the table.
    """
    _apply(_keep(updates), settings, now)


def file_orphans(settings: Settings, *, now: datetime) -> int:
    """Statuses whose wamid we have learnt since they came; returns how many."""
    # not `wamid IN (...)`: SQLite would make the list, of all that were ever sent, each time
    known = fn.EXISTS(Message.select(Message.id).where(Message.wamid == Status.wamid))
    waiting = Status.select().where(Status.message_id.is_null(), known)
    if not waiting.exists():
        return 0
    with transaction():  # between the look at a message and its move nobody else may move it
        orphans = list(waiting)
        _apply(orphans, settings, now)
    return len(orphans)


def _apply(fresh: Sequence[Status], settings: Settings, now: datetime) -> None:
    if not fresh:
        return
    messages = _messages(fresh)
    changed: dict[int, Message] = {}
    for status in sorted(fresh, key=lambda one: (one.at, one.status)):
        message = messages.get(status.uid) or messages.get(status.wamid)
        if message is None:
            continue
        _move(message, status, settings, now)
        changed[message.id] = message
    Message.update_each(changed.values(), [field.name for field in MOVED])
    _settle(fresh, messages)
    faults.point("statuses")


def _keep(updates: Sequence[StatusUpdate]) -> list[Status]:
    """Write the new ones; return these and earlier orphans of the same messages."""
    told: dict[tuple[str, str], StatusUpdate] = {}
    for one in updates:  # of copies that are not alike, the one that says most
        key = one.wamid, one.status
        told[key] = max(told.get(key, one), one, key=_says)
    rows = {
        key: {
            "wamid": one.wamid,
            "status": one.status,
            "uid": one.uid,
            "at": one.at,
            "code": one.code,
            "detail": one.detail,
            "category": one.category,
            "pricing": one.pricing,
        }
        for key, one in told.items()
    }
    named = EXCLUDED.uid != ""
    Status.write_each(
        rows.values(),
        lambda insert: insert.on_conflict(  # a double that carries our id, where the first did not
            conflict_target=[Status.wamid, Status.status],
            preserve=[Status.uid],
            where=(Status.uid == "") & named,
        ),
    )
    found: list[Status] = []
    for wamids in chunked({wamid for wamid, _ in rows}, ROWS_A_STATEMENT):
        found.extend(
            Status.select().where(among(Status.wamid, wamids), Status.message_id.is_null())
        )
    return found


def _says(one: StatusUpdate) -> tuple[bool, bool]:
    return one.uid != "", one.category != ""


def _messages(statuses: Sequence[Status]) -> dict[str, Message]:
    """uid or wamid -> message. A wamid also leads where another status of it led, or carried our id: a
    try that was put off has left its message."""
    found: dict[str, Message] = {}
    keys = {status.uid for status in statuses if status.uid} | {one.wamid for one in statuses}
    for batch in chunked(keys, ROWS_A_STATEMENT):
        for field in (Message.uid, Message.wamid):  # one by one: an OR of both is slower
            for message in Message.select().where(among(field, batch)):
                kept = found.setdefault(message.uid, message)
                if kept.wamid:
                    found[kept.wamid] = kept
    for status in statuses:
        if status.uid in found:
            found[status.wamid] = found[status.uid]
    _find_by_others(found, {status.wamid for status in statuses} - found.keys())
    return found


def _find_by_others(found: dict[str, Message], wamids: set[str]) -> None:
    """Add the messages to which earlier statuses of these wamids led."""
    for batch in chunked(wamids, ROWS_A_STATEMENT):
        led = Status.select(Status.wamid, Status.message_id).where(
            among(Status.wamid, batch), Status.message_id.is_null(False)
        )
        to = dict(raw(led.distinct()))
        by_id = {one.id: one for one in Message.select().where(among(Message.id, to.values()))}
        for wamid, number in to.items():
            if number in by_id:
                one = by_id[number]
                found[wamid] = found.setdefault(one.uid, one)


def _move(message: Message, status: Status, settings: Settings, now: datetime) -> None:
    if status.status in OF_THAT_TRY and _is_of_an_earlier_try(status, message):
        return  # that try is over, and there is or will be another
    before = State(message.state)
    after = after_status(before, status.status)
    if before is State.QUEUED and after is not before and status.wamid == message.deferred_wamid:
        _call_back(message, now)
    message.wamid = message.wamid or status.wamid
    message.accepted_at = _taken_at(message, status, now)
    stamp = STAMPS.get(status.status)
    if stamp and getattr(message, stamp) is None:
        setattr(message, stamp, status.at)
    message.charged = dearer(message.charged, charged_as(status.pricing, status.category))
    action = None
    if status.status == "failed":
        if status.code is not None:
            action = action_of(status.code, by_status=True)
        tell = log.info if action in OF_THE_PERSON else log.warning
        tell("message.failed", **named(message), code=status.code, detail=status.detail, fix=FAILED)
        if status.code is not None and action is not None:
            said = f"{status.code} {status.detail}"
            heed(settings, message, status.code, action, said, at=status.at, now=now)
    if after is before:
        return
    message.state = after.value
    message.code = status.code if after is State.FAILED else None
    message.detail = status.detail if after is State.FAILED else ""
    message.ended_at = status.at if after in FINAL else None
    if after is State.FAILED and action is Action.DEFER:
        _put_off(message, status)


def _taken_at(message: Message, status: Status, now: datetime) -> datetime:
    """When WhatsApp took it, as far as we know: at the first that was told of it, in whatever order that
    came. Never before it was decided, nor after now: their clock is not ours."""
    told: datetime = min(max(status.at, message.created_at), now)
    return min(message.accepted_at or told, told)


def _is_of_an_earlier_try(status: Status, message: Message) -> bool:
    """One that was put off, or one whose answer was lost, if the answer to the next has come."""
    if status.wamid == message.deferred_wamid:
        return True
    return message.resent and message.wamid not in {None, status.wamid}


def _put_off(message: Message, status: Status) -> None:
    """Once more after a day's rest, as the same row: if it is still worth sending then, and once."""
    when = status.at + REST
    if message.deferred or message.expires_at <= when:
        return
    message.state, message.not_before, message.ended_at = State.QUEUED.value, when, None
    message.deferred, message.deferred_wamid = True, status.wamid
    message.wamid = message.accepted_at = message.sent_at = None
    message.charged = ""


def _call_back(message: Message, now: datetime) -> None:
    """It was put off, and has arrived all the same: what was told of that try counts again."""
    of_that_try = Status.wamid == message.deferred_wamid
    for told in Status.select().where(of_that_try, Status.status != "failed"):
        message.accepted_at = _taken_at(message, told, now)
        message.charged = dearer(message.charged, charged_as(told.pricing, told.category))
        if told.status == "sent":
            message.sent_at = told.at
    message.deferred, message.deferred_wamid = False, ""


def _settle(statuses: Sequence[Status], messages: dict[str, Message]) -> None:
    """Note which message each status is about."""
    about: dict[str, int] = {}
    for status in statuses:
        message: Any = messages.get(status.uid) or messages.get(status.wamid)
        if message is not None:
            about[status.wamid] = message.id
    note = Status.update(message_id=0).where(Status.wamid == "", Status.message_id.is_null())
    carry_out_each(note.sql()[0], [(number, wamid) for wamid, number in about.items()])
