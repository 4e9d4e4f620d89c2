"""What `winback check` says of the templates, each held against what the config puts into it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.config import Campaign, Occasion, Settings
from agent.config.schema import keys_of
from agent.rules.contracts import compile_template
from agent.rules.languages import speaks
from agent.rules.order_words import always_said
from agent.rules.template_states import TemplateTrouble, trouble_of
from agent.rules.templates import MARKETING, mixes_languages
from agent.templates import Templates, judge
from agent.timetable import Tools


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. `fix` is '' when all is well; `fatal` ones make the exit code 1."""

    what: str
    fix: str = ""
    fatal: bool = True


def template_findings(tools: Tools) -> Iterator[Finding]:
    """Each campaign against its template; for one that is off it is only a note."""
    found = {(one["name"], one["language"]): one for one in tools.whatsapp.templates()}
    for name, occasion in tools.settings.occasions.items():
        judged = judge(occasion, found)
        unasked = name in tools.settings.news or (occasion.template, occasion.language) not in found
        if unasked and not occasion.enabled:
            continue  # what nobody wants needs no template
        if wrong := judged[occasion.language]:
            judged = {occasion.language: wrong}  # without it, the others do not count
        for language, wrong in judged.items():
            template = found.get((occasion.mapping_in(language).template, language), {})
            trouble = trouble_of(str(template.get("status") or ""))
            yield from _template(name, occasion, language, wrong, trouble)
            if not wrong and name in tools.settings.campaigns:
                yield from _uncounted(name, occasion, language, found, tools.settings)
        if name in tools.settings.news:
            yield from _moved(name, occasion, found)


def _uncounted(
    name: str, campaign: Occasion, language: str, found: Templates, settings: Settings
) -> Iterator[Finding]:
    """What a button's address begins with is fixed in the template: only one that is ours is counted."""
    mapping, ours = campaign.mapping_in(language), f"{settings.web.public_url}/"
    if not settings.links.count or not mapping.url_suffix:
        return
    base = compile_template(found[mapping.template, language]).url_button_base
    if base != ours:
        yield Finding(
            f"campaign {name} in {language}: the button of the template {mapping.template} opens {base}..., "
            "and is not counted",
            f"to have it counted, use a template whose button opens {ours}{{{{1}}}}",
            fatal=False,
        )


def _moved(name: str, news: Occasion, found: Templates) -> Iterator[Finding]:
    """Meta moves templates of order news to marketing when they read like an offer."""
    template = found.get((news.template, news.language), {})
    if template.get("category") == MARKETING:
        yield Finding(
            f"order news {name}: WhatsApp counts the template {news.template} as MARKETING: only those are "
            "told who agreed to marketing too, and it counts for their limits",
            "ask for a review in WhatsApp Manager, or write it anew as utility",
            fatal=False,
        )


def _template(
    name: str,
    campaign: Occasion,
    language: str,
    wrong: Sequence[str],
    trouble: TemplateTrouble | None,
) -> Iterator[Finding]:
    """A translation that does not fit is a note: its people are written to in another language.

    So is what passes by itself: nobody has to correct anything before winback can work.
    """
    own = language == campaign.language
    state = "on" if campaign.enabled else "off"
    kind, place = (
        ("campaign", "campaigns")
        if isinstance(campaign, Campaign)
        else ("order news", "order_news")
    )
    whose = f"{kind} {name} ({state}){'' if own else f' in {language}'}"
    section = f"[{place}.{name}{'' if own else f'.translations.{language}'}]"
    mapping = campaign.mapping_in(language)
    known = always_said(name, language) if kind == "order news" else {}
    words = mixes_languages(mapping, known)
    if not wrong and not words and _in_english(campaign, language):
        words = mixes_languages(replace(mapping, borrowed=True), known)
        if words:
            yield Finding(
                f"{whose}: its template fits, but people to whom we would say "
                f'"{", ".join(words)}" would read that in English',
                f"write body in {section}, with that in {language}",
                fatal=False,
            )
            return
    if not wrong and words:
        yield Finding(
            f"{whose}: its template fits, but not for people to whom we would say "
            f'"{", ".join(words)}": they are written to in {campaign.language}',
            f"translate that in {section}",
            fatal=False,
        )
    elif not wrong:
        yield Finding(f"{whose}: its template fits")
    for what in wrong:
        by_meta = trouble if trouble is not None and what == trouble.what else None
        yield Finding(
            f"{whose}: {what}",
            by_meta.fix if by_meta else f"correct {section}, or the template in WhatsApp Manager",
            fatal=own and campaign.enabled and not (by_meta and by_meta.passes),
        )


def _in_english(occasion: Occasion, language: str) -> bool:
    """Are these texts those that winback has by default, in a message of another language?"""
    default = keys_of(type(occasion))["body"].of_default()
    return language == occasion.language and speaks(language) != "en" and occasion.body == default
