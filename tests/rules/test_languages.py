"""Which language a person is written to in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.languages import choose_language, locale_of, normalized, speaks, spoken_in


@pytest.mark.parametrize(
    ("written", "language"),
    [
        # WPML
        ("es", "es"), ("pt-br", "pt_BR"), ("pt-pt", "pt_PT"), ("zh-hans", "zh_CN"), ("zh-hant", "zh_TW"),
        # WordPress, and with it TranslatePress
        ("pt_BR", "pt_BR"), ("de_DE_formal", "de_DE"), ("pt_PT_ao90", "pt_PT"), ("nb_NO", "nb_NO"),
        ("he_IL", "he_IL"), ("ca", "ca"), ("ceb", "ceb"), ("sr_RS", "sr_RS"), ("tl", "fil"),
        # Weglot
        ("br", "pt_BR"), ("tw", "zh_TW"), ("no", "nb"), ("iw", "he"),
        # others
        (" ES ", "es"), ("EN-us", "en_US"), ("en-US.UTF-8", "en_US"), ("sr_Latn_RS", "sr_RS"),
        ("es-419", "es"), ("in_ID", "id_ID"),
        # nothing
        ("", ""), ("e", ""), ("español", ""), ("English", ""), ("{}", ""), ("1", ""), (None, ""),
        (False, ""), (["es"], ""), (7, ""),
    ],
)  # fmt: skip
def test_what_plugins_write_becomes_a_language_of_whatsapp(written: object, language: str) -> None:
    assert normalized(written) == language


@given(st.text())
def test_whatever_is_written_becomes_a_language_or_nothing(written: str) -> None:
    language = normalized(written)
    assert re.fullmatch(r"|[a-z]{2,3}(_[A-Z]{2})?", language)
    assert normalized(language) == language


COUNTRIES = {"CH": "fr"}


@pytest.mark.parametrize(
    ("order", "country", "shop", "available", "chosen"),
    [
        # what the order says comes first
        ("pt_BR", "ES", "en", ["en", "es", "pt_BR"], "pt_BR"),
        # exactly, else without a country, else as in another country
        ("pt_BR", "ES", "en", ["en", "pt", "pt_BR", "pt_PT"], "pt_BR"),
        ("pt_BR", "ES", "en", ["en", "pt_PT", "pt"], "pt"),
        ("pt_BR", "ES", "en", ["en", "pt_PT"], "pt_PT"),
        ("pt", "ES", "en", ["en", "pt_PT", "pt_BR"], "pt_PT"),  # the first of them
        # what the order says and nobody translated is not guessed at by the country
        ("fr", "ES", "en", ["en", "es"], "en"),
        # an order that says nothing, or no language
        ("", "BR", "en", ["en", "es", "pt_BR"], "pt_BR"),
        ("all", "BR", "en", ["en", "es", "pt_BR"], "pt_BR"),
        ("yes", "BR", "en", ["en", "es", "pt_BR"], "pt_BR"),
        # the country: most spoken first, then its others
        ("", "MX", "en", ["en", "es", "es_MX"], "es_MX"),
        ("", "AR", "en", ["en", "es", "es_MX"], "es"),
        ("", "PY", "en", ["en", "es"], "es"),
        ("", "BE", "en", ["en", "fr", "nl"], "nl"),
        ("", "BE", "en", ["en", "fr"], "fr"),
        ("", "CH", "en", ["en", "de", "fr"], "fr"),  # by the config
        ("", "PH", "es", ["es", "en", "fil"], "en"),
        ("", "PH", "es", ["es", "fil"], "fil"),
        ("", "TW", "en", ["en", "zh_CN", "zh_HK"], "zh_HK"),
        ("", "CN", "en", ["en", "zh_HK", "zh_CN"], "zh_CN"),
        ("", "SG", "es", ["es", "zh_CN"], "zh_CN"),
        # a country whose languages nobody translated falls back
        ("", "DE", "es", ["en", "es"], "en"),
        # a number without a country, or of one that nobody knows: the shop's
        ("", "", "es", ["en", "es"], "es"),
        ("", "001", "es_ES", ["en", "es"], "es"),
        ("", "", "", ["en", "es"], "en"),
        ("", "", "", ["en"], "en"),
    ],
)
def test_the_language_is_the_orders_else_the_countrys_else_the_shops(
    order: str, country: str, shop: str, available: list[str], chosen: str
) -> None:
    """Fault 21: the original wrote to everybody in one language."""
    assert choose_language(order, country, shop, COUNTRIES, available) == chosen


LANGUAGES = st.sampled_from(
    ["en", "en_US", "es", "es_MX", "pt_BR", "pt_PT", "zh_CN", "zh_TW", "gn"]
)


@given(
    order=LANGUAGES | st.just(""),
    country=st.sampled_from(["", "BR", "ES", "PY", "US", "CN", "Q9"]),
    shop=LANGUAGES | st.just(""),
    available=st.lists(LANGUAGES, min_size=1, unique=True),
)
def test_the_language_is_one_of_those_there_are(
    order: str, country: str, shop: str, available: list[str]
) -> None:
    chosen = choose_language(order, country, shop, {}, available)
    assert chosen in available
    if order in available:
        assert chosen == order
    elif order:
        assert speaks(chosen) == speaks(order) or chosen == available[0]


def test_a_country_speaks_its_official_languages() -> None:
    assert spoken_in("BR") == ("pt_BR",)
    assert spoken_in("CH") == ("de_CH", "fr_CH", "it_CH")
    assert spoken_in("US") == ("en_US",)
    assert spoken_in("Q9") == ()


@pytest.mark.parametrize(
    ("language", "region", "locale"),
    [
        ("es", "MX", "es_MX"),
        ("es_ES", "MX", "es_MX"),
        ("en_US", "GB", "en_GB"),
        ("en", "DE", "en_DE"),
        ("de", "BR", "de"),
        ("pt_PT", "", "pt_PT"),
        ("zh_CN", "TW", "zh_CN"),
    ],
)
def test_formats_are_those_of_where_the_person_lives(
    language: str, region: str, locale: str
) -> None:
    assert locale_of(language, region) == locale
