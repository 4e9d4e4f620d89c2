"""What somebody who said STOP is answered: in their language, and true."""

import pytest

from agent.rules.confirmations import compose_confirmation


def said(
    own: dict[str, str] | None = None,
    *,
    everything: bool = False,
    order: str = "",
    country: str = "",
    shop: str = "en",
    countries: dict[str, str] | None = None,
) -> tuple[str, str]:
    return compose_confirmation(
        own or {},
        everything=everything,
        shop_name="Example Shop",
        order_language=order,
        country=country,
        shop_language=shop,
        countries=countries or {},
    )


@pytest.mark.parametrize("language", ["en", "es", "pt_BR", "de", "fr", "it", "nl"])
@pytest.mark.parametrize("everything", [False, True])
def test_each_language_of_the_stop_words_has_a_text_that_names_the_shop(
    language: str, everything: bool
) -> None:
    found, text = said(order=language, everything=everything)
    assert found == language
    assert text.count("Example Shop") == 1
    assert "{" not in text


def test_what_ended_is_what_it_says() -> None:
    assert "offers" in said()[1]
    assert "messages" in said(everything=True)[1]


def test_the_language_is_that_of_the_order_else_of_the_country_else_of_the_shop() -> None:
    assert said(order="de", country="BR", shop="es")[0] == "de"
    assert said(country="BR", shop="es")[0] == "pt_BR"
    assert said(shop="es")[0] == "es"
    assert said(country="CH", countries={"CH": "it"})[0] == "it"


def test_who_speaks_none_of_ours_is_answered_in_english() -> None:
    assert said(order="fi", shop="fi")[0] == "en"


def test_the_shops_own_words_come_before_ours_in_every_form_of_the_language() -> None:
    own = {"pt": "Feito.", "sv": "Klart."}
    assert said(own, order="pt_BR") == ("pt", "Feito.")
    assert said(own, order="sv") == ("sv", "Klart.")
    assert said(own, order="es")[0] == "es"
    two = {"pt": "Feito.", "pt_BR": "Pronto."}
    assert said(two, order="pt_BR") == ("pt_BR", "Pronto.")
    assert said({"en": "100 % {done}"}) == ("en", "100 % {done}")
