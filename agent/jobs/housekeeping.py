"""All tables -> fewer rows: what nobody will ask for again goes, as [retention] says.

A part at a time, so that whoever answers webhooks or sends does not wait for it. What others stand on
stays, however old: what was set aside, replies and changes that a rule may still ask for, the newest run
of each job, and consent.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from peewee import fn

from agent.config import Settings
from agent.late_traces import forget_late_traces
from agent.rules.states import FINAL
from models import (
    Alarm,
    Asking,
    Confirmation,
    Contact,
    Customer,
    EndedSession,
    Forward,
    Found,
    Interest,
    InterestWas,
    JobRun,
    Link,
    Message,
    Order,
    OrderChange,
    PhoneReading,
    ProductChange,
    ProductWas,
    Received,
    Reply,
    Sample,
    SetAside,
    Status,
    Table,
    UnsettledEvent,
    Webhook,
)
from models.base import among, delete_in_parts, empty_log, tuples

# WhatsApp tries for 30 days at the most to deliver; a day more for its last word
GIVEN_UP: Final = timedelta(days=31)
TOLD_ONCE: Final = timedelta(days=31)  # whoever says STOP is not answered again for a month
NUMBERS_KEPT: Final = timedelta(days=90)  # notes of changed numbers: a STOP may come late
ROWS_A_PART: Final = 2_000
Beat = Callable[[], None]


def keep_house(settings: Settings, *, now: datetime, beat: Beat) -> dict[str, int]:
    """Drop what has had its time, and end what nobody will hear of again. Returns how much of what."""
    kept = settings.retention
    Received.forget_before((now - kept.set_aside).date())
    counts = {
        what: delete_in_parts(table, condition, beat=beat)
        for what, table, condition in _over(settings, now)
    }
    counts["interest"] = Interest.forget_before(now - settings.interest.kept)
    counts["links"] = Link.forget_before(now - settings.links.kept)
    beat()
    counts["runs"] = JobRun.forget_before(now - kept.runs)
    counts["texts"] = _forget_texts(now - kept.texts, beat)
    counts["traces of the erased"] = _forget_traces(beat)
    counts["late webhooks of the erased"] = forget_late_traces(_last_night(settings, now), beat)
    counts["phone readings"] = _forget_readings(beat)
    counts["articles looked at"] = Interest.sum_up()
    beat()
    counts["undelivered"] = Message.give_up(now - GIVEN_UP, now)
    empty_log()
    return {what: count for what, count in counts.items() if count}


def _last_night(settings: Settings, now: datetime) -> datetime:
    """Since when nobody has looked through what came; with an hour for what waited then."""
    last = JobRun.newest("housekeeping")
    oldest = now - settings.retention.webhooks
    return oldest if last is None else max(oldest, last.started_at - timedelta(hours=1))


def _over(settings: Settings, now: datetime) -> Iterator[tuple[str, type[Table], Any]]:
    """What goes by its age alone: a word for the log, the table, and the condition."""
    kept = settings.retention
    old = now - kept.webhooks
    came_before = Webhook.select(Webhook.id).where(Webhook.received_at < now - kept.set_aside)
    yield "set aside", SetAside, SetAside.webhook_id.in_(came_before)
    is_aside = SetAside.select().where(SetAside.webhook_id == Webhook.id)
    yield (
        "webhooks", Webhook,
        Webhook.done_at.is_null(False) & (Webhook.received_at < old) & ~fn.EXISTS(is_aside),
    )  # fmt: skip
    ended = Message.select().where(
        Message.id == Status.message_id, Message.state.in_(sorted(FINAL))
    )
    of_nobody = Status.message_id.is_null()
    yield "statuses", Status, (Status.at < old) & (of_nobody | fn.EXISTS(ended))
    told = Confirmation.state.not_in(("waiting", "claimed"))
    answered = min(old, now - TOLD_ONCE)
    yield "confirmations", Confirmation, told & (Confirmation.said_at < answered)
    yield "replies", Reply, _replies_over(now - kept.replies, now)
    # what somebody saw is compared with what it was then
    changed = min(now - kept.changes, now - settings.interest.kept)
    yield "product changes", ProductChange, ProductChange.seen_at < changed
    yield "past of products", ProductWas, ProductWas.until < changed
    yield "past interest", InterestWas, InterestWas.until < now - settings.interest.kept
    decided = OrderChange.decided_at.is_null(False)
    yield "order changes", OrderChange, decided & (OrderChange.changed_at < now - kept.changes)
    yield "found", Found, Found.day < (now - kept.runs).date().isoformat()
    yield "alarms", Alarm, Alarm.ended_at < now - kept.runs
    yield "samples", Sample, Sample.taken_at < now - kept.runs
    yield "events", UnsettledEvent, UnsettledEvent.happened_at < now - settings.interest.kept
    yield "runs asked for", Asking, Asking.ended_at < now - kept.runs
    yield "sessions", EndedSession, EndedSession.until < now


def _replies_over(moment: datetime, now: datetime) -> Any:
    """Of words and notes each its own age; not what waits to be passed on."""
    waits = Forward.select().where(Forward.event == Reply.wamid)
    is_note = Reply.kind == "system"
    old_words = ~is_note & (Reply.at < moment)
    old_notes = is_note & (Reply.at < min(moment, now - NUMBERS_KEPT))
    return (old_words | old_notes) & ~fn.EXISTS(waits)


def _forget_texts(moment: datetime, beat: Beat) -> int:
    """The rows stay, and what they were about."""
    full = (Message.created_at < moment) & (Message.variables != {})
    over = full & Message.state.in_(sorted(FINAL))
    return _empty(over, {"variables": {}}, beat)


def _forget_traces(beat: Beat) -> int:
    """WhatsApp's ids have the number in them: of somebody who was erased they go again, where a status
    came after that."""
    known = Contact.select().where(Contact.id == Message.contact_id)
    traced = Message.wamid.is_null(False) & ~fn.EXISTS(known)
    found = [number for (number,) in tuples(Message.select(Message.id).where(traced))]
    delete_in_parts(Status, among(Status.message_id, found), beat=beat)
    return _empty(among(Message.id, found), {"wamid": None}, beat)


def _empty(condition: Any, columns: dict[str, Any], beat: Beat) -> int:
    found = [number for (number,) in tuples(Message.select(Message.id).where(condition))]
    for first in range(0, len(found), ROWS_A_PART):
        beat()
        part = among(Message.id, found[first : first + ROWS_A_PART])
        Message.update(**columns).where(part).execute()
    return len(found)


def _forget_readings(beat: Beat) -> int:
    """How phones were read that no order and no account has any more."""
    used = Order.select(Order.phone) | Customer.select(Customer.phone)
    return delete_in_parts(PhoneReading, PhoneReading.typed.not_in(used), beat=beat)
