"""The trials of new templates, gathered: how far each campaign's is, and what became of its messages.

A campaign's trial is that of the template in its own language, and all of its messages count for it,
whatever their language. What a trial counts is what was claimed since it began.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from peewee import Case, fn

from agent.config import Settings
from agent.log import Log
from agent.rules.canary import Limits, Progress, Tally, allowance, first_batch
from agent.rules.states import TAKEN, State
from models import Canary, Message, Template
from models.base import among_pairs, raw, tuples

log = Log(__name__)

NEVER_LEFT = ("queued", "cancelled", "expired")
FAILED = ("failed", "refused")


@dataclass(frozen=True, slots=True)
class Trial:
    """A campaign whose template is being tried out."""

    campaign: str
    progress: Progress
    tried_since: datetime
    began_at: datetime


def allowances(settings: Settings, now: datetime) -> dict[str, int]:
    """Campaign -> how many of its messages may leave now. One that is not there is not limited.

    In the caller's transaction, because a trial may begin here. Where none is under way it costs two
    small questions.
    """
    batches = settings.whatsapp.canary
    return {
        trial.campaign: allowance(
            batches,
            trial.progress,
            0 if trial.progress.filled_at else _left(trial.campaign, trial.began_at),
        )
        for trial in trials(settings, now)
    }


def limits_of(settings: Settings) -> Limits:
    whatsapp = settings.whatsapp
    return Limits(
        batches=whatsapp.canary,
        wait=whatsapp.canary_wait,
        failures=whatsapp.canary_failures,
        opt_outs=whatsapp.canary_opt_outs,
        held=whatsapp.canary_held,
    )


def trials(settings: Settings, now: datetime) -> list[Trial]:
    """The trials that are under way, of campaigns that are on; in the caller's transaction.

    One begins here where a campaign has a template that was not tried out yet.
    """
    if not settings.whatsapp.canary:
        return []
    known = {one.campaign: one for one in Canary.select()}
    return [
        trial
        for campaign, template in _templates(settings).items()
        if (trial := _trial(settings, campaign, template, known.get(campaign), now)) is not None
    ]


def tally(campaign: str, since: datetime) -> Tally:
    """What became of the campaign's messages that left since then."""
    # in answer to it, as far as can be told: what the shop's accounts and lists say is no word on it
    said_no = Message.stopped & Message.state.not_in(FAILED)
    counted = Message.select(
        fn.COUNT(Message.id),
        _count(Message.state.in_(FAILED)),
        _count(said_no),
        _count(Message.state == State.HELD.value),
    ).where(*_left_since(campaign, since))
    left, failed, opt_outs, held = tuples(counted)[0]
    return Tally(left, failed, opt_outs, held)


def codes(campaign: str, since: datetime) -> dict[int, int]:
    """WhatsApp's error code -> how many of these messages failed with it, the most frequent first."""
    counted = (
        Message.select(Message.code, fn.COUNT(Message.id))
        .where(
            *_left_since(campaign, since), Message.state.in_(FAILED), Message.code.is_null(False)
        )
        .group_by(Message.code)
        .order_by(fn.COUNT(Message.id).desc(), Message.code)
    )
    return dict(tuples(counted))


def last_left(campaign: str, since: datetime) -> datetime | None:
    """When the newest of these messages left."""
    newest = Message.select(fn.MAX(Message.claimed_at)).where(*_left_since(campaign, since))
    found: datetime | None = newest.scalar()
    return found


def _templates(settings: Settings) -> dict[str, str]:
    """Campaign that is on -> what tells its template from any other, where WhatsApp has it."""
    wanted = {
        name: (campaign.template, campaign.language)
        for name, campaign in settings.campaigns.items()
        if campaign.enabled
    }
    if not wanted:
        return {}
    query = Template.select(Template.name, Template.language, Template.body).where(
        among_pairs((Template.name, Template.language), wanted.values())
    )
    found = {(name, language): fingerprint(body) for name, language, body in raw(query)}
    return {name: found[key] for name, key in wanted.items() if key in found}


@lru_cache(maxsize=64)
def fingerprint(body: str) -> str:
    """Meta's id of a template and a digest of what people read in it. `body` is Meta's JSON.

    Its status and quality are none of the text, nor are the examples that were given for the review:
    those of a picture are addresses that are others with each reading.
    """
    template = json.loads(body)
    said = [template.get("category"), _without_examples(template.get("components"))]
    digest = blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()
    return f"{template.get('id') or template.get('name')} {digest}"


def _without_examples(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_examples(v) for key, v in value.items() if key != "example"}
        case list():
            return [_without_examples(one) for one in value]
    return value


def _trial(
    settings: Settings, campaign: str, template: str, known: Canary | None, now: datetime
) -> Trial | None:
    """None where it has passed. The settings may have fewer batches than when it began."""
    batches = settings.whatsapp.canary
    if known is None or known.template != template:
        accepted = _accepted_before(settings, campaign) if known is None else 0
        batch = first_batch(batches, accepted)
        passed = batch == len(batches)
        Canary.put(campaign, template, batch=batch, now=now, passed=passed)
        if not passed:
            log.info("canary.begins", campaign=campaign, batch=batches[batch])
        known = Canary.get_by_id(campaign)
    if known.passed_at is not None or known.batch >= len(batches):
        return None
    if known.began_at > now:  # the clock was set back: nothing would count that leaves until then
        Canary.put(campaign, template, batch=known.batch, now=now, passed=False)
        known = Canary.get_by_id(campaign)
    progress = Progress(batch=known.batch, filled_at=known.filled_at)
    return Trial(campaign, progress, known.tried_since, known.began_at)


def _accepted_before(settings: Settings, campaign: str) -> int:
    """How many messages of this template WhatsApp took before there were trials."""
    mapping = settings.campaigns[campaign]
    query = Message.select().where(
        Message.campaign == campaign,
        Message.claimed_at.is_null(False),
        Message.template == mapping.template,
        Message.language == mapping.language,
        Message.state.in_(TAKEN),
    )
    return int(query.count())


def _left(campaign: str, since: datetime) -> int:
    return int(Message.select().where(*_left_since(campaign, since)).count())


def _left_since(campaign: str, since: datetime) -> tuple[Any, ...]:
    return (
        Message.campaign == campaign,
        Message.claimed_at.is_null(False),  # in so many words, or SQLite does not use the index
        Message.claimed_at >= since,
        Message.state.not_in(NEVER_LEFT),
    )


def _count(condition: Any) -> Any:
    return fn.COUNT(Case(None, [(condition, 1)]))
