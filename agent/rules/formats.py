"""Amounts, dates, shares and lists as they are written where the reader lives.

All of it is CLDR's, by babel, which is imported when it is first needed: an idle daemon never does.
What is asked often is remembered: thousands of messages of a run share their prices and dates.
"""

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from agent.rules.money import amount
from agent.rules.visible import visible

if TYPE_CHECKING:
    from babel import Locale

# CLDR wants a space between a currency's letters and the digits ("HUF 990"), which babel leaves out.
_LETTER_AT_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@lru_cache(maxsize=4096)
def money(minor: int, currency: str, locale: str) -> str:
    """Minor units of `currency` in words of `locale`: 123450 EUR -> "1.234,50 €" in es_ES.

    With as many decimals as people are used to see (none for HUF), and all that the currency has
    where that would round: a price is never another one than the shop's.
    """
    from babel.numbers import format_currency, get_currency_precision

    exact = amount(minor, currency)
    usual = Decimal(1).scaleb(-get_currency_precision(currency))
    if exact == exact.quantize(usual):
        text = format_currency(exact, currency, locale=_locale(locale))
    else:
        pattern = _pattern_with(-int(exact.as_tuple().exponent), locale)
        text = format_currency(
            exact, currency, pattern, locale=_locale(locale), currency_digits=False
        )
    return _LETTER_AT_DIGIT.sub(" ", visible(text))


@lru_cache(maxsize=1024)
def long_date(day: date, locale: str) -> str:
    """22 November 2026, in the words and order of `locale`."""
    from babel.dates import format_date

    return visible(format_date(day, "long", locale=_locale(locale)))


@lru_cache(maxsize=1024)
def percent(whole: int, locale: str) -> str:
    """15 -> "15%", "15 %" or "%15"."""
    from babel.numbers import format_percent

    return visible(format_percent(Decimal(whole).scaleb(-2), locale=_locale(locale)))


@lru_cache(maxsize=1024)
def country_name(code: str, locale: str) -> str:
    """ES -> "España" in es; the code itself where the language has no name for it."""
    names = _locale(locale).territories
    return visible(str(names.get(code.upper(), code)))


@lru_cache(maxsize=4096)
def listed(names: tuple[str, ...], locale: str) -> str:
    """The names with commas and an "and" as `locale` has them."""
    from babel.lists import format_list

    return format_list(list(names), locale=_locale(locale)) if names else ""


@lru_cache(maxsize=64)
def _locale(locale: str) -> "Locale":
    """The nearest that babel knows: es_ES for es_ES, es for es_XX, English for xx."""
    from babel import Locale, UnknownLocaleError

    for name in (locale, locale.partition("_")[0]):
        with suppress(ValueError, UnknownLocaleError):
            return Locale.parse(name)
    return Locale("en")


@lru_cache(maxsize=64)
def _pattern_with(decimals: int, locale: str) -> str:
    """The pattern for amounts of `locale`, with so many decimals."""
    pattern = str(_locale(locale).currency_formats["standard"].pattern)
    return re.sub(r"0\.0+", f"0.{'0' * decimals}", pattern)
