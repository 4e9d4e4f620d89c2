"""WhatsApp -> templates: which are approved, and whether each campaign's mapping fits its own."""

from datetime import datetime

from agent.clients.whatsapp import WhatsApp
from agent.config import Settings
from agent.log import Log
from agent.order_news import reclassify
from agent.rules.template_states import remedy
from agent.templates import UNUSABLE, judge_known
from models import CampaignStanding, Template
from models.base import transaction

log = Log(__name__)

MOVED = "ask for a review of their category in WhatsApp Manager, or write them anew"

Judged = dict[tuple[str, str], str]
"""(campaign, language) -> what is wrong there, "" if it can be sent."""


def read_templates(whatsapp: WhatsApp, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Read all templates anew and hold every campaign against its own."""
    found = whatsapp.templates()
    with transaction():
        before = _judge_translations(settings)
        Template.replace_all(
            [
                {
                    "name": one["name"],
                    "language": one["language"],
                    "status": str(one.get("status") or ""),
                    "category": str(one.get("category") or ""),
                    "body": one,
                    "read_at": now,
                }
                for one in found
            ]
        )
        troubles = judge_campaigns(settings, now)
        _tell_translations(before, _judge_translations(settings))
        moved = reclassify()
    if moved:
        what = "WhatsApp counts their templates anew"
        log.warning("order_news.moved", messages=moved, what=what, fix=MOVED)
    on = {name for name in troubles if settings.occasions[name].enabled}
    campaigns = on & settings.campaigns.keys()
    return {
        "templates": len(found),
        "campaigns in trouble": len(campaigns),
        "order news in trouble": len(on - campaigns),
    }


def judge_again(settings: Settings, now: datetime) -> None:
    """Judge by the templates as they were last read: the config may be another one."""
    if Template.select().exists():
        judge_campaigns(settings, now)
        _tell_translations({}, _judge_translations(settings))


def judge_campaigns(settings: Settings, now: datetime) -> dict[str, str]:
    """Write down which campaigns can be sent; returns what is wrong with those that cannot.

    A campaign stands as its own language does, to which all others fall back.
    That WhatsApp stopped the account for a while is none of the templates' business, and stays.
    """
    before = CampaignStanding.troubles()
    for name, judged in judge_known(settings).items():
        CampaignStanding.put(name, "; ".join(judged[settings.occasions[name].language]), now)
    after = CampaignStanding.troubles()
    for name, campaign in settings.occasions.items():
        trouble = after[name]
        if campaign.enabled and trouble != before.get(name, ""):
            if trouble:
                fix = remedy(trouble, UNUSABLE)
                log.warning("campaign.unusable", campaign=name, reason=trouble, fix=fix)
            else:
                log.info("campaign.usable", campaign=name)
    return {name: after[name] for name in settings.occasions if after[name]}


def _judge_translations(settings: Settings) -> Judged:
    """The other languages of the campaigns that are on, and can be sent at all."""
    return {
        (name, language): "; ".join(wrong)
        for name, judged in judge_known(settings).items()
        if (campaign := settings.occasions[name]).enabled and not judged[campaign.language]
        for language, wrong in judged.items()
        if language != campaign.language
    }


def _tell_translations(before: Judged, after: Judged) -> None:
    """A language that cannot be used is told once; its people are written to in another."""
    gone = dict.fromkeys(before.keys() - after.keys(), "WhatsApp has its template no more")
    for (campaign, language), wrong in sorted((after | gone).items()):
        was = before.get((campaign, language), "")
        if wrong and wrong != was:
            log.warning(
                "campaign.language_unusable", campaign=campaign, language=language, reason=wrong,
                fix=remedy(wrong, UNUSABLE),
            )  # fmt: skip
        elif was and not wrong:
            log.info("campaign.language_usable", campaign=campaign, language=language)
