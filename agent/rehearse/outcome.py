"""What a rehearsal came to, in numbers, and message by message."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from peewee import JOIN

from agent.config import Settings
from agent.rules.as_seen import as_seen
from agent.rules.budget import MARKETING, Prices, Rate
from agent.rules.contracts import compile_template
from agent.rules.reasons import Why
from agent.rules.states import State
from agent.rules.templates import components
from models import Contact, Conversion, Message, ShopFact, Template
from models.base import tuples


@dataclass(slots=True)
class Sum:
    """What one campaign came to in one month, or in all of them. Money: cost in that of [budget],
    revenue in minor units of the shop's."""

    people: int = 0
    messages: int = 0  # that left
    withheld: int = 0  # chosen, and held out by chance
    dropped: int = 0  # chosen, and called off or too late before they left
    waiting: int = 0  # still queued at the end
    cost: Decimal = Decimal(0)
    unpriced: int = 0  # messages of which nobody knows what they cost
    buyers: int = 0  # people with an order that counts for one of these messages
    orders: int = 0
    revenue: int = 0
    open: int = 0  # messages after which the time in which an order counts is not over


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign in one month of the shop's calendar; "" is all of them, or all months."""

    campaign: str
    month: str  # 2026-03
    sum: Sum


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that would have left. `at` is an instant, `day` its date in the shop."""

    at: datetime
    day: date
    contact_id: int
    phone: str
    name: str
    campaign: str
    language: str
    reason: str
    variables: Mapping[str, str]
    text: str  # as the person reads it; "" where winback does not have the template


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The whole of it. `often`: messages -> how many people got so many."""

    shop: str
    zone: str
    currency: str
    cost_currency: str
    began: datetime
    until: datetime
    lines: Sequence[Line] = ()
    total: Sum = field(default_factory=Sum)
    often: Mapping[int, int] = field(default_factory=dict)
    days: Mapping[date, Mapping[str, int]] = field(
        default_factory=dict
    )  # date -> campaign -> messages
    reasons: Mapping[Why, int] = field(default_factory=dict)  # people in all daily runs together
    runs: int = 0  # daily runs
    dropped: Mapping[str, int] = field(default_factory=dict)  # reason -> messages
    people: int = 0  # who agreed, at the end
    notes: Sequence[str] = ()
    sent: Sequence[Sent] = ()


@dataclass(slots=True)
class _Whose:
    people: set[int] = field(default_factory=set)
    buyers: set[int] = field(default_factory=set)


def gather_outcome(
    settings: Settings,
    *,
    began: datetime,
    until: datetime,
    reasons: Mapping[str, int],
    runs: int,
    dropped: Mapping[str, int],
    notes: Sequence[str],
) -> Simulation:
    """From the outbox of the rehearsal: what was decided after `began`."""
    facts = ShopFact.all()
    zone = ZoneInfo(facts["zone"])
    rehearsed = (
        (Message.created_at > began) & (Message.kind == "marketing") & Message.order_id.is_null()
    )
    sums, per_person, days = _sums(settings, rehearsed, until)
    expired = Message.select().where(rehearsed, Message.state == State.EXPIRED).count()
    return Simulation(
        shop=facts.get("name", ""),
        zone=zone.key,
        currency=facts["currency"],
        cost_currency=settings.budget.currency,
        began=began,
        until=until,
        lines=[Line(*key, sums[key]) for key in sorted(sums) if key[0]],
        total=sums.get(("", ""), Sum()),
        often=dict(sorted(Counter(per_person.values()).items())),
        days=days,
        reasons={Why[name.upper()]: count for name, count in reasons.items()},
        runs=runs,
        dropped=dict(dropped) | ({"had not left in time": expired} if expired else {}),
        people=Contact.agreed_count(),
        notes=tuple(notes),
        sent=list(_sent(settings, rehearsed)),
    )


def _sums(
    settings: Settings, rehearsed: object, until: datetime
) -> tuple[dict[tuple[str, str], Sum], Counter[int], dict[date, dict[str, int]]]:
    """(campaign, month) -> its sum, with "" for all; messages by person; and by day and campaign."""
    sums: dict[tuple[str, str], Sum] = {}
    whose: dict[tuple[str, str], _Whose] = {}
    per_person: Counter[int] = Counter()
    days: dict[date, dict[str, int]] = {}
    prices = Prices(
        Rate(one.since, one.country, one.category, one.price) for one in settings.budget.prices
    )
    earned: dict[int, list[tuple[int, int]]] = {}
    for message, contact, revenue in tuples(
        Conversion.select(Conversion.message_id, Conversion.contact_id, Conversion.revenue)
    ):
        earned.setdefault(message, []).append((contact, revenue))
    query = Message.select(
        Message.id, Message.campaign, Message.contact_id, Message.cap_day, Message.state,
        Message.country, Message.accepted_at,
    ).where(rehearsed)  # fmt: skip
    for number, campaign, contact, cap_day, state, country, accepted_at in tuples(query):
        day = date.fromisoformat(cap_day)
        left = state == State.DELIVERED
        price = prices.of(country, MARKETING, day) if left else None
        for key in ((campaign, cap_day[:7]), (campaign, ""), ("", "")):
            one, people = sums.setdefault(key, Sum()), whose.setdefault(key, _Whose())
            one.withheld += state == State.WITHHELD
            one.dropped += state in (State.CANCELLED, State.EXPIRED)
            one.waiting += state == State.QUEUED
            if not left:
                continue
            one.messages += 1
            one.cost += price or 0
            one.unpriced += price is None
            one.open += accepted_at + settings.attribution.window > until
            people.people.add(contact)
            for buyer, revenue in earned.get(number, ()):
                people.buyers.add(buyer)
                one.orders += 1
                one.revenue += revenue
            one.people, one.buyers = len(people.people), len(people.buyers)
        if left:
            per_person[contact] += 1
            of_day = days.setdefault(day, {})
            of_day[campaign] = of_day.get(campaign, 0) + 1
    return sums, per_person, dict(sorted(days.items()))


def _sent(settings: Settings, rehearsed: object) -> Iterator[Sent]:
    """In the order in which they left."""
    templates = {(one.name, one.language): one.body for one in Template.select()}
    contracts = {key: compile_template(body) for key, body in templates.items()}
    query = (
        Message.select(
            Message.claimed_at, Message.cap_day, Message.contact_id, Contact.phone, Contact.first_name,
            Contact.last_name, Message.campaign, Message.template, Message.language, Message.reason,
            Message.variables,
        )
        .join(Contact, JOIN.LEFT_OUTER, on=(Contact.id == Message.contact_id))
        .where(rehearsed, Message.state == State.DELIVERED)
        .order_by(Message.claimed_at, Message.id)
    )  # fmt: skip
    for (
        at,
        day,
        contact,
        phone,
        first,
        last,
        campaign,
        template,
        language,
        reason,
        values,
    ) in tuples(query):
        key = template, language
        text = ""
        if key in templates:
            mapping = settings.campaigns[campaign].mapping_in(language)
            try:
                seen = as_seen(templates[key], components(contracts[key], mapping, values))
            except ValueError as error:  # it does not fit its template
                text = f"({error})"
            else:
                text = seen.body
        yield Sent(
            at, date.fromisoformat(day), contact, phone or "", f"{first} {last}".strip(), campaign,
            language, reason, values, text,
        )  # fmt: skip
