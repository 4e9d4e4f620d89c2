"""In which languages each campaign can be sent, by the templates as they were last read."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from agent.config import LoyaltyReward, Occasion, Settings
from agent.log import Log
from agent.rules.languages import normalized
from agent.rules.templates import TemplateMapping, compile_template, complaints
from models import CampaignStanding, Template

log = Log(__name__)

Key = tuple[str, str]
"""(name, language)"""

Templates = Mapping[Key, Mapping[str, Any]]
"""WhatsApp's own description of each template."""

Refusals = Mapping[Key, str]
"""Why WhatsApp refuses messages of a template, though its description is well."""

UNUSABLE: Final = (
    "winback templates list tells what does not fit; WhatsApp Manager why one is paused or rejected"
)
NONE: Final[Refusals] = MappingProxyType({})


def judge(
    campaign: Occasion, templates: Templates, refusals: Refusals = NONE
) -> dict[str, list[str]]:
    """Language -> what about it cannot be sent, [] if it can; the campaign's own language first.

    The others are those in which the config translates it, and those in which its template exists.
    """
    languages = dict.fromkeys(
        (
            campaign.language,
            *sorted(campaign.translations),
            *sorted(language for name, language in templates if name == campaign.template),
        )
    )
    return {language: _judge_one(campaign, language, templates, refusals) for language in languages}


def judge_known(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Campaign -> what `judge` says of it, by the templates as they were last read."""
    templates, refusals = known_templates(), Template.refusals()
    return {name: judge(one, templates, refusals) for name, one in settings.occasions.items()}


def usable_mappings(settings: Settings) -> dict[str, dict[str, TemplateMapping]]:
    """Campaign -> the languages in which it can be sent, with what fills its template there.

    The campaign's own language is the first; without it there is none.
    """
    return {
        name: usable(settings.occasions[name], judged)
        for name, judged in judge_known(settings).items()
    }


def usable_languages(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Campaign -> the languages in which it can be sent, its own first."""
    return {name: tuple(mappings) for name, mappings in usable_mappings(settings).items()}


def usable(campaign: Occasion, judged: Mapping[str, list[str]]) -> dict[str, TemplateMapping]:
    """The languages of one campaign that were judged well, with what fills its template there."""
    if judged[campaign.language]:
        return {}
    return {
        language: campaign.mapping_in(language) for language, wrong in judged.items() if not wrong
    }


def known_templates() -> Templates:
    """All templates as they were last read."""
    return {(one.name, one.language): one.body for one in Template.select()}


def stop_template(
    settings: Settings, name: str, language: str, reason: str, *, now: datetime
) -> None:
    """WhatsApp refuses messages of this template in this language: none is sent until it is read again.

    What is queued of it waits (`Message.due`), and nothing new is composed of it: who reads that
    language is written to in the campaign's own. If it is the campaign's own that is refused, the
    campaign stops, because all others fall back to it. In the caller's transaction.
    """
    new = Template.refuse(name, language, reason)
    for called, campaign in settings.occasions.items():
        if campaign.mapping_in(language).template != name:
            continue
        if language == campaign.language:
            CampaignStanding.put(called, f"WhatsApp refused it: {reason}", now)
            if new and campaign.enabled:
                log.error("campaign.unusable", campaign=called, reason=reason, fix=UNUSABLE)
        elif new and campaign.enabled:
            log.error(
                "campaign.language_unusable",
                campaign=called,
                language=language,
                reason=reason,
                fix=UNUSABLE,
            )


def shop_language(settings: Settings, facts: Mapping[str, str]) -> str:
    """The language of the shop: what the config says, else WordPress."""
    return settings.languages.shop or normalized(facts.get("language"))


def _judge_one(
    campaign: Occasion, language: str, templates: Templates, refusals: Refusals
) -> list[str]:
    mapping = campaign.mapping_in(language)
    key = mapping.template, language
    template = templates.get(key)
    contract = compile_template(template) if template is not None else None
    wrong = complaints(contract, mapping, with_coupon=isinstance(campaign, LoyaltyReward))
    return [*wrong, f"WhatsApp refused it: {refusals[key]}"] if key in refusals else wrong
