"""Everything that is known of one person, and what the rules make of it: gathered for whoever asks why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.errors import BadInput
from agent.explain.explanation import (
    CampaignShown,
    CapsShown,
    ConsentShown,
    DecisionShown,
    Explanation,
    HoldShown,
    IdentityShown,
    MessageShown,
    PersonShown,
    QuietShown,
)
from agent.explain.holds import gather_holds
from agent.explain.plan_ahead import next_run
from agent.explain.shopping import interest_of, orders_of
from agent.jobs.consent_proof import prove
from agent.jobs.decide import Day, Judged, judge_alone
from agent.jobs.decide.people import Known
from agent.jobs.decide.planned import not_before
from agent.jobs.decide.reserve import reason
from agent.person_key import person_key
from agent.rules.budget import Prices, Rate
from agent.rules.caps import MONTH, WEEK, Caps, counted, next_day
from agent.rules.conditions import first_unmet
from agent.rules.figures import Cell, Counted, price_of
from agent.rules.from_when import from_when
from agent.rules.holdout import held_out, held_out_of_everything
from agent.rules.hours import known_zone
from agent.rules.reasons import Why
from agent.rules.selection import WINBACKS
from models import Contact, Epoch, Identity, Message, Order
from models.delivery import MARKETING
from models.outbox import UNCOUNTED

SHOWN = 100  # messages, and identities of a kind


def explain(
    settings: Settings, contact_id: int, now: datetime, *, runs_at: datetime | None = None
) -> Explanation:
    """Why this person hears from the shop, or does not, as things are at `now`.

    `runs_at`: when what is decided once a day is decided; left out, at the next daily run. Nothing
    is written but temporary tables. Raises BadInput for a contact that there is none of, and while
    the mirror knows nothing of the shop.
    """
    contact = Contact.get_or_none(Contact.id == contact_id)
    if contact is None:
        raise BadInput(f"there is no person with the number {contact_id}", fix="winback why PHONE")
    try:
        day = Day.at(now)
    except KeyError:
        fix = "run `winback sync` first, or wait until the daemon has read the shop"
        raise BadInput("the mirror knows nothing of the shop yet", fix=fix) from None
    judged = judge_alone(settings, contact_id, now=now)
    known = judged.planned.known
    campaigns = _campaigns(settings, judged, day)
    return Explanation(
        at=now,
        shop_zone=day.zone.key,
        currency=day.currency,
        cost_currency=settings.budget.currency,
        person=_person(contact, known),
        identities=_identities(contact),
        consent=_consent(contact),
        orders=orders_of(settings, contact_id),
        interest=interest_of(settings, contact_id, now),
        messages=_messages(settings, contact_id),
        caps=_caps(settings, known, day.date),
        quiet=_quiet(settings, day, known),
        held_out_of_everything=held_out_of_everything(
            person_key(), known.phone, settings.holdout.everything
        ),
        campaigns=campaigns,
        queues=judged.queues,
        holds=_holds(settings, now, day.zone),
        decision=_decision(settings, day, judged, campaigns, runs_at or next_run(settings, now)),
    )


def _person(contact: Contact, known: Known) -> PersonShown:
    return PersonShown(
        contact_id=contact.id,
        phone=contact.phone,
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        language=contact.language,
        country=contact.region,
        zones=known.zones,
        known_since=contact.created_at,
        unreachable=contact.unreachable,
    )


def _identities(contact: Contact) -> tuple[IdentityShown, ...]:
    """What else names them; and the orders that they placed without an account."""
    names = (
        Identity.select()
        .where(Identity.contact_id == contact.id)
        .order_by(Identity.kind, Identity.seen_at.desc(), Identity.value)
    )
    guest = (
        Order.select(Order.woo_id, Order.number, Order.created_at)
        .where(Order.holder_id == contact.id, Order.customer_id == 0)
        .order_by(Order.created_at.desc(), Order.woo_id.desc())
    )
    return (
        *(
            IdentityShown(kind=one.kind, value=one.value, seen_at=one.seen_at)
            for one in names.limit(SHOWN)
        ),
        *(
            IdentityShown(
                kind="guest_order", value=one.number or str(one.woo_id), seen_at=one.created_at
            )
            for one in guest.limit(SHOWN)
        ),
    )


def _consent(contact: Contact) -> tuple[ConsentShown, ...]:
    return tuple(
        ConsentShown(
            purpose=purpose,
            answer=standing.answer,
            since=standing.since,
            entries=tuple(entries),
        )
        for purpose, (standing, entries) in prove(contact.phone).purposes.items()
    )


def _messages(settings: Settings, contact: int) -> tuple[MessageShown, ...]:
    """The newest first."""
    prices = Prices(
        Rate(one.since, one.country, one.category, one.price) for one in settings.budget.prices
    )
    query = Message.select().where(Message.contact_id == contact)
    newest = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(SHOWN)
    return tuple(_message(one, prices) for one in newest)


def _message(one: Message, prices: Prices) -> MessageShown:
    cell = Cell(one.created_at.date().isoformat(), one.campaign, one.template, one.language)
    cost = price_of(Counted(cell, one.country, one.state, one.charged, 0, 0, 0, 1), prices)
    reached = (one.ended_at, one.read_at, one.delivered_at, one.sent_at, one.accepted_at)
    at = next((moment for moment in reached if moment is not None), None)
    return MessageShown(
        message_id=one.id,
        campaign=one.campaign,
        kind=one.kind,
        decided_at=one.created_at,
        state=one.state,
        at=one.not_before if at is None or one.state == "queued" else at,
        reason=one.reason,
        template=one.template,
        language=one.language,
        cost=cost,
        code=one.code,
        detail=one.detail,
        counts=one.kind == MARKETING and one.state not in UNCOUNTED,
    )


def _caps(settings: Settings, known: Known, today: date) -> CapsShown:
    limits, days = settings.limits, known.person.counted_days
    caps = Caps(limits.per_7_days, limits.per_30_days)
    return CapsShown(
        in_7_days=counted(days, today, WEEK),
        per_7_days=limits.per_7_days,
        in_30_days=counted(days, today, MONTH),
        per_30_days=limits.per_30_days,
        free_on=next_day(caps, days, today),
        restored_on=Epoch.restored_day(),
    )


def _quiet(settings: Settings, day: Day, known: Known) -> QuietShown:
    until = not_before(settings, day, known)
    zone = known_zone(known.zones, day.zone)
    return QuietShown(now=until > day.now, until=until, zone=zone.key)


def _campaigns(settings: Settings, judged: Judged, day: Day) -> tuple[CampaignShown, ...]:
    key, phone = person_key(), judged.planned.known.phone
    chosen, shown = judged.planned.decision.campaign, []
    for offer, conditions in judged.asked:
        share = settings.held_out_of(offer.name)
        shown.append(
            CampaignShown(
                name=offer.name,
                enabled=settings.campaigns[offer.name].enabled,
                chosen=offer.name == chosen,
                why=first_unmet(conditions),
                conditions=tuple(conditions),
                held_out=held_out(key, phone, offer.name, share),
                holdout=share,
                from_day=from_when(
                    conditions,
                    counted_days=judged.planned.known.person.counted_days,
                    now=day.now,
                    zone=day.zone,
                    runs_at=settings.timetable.campaigns_at,
                ),
            )
        )
    return tuple(shown)


def _holds(settings: Settings, now: datetime, zone: ZoneInfo) -> Sequence[HoldShown]:
    return gather_holds(settings, now, zone)


def _decision(
    settings: Settings,
    day: Day,
    judged: Judged,
    campaigns: Sequence[CampaignShown],
    runs_at: datetime,
) -> DecisionShown:
    planned = judged.planned
    decision = planned.decision
    if decision.why is not Why.CHOSEN:
        named, since = _next(campaigns)
        return DecisionShown(
            why=decision.why,
            campaign="",
            reason="",
            against=decision.against,
            leaves_at=None,
            next_campaign=named,
            next_day=since,
        )
    decided_at = runs_at if decision.campaign in WINBACKS else day.now
    leaves_at = not_before(settings, replace(day, now=decided_at), planned.known)
    return DecisionShown(
        why=Why.HELD_OUT if planned.withheld else Why.CHOSEN,
        campaign=decision.campaign,
        reason=reason(decision, day),
        against=decision.against,
        leaves_at=None if planned.withheld else leaves_at,
        decided_at=decided_at,
        backlog=planned.from_backlog,
    )


def _next(campaigns: Sequence[CampaignShown]) -> tuple[str, date | None]:
    """What they get first if only time passes; on the same day the one that is preferred."""
    ahead = [(one.from_day, one.name) for one in campaigns if one.from_day is not None]
    since, named = min(ahead, key=lambda one: one[0], default=(None, ""))
    return named, since
