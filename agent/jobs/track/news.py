"""What Meta tells of our templates and our account: read again at once, and paused where it must be."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from agent.clients.outcomes import Action, action_of
from agent.clients.whatsapp_failures import remedy
from agent.log import Log
from agent.pauses import REINSTATED, RESTRICTION
from agent.rules.meta_news import (
    AccountAlert,
    AccountError,
    AccountUpdate,
    Capability,
    MetaNews,
    NumberChange,
    TemplateCategory,
    TemplateQuality,
    TemplateStatus,
)
from agent.rules.restrictions import Holds, Measure, ends_restrictions, measures
from models import JobCall, Pause, ShopFact
from models.delivery import EVERYTHING, MARKETING

log = Log(__name__)

TEMPLATES, ACCOUNT = "templates", "account"  # jobs of the timetable
BAD: Final = frozenset(
    {"REJECTED", "PAUSED", "DISABLED", "FLAGGED", "LIMIT_EXCEEDED", "LOCKED", "ARCHIVED", "DELETED"}
)
SCOPES: Final = {Holds.EVERYTHING: EVERYTHING, Holds.MARKETING: MARKETING}
TEMPLATE: Final = (
    "winback templates list tells what follows; WhatsApp Manager has it, and takes reviews"
)
LOOK_AT: Final = "Meta Business Suite > Account quality tells why, and takes requests for a review"


def heed_news(news: Iterable[MetaNews], *, now: datetime) -> None:
    """In the caller's transaction. A doubled webhook changes nothing, and reads once more."""
    for one in news:
        match one:
            case TemplateStatus() | TemplateQuality() | TemplateCategory():
                JobCall.put(TEMPLATES)
                _tell_of_template(one)
            case AccountUpdate():
                JobCall.put(ACCOUNT)
                log.info("account.told", said=one.event)
                _heed(one, now)
            case NumberChange():
                JobCall.put(ACCOUNT)
                log.info("account.told", said=one.event, limit=one.limit or "not told")
            case Capability():
                JobCall.put(ACCOUNT)
                log.info("account.told", said="another limit", limit=one.limit or "not told")
            case AccountAlert():
                JobCall.put(ACCOUNT)
                tell = log.warning if one.severity == "CRITICAL" else log.info
                tell("account.alert", kind=one.kind, said=one.description, fix=LOOK_AT)
            case AccountError():
                log.warning("account.error", code=one.code, said=one.said, fix=remedy(one.code))
                if action_of(one.code, by_status=True) is Action.ACCOUNT:
                    JobCall.put(ACCOUNT)


def _tell_of_template(news: TemplateStatus | TemplateQuality | TemplateCategory) -> None:
    about = {"template": news.name, "language": news.language}
    match news:
        case TemplateStatus():
            tell = log.warning if news.event in BAD else log.info
            why = " ".join(filter(None, (news.title, news.reason)))
            tell("template.status", **about, now=news.event, why=why or "not told", fix=TEMPLATE)
        case TemplateQuality():
            tell = log.warning if news.now == "RED" else log.info
            tell(
                "template.quality", **about, now=news.now, was=news.was or "not told", fix=TEMPLATE
            )
        case TemplateCategory() if news.becomes:
            log.warning(
                "template.category_announced", **about, now=news.now, becomes=news.becomes,
                fix="within a day: ask for a review in WhatsApp Manager, or write it anew",
            )  # fmt: skip
        case TemplateCategory():
            log.warning(
                "template.category", **about, now=news.now, was=news.was or "not told", fix=TEMPLATE
            )


def _heed(update: AccountUpdate, now: datetime) -> None:
    """Webhooks come in any order, and again after days: what is older than the end of the restrictions
    that we know of counts no more."""
    told_at = min(update.at or now, now)
    ended = ShopFact.all().get(REINSTATED)
    if ended and told_at <= datetime.fromisoformat(ended):
        return
    if ends_restrictions(update):
        _end(update, told_at)
    for measure in measures(update):
        if measure.until is None or measure.until > now:
            _pause(measure, told_at)


def _end(update: AccountUpdate, told_at: datetime) -> None:
    ShopFact.put({REINSTATED: told_at.isoformat()})
    ended = Pause.delete().where(Pause.source == RESTRICTION, Pause.since <= told_at).execute()
    if ended:
        log.info("account.well", goes_on="what Meta had restricted", said=update.event)


def _pause(measure: Measure, told_at: datetime) -> None:
    new = Pause.put(
        SCOPES[measure.holds], RESTRICTION, measure.reason, now=told_at, until=measure.until
    )
    if new:
        tell = log.error if measure.holds is Holds.EVERYTHING else log.warning
        tell(
            "account.restricted", pauses=measure.holds.value, reason=measure.reason,
            until=measure.until or "winback resume", fix=LOOK_AT,
        )  # fmt: skip
