"""How the daemon, the shop, WhatsApp, the mirror and the queue are, as data; for the status and the dashboard.

Reads a few rows by index, and never all messages: fit for a page that somebody waits for.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from peewee import SQL, fn

from agent.rules.alarm_kinds import PARTS
from agent.rules.room import ROLLING, people_a_day
from models import (
    Alarm,
    Cursor,
    Heartbeat,
    Hint,
    Message,
    Pause,
    Sample,
    SetAside,
    ShopFact,
    Webhook,
)
from models.base import tuples
from models.outbox import unanswered

SILENT: Final = timedelta(minutes=2)  # without a sign of life for longer, the daemon is not well
WINDOW: Final = timedelta(days=7)  # for what was compared


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonHealth:
    """`runs`: it has shown signs of life of late, and its process is there. All None: it never ran."""

    runs: bool
    pid: int | None = None
    version: str = ""
    started_at: datetime | None = None
    beat_at: datetime | None = None
    stopped_at: datetime | None = None
    listening: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopHealth:
    """`first_reading`: (orders read, of how many), while the first reading is under way."""

    read_at: datetime | None
    first_reading: tuple[int, int] | None
    webhooks: str  # "ok", "not installed", "" where nobody has looked, else what is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppHealth:
    """The words of Meta's as they were last read ("CONNECTED", "GREEN"); "" and None: not known."""

    status: str
    quality: str
    people_a_day: int | None
    per_second: int | None
    pauses: Sequence[Pause]  # all that are in force
    webhook_at: datetime | None  # the newest that came
    webhooks_waiting: int
    set_aside: int  # parts of webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorHealth:
    """How many rows were equal of those compared with the shop's in WINDOW, and what waits."""

    equal: int
    compared: int
    to_read_again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueHealth:
    """What waits to be sent. `due`: it may leave now, and nothing holds it."""

    queued: int
    due: int
    due_since: datetime | None
    next_at: datetime | None  # of those that are not due yet
    unsure: int  # of which nobody knows yet whether they were sent
    accepted_at: datetime | None  # the newest that WhatsApp took
    accepted_today: int  # in the last 24 hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A look at all of it, at one moment."""

    at: datetime
    alarms: Sequence[Alarm]  # those that stand, the critical ones first
    daemon: DaemonHealth
    shop: ShopHealth
    whatsapp: WhatsAppHealth
    mirror: MirrorHealth
    queue: QueueHealth

    def alarms_of(self, part: str) -> list[Alarm]:
        """Those about "daemon", "shop", "whatsapp", "mirror", "queue" or "campaigns"."""
        return [one for one in self.alarms if PARTS.get(one.kind, "daemon") == part]

    @property
    def well(self) -> bool:
        """No alarm stands, and the daemon runs."""
        return self.daemon.runs and not self.alarms


def standing_alarms() -> list[Alarm]:
    """The alarms that are not over: the critical ones first, then in the order in which they began."""
    return Alarm.standing()


def look_at_health(now: datetime) -> Health:
    """Gather it. Reads only."""
    facts = ShopFact.all()
    return Health(
        at=now,
        alarms=standing_alarms(),
        daemon=look_at_daemon(now),
        shop=_shop(facts),
        whatsapp=_whatsapp(facts, now),
        mirror=_mirror(now),
        queue=_queue(now),
    )


def look_at_daemon(now: datetime) -> DaemonHealth:
    """By its heartbeat, and whether its process is there (which only its own machine can know)."""
    beat = Heartbeat.get_or_none()
    if beat is None:
        return DaemonHealth(runs=False)
    lives = now - beat.beat_at <= SILENT and _alive(beat.pid)
    return DaemonHealth(
        runs=beat.stopped_at is None and lives,
        pid=beat.pid,
        version=beat.version,
        started_at=beat.started_at,
        beat_at=beat.beat_at,
        stopped_at=beat.stopped_at,
        listening=beat.listening,
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _shop(facts: dict[str, str]) -> ShopHealth:
    orders = Cursor.get_or_none(Cursor.name == "orders") or Cursor(name="orders")
    return ShopHealth(
        read_at=orders.polled_at,
        first_reading=(orders.walked, orders.total) if orders.since is None else None,
        webhooks=facts.get("webhooks", ""),
    )


def _whatsapp(facts: dict[str, str], now: datetime) -> WhatsAppHealth:
    told = facts.get("whatsapp_throughput", "")
    return WhatsAppHealth(
        status=facts.get("whatsapp_status", ""),
        quality=facts.get("whatsapp_quality", ""),
        people_a_day=people_a_day(facts.get("whatsapp_limit", "")),
        per_second=int(told) if told.isdecimal() else None,
        pauses=Pause.in_force(now),
        webhook_at=Webhook.newest_at(),
        webhooks_waiting=Webhook.select().where(Webhook.done_at.is_null()).count(),
        set_aside=SetAside.select().count(),
    )


def _mirror(now: datetime) -> MirrorHealth:
    samples = Sample.exactness(now - WINDOW).values()
    return MirrorHealth(
        equal=sum(equal for equal, _ in samples),
        compared=sum(compared for _, compared in samples),
        to_read_again=Hint.select().count(),
    )


def _queue(now: datetime) -> QueueHealth:
    queued = Message.select().where(Message.state == SQL("'queued'"))
    later = queued.where(Message.not_before > now)
    due, since = Message.overdue(now, now)
    of_late = Message.select(fn.COUNT(Message.id), fn.MAX(Message.accepted_at))
    [(accepted, newest)] = tuples(of_late.where(Message.accepted_at > now - ROLLING))
    if newest is None:
        newest = Message.select(fn.MAX(Message.accepted_at)).scalar()
    unsure = Message.select().where(unanswered(), Message.state == "unsure")
    return QueueHealth(
        queued=queued.count(),
        due=due,
        due_since=since,
        next_at=later.select(fn.MIN(Message.not_before)).scalar(),
        unsure=unsure.count(),
        accepted_at=newest,
        accepted_today=accepted,
    )
