"""The templates that come with winback: they pass the review, fit the config as it is, and can be refused."""

import re
from collections import Counter
from typing import Any

import pytest

from agent.config.campaigns import PLANNED
from agent.config.people import Consent
from agent.config.schema import keys_of
from agent.rules.contracts import VARIABLE
from agent.rules.inbound import Inbound, read_webhook
from agent.rules.order_kinds import DELIVERED, KINDS, SHIPPING, STATUS_UPDATE
from agent.rules.shipped import SHIPPED, ShippedTemplate
from agent.rules.stopwords import is_stop
from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.review import review

LANGUAGES = ("en", "es", "pt_BR")
EACH = pytest.mark.parametrize(
    "shipped", SHIPPED.values(), ids=lambda one: f"{one.name}-{one.language}"
)
OFFERS = [one for one in SHIPPED.values() if one.category == "MARKETING"]
EACH_OFFER = pytest.mark.parametrize(
    "shipped", OFFERS, ids=lambda one: f"{one.name}-{one.language}"
)
NEWS = (*KINDS, STATUS_UPDATE)
SHOP_URL = "https://shop.example"


def part(shipped: ShippedTemplate, kind: str) -> dict[str, Any]:
    parts = shipped.request(SHOP_URL)["components"]
    return next(one for one in parts if one["type"] == kind)


def test_there_is_one_for_each_campaign_and_kind_of_news_in_each_language() -> None:
    names = [*PLANNED, *NEWS]
    assert set(SHIPPED) == {(name, language) for name in names for language in LANGUAGES}


@EACH
def test_it_passes_the_review(shipped: ShippedTemplate) -> None:
    review(shipped.request(SHOP_URL))


@EACH
def test_the_review_would_say_no_to_a_worse_one(shipped: ShippedTemplate) -> None:
    request = shipped.request(SHOP_URL)
    request["components"][0]["text"] += " {{9}}"
    with pytest.raises(GraphError):
        review(request)


@EACH
def test_it_keeps_the_rules_for_its_frame(shipped: ShippedTemplate) -> None:
    request = shipped.request(SHOP_URL)
    assert re.fullmatch(r"[a-z0-9_]{1,512}", request["name"])
    assert request["parameter_format"] == "POSITIONAL"
    kinds = [one["type"] for one in request["components"]]
    if shipped.name in NEWS:
        assert (request["category"], kinds) == ("UTILITY", ["BODY", "FOOTER"])
    else:
        assert (request["category"], kinds) == ("MARKETING", ["BODY", "FOOTER", "BUTTONS"])


@EACH
def test_it_keeps_the_rules_for_its_body(shipped: ShippedTemplate) -> None:
    text = shipped.body
    variables = VARIABLE.findall(text)
    # given the room that three full product names need
    assert len(VARIABLE.sub("", text)) <= 1024 - 600
    assert variables == [str(number) for number in range(1, len(variables) + 1)]
    # no variable at an edge, not even behind a mark or a line break, and none beside another
    fixed = VARIABLE.split(text)[::2]
    assert len(fixed) == len(variables) + 1
    assert all(any(map(str.isalnum, piece)) for piece in fixed)
    assert len(VARIABLE.sub("", text).split()) >= 3 * len(variables)
    assert text == text.strip()
    assert not re.search(r"\t| {2}|\n{3}", text)
    # each has an example that could be a value
    [examples] = part(shipped, "BODY")["example"]["body_text"]
    assert len(examples) == len(variables)
    assert all(one.strip() == one and "\n" not in one and one for one in examples)
    assert not [one for one in examples if "{" in one]


@pytest.mark.parametrize(
    "shipped",
    [*OFFERS, *(one for one in SHIPPED.values() if one.name in (SHIPPING, DELIVERED))],
    ids=lambda one: f"{one.name}-{one.language}",
)
def test_an_address_ends_where_its_line_does(shipped: ShippedTemplate) -> None:
    """Nothing that follows it can become a part of it."""
    last = len(shipped.examples)
    assert re.search(rf"(\n|: )\{{\{{{last}\}}\}}\n", shipped.body)
    [examples] = part(shipped, "BODY")["example"]["body_text"]
    assert examples[-1].startswith(SHOP_URL)


@EACH
def test_it_keeps_the_rules_for_its_footer(shipped: ShippedTemplate) -> None:
    assert 1 <= len(shipped.footer) <= 60
    assert not VARIABLE.search(shipped.footer)
    stop_words = keys_of(Consent)["stop_words"].default
    [word] = re.findall(r"\b[A-Z]{3,}\b", shipped.footer)
    assert is_stop(word, stop_words)


@EACH_OFFER
def test_an_offer_keeps_the_rules_for_its_button(shipped: ShippedTemplate) -> None:
    [button] = part(shipped, "BUTTONS")["buttons"]
    assert button["type"] == "QUICK_REPLY"
    assert 1 <= len(button["text"]) <= 25


@EACH_OFFER
def test_its_button_is_heard_as_a_stop(shipped: ShippedTemplate) -> None:
    stop_words = keys_of(Consent)["stop_words"].default
    # WhatsApp brings the label as the payload, where the message gave none
    pressed = {
        "id": "wamid.in", "from": "12025550100", "timestamp": "1772366400", "type": "button",
        "button": {"text": shipped.stop, "payload": shipped.stop},
    }  # fmt: skip
    change = {"field": "messages", "value": {"messages": [pressed]}}
    [heard] = read_webhook({"entry": [{"changes": [change]}]})
    assert isinstance(heard, Inbound)
    assert is_stop(heard.text, stop_words)


def test_no_two_say_the_same() -> None:
    assert set(Counter(one.body for one in SHIPPED.values()).values()) == {1}


# What sells something: in a message about an order it makes Meta take the template for marketing.
PROMOTION = re.compile(
    r"offer|discount|coupon|sale\b|deal|gift|free|save|exclusive|reward|next (order|purchase)|again"
    r"|oferta|descuento|desconto|cup[oó]n|cupom|rebaja|promo|regalo|presente|gr[aá]tis|ahorra"
    r"|exclusiv|pr[oó]xim[oa] (pedido|compra)|otra vez|de novo\b|%",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", NEWS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_news_say_which_order_they_are_about_and_promote_nothing(name: str, language: str) -> None:
    shipped = SHIPPED[name, language]
    assert "1001" in shipped.examples
    assert not PROMOTION.search(shipped.body)
    assert not PROMOTION.search(shipped.footer)
    assert not re.search(r"https?:", shipped.body)


@EACH_OFFER
def test_the_search_for_what_promotes_finds_offers(shipped: ShippedTemplate) -> None:
    assert PROMOTION.search(shipped.body + shipped.footer)
