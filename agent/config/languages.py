"""The section about who is written to in which language."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.config.complaints import Unfit, Wrong, each
from agent.config.kinds import Items, Kind, Optional, Text
from agent.config.places import Country
from agent.config.schema import section, setting
from agent.config.wordings import LANGUAGE

_META = Text("the name of a meta field", r"\S+", "write it as it stands in the database")


@dataclass(frozen=True)
class LanguageOf(Kind[Mapping[str, str]]):
    """Country -> language."""

    expected = 'a table of country = language, such as {CH = "fr"}'

    def read(self, raw: object) -> Mapping[str, str]:
        if not isinstance(raw, dict):
            raise self.refuse(raw, 'write {CH = "fr", BE = "nl"}')
        return MappingProxyType(dict(each(((name, (name, raw[name])) for name in raw), _read_pair)))


def _read_pair(pair: tuple[str, object]) -> tuple[str, str]:
    country, language = pair
    try:
        known = Country().read(country)
    except Unfit:
        wrong = Wrong("is no country", 'write its two letters on the left: {CH = "fr"}')
        raise Unfit(wrong) from None
    return known, LANGUAGE.read(language)


_SAID = Text(
    "a text that says something", r"(?s)\S.{0,1000}", "write something, of at most 1000 characters"
)


@dataclass(frozen=True)
class Texts(Kind[Mapping[str, str]]):
    """Language -> text."""

    expected = 'a table of language = text, such as {en = "Done."}'

    def read(self, raw: object) -> Mapping[str, str]:
        if not isinstance(raw, dict):
            raise self.refuse(raw, 'write {en = "Done.", pt_BR = "Pronto."}')
        return MappingProxyType(dict(each(((name, (name, raw[name])) for name in raw), _read_text)))


def _read_text(pair: tuple[str, object]) -> tuple[str, str]:
    language, text = pair
    try:
        known = LANGUAGE.read(language)
    except Unfit:
        wrong = Wrong("is no language", 'write it as templates have it: {pt_BR = "Pronto."}')
        raise Unfit(wrong) from None
    return known, _SAID.read(text)


@section
class Languages:
    """The language of a message: of the newest order, else the number's country, else the shop."""

    order_meta: tuple[str, ...] = setting(
        Items(_META),
        "Meta fields of an order in which a plugin notes the customer's language: those of WPML, "
        "TranslatePress, Weglot and Linguise. Polylang's needs none.",
        default=["wpml_language", "trp_language", "weglot_language", "linguise_language"],
    )
    countries: Mapping[str, str] = setting(
        LanguageOf(),
        "The language for numbers of a country, where it is not the official one that most people "
        'speak there: {CH = "fr", US = "es"}.',
        default={},
    )
    shop: str | None = setting(
        Optional(LANGUAGE), 'Language of the shop; "" for that of WordPress.', default=""
    )
