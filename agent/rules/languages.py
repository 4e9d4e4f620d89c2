"""Which language a person is written to in.

A language is named as WhatsApp names those of its templates: "pt" or "pt_BR".
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

_LOCALE = re.compile(
    r"([a-z]{2,3})(?:[-_](hans|hant|latn|cyrl|arab|deva))?(?:[-_]([a-z]{2}))?(?:[-_.@].*)?",
    re.IGNORECASE,
)
# Older names, those of WordPress, and what Weglot calls the Portuguese of Brazil and the Chinese of
# Taiwan. WhatsApp has no templates in Breton and Twi, whose names these are by right.
_OTHER_NAMES: Final = {
    "br": "pt_BR",
    "in": "id",
    "iw": "he",
    "no": "nb",
    "tl": "fil",
    "tw": "zh_TW",
}
_HOME_OF_SCRIPT: Final = {"hans": "CN", "hant": "TW"}  # WhatsApp tells them by the country
_TRADITIONAL: Final = frozenset({"zh_HK", "zh_MO", "zh_TW"})


def normalized(written: object) -> str:
    """A language as a plugin or WordPress writes it, as WhatsApp does; "" for what is none.

    "pt-br" -> pt_BR, "de_DE_formal" -> de_DE, "zh-hant" -> zh_TW.
    """
    match = _LOCALE.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        return ""
    language, script, country = (part and part.lower() for part in match.groups())
    other = _OTHER_NAMES.get(language, language)
    if "_" in other:
        return other
    country = country or _HOME_OF_SCRIPT.get(script or "", "")
    return f"{other}_{country.upper()}" if country else other


def choose_language(
    order_language: str,
    country: str,
    shop_language: str,
    countries: Mapping[str, str],
    available: Sequence[str],
) -> str:
    """The one of `available` to write in; the first of these is the one to fall back on.

    Wanted is the language of the person's order, else of their number's country (`countries`
    overrides what is spoken there), else of the shop. It is had exactly (pt_BR), or as it is without
    or in another country (pt, pt_PT).
    """
    for wanted in _wanted(order_language, country, shop_language, countries):
        same = [one for one in available if speaks(one) == speaks(wanted)]
        if same:
            return min(same, key=lambda one: (_distance(one, wanted), available.index(one)))
    return available[0]


def speaks(language: str) -> str:
    """The language without its country: pt_BR -> pt."""
    return language.partition("_")[0]


@lru_cache(maxsize=512)
def spoken_in(country: str) -> tuple[str, ...]:
    """The official languages of a country, the most spoken first: CH -> de_CH, fr_CH, it_CH.

    Those without a code of two letters (Swiss German, Venetian) are nobody's choice in a shop.
    """
    from babel.languages import get_official_languages

    official = get_official_languages(country, regional=False, de_facto=True)
    known = dict.fromkeys(one.partition("_")[0] for one in official)
    return tuple(f"{one}_{country}" for one in known if len(one) == 2 or one == "fil")


@lru_cache(maxsize=1024)
def locale_of(language: str, region: str) -> str:
    """In whose format numbers and dates of a text in `language` are written for somebody in `region`.

    A Mexican reads prices as in Mexico, whether the template is es, es_ES or es_MX. Where a country
    has no format of its own for the language, the template's own it is.
    """
    from babel.localedata import exists

    there = f"{speaks(language)}_{region}"
    return there if region and exists(there) else language


def _wanted(
    order_language: str, country: str, shop_language: str, countries: Mapping[str, str]
) -> Sequence[str]:
    if order_language and _is_language(order_language):
        return (order_language,)
    if country:
        there = countries.get(country)
        spoken = (there,) if there else spoken_in(country)
        if spoken:
            return spoken
    return (shop_language,)


@lru_cache(maxsize=256)
def _is_language(language: str) -> bool:
    """Not so "all" or "yes", which such fields may have too."""
    from babel.localedata import exists

    return bool(exists(speaks(language)))


def _distance(language: str, wanted: str) -> int:
    if language == wanted:
        return 0
    if speaks(language) == "zh" and (language in _TRADITIONAL) != (wanted in _TRADITIONAL):
        return 3  # the other script
    return 1 if "_" not in language else 2
