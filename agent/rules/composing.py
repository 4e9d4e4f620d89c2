"""One message for one person: in which language, by which template, with which values."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.rules.languages import choose_language
from agent.rules.templates import TemplateMapping, mixes_languages
from agent.rules.values import MessageFacts, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """What is known of the language of a person, and what is believed of others."""

    order_language: str = ""
    shop_language: str = ""
    countries: Mapping[str, str]  # country -> language, over what is spoken there


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What a message is made of when it is sent."""

    template: str
    language: str
    values: dict[str, str]


def compose(
    facts: MessageFacts, tongue: Tongue, mappings: Mapping[str, TemplateMapping]
) -> Composed:
    """The message in the best of `mappings` (language -> mapping, the one to fall back on first).

    A translated template whose texts were not translated is only used where none of their words is
    needed: "Olá Ana", but "Hello there" rather than "Olá there".
    """
    fallback = next(iter(mappings))
    wanted = choose_language(
        tongue.order_language,
        facts.region,
        tongue.shop_language,
        tongue.countries,
        tuple(mappings),
    )
    known = values(facts, wanted, tongue.shop_language)
    if mixes_languages(mappings[wanted], known):
        wanted = fallback
        known = values(facts, wanted, tongue.shop_language)
    return Composed(template=mappings[wanted].template, language=wanted, values=known)
