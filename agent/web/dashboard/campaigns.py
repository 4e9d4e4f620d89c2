"""The page of the campaigns: whether they are on and can be sent, with what, and what holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.config import Occasion, Settings
from agent.config.campaigns import PLANNED
from agent.jobs.canary import Trying, under_trial
from agent.pauses import in_words, paused_campaigns, way_out
from agent.templates import NONE, judge, known_templates
from models import CampaignStanding, Pause, Template


@dataclass(frozen=True, slots=True)
class InLanguage:
    """A template in one language. `status` is WhatsApp's word, "" where it has none; `wrong` is why it
    cannot be sent."""

    language: str
    template: str
    status: str
    category: str
    wrong: Sequence[str]
    mapping: Sequence[tuple[str, str]]  # (variable, the text that fills it)


@dataclass(frozen=True, slots=True)
class Look:
    """A campaign or a kind of order news. `pauses`: (in words, what ends it, its beginning)."""

    name: str
    enabled: bool
    trouble: str
    languages: Sequence[InLanguage]
    pauses: Sequence[tuple[str, str, datetime]]
    paused_here: bool  # by something that its own button ends
    trying: Trying | None
    batches: Sequence[int]


def campaigns(settings: Settings, now: datetime) -> dict[str, Any]:
    """What the page shows."""
    troubles, templates = CampaignStanding.troubles(), known_templates()
    refusals = Template.refusals()
    paused = paused_campaigns(settings.campaigns, now)
    trials = under_trial(settings, now)

    def look(name: str, occasion: Occasion) -> Look:
        pauses = paused.get(name, ())
        return Look(
            name,
            occasion.enabled,
            troubles.get(name, ""),
            _languages(occasion, templates, refusals or NONE),
            [(in_words(one), way_out(one), one.since) for one in pauses],
            any(one.scope == name for one in pauses),
            trials.get(name),
            settings.whatsapp.canary,
        )

    everywhere = [one for one in Pause.in_force(now) if one.scope not in settings.campaigns]
    return {
        "campaigns": [look(name, settings.campaigns[name]) for name in PLANNED],
        "news": [look(*one) for one in settings.news.items()],
        "everywhere": [(in_words(one), way_out(one), one.since, one.scope) for one in everywhere],
        "read_at": Template.select(Template.read_at).limit(1).scalar(),
    }


def _languages(
    occasion: Occasion, templates: Mapping[Any, Any], refusals: Mapping[Any, str]
) -> list[InLanguage]:
    found = []
    for language, wrong in judge(occasion, templates, refusals).items():
        mapping = occasion.mapping_in(language)
        known = templates.get((mapping.template, language)) or {}
        found.append(
            InLanguage(
                language,
                mapping.template,
                str(known.get("status") or ""),
                str(known.get("category") or ""),
                wrong,
                list(_filled(mapping)),
            )
        )
    return found


def _filled(mapping: Any) -> list[tuple[str, str]]:
    """(variable as WhatsApp writes it, the text of the config that fills it)."""
    body = mapping.body
    told = body.items() if isinstance(body, Mapping) else enumerate(body, start=1)
    filled = [(f"{{{{{name}}}}}", text) for name, text in told]
    headers = [(f"{{{{{number}}}}} ↑", text) for number, text in enumerate(mapping.header, start=1)]
    ends = [("URL", mapping.url_suffix)] if mapping.url_suffix else []
    return [*headers, *filled, *ends]
