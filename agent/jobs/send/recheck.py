"""The last look, just before the request: is this message still right?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.rules.caps import Caps, allows
from agent.rules.hours import next_allowed
from models import Contact, Identity, Message, Order
from models.base import tuples
from models.histories import NOT_ORDERS


@dataclass(slots=True)
class Verdict:
    """What becomes of queued messages: ids to send, to cancel by reason, to hold until a moment."""

    send: list[Message] = field(default_factory=list)
    phones: dict[int, str] = field(default_factory=dict)  # contact -> phone
    cancel: dict[str, list[int]] = field(default_factory=dict)
    hold: dict[datetime, list[int]] = field(default_factory=dict)


def recheck(
    messages: Sequence[Message], settings: Settings, *, now: datetime, zone: ZoneInfo
) -> Verdict:
    """Ask again what may have changed since the decision: consent, caps, hours, orders, template.

    What is in trouble as a campaign is not among `messages`: it is not due.
    """
    verdict = Verdict()
    today = now.astimezone(zone).date()
    ids = [message.contact_id for message in messages]
    contacts = {one.id: one for one in Contact.select().where(Contact.id.in_(ids))}
    taken = Message.cap_days(ids, today - timedelta(days=30))
    ordered = _newest_orders(ids)
    for message in messages:
        contact = contacts[message.contact_id]
        others = [one for one in taken.get(contact.id, []) if one[0] != message.id]
        why_not = _why_not(
            message, settings, consent=contact.marketing, last=ordered.get(contact.id)
        ) or _capped(settings, others, today)
        allowed = next_allowed(
            now,
            zones=tuple(contact.zones.split()),
            shop_zone=zone,
            quiet_from=settings.limits.quiet_from,
            quiet_until=settings.limits.quiet_until,
        )
        if why_not:
            verdict.cancel.setdefault(why_not, []).append(message.id)
            taken[contact.id] = others  # its place is free again, for the next of this person
        elif allowed > now:
            verdict.hold.setdefault(allowed, []).append(message.id)
        else:
            verdict.send.append(message)
            verdict.phones[contact.id] = contact.phone
            # it counts on today now, also for another message to this person in this batch
            taken[contact.id] = [*others, (message.id, today.isoformat())]
    return verdict


def _why_not(
    message: Message,
    settings: Settings,
    *,
    consent: str,
    last: datetime | None,
) -> str:
    campaign = settings.campaigns.get(message.campaign)
    if consent != "yes":
        return "consent was withdrawn"
    if campaign is None or not campaign.enabled:
        return "the campaign was switched off"
    if campaign.template != message.template or campaign.language != message.language:
        return "the campaign's template was changed in the config"
    if message.spell_began is not None and last is not None and last > message.spell_began:
        return "ordered meanwhile"
    return ""


def _capped(settings: Settings, others: Iterable[tuple[int, str]], today: date) -> str:
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    days = [date.fromisoformat(day) for _, day in others]
    return "" if allows(caps, days, today) else "heard from the shop meanwhile"


def _newest_orders(contacts: Sequence[int]) -> dict[int, datetime]:
    """contact -> date of the newest order under their phone, customer account or e-mail."""
    newest: dict[int, datetime] = {}
    whose = _identities(contacts)
    accounts = [int(value) for kind, value in whose if kind == "customer"]
    emails = [value for kind, value in whose if kind == "email"]
    query = Order.select(Order.contact_id, Order.customer_id, Order.email, Order.created_at).where(
        Order.status.not_in(NOT_ORDERS),
        Order.created_at.is_null(False),
        Order.contact_id.in_(list(contacts))
        | Order.customer_id.in_(accounts)
        | Order.email.in_(emails),
    )
    for contact, customer, email, created in tuples(query):
        known = {contact} & set(contacts)
        known |= whose.get(("customer", str(customer)), set()) | whose.get(("email", email), set())
        for one in known:
            newest[one] = max(created, newest.get(one, created))
    return newest


def _identities(contacts: Sequence[int]) -> dict[tuple[str, str], set[int]]:
    """(kind, value) -> those of `contacts` who hold it now, or ordered under it before.

    Somebody who has just ordered under a new number no longer holds their account as the old one.
    """
    whose: dict[tuple[str, str], set[int]] = {}
    held = Identity.select(Identity.kind, Identity.value, Identity.contact_id).where(
        Identity.contact_id.in_(list(contacts)), Identity.kind.in_(("customer", "email"))
    )
    for kind, value, contact in tuples(held):
        whose.setdefault((kind, value), set()).add(contact)
    ordered = Order.select(Order.contact_id, Order.customer_id, Order.email).where(
        Order.contact_id.in_(list(contacts))
    )
    for contact, customer, email in tuples(ordered.distinct()):
        if customer:
            whose.setdefault(("customer", str(customer)), set()).add(contact)
        elif email:
            whose.setdefault(("email", email), set()).add(contact)
    return whose
