"""WhatsApp -> templates: which are approved, and whether each campaign's mapping fits its own."""

from datetime import datetime

from agent.clients.whatsapp import WhatsApp
from agent.config import LoyaltyReward, Settings
from agent.log import Log
from agent.rules.templates import compile_template, complaints
from models import CampaignStanding, Template
from models.base import transaction

log = Log(__name__)


def read_templates(whatsapp: WhatsApp, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Read all templates anew and hold every campaign against its own."""
    found = whatsapp.templates()
    with transaction():
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
    return {"templates": len(found), "campaigns in trouble": len(troubles)}


def judge_again(settings: Settings, now: datetime) -> None:
    """Judge by the templates as they were last read: the config may be another one."""
    if Template.select().exists():
        judge_campaigns(settings, now)


def judge_campaigns(settings: Settings, now: datetime) -> dict[str, str]:
    """Write down which campaigns can be sent; returns what is wrong with those that cannot.

    That WhatsApp stopped the account for a while is none of the templates' business, and stays.
    """
    before = CampaignStanding.troubles()
    for name, campaign in settings.campaigns.items():
        template = Template.get_or_none(name=campaign.template, language=campaign.language)
        contract = compile_template(template.body) if template is not None else None
        with_coupon = isinstance(campaign, LoyaltyReward)
        wrong = "; ".join(complaints(contract, campaign.mapping, with_coupon=with_coupon))
        CampaignStanding.put(name, wrong, now)
    after = CampaignStanding.troubles()
    for name, campaign in settings.campaigns.items():
        trouble = after[name]
        if campaign.enabled and trouble != before.get(name, ""):
            if trouble:
                log.warning("campaign.unusable", campaign=name, reason=trouble)
            else:
                log.info("campaign.usable", campaign=name)
    return {name: after[name] for name in settings.campaigns if after[name]}
