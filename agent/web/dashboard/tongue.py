"""The language of the pages: texts from the catalogues, and numbers, dates and money as people write them there."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import NullTranslations, Translations

from agent.config import Settings
from agent.rules.conditions import Value
from agent.rules.money import amount
from agent.templates import shop_language
from agent.web.dashboard.names import N_
from models import ShopFact

FOLDER: Final = Path(__file__).parent / "translations"
LANGUAGES: Final = ("en", "es", "pt")
JUST_NOW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tongue:
    """How the pages say things. `currency` is the shop's, "" while it is not known."""

    language: str
    locale: Locale
    zone: ZoneInfo
    currency: str
    shop: str

    @classmethod
    def of(cls, settings: Settings) -> "Tongue":
        """The language that the config names, else the shop's, else English; with the numbers of its country."""
        facts = ShopFact.all()
        told = settings.dashboard.language or shop_language(settings, facts).lower()[:2]
        language = told if told in LANGUAGES else "en"
        country = settings.shop.default_country or facts.get("country", "")
        return cls(
            language,
            _locale(language, country.upper()),
            ZoneInfo(facts.get("zone", "UTC")),
            facts.get("currency", ""),
            facts.get("name", ""),
        )

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """With one digit after the point."""
        return format_percent(share, "#,##0.0%", locale=self.locale)

    def money(self, minor: float | None, currency: str = "") -> str:
        """Minor units; "-" where there is no amount."""
        currency = currency or self.currency
        if minor is None or not currency:
            return "-"
        return format_currency(amount(round(minor), currency), currency, locale=self.locale)

    def day(self, value: date | str) -> str:
        """A date, or one in ISO 8601."""
        moment = date.fromisoformat(value) if isinstance(value, str) else value
        return format_date(moment, "medium", locale=self.locale)

    def short_day(self, value: str) -> str:
        """Without its year."""
        return format_skeleton("MMMd", date.fromisoformat(value), locale=self.locale)

    def moment(self, value: datetime | None) -> str:
        """In the shop's zone; "-" for none."""
        if value is None:
            return "-"
        local = value.astimezone(self.zone)
        return f"{format_date(local, 'medium', self.locale)}, {format_time(local, 'short', locale=self.locale)}"

    def span(self, length: timedelta) -> str:
        """About how long: "3 hours"."""
        return format_timedelta(length, locale=self.locale)

    def ago(self, moment: datetime | None, now: datetime) -> str:
        """About how long ago: "3 hours ago"; or ahead: "in 3 hours". "-" for none."""
        if moment is None:
            return "-"
        if abs(moment - now) < JUST_NOW:
            return catalogue(self.language).gettext(N_("just now"))
        return format_timedelta(moment - now, locale=self.locale, threshold=1.2, add_direction=True)

    def value(self, what: Value, *, money: bool = False) -> str:
        """A value of a condition; "" for what needs no word."""
        match what:
            case bool() | None:
                return ""
            case int():
                return self.money(what) if money else self.number(what)
            case datetime():
                return self.moment(what)
            case date():
                return self.day(what)
            case timedelta():
                return format_timedelta(what, "day", locale=self.locale, threshold=10_000)
            case tuple():
                return ", ".join(what)
        return what


@lru_cache(maxsize=16)
def _locale(language: str, country: str) -> Locale:
    """Of the language as it is written in that country, where there is such a thing."""
    try:
        return Locale.parse(f"{language}_{country}" if country else language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> NullTranslations:
    """The texts in this language; those of English are the ones that stand in the pages."""
    if language == "en":
        return NullTranslations()
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        texts = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)
