"""outbox -> canaries and pauses: how the trials of new templates go, and which campaign has to stop."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from agent.canary import Trial, codes, last_left, limits_of, tally, trials
from agent.config import Settings
from agent.log import Log
from agent.pauses import CANARY
from agent.rules.canary import Judgement, Step, judge
from models import Canary, Pause
from models.base import transaction

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Trying:
    """How far a campaign's trial is: the batch (from 0), and how many of it have left."""

    campaign: str
    batch: int
    left: int
    filled_at: datetime | None


def under_trial(settings: Settings, now: datetime) -> dict[str, Trying]:
    """Campaign -> its trial, where one is under way; for `winback status`. Nothing is written."""
    return {
        one.campaign: Trying(
            one.campaign, one.batch, tally(one.campaign, one.began_at).left, one.filled_at
        )
        for one in Canary.select().where(Canary.passed_at.is_null())
        if one.batch < len(settings.whatsapp.canary) and one.began_at <= now
    }


def watch_canaries(settings: Settings, *, now: datetime) -> dict[str, int]:
    """Judge every trial that is under way. Returns how many took which step."""
    steps: Counter[str] = Counter()
    with transaction():
        stopped = {pause.scope for pause in Pause.in_force(now) if pause.source == CANARY}
        for trial in trials(settings, now):
            if trial.campaign in stopped:  # until somebody has looked at it
                continue
            batch = tally(trial.campaign, trial.began_at)
            whole = tally(trial.campaign, trial.tried_since)
            found = judge(limits_of(settings), trial.progress, batch=batch, whole=whole, now=now)
            _carry_out(found, trial, settings, now)
            if found.step is not Step.WAIT:
                steps[found.step.value] += 1
    return dict(steps)


def _carry_out(found: Judgement, trial: Trial, settings: Settings, now: datetime) -> None:
    campaign, batch = trial.campaign, trial.progress.batch
    mine = Canary.campaign == campaign
    sizes = settings.whatsapp.canary
    match found.step:
        case Step.STOP:
            reason = _with_codes(found.reason, trial)
            Pause.put(campaign, CANARY, reason, now=now)
            log.error(
                "canary.stopped",
                campaign=campaign,
                reason=reason,
                fix=f"see the template and its people, then: winback campaign resume {campaign}",
            )
        case Step.FILLED:
            filled_at = min(last_left(campaign, trial.began_at) or now, now)  # by a clock set back
            Canary.update(filled_at=filled_at).where(mine).execute()
            log.info("canary.watched", campaign=campaign, batch=sizes[batch])
        case Step.NEXT:
            row = Canary.update(batch=batch + 1, began_at=now, filled_at=None)
            row.where(mine).execute()
            log.info("canary.next", campaign=campaign, batch=sizes[batch + 1])
        case Step.PASSED:
            Canary.update(passed_at=now).where(mine).execute()
            log.info("canary.passed", campaign=campaign)


def _with_codes(reason: str, trial: Trial) -> str:
    """With the errors that WhatsApp gave, where there were any."""
    counted = codes(trial.campaign, trial.tried_since)
    told = ", ".join(f"{count} x {code}" for code, count in list(counted.items())[:3])
    return f"{reason}: error {told}" if told else reason
