"""outbox -> outbox: what a person calls off, and what they want tried once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent.budget import gather_budget
from agent.config import Settings
from agent.errors import BadInput
from agent.log import Log
from agent.rules.budget import Budget
from agent.rules.caps import Caps, allows
from agent.rules.states import State
from models import Contact, Coupon, Message
from models.base import transaction
from models.delivery import MARKETING

log = Log(__name__)

CALLED_OFF: Final = "called off by the operator"
LONGEST_NUMBER: Final = 18  # digits: SQLite takes no larger ones
UNSENT: Final = (State.REFUSED, State.EXPIRED, State.CANCELLED)
"""Nothing of these left, or WhatsApp said that it did not take it."""
A_WEEKEND: Final = timedelta(days=3)
"""After which somebody may mend what went wrong, however short-lived the message is."""

# why another state is no reason to send it again
SENT = "WhatsApp has taken it, so they have it or will get it"
UNKNOWN = "nobody knows whether it was sent: the answer was lost, and they must not get it twice"
WHY_NOT = {
    State.QUEUED: "it is queued already, and leaves by itself",
    State.CLAIMED: "it is on its way at this moment",
    State.UNSURE: UNKNOWN,
    State.ABANDONED: UNKNOWN,
    State.FAILED: "WhatsApp had taken it and could not deliver it; its own tries count as one message",
    State.UNDELIVERED: "WhatsApp had taken it, and may have delivered it without saying so",
    State.WITHHELD: "they are of the people who hear nothing, to compare",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one message; `why_not` is '' where it was done."""

    message: Message
    why_not: str = ""


def find(names: Sequence[str]) -> list[Message]:
    """Messages by row number, our own id or WhatsApp's. Raises BadInput for one that is not there."""
    found: dict[int, Message] = {}
    for name in names:
        is_number = name.isascii() and name.isdecimal() and len(name) <= LONGEST_NUMBER
        by_number = Message.id == int(name) if is_number else None
        by_name = (Message.uid == name) | (Message.wamid == name) | (Message.deferred_wamid == name)
        one = Message.get_or_none(by_name if by_number is None else by_number | by_name)
        if one is None:
            raise BadInput(
                f"there is no message {name!r}",
                fix="`winback why PHONE` lists those of a person with their numbers",
            )
        found[one.id] = one
    return list(found.values())


def find_of(
    campaign: str, states: Sequence[str], *, since: datetime | None = None
) -> list[Message]:
    """All messages of a campaign (or kind of order news) in these states, oldest first; with `since`, those
    that were decided from then on."""
    query = Message.select().where(Message.campaign == campaign, Message.state.in_(list(states)))
    if since is not None:
        query = query.where(Message.created_at >= since)
    return list(query.order_by(Message.id))


def retried_for(campaign: str, settings: Settings) -> timedelta | None:
    """How long after its decision a message of this campaign, or kind of order news, may be tried once
    more: twice the time that it had to leave, and a weekend at least. None for one that there is not.

    What it says was right on that day; later the next run writes a new one to whoever still fits.
    """
    lasts = _lasts(campaign, settings)
    return None if lasts is None else max(2 * lasts, A_WEEKEND)


def _lasts(campaign: str, settings: Settings) -> timedelta | None:
    """How long one may wait for its turn."""
    occasion = settings.news.get(campaign) or settings.campaigns.get(campaign)
    return None if occasion is None else occasion.expires_after


def cancel(messages: Sequence[Message], *, now: datetime) -> list[Done]:
    """Call off those that are still queued; their places under the caps are free again.

    What is claimed or sent meanwhile cannot be called back. One whose earlier answer was lost may have
    gone out: it is not sent again, and counts.
    """
    done: list[Done] = []
    for one in messages:
        moved = Message.end([one.id], ("queued",), "cancelled", detail=CALLED_OFF, ended_at=now)
        after: Message = Message.get_by_id(one.id)
        why_not = "" if moved else _not_queued(State(after.state))
        done.append(Done(after, why_not))
    _tell("message.called_off", done)
    return done


def retry(
    messages: Sequence[Message], settings: Settings, *, now: datetime, zone: ZoneInfo
) -> list[Done]:
    """Put those in the queue again of which it is certain that nothing left. Each takes its place under
    the caps in the transaction that checks them; before it leaves all else is looked at again, as ever."""
    # a month of messages is read for it: not in each transaction, while everybody waits to write
    budget = gather_budget(settings, now, zone)
    done = [_retry(one.id, settings, budget, now=now, zone=zone) for one in messages]
    _tell("message.again", done)
    return done


def _retry(
    number: int, settings: Settings, budget: Budget, *, now: datetime, zone: ZoneInfo
) -> Done:
    with transaction():
        message: Message = Message.get_by_id(number)
        why_not = _may_have_left(message) or _not_fit(message, settings, budget, now, zone)
        lasts = _lasts(message.campaign, settings)
        if not why_not and lasts is not None:
            Message.update(
                state="queued",
                not_before=now,
                expires_at=now + lasts,
                cap_day=now.astimezone(zone).date().isoformat(),
                attempts=0,
                claimed_at=None,
                ended_at=None,
                code=None,
                detail="",
            ).where(Message.id == number).execute()
    if not why_not and message.kind == MARKETING:
        budget.take(message.country)
    return Done(Message.get_by_id(number), why_not)


def _may_have_left(message: Message) -> str:
    state = State(message.state)
    if state not in UNSENT:
        return WHY_NOT.get(state, SENT)
    if message.accepted_at is not None or message.deferred_wamid or message.wamid:
        return SENT
    return UNKNOWN if message.resent else ""


def _not_fit(
    message: Message, settings: Settings, budget: Budget, now: datetime, zone: ZoneInfo
) -> str:
    """Why it may not be sent at all; what may pass by itself is asked just before it leaves."""
    occasion = settings.occasions.get(message.campaign)
    contact = Contact.get_or_none(Contact.id == message.contact_id)
    if contact is None:
        return "the person was erased"
    if occasion is None or not occasion.enabled:
        return f"{message.campaign} is switched off in the config"
    longest = retried_for(message.campaign, settings)
    if longest is not None and now - message.created_at > longest:
        return _too_old(message, longest, zone)
    if occasion.mapping_in(message.language).template != message.template:
        return "the config has another template for it now"
    if not message.variables and occasion.mapping_in(message.language).placeholders:
        return "its texts are gone after [retention] texts: the next run writes a new one"
    is_marketing = message.kind == MARKETING
    purpose = "marketing" if is_marketing else "order_news"
    if getattr(contact, purpose) != "yes":
        return f"they did not agree to {purpose.replace('_', ' ')}, or took it back"
    if contact.unreachable:
        return f"WhatsApp cannot reach them: {contact.unreachable}"
    return _over(message, settings, budget, now, zone) if is_marketing else ""


def _too_old(message: Message, longest: timedelta, zone: ZoneInfo) -> str:
    days = f"{message.created_at.astimezone(zone):%d %b %Y}, more than {longest.days} days ago"
    if message.order_id is not None:
        return f"the order did it on {days}: that is no news any more"
    return f"it was decided on {days}: the next run writes a new one, if they still fit"


def _over(
    message: Message, settings: Settings, budget: Budget, now: datetime, zone: ZoneInfo
) -> str:
    """Caps, budget and coupon of a campaign's message."""
    today = now.astimezone(zone).date()
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    taken = Message.cap_days([message.contact_id], today - timedelta(days=30))
    days = [
        date.fromisoformat(day)
        for number, day in taken.get(message.contact_id, [])
        if number != message.id
    ]
    if not allows(caps, days, today):
        return "they heard from you recently: the caps allow no more now"
    spent = budget.why_not(message.country)
    if spent:
        return spent
    coupon = Coupon.get_or_none(Coupon.message_uid == message.uid)
    if coupon is not None and (coupon.removed_at or coupon.expires_at <= now):
        return "its coupon has had its time: the next run makes a new one"
    return ""


def _not_queued(state: State) -> str:
    if state is State.CLAIMED:
        return "it was on its way already, and cannot be called back"
    return f"it is {state.value}, and no longer queued"


def _tell(event: str, done: Sequence[Done]) -> None:
    for one in done:
        if not one.why_not:
            log.info(event, message=one.message.id, campaign=one.message.campaign)
