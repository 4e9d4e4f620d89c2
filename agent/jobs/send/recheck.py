"""The last look, just before the request: is this message still right?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.config import Settings
from agent.jobs.send.articles import look_at_articles
from agent.jobs.send.orders import OrdersNow
from agent.left_out import LeftOut
from agent.rules.caps import Caps, allows
from agent.rules.hours import next_allowed
from models import Contact, Message
from models.delivery import MARKETING
from models.newest import newest_orders

NO_MARKETING = "WhatsApp counts its template as marketing, to which they do not agree"
PAIR = timedelta(seconds=6)  # Meta: between two messages to the same person, in the long run


@dataclass(slots=True)
class Verdict:
    """What becomes of queued messages: ids to send, to cancel by reason, to hold until a moment."""

    send: list[Message] = field(default_factory=list)
    phones: dict[int, str] = field(default_factory=dict)  # contact -> phone
    cancel: dict[str, list[int]] = field(default_factory=dict)
    hold: dict[datetime, list[int]] = field(default_factory=dict)
    too_soon: dict[datetime, list[int]] = field(
        default_factory=dict
    )  # after another to the same person
    later: dict[datetime, list[int]] = field(default_factory=dict)  # order news
    unread: list[int] = field(default_factory=list)  # the shop is asked about their articles first


def recheck(
    messages: Sequence[Message], settings: Settings, *, now: datetime, zone: ZoneInfo
) -> Verdict:
    """Ask again what may have changed since the decision: consent, caps, hours, orders, template, and
    what an alert is about.

    What is in trouble as a campaign is not among `messages`: it is not due. Runs in the caller's
    transaction.
    """
    verdict = Verdict()
    today = now.astimezone(zone).date()
    ids = [message.contact_id for message in messages]
    contacts = {one.id: one for one in Contact.select().where(Contact.id.in_(ids))}
    taken = Message.cap_days(ids, today - timedelta(days=30))
    ordered = newest_orders(ids)
    articles = look_at_articles(messages, now)
    left_out = _left_out(settings, contacts.values())
    news = OrdersNow.of(settings, messages, now=now, zone=zone)
    free_at = {
        contact: last + PAIR for contact, last in Message.last_claims(ids, since=now - PAIR).items()
    }
    for message in messages:
        contact = contacts[message.contact_id]
        others = [one for one in taken.get(contact.id, []) if one[0] != message.id]
        is_marketing = message.kind == MARKETING
        why_not = _why_not(message, settings, contact) or (
            news.why_not(message)
            if message.order_id is not None
            else _why_no_campaign(message, ordered.get(contact.id))
            or ("left out by your settings" if contact.id in left_out else "")
            or articles.why_not.get(message.id, "")
        )
        if is_marketing and not why_not:
            why_not = _capped(settings, others, today)
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
        elif message.order_id is not None and (later := news.later(message)) is not None:
            verdict.later.setdefault(later, []).append(message.id)
        elif message.id in articles.unread or news.is_unsettled(message):
            verdict.unread.append(message.id)
        elif contact.id in free_at:
            verdict.too_soon.setdefault(free_at[contact.id], []).append(message.id)
        else:
            free_at[contact.id] = now + PAIR
            verdict.send.append(message)
            verdict.phones[contact.id] = contact.phone
            news.count(message)
            if is_marketing:
                # it counts on today now, also for another message to this person in this batch
                taken[contact.id] = [*others, (message.id, today.isoformat())]
    return verdict


def _why_not(message: Message, settings: Settings, contact: Contact) -> str:
    occasion = settings.occasions.get(message.campaign)
    if message.order_id is not None and contact.order_news != "yes":
        return "consent to order news was withdrawn"
    if message.kind == MARKETING and contact.marketing != "yes":
        return "consent was withdrawn" if message.order_id is None else NO_MARKETING
    if contact.unreachable:
        return "WhatsApp cannot reach them"
    if occasion is None or not occasion.enabled:
        return "the campaign was switched off"
    if occasion.mapping_in(message.language).template != message.template:
        return "the campaign's template was changed in the config"
    return ""


def _why_no_campaign(message: Message, last: datetime | None) -> str:
    quiet_since = message.spell_began or message.created_at  # an alert goes to anybody
    return "ordered meanwhile" if last is not None and last > quiet_since else ""


def _left_out(settings: Settings, contacts: Iterable[Contact]) -> set[int]:
    """Whom the settings leave out: they may have been read again since the decision."""
    whom = settings.audience
    elsewhere = {one.id for one in contacts if one.region in whom.exclude_countries}
    if not whom.exclude_emails and not whom.exclude_roles:
        return elsewhere
    return elsewhere | LeftOut.from_settings(settings).contacts


def _capped(settings: Settings, others: Iterable[tuple[int, str]], today: date) -> str:
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    days = [date.fromisoformat(day) for _, day in others]
    return "" if allows(caps, days, today) else "heard from the shop meanwhile"
