"""The tables and the disk -> what alarms are judged by: a few small questions, none that reads all messages."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from peewee import fn

from agent.budget import gather_budget, refusal
from agent.clients.whatsapp_failures import remedy
from agent.config import Settings
from agent.epoch import standing_doubt
from agent.order_news import moved_to_marketing
from agent.pauses import ACCOUNT, CANARY, ERROR, RESTORE, RESTRICTION, way_out
from agent.room import Places
from agent.rules.alarms import AlarmFacts, FailingJob, Said
from models import (
    CampaignStanding,
    Canary,
    Cursor,
    Forward,
    JobRun,
    Message,
    Pause,
    Sample,
    SetAside,
    ShopFact,
    Template,
    Webhook,
)
from models.base import tuples
from models.outbox import unanswered

DAY: Final = timedelta(days=1)
A_SAMPLE: Final = timedelta(hours=26)  # one is taken a day
COUPONS_LOOKED_AT: Final = timedelta(days=4)  # none waits longer than that for its coupon
NOT_WELL: Final = ("", "ok", "not installed")
MANAGER: Final = "WhatsApp Manager tells what it waits for; winback status shows what was read"
ALL_IS_WELL: Final = (
    "winback templates list tells what does not fit; WhatsApp Manager why it was paused"
)

Told = tuple[Said | None, Said | None]
"""That the budget is spent, and that prices are missing."""


def gather(
    settings: Settings,
    now: datetime,
    *,
    running_since: datetime,
    hung: Sequence[str],
    monotonic: Callable[[], float],
    budget: Told,
) -> AlarmFacts:
    """Gather them. `budget` is the caller's, who asks for it less often."""
    pauses = Pause.in_force(now)
    facts = ShopFact.all()
    troubles, moved = _templates(settings)
    failed, why = _coupons(now)
    orders = Cursor.get_or_none(Cursor.name == "orders") or Cursor(name="orders")
    due, oldest_due = _overdue(settings, now, facts, monotonic)
    waiting = Webhook.select().where(Webhook.done_at.is_null())
    first = waiting.order_by(Webhook.id).first()
    return AlarmFacts(
        now=now,
        stuck_after=settings.alarms.stuck_after,
        running_since=running_since,
        free_mb=settings.alarms.free_mb,
        free_bytes=shutil.disk_usage(settings.database.path.parent).free,
        stopped=[_stopped(one) for one in pauses if one.source == ERROR],
        number=next((_paused(one, MANAGER) for one in pauses if one.source == ACCOUNT), None),
        restrictions=[_paused(one, way_out(one)) for one in pauses if one.source == RESTRICTION],
        templates=troubles,
        moved_templates=moved,
        shop_read_at=None if orders.since is None else orders.polled_at,
        drift={
            kind: (all_ - equal, all_)
            for kind, (equal, all_) in Sample.exactness(now - A_SAMPLE).items()
        },
        shop_webhooks="" if (found := facts.get("webhooks", "")) in NOT_WELL else found,
        due=due,
        oldest_due=oldest_due,
        last_claim=_last_claim(settings) if due else None,
        unsure=_unsure(now),
        oldest_webhook=first.received_at if first else None,
        webhooks_waiting=waiting.count() if first else 0,
        unanswered_since=_unanswered_since(now),
        set_aside=SetAside.select().count(),
        budget_spent=budget[0],
        budget_prices=budget[1],
        restored=_restored(pauses),
        forward=_forward(),
        coupons_failed=failed,
        coupon_trouble=why,
        canaries={
            one.scope: _paused(one, f"see its template and its people, then: {way_out(one)}")
            for one in pauses
            if one.source == CANARY
        },
        failing=failing_jobs(),
        hung=hung,
    )


def look_at_budget(settings: Settings, now: datetime) -> Told:
    """Whether the month's budget is spent, and whether prices are missing, while any campaign is on."""
    limited = (settings.budget.messages_per_month, settings.budget.money_per_month) != (None, None)
    if not limited or not any(one.enabled for one in settings.campaigns.values()):
        return None, None
    zone = ZoneInfo(ShopFact.all().get("zone", "UTC"))
    budget = gather_budget(settings, now, zone)
    missing = refusal(budget, now.astimezone(zone).date())
    if missing is not None:
        return None, Said(missing.what, missing.fix)
    if not budget.is_spent:
        return None, None
    spent = f"the month's budget is spent: {budget.in_words}; no campaign plans more"
    return Said(spent, "raise it in [budget], or wait for the next month"), None


def failing_jobs() -> list[FailingJob]:
    """The jobs whose newest run failed, with how often since they last came through."""
    return [_failing(run) for run in JobRun.latest() if run.outcome == "failed"]


def _failing(newest: JobRun) -> FailingJob:
    of_it = JobRun.job == newest.job
    last_ok = JobRun.select(fn.MAX(JobRun.id)).where(of_it, JobRun.outcome == "ok").scalar() or 0
    since = JobRun.select(fn.COUNT(JobRun.id), fn.MIN(JobRun.started_at)).where(
        of_it, JobRun.id > last_ok, JobRun.outcome == "failed"
    )
    [(failures, first)] = tuples(since)
    return FailingJob(newest.job, failures, first, newest.failure, newest.trouble, newest.fix)


def _paused(pause: Pause, fix: str) -> Said:
    return Said(pause.reason, fix, pause.since)


def _stopped(pause: Pause) -> tuple[int | None, Said]:
    """The reason is "WhatsApp stopped us: CODE and its words"."""
    code = pause.reason.partition(": ")[2].partition(" ")[0]
    if not code.isdecimal():
        return None, _paused(pause, way_out(pause))
    return int(code), _paused(pause, remedy(int(code)))


def _templates(settings: Settings) -> tuple[dict[str, Said], dict[str, str]]:
    """What is wrong with those of what is on; and which order news count as marketing, in what languages."""
    standing = CampaignStanding.troubles()
    refused = Template.refusals()
    moved = moved_to_marketing()
    troubles, languages = dict[str, Said](), dict[str, str]()
    for name, occasion in settings.occasions.items():
        if not occasion.enabled:
            continue
        if wrong := standing.get(name):
            troubles[name] = Said(f"{name} cannot be sent: {wrong}", ALL_IS_WELL)
        for language in occasion.translations:
            if why := refused.get((occasion.mapping_in(language).template, language)):
                troubles[f"{name}/{language}"] = Said(
                    f"{name} is not sent in {language}: WhatsApp refused it: {why}", ALL_IS_WELL
                )
        if name in settings.news:
            own = (occasion.language, *occasion.translations)
            counted = [one for one in own if (occasion.mapping_in(one).template, one) in moved]
            if counted:
                languages[name] = ", ".join(counted)
    return troubles, languages


def _overdue(
    settings: Settings, now: datetime, facts: Mapping[str, str], monotonic: Callable[[], float]
) -> tuple[int, datetime | None]:
    """Messages that could have left for `stuck_after`, and that neither a trial nor Meta's limit holds."""
    before = now - settings.alarms.stuck_after
    if "zone" not in facts or Message.overdue(before, now)[0] == 0:  # nearly always
        return 0, None
    room = Places(lambda: now, monotonic).within(1, settings, ZoneInfo(facts["zone"]))
    watched = Canary.select(Canary.campaign).where(
        Canary.passed_at.is_null(), Canary.filled_at.is_null(False)
    )
    names = [campaign for (campaign,) in tuples(watched)]
    return Message.overdue(before, now, marketing=room > 0, without=names)


def _last_claim(settings: Settings) -> datetime | None:
    """Of what the config knows, one look at the index for each."""
    newest: datetime | None = None
    for name in settings.occasions:
        last = Message.select(fn.MAX(Message.claimed_at)).where(
            Message.campaign == name, Message.claimed_at.is_null(False)
        )
        newest = max(filter(None, (newest, last.scalar())), default=None)
    return newest


def _unsure(now: datetime) -> int:
    of_late = Message.claimed_at > now - DAY
    query = Message.select().where(unanswered(), Message.state == "unsure", of_late)
    return int(query.count())


def _unanswered_since(now: datetime) -> datetime | None:
    """Since when WhatsApp has taken messages of which no status can have come: no webhook at all came.
    What it holds back for its own judgement has none yet."""
    heard = Webhook.newest_at() or now - 3 * DAY
    taken = Message.select(fn.MIN(Message.accepted_at)).where(
        Message.accepted_at > max(heard, now - 3 * DAY), Message.state != "held"
    )
    first: datetime | None = taken.scalar()
    return first


def _restored(pauses: Sequence[Pause]) -> Said | None:
    doubt = standing_doubt()
    if doubt is None:
        return None
    since = next((one.since for one in pauses if one.source == RESTORE), None)
    return Said(doubt.what, doubt.fix, since)


def _forward() -> Said | None:
    """The receiver's trouble, since the oldest reply came that waits for it."""
    in_trouble = Forward.select(fn.MAX(Forward.trouble), fn.MIN(Forward.created_at)).where(
        Forward.trouble != "", Forward.attempts > 0
    )
    [(trouble, since)] = tuples(in_trouble)
    if not trouble:
        return None
    return Said(
        f"forward_url of [conversations] does not take replies: {trouble}",
        "see that it answers with 200; what it does not take in 24 hours is given up",
        since,
    )


def _coupons(now: datetime) -> tuple[int, str]:
    """How many messages were called off in a day for want of their coupon, and why the last was."""
    day = (now - COUPONS_LOOKED_AT).date().isoformat()
    called_off: Any = Message.select(fn.COUNT(Message.id), fn.MAX(Message.detail)).where(
        Message.period >= day,
        Message.campaign == "loyalty_reward",
        Message.state == "cancelled",
        Message.detail.startswith("no coupon: "),
        Message.ended_at > now - DAY,
    )
    [(count, detail)] = tuples(called_off)
    return count, (detail or "").removeprefix("no coupon: ")
