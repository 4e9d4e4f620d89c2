"""In which languages each campaign can be sent, by the templates as they were last read."""

from collections.abc import Mapping
from typing import Any

from agent.config import LoyaltyReward, Settings
from agent.config.campaigns import Campaign
from agent.rules.languages import normalized
from agent.rules.templates import TemplateMapping, compile_template, complaints
from models import Template

Templates = Mapping[tuple[str, str], Mapping[str, Any]]
"""(name, language) -> WhatsApp's own description."""


def judge(campaign: Campaign, templates: Templates) -> dict[str, list[str]]:
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
    return {language: _judge_one(campaign, language, templates) for language in languages}


def usable_mappings(settings: Settings) -> dict[str, dict[str, TemplateMapping]]:
    """Campaign -> the languages in which it can be sent, with what fills its template there.

    The campaign's own language is the first; without it there is none.
    """
    templates = known_templates()
    return {name: _usable(campaign, templates) for name, campaign in settings.campaigns.items()}


def usable_languages(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Campaign -> the languages in which it can be sent, its own first."""
    return {name: tuple(mappings) for name, mappings in usable_mappings(settings).items()}


def known_templates() -> Templates:
    """All templates as they were last read."""
    return {(one.name, one.language): one.body for one in Template.select()}


def shop_language(settings: Settings, facts: Mapping[str, str]) -> str:
    """The language of the shop: what the config says, else WordPress."""
    return settings.languages.shop or normalized(facts.get("language"))


def _usable(campaign: Campaign, templates: Templates) -> dict[str, TemplateMapping]:
    judged = judge(campaign, templates)
    if judged[campaign.language]:
        return {}
    return {
        language: campaign.mapping_in(language) for language, wrong in judged.items() if not wrong
    }


def _judge_one(campaign: Campaign, language: str, templates: Templates) -> list[str]:
    mapping = campaign.mapping_in(language)
    template = templates.get((mapping.template, language))
    contract = compile_template(template) if template is not None else None
    return complaints(contract, mapping, with_coupon=isinstance(campaign, LoyaltyReward))
