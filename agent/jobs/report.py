"""outbox + conversions -> figures that a shop's owner understands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import JOIN, Case, fn

from agent.rules.reasons import Why
from agent.rules.states import TAKEN, State
from models import Contact, Conversion, JobRun, Message, PhoneReading, Reply, ShopFact
from models.base import tuples

WAITING = (State.QUEUED, State.CLAIMED)
FAILED = (State.FAILED, State.REFUSED, State.UNDELIVERED)
DROPPED = (State.CANCELLED, State.EXPIRED)
UNKNOWN = (State.UNSURE, State.ABANDONED)
EXAMPLES = 2  # of each campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One campaign. `revenue` is in minor units of the shop's currency, refunds taken off."""

    campaign: str
    chosen: int = 0
    sent: int = 0  # WhatsApp took it
    delivered: int = 0
    read: int = 0
    replied: int = 0
    waiting: int = 0
    failed: int = 0
    dropped: int = 0
    unknown: int = 0
    converted: int = 0  # messages that earned an order
    orders: int = 0
    revenue: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One person who was chosen, as an illustration."""

    person: str
    campaign: str
    reason: str
    became: str  # the state of the message, or "ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was sent since `since`, what it earned, and who was left alone in the latest run."""

    since: datetime
    shop: str
    currency: str
    lines: Sequence[Line]
    other_currencies: dict[str, int] = field(default_factory=dict)
    decided_at: datetime | None = None
    reasons: dict[Why, int] = field(default_factory=dict)
    unreachable: dict[str, int] = field(default_factory=dict)  # phones by why nobody is reached
    people: int = 0
    examples: Sequence[Example] = ()


def report(since: datetime) -> Report:
    """Count the messages that were decided since `since`, and the orders that they earned."""
    facts = ShopFact.all()
    currency = facts.get("currency", "")
    earned = _earned(since)
    latest = JobRun.newest("campaigns")
    lines = [
        Line(
            **counts,
            orders=sum(orders for (name, _), (orders, _) in earned.items() if name == campaign),
            revenue=earned.get((campaign, currency), (0, 0))[1],
        )
        for campaign, counts in _counts(since).items()
    ]
    others: dict[str, int] = {}
    for (_, money), (_, revenue) in earned.items():
        if money != currency:
            others[money] = others.get(money, 0) + revenue
    unusable = (
        PhoneReading.select(PhoneReading.reason, fn.COUNT(PhoneReading.typed))
        .where(PhoneReading.reason != "", PhoneReading.typed != "")
        .group_by(PhoneReading.reason)
    )
    return Report(
        since=since,
        shop=facts.get("name", ""),
        currency=currency,
        lines=lines,
        other_currencies=others,
        decided_at=latest.started_at if latest else None,
        reasons=_reasons(latest.result if latest else {}),
        unreachable=dict(tuples(unusable)),
        people=Contact.select().count(),
        examples=_examples(since),
    )


def _reasons(result: dict[str, int]) -> dict[Why, int]:
    """Why people were left alone; a name of an older version that is none any more is left out."""
    known = {why.name.lower(): why for why in Why}
    return {known[name]: count for name, count in result.items() if name in known}


def _examples(since: datetime) -> list[Example]:
    """The newest few of each campaign, those that earned an order first."""
    chosen: list[Example] = []
    of_campaigns = (Message.created_at >= since) & Message.order_id.is_null()
    campaigns = Message.select(Message.campaign).where(of_campaigns).distinct()
    has_earned = Message.id.in_(Conversion.select(Conversion.message_id))
    for (campaign,) in tuples(campaigns.order_by(Message.campaign)):
        query = (
            Message.select(
                Contact.first_name,
                Contact.phone,
                Message.reason,
                Message.state,
                has_earned,
            )
            .join(Contact, on=(Contact.id == Message.contact_id))
            .where(Message.campaign == campaign, Message.created_at >= since)
            .order_by(has_earned.desc(), Message.id.desc())
            .limit(EXAMPLES)
        )
        for name, phone, reason, state, ordered in tuples(query):
            person = f"{name or 'somebody'}, {phone[:5]}...{phone[-2:]}"
            chosen.append(Example(person, campaign, reason, "ordered" if ordered else state))
    return chosen


def _counts(since: datetime) -> dict[str, dict[str, Any]]:
    """campaign -> how many of its messages are where."""

    def count(condition: object) -> object:
        return fn.SUM(Case(None, [(condition, 1)], 0))

    answered = Reply.select(Reply.in_reply_to).where(Reply.in_reply_to != "")
    query = (
        Message.select(
            Message.campaign,
            fn.COUNT(Message.id),
            count(Message.state.in_(TAKEN)),
            count(Message.state.in_((State.DELIVERED, State.READ))),
            count(Message.state == State.READ),
            count(Message.wamid.in_(answered)),
            count(Message.state.in_(WAITING)),
            count(Message.state.in_(FAILED)),
            count(Message.state.in_(DROPPED)),
            count(Message.state.in_(UNKNOWN)),
            count(Message.id.in_(Conversion.select(Conversion.message_id))),
        )
        .where(Message.created_at >= since, Message.order_id.is_null())
        .group_by(Message.campaign)
        .order_by(Message.campaign)
    )
    names = (
        "campaign", "chosen", "sent", "delivered", "read", "replied", "waiting", "failed", "dropped",
        "unknown", "converted",
    )  # fmt: skip
    return {row[0]: dict(zip(names, row, strict=True)) for row in tuples(query)}


def _earned(since: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """(campaign, currency) -> number of orders and their revenue."""
    query = (
        Conversion.select(
            Conversion.campaign,
            Conversion.currency,
            fn.COUNT(Conversion.order_id),
            fn.SUM(Conversion.revenue),
        )
        .join(Message, JOIN.INNER, on=(Message.id == Conversion.message_id))
        .where(Message.created_at >= since)
        .group_by(Conversion.campaign, Conversion.currency)
    )
    return {(name, money): (orders, revenue) for name, money, orders, revenue in tuples(query)}
