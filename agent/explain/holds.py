"""What keeps campaigns from being decided or their messages from leaving, whoever they are for."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.budget import gather_budget, refusal
from agent.config import Settings
from agent.epoch import RESTORE, standing_doubt
from agent.explain.explanation import HoldShown
from agent.installed import INSTALLED
from agent.jobs.canary import under_trial
from agent.jobs.decide.offers import NOT_LOOKED_AT
from agent.pauses import in_words, way_out
from agent.readiness import lines_needed, mirror_waits_for
from agent.room import gather_room
from agent.rules.template_states import remedy
from models import CampaignStanding, Heartbeat, Pause
from models.delivery import EVERYTHING, MARKETING

SILENT = timedelta(minutes=2)  # without a sign of life for longer, the daemon is not well


def gather_holds(
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
    *,
    names: Collection[str] = (),
    at: datetime | None = None,
) -> list[HoldShown]:
    """All that holds the campaigns that are on, and `names`, at `now`.

    `at`: when a run is planned for, where that is another moment: the month of its budget and the 24 hours
    of the account are those then.
    """
    then = at or now
    looked_at = [
        name for name in settings.priority if settings.campaigns[name].enabled or name in names
    ]
    return [
        *_owner(settings),
        *_pauses(looked_at, now),
        *_mirror(settings, now, looked_at),
        *_budget(settings, then, zone),
        *_templates(settings, looked_at),
        *_canaries(settings, now, looked_at),
        *_room(settings, then, zone, looked_at),
    ]


def daemon_away(now: datetime) -> list[HoldShown]:
    """That nobody works here, if so."""
    beat = Heartbeat.get_or_none()
    if beat is None or beat.stopped_at is not None or now - beat.beat_at > SILENT:
        return [HoldShown(campaign="", what="the daemon does not run", fix=INSTALLED.start)]
    return []


def _owner(settings: Settings) -> Iterator[HoldShown]:
    if settings.limits.per_7_days == 0 or settings.limits.per_30_days == 0:
        what = "per_7_days or per_30_days of [limits] is 0: no marketing is sent"
        yield HoldShown(campaign="", what=what, fix="set it to 1 or more")


def _pauses(names: Collection[str], now: datetime) -> Iterator[HoldShown]:
    for pause in Pause.in_force(now):
        everywhere = pause.scope in {EVERYTHING, MARKETING}
        if not everywhere and pause.scope not in names:
            continue
        doubt = standing_doubt() if pause.source == RESTORE else None
        yield HoldShown(
            campaign="" if everywhere else pause.scope,
            what=doubt.what if doubt else in_words(pause),
            fix=doubt.fix if doubt else way_out(pause),
        )


def _mirror(settings: Settings, now: datetime, names: Collection[str]) -> Iterator[HoldShown]:
    lines = lines_needed(settings, now, names)
    if missing := mirror_waits_for(settings, now=now, lines_before=lines):
        fix = "the daemon reads it: see `mirror` in winback status"
        yield HoldShown(campaign="", what=f"the mirror waits for {missing}", fix=fix)


def _budget(settings: Settings, now: datetime, zone: ZoneInfo) -> Iterator[HoldShown]:
    limits = settings.budget
    if limits.messages_per_month is None and limits.money_per_month is None:
        return
    budget = gather_budget(settings, now, zone)
    refused = refusal(budget, now.astimezone(zone).date())
    if refused is not None:
        yield HoldShown(campaign="", what=refused.what, fix=refused.fix)
    elif budget.is_spent:
        fix = "it goes on next month, or with more in [budget]"
        yield HoldShown(campaign="", what=f"the budget is spent: {budget.in_words}", fix=fix)


def _templates(settings: Settings, names: Collection[str]) -> Iterator[HoldShown]:
    troubles = CampaignStanding.troubles()
    for name in names:
        wrong = troubles.get(name, NOT_LOOKED_AT)
        if wrong:
            template = settings.campaigns[name].template
            what = f"it cannot be sent: {wrong}" if wrong != NOT_LOOKED_AT else wrong
            fix = remedy(wrong, f"winback templates show {template}")
            yield HoldShown(campaign=name, what=what, fix=fix)


def _canaries(settings: Settings, now: datetime, names: Collection[str]) -> Iterator[HoldShown]:
    trials = under_trial(settings, now)
    for name in names:
        if (trial := trials.get(name)) is None:
            continue
        size = settings.whatsapp.canary[trial.batch]
        watched = ", and are watched" if trial.filled_at else ""
        yield HoldShown(
            campaign=name,
            what=f"its template is being tried out: {trial.left} of a batch of {size} have left{watched}",
            fix="nothing: the rest waits in the queue, and leaves when the batches went well",
        )


def _room(
    settings: Settings, now: datetime, zone: ZoneInfo, names: Collection[str]
) -> Iterator[HoldShown]:
    room = gather_room(settings, now, zone)
    for name in names:
        campaign = settings.campaigns[name]
        if not room.left(campaign.expires_after, settings.priority.index(name)):
            yield HoldShown(
                campaign=name,
                what="as many messages are queued as can leave before they expire",
                fix="nothing: there is room again when they have left; see `account` in winback status",
            )
