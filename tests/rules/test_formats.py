"""Amounts, dates, shares and lists as they are written where the reader lives."""

import re
from datetime import date
from decimal import Decimal

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.formats import country_name, listed, long_date, money, percent
from agent.rules.money import exponent


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "written"),
    [
        (123450, "EUR", "es_ES", "1.234,50 €"),
        (1234567, "EUR", "es_ES", "12.345,67 €"),
        (123450, "EUR", "de_DE", "1.234,50 €"),
        (123450, "EUR", "en_IE", "€1,234.50"),
        (123450, "EUR", "en_DE", "1.234,50 €"),
        (123450, "BRL", "pt_BR", "R$ 1.234,50"),
        (12345000, "INR", "en_IN", "₹1,23,450.00"),
        (123450, "MXN", "es_MX", "$1,234.50"),
        (123450, "USD", "es_MX", "USD 1,234.50"),
        (1234, "JPY", "ja_JP", "￥1,234"),
        (1234, "JPY", "en", "¥1,234"),
        (1234500, "KWD", "en", "KWD 1,234.500"),
        (0, "EUR", "en", "€0.00"),
        (1, "EUR", "en", "€0.01"),
        # as people are used to see it; but never another price than the shop's
        (99000, "HUF", "hu_HU", "990 Ft"),
        (99050, "HUF", "hu_HU", "990,50 Ft"),
        (99050, "HUF", "en", "HUF 990.50"),
        (1234000, "IQD", "en", "IQD 1,234"),
        (1234500, "IQD", "en", "IQD 1,234.500"),
        (99950, "CHF", "de_CH", "CHF 999.50"),
        # a currency that nobody knows, a language that nobody knows
        (123450, "XTS", "en", "XTS 1,234.50"),
        (123450, "EUR", "xx_YY", "€1,234.50"),
        (123450, "EUR", "es_XX", "1.234,50 €"),
        (123450, "EUR", "", "€1,234.50"),
    ],
)
def test_an_amount_is_written_as_the_reader_does(
    minor: int, currency: str, locale: str, written: str
) -> None:
    """Fault 20: the reader's own format, and nothing of HTML."""
    assert money(minor, currency, locale) == written


@given(
    minor=st.integers(0, 10**9),
    currency=st.sampled_from(["EUR", "USD", "HUF", "JPY", "KWD", "IQD", "CLF", "CRC", "BRL"]),
    locale=st.sampled_from(sorted(locale_identifiers())),
)
def test_an_amount_says_what_the_shop_charges(minor: int, currency: str, locale: str) -> None:
    written = money(minor, currency, locale)
    assert not re.search(r"[<>&;\n\t]|  ", written)
    # all of Unicode's digits are digits; as many decimals as it takes, and none is lost
    read = int("".join(re.findall(r"\d", written)))
    exact = Decimal(minor).scaleb(-exponent(currency))
    assert read in {exact.scaleb(decimals) for decimals in range(5)}


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en", "November 22, 2026"),
        ("en_GB", "22 November 2026"),
        ("es_ES", "22 de noviembre de 2026"),
        ("pt_BR", "22 de novembro de 2026"),
        ("de", "22. November 2026"),
        ("ja", "2026年11月22日"),
        ("xx", "November 22, 2026"),
    ],
)
def test_a_date_is_written_in_words(locale: str, written: str) -> None:
    assert long_date(date(2026, 11, 22), locale) == written


@pytest.mark.parametrize(
    ("locale", "written"), [("en", "15%"), ("es_ES", "15 %"), ("tr", "%15"), ("xx", "15%")]
)
def test_a_share_is_written_as_the_reader_does(locale: str, written: str) -> None:
    assert percent(15, locale) == written


def test_a_country_has_its_name_in_the_readers_language() -> None:
    assert country_name("ES", "de") == "Spanien"
    assert country_name("es", "es") == "España"
    assert country_name("Q9", "es") == "Q9"


@pytest.mark.parametrize(
    ("names", "locale", "written"),
    [
        (("Coat", "Hat", "Scarf"), "en", "Coat, Hat, and Scarf"),
        (("Coat", "Hat", "Scarf"), "en_GB", "Coat, Hat and Scarf"),
        (("Abrigo", "Gorro"), "es", "Abrigo y Gorro"),
        (("Casaco", "Chapéu", "Cachecol"), "pt_BR", "Casaco, Chapéu e Cachecol"),
        (("Mantel",), "de", "Mantel"),
        ((), "de", ""),
    ],
)
def test_a_list_ends_in_the_readers_and(names: tuple[str, ...], locale: str, written: str) -> None:
    assert listed(names, locale) == written
