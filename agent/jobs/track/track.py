"""Work off the webhooks that were stored, oldest first, each batch in one transaction."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import peewee

from agent.config import Settings
from agent.jobs.track.asked import note_enquiries
from agent.jobs.track.news import heed_news
from agent.jobs.track.replies import file_number_changes, file_replies
from agent.jobs.track.statuses import file_statuses
from agent.jobs.track.user_ids import learn_user_ids
from agent.log import Log
from agent.rules.inbound import (
    Event,
    Inbound,
    NumberChanged,
    Preference,
    StatusUpdate,
    Unknown,
    read_webhook,
)
from agent.rules.webhook_kinds import UNKNOWN, kind_of
from agent.rules.webhook_places import alone, at_place
from models import Received, SetAside, Webhook
from models.base import transaction

if TYPE_CHECKING:
    from agent.rules.meta_news import MetaNews

log = Log(__name__)

WEBHOOKS_A_BATCH = 200
BYTES_A_BATCH = 1_000_000  # some 2,000 statuses: while they are worked off, nobody else can write
LOOK: Final = "winback inbox"
ONE_BY_ONE: Final = "nothing to do: they are worked off one by one, and what breaks is set aside"


@dataclass(slots=True)
class Heard:
    """What a batch of webhooks says, sorted by what has to be done with it."""

    statuses: list[StatusUpdate] = field(default_factory=list)
    said: list[Inbound | Preference] = field(default_factory=list)
    moved: list[NumberChanged] = field(default_factory=list)
    news: "list[MetaNews]" = field(default_factory=list)
    strange: list[Unknown] = field(default_factory=list)

    def add(self, event: Event) -> None:
        match event:
            case StatusUpdate():
                self.statuses.append(event)
            case Inbound() | Preference():
                self.said.append(event)
            case NumberChanged():
                self.moved.append(event)
            case Unknown():
                self.strange.append(event)
            case _:
                self.news.append(event)


def track(settings: Settings, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Work off what is waiting. Returns how many of each kind of event came.

    An element that cannot be understood is set aside, and the others count. So is one that breaks us:
    the sender waits for what may be a refusal, so nothing may wait for ever.
    """
    tally: Counter[str] = Counter()
    while True:
        beat()
        waiting = Webhook.waiting(WEBHOOKS_A_BATCH, BYTES_A_BATCH)
        if not waiting:
            return dict(tally)
        try:
            with transaction():
                batch = _work_off(waiting, settings, now)
            tally += batch
        except Exception as error:  # one element that breaks must not hold up a STOP
            if _is_the_database(error):
                raise
            log.error("webhook.batch_broke", error=error, fix=ONE_BY_ONE)
            for webhook in waiting:
                beat()
                tally += _work_off_alone(webhook, settings, now)


def try_again(settings: Settings, ids: Sequence[int], *, now: datetime) -> tuple[int, int]:
    """Work off what was set aside, as after an upgrade. What fails again stays, with what it says now.

    Returns how many worked, and how many of their elements did not. Doing it twice changes nothing more:
    what a webhook says counts once.
    """
    worked = failed = 0
    for row in SetAside.select().where(SetAside.id.in_(list(ids))).order_by(SetAside.id):
        webhook = Webhook.get_or_none(Webhook.id == row.webhook_id)
        broken = (
            [(row.place, GONE)] if webhook is None else _tried(webhook, row.place, settings, now)
        )
        with transaction():
            if all(place != row.place for place, _ in broken):
                row.delete_instance()
                worked += not broken
            SetAside.put(row.webhook_id, broken, now)
        failed += len(broken)
    return worked, failed


GONE = "its webhook is not there any more"


def _work_off(waiting: list[Webhook], settings: Settings, now: datetime) -> Counter[str]:
    heard = Heard()
    tally, kinds = Counter[str](), Counter[str]()
    for webhook in waiting:
        payload = _parsed(webhook)
        events = _events(payload)
        if any(isinstance(event, Unknown) and event.broken for event in events):
            _set_aside(webhook, _unreadable(payload), now)
        for event in events:
            tally[type(event).__name__] += 1
            kinds[kind_of(event)] += 1
            heard.add(event)
    _do(heard, settings, now)
    note_enquiries(heard.said, now=now)
    _count(kinds, now)
    Webhook.update(done_at=now).where(Webhook.id.in_([one.id for one in waiting])).execute()
    return tally


def _do(
    heard: Heard, settings: Settings, now: datetime, uids: dict[str, str] | None = None
) -> None:
    """`uids` are our own ids of messages by their wamid; those of these statuses if none are given."""
    if uids is None:
        uids = _uids(heard.statuses)
    # replies first: a refusal must not wait behind anything that may go wrong
    file_replies(heard.said, settings, uids=uids, now=now)
    file_number_changes(heard.moved, settings, now=now)
    heed_news(heard.news, now=now)
    file_statuses(heard.statuses, settings, now=now)
    learn_user_ids(heard.statuses, now=now)


def _work_off_alone(webhook: Webhook, settings: Settings, now: datetime) -> Counter[str]:
    """Element by element, so that one which breaks us holds up neither a refusal nor the sending."""
    events = _events(_parsed(webhook))
    broken = _tried(webhook, "", settings, now)
    with transaction():
        _set_aside(webhook, broken, now)
        _count(Counter(kind_of(event) for event in events), now)
        Webhook.update(done_at=now).where(Webhook.id == webhook.id).execute()
    return Counter(type(event).__name__ for event in events)


def _tried(
    webhook: Webhook, place: str, settings: Settings, now: datetime
) -> list[tuple[str, str]]:
    """Work off what stands at a place of it, each element in a transaction. Returns the places and
    reasons of what did not work."""
    payload = _parsed(webhook)
    if isinstance(payload, Unknown):
        return [("", payload.what)]
    if place:
        try:
            parts: Iterable[tuple[str, object]] = [(place, at_place(payload, place))]
        except (LookupError, ValueError, TypeError):
            return [(place, "the webhook has no such element")]
    elif _is_empty(payload):
        return [("", NOTHING)]
    else:
        parts = alone(payload)
    uids = _uids(event for event in _events(payload) if isinstance(event, StatusUpdate))
    broken = []
    for where, part in parts:
        for event in read_webhook(part):
            reason = _worked_off(event, settings, uids, now)
            if reason:
                broken.append((where, reason))
    return broken


def _worked_off(event: Event, settings: Settings, uids: dict[str, str], now: datetime) -> str:
    """Why it could not be; "" if it could."""
    if isinstance(event, Unknown):
        return event.what if event.broken else ""
    heard = Heard()
    heard.add(event)
    try:
        with transaction():
            _do(heard, settings, now, uids)
        if isinstance(event, Inbound):  # what they ask about is not worth a STOP
            with transaction():
                note_enquiries([event], now=now)
    except Exception as error:  # set aside with its reason, and told
        if _is_the_database(error):
            raise
        log.error("webhook.broke", error=error, fix=LOOK)
        return f"{type(error).__name__}: {error}"
    return ""


def _is_the_database(error: Exception) -> bool:
    """Locked, full or broken, which is no webhook's fault: all of them wait."""
    refused_row = isinstance(error, (peewee.IntegrityError, peewee.DataError))
    return isinstance(error, peewee.DatabaseError) and not refused_row


def _parsed(webhook: Webhook) -> object:
    """The body as JSON; Unknown if it is none."""
    try:
        return json.loads(bytes(webhook.body))
    except (ValueError, RecursionError) as error:
        return Unknown(f"not JSON: {error}", broken=True)


def _events(payload: object) -> list[Event]:
    if isinstance(payload, Unknown):
        return [payload]
    events = list(read_webhook(payload))
    return events or [Unknown(NOTHING, broken=True)] if _is_empty(payload) else events


NOTHING = "nothing in it that a webhook has"


def _is_empty(payload: object) -> bool:
    """Whether there is no change in it at all, not even one that we do not know."""
    return next(alone(payload), None) is None


def _unreadable(payload: object) -> list[tuple[str, str]]:
    """The places of the elements that cannot be read, and why."""
    if isinstance(payload, Unknown):
        return [("", payload.what)]
    if _is_empty(payload):
        return [("", NOTHING)]
    return [
        (place, event.what)
        for place, part in alone(payload)
        for event in read_webhook(part)
        if isinstance(event, Unknown) and event.broken
    ]


def _set_aside(webhook: Webhook, broken: Sequence[tuple[str, str]], now: datetime) -> None:
    SetAside.put(webhook.id, broken, now)
    if broken:
        log.warning(
            "webhook.set_aside",
            webhook=webhook.id,
            elements=len(broken),
            what=broken[0][1],
            fix=LOOK,
        )


def _count(kinds: Counter[str], now: datetime) -> None:
    """Count them; something of a kind that we do not know is told once a day."""
    unknown = {kind for kind in kinds if kind.startswith(UNKNOWN)}
    if unknown:
        known = Received.since(now.date())
        for kind in sorted(unknown - known.keys()):
            log.warning("webhook.unknown", what=kind.removeprefix(UNKNOWN), fix=UNREAD)
    Received.add(kinds, now.date())


UNREAD = "kept, and not read: a newer winback may know it; else take this field out of the app's webhooks"


def _uids(statuses: Iterable[StatusUpdate]) -> dict[str, str]:
    return {status.wamid: status.uid for status in statuses if status.uid}
