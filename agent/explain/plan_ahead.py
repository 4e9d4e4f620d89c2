"""The plan of the next daily run, as it would be made: on the real tables by the real rules."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from agent.canary import allowances
from agent.config import LoyaltyReward, Settings
from agent.errors import BadInput, ConfigError
from agent.explain.holds import gather_holds
from agent.explain.leaving import account_hold, at_first
from agent.explain.plan_shown import CampaignPlanned, PlanShown, Sample
from agent.jobs.decide import Day, Plan, Planned, make_plan
from agent.jobs.decide.planned import not_before
from agent.jobs.decide.preview import CODE
from agent.jobs.decide.reserve import coupon_for, reason
from agent.jobs.decide.wording import Words
from agent.person_key import is_drawn
from agent.rules.as_seen import as_seen
from agent.rules.budget import MARKETING, Prices, Rate
from agent.rules.cadence import Daily
from agent.rules.composing import Composed
from agent.rules.reasons import Why
from agent.rules.shipped import approved
from agent.rules.templates import compile_template, components
from agent.templates import Templates, known_templates
from models import CampaignStanding, JobRun, Message, Pause
from models.base import transaction
from models.delivery import EVERYTHING
from models.delivery import MARKETING as ALL_MARKETING

DAILY = "campaigns"  # the job


def next_run(settings: Settings, now: datetime) -> datetime:
    """When the campaigns of a day are decided next. Raises BadInput while nothing is known of the shop."""
    often = settings.timetable
    day = Daily(often.campaigns_at, often.campaigns_until)
    last = JobRun.newest(DAILY)
    started = None if last is None else last.started_at
    return day.next_due(now=now, zone=_day(now).zone, last_started=started)


def plan_ahead(
    settings: Settings,
    *,
    now: datetime,
    at: datetime,
    rehearse: str = "",
    samples: int = 2,
) -> PlanShown:
    """What a run at `at` would plan, by what is known now. To be asked on a copy: it works out anew what
    the mirror comes to.

    `rehearse`: this campaign as if it were on, and nothing held it. `samples`: so many messages of each.
    Raises BadInput while the mirror knows nothing of the shop.
    """
    zone = _day(at).zone
    names = [rehearse] if rehearse else []
    on = {name for name, campaign in settings.campaigns.items() if campaign.enabled}
    as_planned = _as_if_on(settings, rehearse) if rehearse else settings
    with transaction():
        allowances(as_planned, now)  # on a new template a trial begins, as with the first message
    holds = gather_holds(settings, now, zone, names=names, at=at)
    if rehearse:
        _let_go(rehearse, now)
    settings = as_planned
    notes = _notes(settings)
    plan = _plan(settings, at)
    gathered = _gather(settings, plan, at, samples, on)
    holds += account_hold(settings, {one.name: one.told for one in gathered}, at, zone)
    left_alone = [
        (why, count)
        for why, count in plan.tally.most_common()
        if count and why not in {Why.CHOSEN, Why.HELD_OUT}
    ]
    return PlanShown(
        at=at,
        shop_zone=zone.key,
        cost_currency=settings.budget.currency,
        rehearsed=rehearse,
        campaigns=gathered,
        left_alone=left_alone,
        queued=Message.select().where(Message.state == "queued").count(),
        holds=holds,
        notes=notes,
    )


def _day(moment: datetime) -> Day:
    try:
        return Day.at(moment)
    except KeyError:
        fix = "run `winback sync` first, or wait until the daemon has read the shop"
        raise BadInput("the mirror knows nothing of the shop yet", fix=fix) from None


def _let_go(name: str, now: datetime) -> None:
    """Nothing holds this campaign. It is a copy."""
    CampaignStanding.put(name, "", now)
    Pause.delete().where(Pause.scope.in_((name, EVERYTHING, ALL_MARKETING))).execute()


def _as_if_on(settings: Settings, name: str) -> Settings:
    on = replace(settings.campaigns[name], enabled=True)
    return replace(settings, campaigns=MappingProxyType({**settings.campaigns, name: on}))


def _plan(settings: Settings, at: datetime) -> Plan:
    """Where prices are missing no campaign runs, as the holds say; it is planned all the same."""
    try:
        return make_plan(settings, now=at, beat=_nothing)
    except ConfigError:
        without = replace(settings, budget=replace(settings.budget, money_per_month=None))
        return make_plan(without, now=at, beat=_nothing)


def _nothing() -> None:
    """A beat for those who have none."""


@dataclass(slots=True)
class _Sums:
    told: int = 0
    held_out: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    later: list[datetime] = field(default_factory=list)
    samples: list[Planned] = field(default_factory=list)

    def add(self, price: Decimal | None, leaves_at: datetime, now: datetime) -> None:
        self.told += 1
        if price is None:
            self.unpriced += 1
        else:
            self.cost += price
        if leaves_at > now:
            self.later.append(leaves_at)


def _gather(
    settings: Settings, plan: Plan, at: datetime, samples: int, on: Collection[str]
) -> tuple[CampaignPlanned, ...]:
    day = _day(at)
    prices = Prices(
        Rate(one.since, one.country, one.category, one.price) for one in settings.budget.prices
    )
    sums = {name: _Sums() for name in settings.priority}
    for batch in plan.batches():
        for one in batch:
            if one.decision.why is not Why.CHOSEN:
                continue
            of_campaign = sums[one.decision.campaign]
            if one.withheld:
                of_campaign.held_out += 1
                continue
            price = prices.of(one.known.person.region, MARKETING, day.date)
            of_campaign.add(price, not_before(settings, day, one.known), at)
            if len(of_campaign.samples) < samples:
                of_campaign.samples.append(one)
    first = at_first(settings, {name: found.told for name, found in sums.items()}, at, day.zone)
    return tuple(
        CampaignPlanned(
            name=name,
            enabled=name in on,
            told=found.told,
            held_out=found.held_out,
            cost=found.cost,
            unpriced=found.unpriced,
            at_first=first[name],
            later=len(found.later),
            first_at=min(found.later, default=None),
            last_at=max(found.later, default=None),
            samples=tuple(_samples(settings, day, found.samples, prices)),
        )
        for name, found in sums.items()
    )


def _samples(
    settings: Settings, day: Day, chosen: list[Planned], prices: Prices
) -> Iterable[Sample]:
    """Composed as a run would."""
    coupons: Mapping[int, Mapping[str, Any] | None] = {
        one.decision.contact_id: coupon_for(settings, day, one, CODE) for one in chosen
    }
    words = Words.gather(settings, day, chosen, coupons)
    templates = {**approved(settings.shop.url), **known_templates()}
    for one in chosen:
        composed = words.compose(one)
        yield Sample(
            contact_id=one.decision.contact_id,
            phone=one.known.phone,
            name=f"{one.known.first_name} {one.known.last_name}".strip(),
            reason=reason(one.decision, day),
            leaves_at=not_before(settings, day, one.known),
            template=composed.template,
            language=composed.language,
            lines=read_as(settings, one.decision.campaign, composed, templates),
            cost=prices.of(one.known.person.region, MARKETING, day.date),
        )


def read_as(
    settings: Settings, campaign: str, composed: Composed, templates: Templates
) -> tuple[str, ...]:
    """What the person reads. One that does not fit its template is shown with its variables."""
    template = templates.get((composed.template, composed.language))
    if template is None:
        return ()
    mapping = settings.campaigns[campaign].mapping_in(composed.language)
    try:
        parts = components(compile_template(template), mapping, composed.values)
    except ValueError:
        parts = []
    return tuple(as_seen(template, parts).lines)


def _notes(settings: Settings) -> list[str]:
    notes = []
    if any(isinstance(one, LoyaltyReward) and one.enabled for one in settings.campaigns.values()):
        notes.append(f"coupons are made when they are needed: {CODE} stands for their letters")
    if not is_drawn():
        notes.append(
            "chance has drawn nobody yet: who is held out will be others, and about as many"
        )
    if settings.links.count:
        notes.append("links are shown as they are; those of the messages lead over public_url")
    return notes
