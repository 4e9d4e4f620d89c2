"""One message for one person: in which language, by which template, with which values."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from agent.rules.composing import Tongue, compose
from agent.rules.templates import TemplateMapping
from agent.rules.values import MessageFacts, ProductShown

ANA = MessageFacts(
    shop_name="Example Shop",
    shop_url="https://shop.example",
    currency="EUR",
    zone=ZoneInfo("Europe/Madrid"),
    first_name="Ana",
    region="ES",
    products=(ProductShown(name="Coat", price=123450),),
)
NOBODY = replace(ANA, first_name="")
ENGLISH = TemplateMapping(template="cheaper", language="en", body=("{first_name|there}", "{price}"))
SPANISH = replace(ENGLISH, language="es", borrowed=True)
TRANSLATED = replace(
    ENGLISH, language="es", template="rebaja", body=("{first_name|amiga}", "{price}")
)
MEXICAN = replace(ENGLISH, language="es_MX", body=("{first_name|amiga}", "{price}"))
TONGUE = Tongue(countries={})


def test_a_message_is_in_the_persons_language_and_format() -> None:
    """Fault 21."""
    composed = compose(ANA, TONGUE, {"en": ENGLISH, "es": TRANSLATED})
    assert (composed.language, composed.template) == ("es", "rebaja")
    assert composed.values["price"] == "1.234,50 €"


@pytest.mark.parametrize(
    ("facts", "language"),
    [(ANA, "es"), (NOBODY, "en"), (replace(NOBODY, first_name="www.x.example"), "en")],
)
def test_a_message_never_mixes_two_languages(facts: MessageFacts, language: str) -> None:
    """Not "Hola there": texts that were not translated are used where none of their words is."""
    composed = compose(facts, TONGUE, {"en": ENGLISH, "es": SPANISH})
    assert composed.language == language
    assert composed.template == "cheaper"


def test_the_format_stays_that_of_the_country_in_another_language() -> None:
    for region, price in (("DE", "1.234,50 €"), ("IE", "€1,234.50"), ("", "€1,234.50")):
        composed = compose(replace(ANA, region=region), TONGUE, {"en": ENGLISH})
        assert composed.values["price"] == price


def test_the_order_speaks_before_the_country_and_the_config_before_babel() -> None:
    mappings = {"en": ENGLISH, "es": TRANSLATED, "es_MX": MEXICAN}
    assert compose(ANA, replace(TONGUE, order_language="es_MX"), mappings).language == "es_MX"
    assert compose(ANA, replace(TONGUE, countries={"ES": "en"}), mappings).language == "en"
    abroad = replace(ANA, region="")
    assert compose(abroad, replace(TONGUE, shop_language="es_ES"), mappings).language == "es"
    assert compose(abroad, TONGUE, mappings).language == "en"
