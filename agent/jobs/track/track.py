"""Work off the webhooks that were stored, oldest first, each batch in one transaction."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import peewee

from agent.config import Settings
from agent.jobs.track.asked import note_enquiries
from agent.jobs.track.news import heed_news
from agent.jobs.track.replies import file_number_changes, file_replies
from agent.jobs.track.statuses import file_statuses
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
from models import Webhook
from models.base import transaction

if TYPE_CHECKING:
    from agent.rules.meta_news import MetaNews

log = Log(__name__)

WEBHOOKS_A_BATCH = 200


def track(settings: Settings, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Work off what is waiting. Returns how many of each kind of event came.

    An element that cannot be understood is kept with its webhook, and the others count. So is one
    that breaks us: the sender waits for what may be a refusal, so nothing may wait for ever.
    """
    tally: Counter[str] = Counter()
    while True:
        beat()
        waiting = list(
            Webhook.select()
            .where(Webhook.done_at.is_null())
            .order_by(Webhook.id)
            .limit(WEBHOOKS_A_BATCH)
        )
        if not waiting:
            return dict(tally)
        try:
            with transaction():
                _work_off(waiting, settings, now, batch := Counter[str]())
            tally += batch
        except Exception as error:  # one element that breaks must not hold up a STOP
            if _is_the_database(error):
                raise
            log.error("webhook.batch_broke", error=error)
            for webhook in waiting:
                beat()
                _work_off_alone(webhook, settings, now, tally)


def _work_off(
    waiting: list[Webhook], settings: Settings, now: datetime, tally: Counter[str]
) -> None:
    statuses: list[StatusUpdate] = []
    said: list[Inbound | Preference] = []
    moved: list[NumberChanged] = []
    news: list[MetaNews] = []
    troubles: dict[str, list[int]] = {}
    for webhook in waiting:
        strange = []
        for event in _events(webhook):
            tally[type(event).__name__] += 1
            match event:
                case StatusUpdate():
                    statuses.append(event)
                case Inbound() | Preference():
                    said.append(event)
                case NumberChanged():
                    moved.append(event)
                case Unknown():
                    strange.append(event.what)
                case _:
                    news.append(event)
        troubles.setdefault("; ".join(strange), []).append(webhook.id)
    # replies first: a refusal must not wait behind anything that may go wrong
    uids = {status.wamid: status.uid for status in statuses if status.uid}
    file_replies(said, settings, uids=uids, now=now)
    file_number_changes(moved, settings, now=now)
    heed_news(news, now=now)
    file_statuses(statuses, settings, now=now)
    note_enquiries(said, now=now)
    for trouble, ids in troubles.items():
        Webhook.update(done_at=now, trouble=trouble).where(Webhook.id.in_(ids)).execute()
        if trouble:
            log.warning("webhook.strange", ids=ids, what=trouble)


def _work_off_alone(
    webhook: Webhook, settings: Settings, now: datetime, tally: Counter[str]
) -> None:
    """Element by element, so that one which breaks us holds up neither a refusal nor the sending."""
    broken = []
    events = _events(webhook)
    uids = {one.wamid: one.uid for one in events if isinstance(one, StatusUpdate) and one.uid}
    for event in events:
        tally[type(event).__name__] += 1
        try:
            with transaction():
                match event:
                    case StatusUpdate():
                        file_statuses([event], settings, now=now)
                    case Inbound() | Preference():
                        file_replies([event], settings, uids=uids, now=now)
                    case NumberChanged():
                        file_number_changes([event], settings, now=now)
                    case Unknown():
                        broken.append(event.what)
                    case _:
                        heed_news([event], now=now)
            if isinstance(event, Inbound):  # what they ask about is not worth a STOP
                note_enquiries([event], now=now)
        except Exception as error:  # kept with its trouble, and told
            if _is_the_database(error):
                raise
            broken.append(f"{type(error).__name__}: {error}")
            log.error("webhook.broke", id=webhook.id, error=error)
    trouble = "; ".join(broken)
    Webhook.update(done_at=now, trouble=trouble).where(Webhook.id == webhook.id).execute()


def _is_the_database(error: Exception) -> bool:
    """Locked, full or broken, which is no webhook's fault: all of them wait."""
    refused_row = isinstance(error, (peewee.IntegrityError, peewee.DataError))
    return isinstance(error, peewee.DatabaseError) and not refused_row


def _events(webhook: Webhook) -> list[Event]:
    try:
        payload = json.loads(bytes(webhook.body))
    except (ValueError, RecursionError) as error:
        return [Unknown(f"not JSON: {error}")]
    return list(read_webhook(payload))
