"""The templates that come with winback: they pass the review, fit the config as it is, and can be refused."""

import re
from itertools import pairwise
from typing import Any

import pytest

from agent.config.campaigns import PLANNED
from agent.config.people import Consent
from agent.config.schema import keys_of
from agent.rules.contracts import VARIABLE
from agent.rules.inbound import Inbound, read_webhook
from agent.rules.shipped import SHIPPED, ShippedTemplate
from agent.rules.stopwords import is_stop
from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.review import review

LANGUAGES = ("en", "es", "pt_BR")
EACH = pytest.mark.parametrize(
    "shipped", SHIPPED.values(), ids=lambda one: f"{one.name}-{one.language}"
)
SHOP_URL = "https://shop.example"


def part(shipped: ShippedTemplate, kind: str) -> dict[str, Any]:
    parts = shipped.request(SHOP_URL)["components"]
    return next(one for one in parts if one["type"] == kind)


def test_there_is_one_for_each_campaign_and_language() -> None:
    assert set(SHIPPED) == {(name, language) for name in PLANNED for language in LANGUAGES}


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
    assert request["category"] == "MARKETING"
    assert request["parameter_format"] == "POSITIONAL"
    kinds = [one["type"] for one in request["components"]]
    assert kinds == ["BODY", "FOOTER", "BUTTONS"]


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
    assert examples[-1] == SHOP_URL


@EACH
def test_an_address_ends_where_its_line_does(shipped: ShippedTemplate) -> None:
    """Nothing that follows it can become a part of it."""
    last = len(shipped.examples)
    assert f"\n{{{{{last}}}}}\n" in shipped.body


@EACH
def test_it_keeps_the_rules_for_its_footer_and_buttons(shipped: ShippedTemplate) -> None:
    assert 1 <= len(shipped.footer) <= 60
    assert not VARIABLE.search(shipped.footer)
    [button] = part(shipped, "BUTTONS")["buttons"]
    assert button["type"] == "QUICK_REPLY"
    assert 1 <= len(button["text"]) <= 25


@EACH
def test_its_button_and_the_word_of_its_footer_are_heard_as_a_stop(
    shipped: ShippedTemplate,
) -> None:
    stop_words = keys_of(Consent)["stop_words"].default
    [word] = re.findall(r"\b[A-Z]{3,}\b", shipped.footer)
    assert is_stop(word, stop_words)
    # WhatsApp brings the label as the payload, where the message gave none
    pressed = {
        "id": "wamid.in", "from": "12025550100", "timestamp": "1772366400", "type": "button",
        "button": {"text": shipped.stop, "payload": shipped.stop},
    }  # fmt: skip
    change = {"field": "messages", "value": {"messages": [pressed]}}
    [heard] = read_webhook({"entry": [{"changes": [change]}]})
    assert isinstance(heard, Inbound)
    assert is_stop(heard.text, stop_words)


def test_no_two_of_a_language_say_the_same() -> None:
    for language in LANGUAGES:
        bodies = sorted(one.body for one in SHIPPED.values() if one.language == language)
        assert all(one != other for one, other in pairwise(bodies))
