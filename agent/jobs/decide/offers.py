"""The campaigns as they may be chosen now, and whom the shop wants to reach with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.config import LoyaltyReward, PriceDrop, Settings
from agent.jobs.decide.arrivals import NewProducts
from agent.jobs.decide.day import Day
from agent.left_out import LeftOut
from agent.log import Log
from agent.pauses import in_words, paused_campaigns
from agent.rules.audience import REST_AFTER_FAILURE, Audience
from agent.rules.money import minor_units
from agent.rules.selection import Offer, Tier
from agent.templates import UNUSABLE
from models import CampaignStanding, History
from models.planning import Bounds, NewestArrival, has_something_new

log = Log(__name__)

NOT_LOOKED_AT = "its template has not been looked at yet"


def usable_offers(
    settings: Settings, currency: str, among: Sequence[str], *, now: datetime
) -> list[Offer]:
    """Those of `among` in their order of preference, as they may be chosen now.

    What is paused is off, whatever the config says.
    """
    offers = []
    paused = paused_campaigns(settings.campaigns, now)
    troubles = CampaignStanding.troubles()
    for name in settings.priority:
        if name not in among:
            continue
        campaign = settings.campaigns[name]
        wrong = troubles.get(name, NOT_LOOKED_AT)
        pauses = paused[name]
        offers.append(
            Offer(
                name=name,
                off=bool(wrong or pauses) or not campaign.enabled,
                paused=bool(pauses) and campaign.enabled,
                cooldown=campaign.cooldown,
                tiers=tuple(
                    Tier(minor_units(str(tier.spent), currency), tier.percent)
                    for tier in (campaign.tiers if isinstance(campaign, LoyaltyReward) else ())
                ),
                more_than_percent=(
                    campaign.more_than_percent if isinstance(campaign, PriceDrop) else 0
                ),
            )
        )
    return offers


def tell_of_those_held(settings: Settings, among: Sequence[str], *, now: datetime) -> None:
    """For the log: which campaigns are on, and cannot be chosen."""
    paused = paused_campaigns(settings.campaigns, now)
    troubles = CampaignStanding.troubles()
    for name in settings.priority:
        if name not in among or not settings.campaigns[name].enabled:
            continue
        wrong, pauses = troubles.get(name, NOT_LOOKED_AT), paused[name]
        if wrong and not pauses:
            log.warning("campaign.unusable", campaign=name, reason=wrong, fix=UNUSABLE)
        if pauses:
            reason = "; ".join(in_words(pause) for pause in pauses)
            log.info("campaign.paused", campaign=name, reason=reason)


def audience_of(settings: Settings) -> Audience:
    whom = settings.audience
    return Audience(
        inactive_after=whom.inactive_after,
        attempts=whom.attempts_per_spell,
        exclude_regions=frozenset(whom.exclude_countries),
        exclude_emails=frozenset(email.lower() for email in whom.exclude_emails),
        exclude_roles=frozenset(whom.exclude_roles),
    )


def bounds_of(settings: Settings, day: Day, left_out: LeftOut) -> Bounds:
    """The same for the tables."""
    whom, limits = settings.audience, settings.limits
    return Bounds(
        quiet_before=day.now - whom.inactive_after,
        today=day.date,
        per_7_days=limits.per_7_days,
        per_30_days=limits.per_30_days,
        rest_after_failure=REST_AFTER_FAILURE,
        attempts=whom.attempts_per_spell,
        excluded_regions=whom.exclude_countries,
        excluded_contacts=sorted(left_out.contacts),
    )


def suitable(offers: Sequence[Offer], new: NewProducts | None) -> Any:
    """What the campaigns that win back ask of people, as far as the tables tell; True: nothing."""
    usable = {offer.name: offer for offer in offers if not offer.off}
    if "we_miss_you" in usable:
        return True
    suits: list[Any] = []
    if "loyalty_reward" in usable:
        suits.append(History.spent >= min(t.spent for t in usable["loyalty_reward"].tiers))
    arrivals = new.since(None) if new is not None else {}
    if arrivals:
        NewestArrival.fill({category: own[0].published_at for category, own in arrivals.items()})
        suits.append(has_something_new())
    if not suits:
        return False
    return suits[0] if len(suits) == 1 else suits[0] | suits[1]
