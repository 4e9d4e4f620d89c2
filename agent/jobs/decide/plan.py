"""The day's plan: every contact asked about, those who are chosen reserved in the outbox."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.config import LoyaltyReward, Settings
from agent.jobs.decide.people import Known, gather, last_products
from agent.jobs.decide.wording import variables
from agent.log import Log
from agent.rules.caps import Caps, allows
from agent.rules.hours import next_allowed
from agent.rules.money import minor_units
from agent.rules.selection import (
    Audience,
    Decision,
    Offer,
    Tier,
    Why,
    choose,
    newly_quiet,
)
from models import CampaignStanding, Contact, Coupon, Message, ShopFact
from models.base import transaction, tuples

log = Log(__name__)

BUILT = ("we_miss_you", "loyalty_reward")  # the rules of the other campaigns are being written
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that are read for one another
CODE_LENGTH = 9  # 31^9: fifteen million guesses for a chance in a thousand, with 1,700 codes alive


@dataclass(frozen=True, slots=True)
class Planned:
    """What one person gets today."""

    known: Known
    decision: Decision
    from_backlog: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """What the whole plan needs to know of today and of the shop."""

    now: datetime
    zone: ZoneInfo
    currency: str
    facts: Mapping[str, str]

    @classmethod
    def at(cls, now: datetime) -> "Day":
        facts = ShopFact.all()
        return cls(now, ZoneInfo(facts["zone"]), facts["currency"], facts)

    @property
    def date(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, days_ago: int = 0) -> datetime:
        """When this date began, or an earlier one; in UTC."""
        day = self.date - timedelta(days=days_ago)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def decide(settings: Settings, *, now: datetime, beat: Callable[[], None]) -> dict[str, int]:
    """Plan the day and reserve what is planned. Running it twice on a day changes nothing.

    Returns how many people met each reason, by its name in lower case.
    """
    day = Day.at(now)
    tally: Counter[Why] = Counter()
    for batch in plan(settings, day, beat=beat):
        chosen = [one for one in batch if one.decision.why is Why.CHOSEN]
        written = _reserve(settings, day, chosen)
        tally.update(one.decision.why for one in batch if one.decision.why is not Why.CHOSEN)
        tally[Why.CHOSEN] += written
        tally[Why.CAPPED] += len(chosen) - written
    return {why.name.lower(): count for why, count in tally.items() if count}


def plan(settings: Settings, day: Day, *, beat: Callable[[], None]) -> Iterator[list[Planned]]:
    """Decide about everybody, in batches; nothing is written.

    People who became quiet yesterday or today come first and all of them, also when a run comes late
    in the day; those who were quiet before that are the backlog, of whom only a share is taken each
    day. Whom this date has been decided for is left as it is.
    """
    offers = usable_offers(settings, day)
    audience = _audience(settings)
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    left = settings.audience.backlog_per_day - _backlog_taken(day)
    decided = _decided_today(day)
    yesterday = day.midnight(days_ago=1)
    for people in gather(settings, day.currency, tuple(settings.campaigns)):
        beat()
        batch = []
        for known in people:
            decision = choose(
                known.person, offers, audience=audience, caps=caps, now=day.now, today=day.date
            )
            if decision.why is Why.CHOSEN and decision.contact_id in decided:
                decision = Decision(decision.contact_id, Why.CAPPED)
            backlog = decision.quiet_since is not None and not newly_quiet(
                decision.quiet_since, audience.inactive_after, yesterday
            )
            if backlog and left <= 0:
                decision = Decision(decision.contact_id, Why.BACKLOG)
            elif backlog:
                left -= 1
            batch.append(Planned(known, decision, backlog))
        yield batch


def usable_offers(settings: Settings, day: Day) -> list[Offer]:
    """The campaigns in their order of preference, as they may be chosen today."""
    offers = []
    troubles = CampaignStanding.troubles()
    for name in settings.priority:
        campaign = settings.campaigns.get(name)
        if campaign is None or name not in BUILT:
            continue
        wrong = troubles.get(name, "its template has not been looked at yet")
        if wrong and campaign.enabled:
            log.warning("campaign.unusable", campaign=name, reason=wrong)
        offers.append(
            Offer(
                name=name,
                off=bool(wrong) or not campaign.enabled,
                cooldown=campaign.cooldown,
                tiers=tuple(
                    Tier(minor_units(str(tier.spent), day.currency), tier.percent)
                    for tier in (campaign.tiers if isinstance(campaign, LoyaltyReward) else ())
                ),
            )
        )
    return offers


def _audience(settings: Settings) -> Audience:
    whom = settings.audience
    return Audience(
        inactive_after=whom.inactive_after,
        attempts=whom.attempts_per_spell,
        exclude_regions=frozenset(whom.exclude_countries),
        exclude_emails=frozenset(email.lower() for email in whom.exclude_emails),
        exclude_roles=frozenset(whom.exclude_roles),
    )


def _backlog_taken(day: Day) -> int:
    """How many of the backlog were written to on this date already."""
    today = Message.created_at >= day.midnight()
    return int(Message.select().where(today, Message.from_backlog).count())


def _decided_today(day: Day) -> set[int]:
    """Who has a message of this date already, whatever became of it.

    One campaign a person a day: the caps may bear a second one, for which another would be found.
    """
    query = Message.select(Message.contact_id).where(
        Message.period == day.date.isoformat(), Message.kind == "marketing"
    )
    return {contact for (contact,) in tuples(query)}


def _reserve(settings: Settings, day: Day, chosen: Sequence[Planned]) -> int:
    """Write the messages of those whom the caps and their consent still allow. Returns how many.

    All of it is read again in the transaction that writes: another loop may have been faster.
    """
    if not chosen:
        return 0
    products = last_products([one.known.last_bought for one in chosen if one.known.last_bought])
    caps = Caps(settings.limits.per_7_days, settings.limits.per_30_days)
    ids = [one.decision.contact_id for one in chosen]
    coupons: dict[str, dict[str, object]] = {}
    with transaction():
        taken = Message.cap_days(ids, day.date - timedelta(days=30))
        agreed = Contact.agreed(ids) - _decided_today(day)
        rows = []
        for one in chosen:
            contact = one.decision.contact_id
            days = [date.fromisoformat(iso) for _, iso in taken.get(contact, [])]
            if contact in agreed and allows(caps, days, day.date):
                uid = secrets.token_urlsafe(16)
                coupon = _coupon(settings, day, one, uid)
                if coupon:
                    coupons[uid] = coupon
                rows.append(_message(settings, day, one, uid, coupon, products))
        written = Message.put(rows)
        Coupon.put([coupons[uid] for uid in written if uid in coupons])
    return len(written)


def _coupon(settings: Settings, day: Day, one: Planned, uid: str) -> dict[str, object] | None:
    campaign = settings.campaigns[one.decision.campaign]
    if not isinstance(campaign, LoyaltyReward):
        return None
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return {
        "code": f"{campaign.coupon_prefix}{letters}",
        "message_uid": uid,
        "email": one.known.email,
        "percent": one.decision.percent,
        # a message may wait before it leaves, and then the coupon still has its whole time
        "expires_at": day.now + campaign.expires_after + campaign.coupon_valid,
    }


def _message(
    settings: Settings,
    day: Day,
    one: Planned,
    uid: str,
    coupon: Mapping[str, object] | None,
    products: Mapping[int, str],
) -> dict[str, object]:
    decision = one.decision
    campaign = settings.campaigns[decision.campaign]
    limits = settings.limits
    return {
        "uid": uid,
        "contact_id": decision.contact_id,
        "campaign": decision.campaign,
        "period": day.date.isoformat(),
        "priority": settings.priority.index(decision.campaign),
        "reason": _reason(decision, day),
        "template": campaign.template,
        "language": campaign.language,
        "variables": variables(
            one.known,
            day.facts,
            last_product=products.get(one.known.last_bought or 0, ""),
            language=campaign.language,
            zone=day.zone,
            coupon=coupon,
        ),
        "cap_day": day.date.isoformat(),
        "from_backlog": one.from_backlog,
        "spell_began": decision.quiet_since,
        "created_at": day.now,
        "not_before": next_allowed(
            day.now,
            zones=one.known.zones,
            shop_zone=day.zone,
            quiet_from=limits.quiet_from,
            quiet_until=limits.quiet_until,
        ),
        "expires_at": day.now + campaign.expires_after,
    }


def _reason(decision: Decision, day: Day) -> str:
    """Why this person, in words, with the reasons against the campaigns that came first."""
    quiet = (day.now - decision.quiet_since).days if decision.quiet_since else 0
    against = "".join(f"; {name}: {why.value}" for name, why in decision.against)
    gets = f", gets {decision.percent} %" if decision.percent else ""
    return f"quiet for {quiet} days{gets}{against}"
