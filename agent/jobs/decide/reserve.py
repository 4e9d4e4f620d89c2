"""The chosen -> outbox: their messages, coupons and links, in one transaction with another look at the caps."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from agent.config import LoyaltyReward, Settings
from agent.jobs.decide.day import Day
from agent.jobs.decide.links import Links
from agent.jobs.decide.planned import Planned, expires_at, not_before
from agent.jobs.decide.wording import Words
from agent.jobs.decide.written import decided_today
from agent.rules.caps import Caps, allows
from agent.rules.selection import Decision
from agent.rules.states import State
from models import Contact, Coupon, Message
from models.base import transaction

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that are read for one another
CODE_LENGTH = 9  # 31^9: fifteen million guesses for a chance in a thousand, with 1,700 codes alive

Coupons = dict[str, dict[str, Any]]


def reserve(settings: Settings, day: Day, chosen: Sequence[Planned]) -> set[int]:
    """Write the messages of those whom the caps and their consent still allow. Returns these contacts.

    All of it is read again in the transaction that writes: another loop may have been faster. Of those
    who hear nothing it is written that they were chosen: what they do is compared with the others, and
    the caps hold for them too, so that both are chosen as often.
    """
    if not chosen:
        return set()
    told = [one for one in chosen if not one.withheld]
    coupons = {one.decision.contact_id: coupon_for(settings, day, one, _new_code()) for one in told}
    words, links = Words.gather(settings, day, told, coupons), Links(settings)
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    ids = [one.decision.contact_id for one in chosen]
    with transaction():
        taken = Message.cap_days(ids, day.date - timedelta(days=30))
        agreed = Contact.agreed(ids) - decided_today(day)
        rows = []
        for one in chosen:
            contact = one.decision.contact_id
            days = [date.fromisoformat(iso) for _, iso in taken.get(contact, [])]
            if contact in agreed and allows(caps, days, day.date):
                rows.append(_row(settings, day, one, words, links))
        written = set(Message.put(rows))
        made = [
            coupon | {"message_uid": row["uid"]}
            for row in rows
            if row["uid"] in written and (coupon := coupons.get(row["contact_id"])) is not None
        ]
        Coupon.put(made)
        links.keep(written, day.now)
    return {row["contact_id"] for row in rows if row["uid"] in written}


def coupon_for(settings: Settings, day: Day, one: Planned, letters: str) -> dict[str, Any] | None:
    """The coupon that this message brings, `letters` after the campaign's prefix; None: it brings none."""
    campaign = settings.campaigns[one.decision.campaign]
    if not isinstance(campaign, LoyaltyReward):
        return None
    return {
        "code": f"{campaign.coupon_prefix}{letters}",
        "email": one.known.person.coupon_email(one.known.email),
        "percent": one.decision.percent,
        # a message may wait before it leaves, and then the coupon still has its whole time
        "expires_at": _end_of_day(day.now + campaign.expires_after + campaign.coupon_valid, day),
    }


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _end_of_day(moment: datetime, day: Day) -> datetime:
    """The last second of its date in the shop: whoever is told a date may use all of it."""
    following = moment.astimezone(day.zone).date() + timedelta(days=1)
    return datetime.combine(following, time(), day.zone).astimezone(UTC) - timedelta(seconds=1)


def _row(settings: Settings, day: Day, one: Planned, words: Words, links: Links) -> dict[str, Any]:
    row = _intent(settings, day, one)
    if one.withheld:
        campaign = settings.campaigns[one.decision.campaign]
        return row | {
            "template": campaign.template,
            "language": campaign.language,
            "variables": {},
            "about": {},
            "state": State.WITHHELD.value,
            "detail": one.withheld,
            "ended_at": day.now,
        }
    composed = words.compose(one)
    return row | {
        "template": composed.template,
        "language": composed.language,
        "variables": links.put_into(row["uid"], one.decision.campaign, composed),
        "about": words.about(one),
        "state": State.QUEUED.value,
        "detail": "",
        "ended_at": None,
    }


def _intent(settings: Settings, day: Day, one: Planned) -> dict[str, Any]:
    decision = one.decision
    article = decision.wish.article if decision.wish else None
    tells_price = (
        decision.campaign == "price_drop"
        or "price" in settings.campaigns[decision.campaign].placeholders
    )
    return {
        "uid": secrets.token_urlsafe(16),
        "contact_id": decision.contact_id,
        "campaign": decision.campaign,
        "subject": _subject(decision),
        "period": day.date.isoformat(),
        "priority": settings.priority.index(decision.campaign),
        "reason": reason(decision, day),
        "country": one.known.person.region,
        "cap_day": day.date.isoformat(),
        "from_backlog": one.from_backlog,
        "spell_began": decision.quiet_since,
        "product_id": article.product_id if article else None,
        "variation_id": article.variation_id if article else 0,
        "price": article.price if article and tells_price else None,
        "created_at": day.now,
        "not_before": not_before(settings, day, one.known),
        "expires_at": expires_at(settings, day, decision),
    }


def _subject(decision: Decision) -> str:
    """What the message is about: with the person and the campaign it stands in the outbox once a day."""
    if decision.wish is None:
        return ""
    return str(decision.wish.article.article_id)


def reason(decision: Decision, day: Day) -> str:
    """Why this person, in words, with the reasons against the campaigns that came first."""
    against = "".join(f"; {name}: {why.value}" for name, why in decision.against)
    return f"{_because(decision, day)}{against}"


def _because(decision: Decision, day: Day) -> str:
    wish = decision.wish
    if wish is not None and decision.campaign == "back_in_stock":
        units = "in stock" if wish.article.units is None else f"{wish.article.units} in stock"
        return f"waits for {wish.article.name} since {wish.since:%d %b %Y}, now {units}"
    if wish is not None:
        seen, now = wish.price_seen or 1, wish.article.price or 0
        return f"saw {wish.article.name}, now {(seen - now) * 100 // seen} % cheaper"
    quiet = (day.now - decision.quiet_since).days if decision.quiet_since else 0
    gets = f", gets {decision.percent} %" if decision.percent else ""
    new = ", ".join(arrival.name for arrival in decision.arrivals)
    return f"quiet for {quiet} days{gets}{f', new for them: {new}' if new else ''}"
