"""What came in from WhatsApp, what waits of it, and what became of the messages; for the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import SQL, NodeList, fn

from models import Message, Received, Reply, SetAside, Statement, Webhook
from models.base import tuples

WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Messages of a campaign in a state, and of how many of them people did something."""

    campaign: str
    state: str
    messages: int
    clicked: int
    replied: int
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStatus:
    """A look at it, at one moment."""

    received: int  # webhooks, ever
    waiting: int
    oldest_waiting: timedelta  # for how long; 0 if none waits
    set_aside: int  # elements
    elements: Mapping[str, int]  # kind -> how many ever came
    replies: int
    refusals: Mapping[str, int]  # purpose -> statements on the ledger
    sent: Sequence[Sent]  # of what was decided within WINDOW


def look_at_intake(now: datetime) -> IntakeStatus:
    """Gather it. Reads an index for most of it, and no message that is older than WINDOW."""
    waiting = Webhook.select(Webhook.received_at).where(Webhook.done_at.is_null())
    first = waiting.order_by(Webhook.id).first()
    refusals = Statement.select(Statement.purpose, fn.COUNT(Statement.id))
    return IntakeStatus(
        received=Webhook.select(fn.MAX(Webhook.id)).scalar() or 0,
        waiting=waiting.count(),
        oldest_waiting=max(now - first.received_at, timedelta(0)) if first else timedelta(0),
        set_aside=SetAside.select().count(),
        elements=Received.totals(),
        replies=Reply.select().count(),
        refusals=dict(tuples(refusals.where(Statement.says == "no").group_by(Statement.purpose))),
        sent=_sent((now - WINDOW).date()),
    )


def _sent(since: date) -> list[Sent]:
    # the + keeps SQLite from an index that is in the right order and lacks the columns
    campaign = NodeList((SQL("+"), Message.campaign), glue="")
    query = (
        Message.select(
            Message.campaign,
            Message.state,
            fn.COUNT(SQL("*")),
            fn.SUM(Message.clicked).coerce(False),
            fn.SUM(Message.replied).coerce(False),
            fn.SUM(Message.stopped).coerce(False),
        )
        .where(Message.period >= since.isoformat())
        .group_by(campaign, Message.state)
        .order_by(Message.campaign, Message.state)
    )
    names = ("campaign", "state", "messages", "clicked", "replied", "stopped")
    return [Sent(**dict(zip(names, row, strict=True))) for row in tuples(query)]
