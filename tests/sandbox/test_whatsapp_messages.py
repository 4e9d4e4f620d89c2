"""Which messages the sandbox WhatsApp takes, what it remembers of them, and which it refuses."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from whatsapp_stage import (
    ANA,
    CODE,
    IMAGE,
    QUICK_REPLY,
    URL,
    Stage,
    autumn_offer,
    greeting,
    order_shipped,
    template,
    texts,
    weekend_offer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


def test_a_template_with_every_kind_of_component_is_accepted(stage: Stage) -> None:
    # when the full sample is sent
    status, answer = stage.send(autumn_offer())
    # then the answer has the documented form
    assert status == 200
    assert answer["messaging_product"] == "whatsapp"
    assert answer["contacts"] == [{"input": ANA, "wa_id": "34600111222"}]
    [message] = answer["messages"]
    assert message["id"].startswith("wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI")
    assert message["message_status"] == "accepted"
    # and the sandbox remembers what the person gets
    [accepted] = stage.wa.accepted
    assert (accepted.id, accepted.to, accepted.at) == (message["id"], ANA, stage.clock.now())
    assert (accepted.template, accepted.language) == ("autumn_offer", "es_ES")
    assert accepted.text == "Hola Ana, esta semana tienes un 20% de descuento en toda la tienda."
    assert accepted.parameters == {
        "header": ("https://shop.example/img/a.jpg",),
        "body": ("Ana", "20%"),
        "button 0": ("OPTOUT_MARKETING",),
        "button 1": ("autumn?c=42",),
        "button 2": ("OTONO20",),
    }
    assert accepted.quick_replies == (("OPTOUT_MARKETING", "No más promos"),)
    assert stage.wa.accepted_by_intent == {"cmp42:msg:01J9ZK3Q": 1}


def test_named_parameters_may_come_in_any_order(stage: Stage) -> None:
    status, _ = stage.send(order_shipped())
    assert status == 200
    [accepted] = stage.wa.accepted
    assert accepted.parameters == {"header": ("Tienda",), "body": ("Ana", "10023")}
    assert accepted.text == "Hola Ana, tu pedido 10023 ya está en camino. Gracias."


def test_a_limited_time_offer_is_accepted(stage: Stage) -> None:
    status, _ = stage.send(weekend_offer())
    assert status == 200
    assert stage.wa.accepted[0].parameters["limited_time_offer"] == ("1798675200000",)


def test_a_template_without_variables_needs_no_components(stage: Stage) -> None:
    message = template("plain")
    del message["template"]["components"]
    assert stage.send(message)[0] == 200


def test_a_quick_reply_without_a_payload_answers_with_its_label(stage: Stage) -> None:
    message = template("autumn_offer", "es_ES", IMAGE, texts("Ana", "20%"), URL, CODE)
    assert stage.send(message)[0] == 200
    assert stage.wa.accepted[0].quick_replies == (("No más promos", "No más promos"),)


def test_a_user_id_is_answered_without_a_number(stage: Stage) -> None:
    message = greeting(recipient="ES.13491208655302741918")
    del message["to"]
    status, answer = stage.send(message)
    assert status == 200
    assert answer["contacts"] == [
        {"input": "ES.13491208655302741918", "user_id": "ES.13491208655302741918"}
    ]


def test_to_wins_over_recipient(stage: Stage) -> None:
    _, answer = stage.send(greeting(recipient="ES.13491208655302741918"))
    assert answer["contacts"] == [{"input": ANA, "wa_id": "34600111222"}]


def test_two_messages_with_one_intent_are_counted_as_two(stage: Stage) -> None:
    for _ in range(2):
        stage.send(greeting(biz_opaque_callback_data="intent 1"))
    assert stage.wa.accepted_by_intent["intent 1"] == 2
    assert len({accepted.id for accepted in stage.wa.accepted}) == 2


def test_free_form_text_needs_a_customer_who_wrote_within_a_day(stage: Stage) -> None:
    text = {"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Hi!"}}
    assert stage.refusal(text)[0] == 131047
    # given Ana writes
    stage.wa.customer_says(ANA, "Hello?")
    # then we may answer, for 24 hours and no longer
    status, answer = stage.send(text)
    assert status == 200
    assert "message_status" not in answer["messages"][0]
    stage.clock.advance(timedelta(hours=24))
    assert stage.refusal(text)[0] == 131047


def without(message: dict[str, Any], *path: str) -> dict[str, Any]:
    """A copy of `message` that lacks what stands at `path`."""
    copy = deepcopy(message)
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


MALFORMED: dict[str, tuple[dict[str, Any], int]] = {
    "no product": (without(greeting(), "messaging_product"), 100),
    "neither to nor recipient": (without(greeting(), "to"), 100),
    "an empty to": (greeting(to=""), 100),
    "letters for a number": (greeting(to="+34 600 ABC"), 131009),
    "too short a number": (greeting(to="+34600"), 131009),
    "a local number abroad": (greeting(to="600111222333"), 131009),
    "a user id of no form": (without(greeting(recipient="12345"), "to"), 131009),
    "the sender itself": (greeting(to="+1 555-078-3881"), 131021),
    "a group": (greeting(recipient_type="group"), 100),
    "too long a callback data": (greeting(biz_opaque_callback_data="x" * 513), 100),
    "a number for callback data": (greeting(biz_opaque_callback_data=7), 100),
    "an unknown type": (greeting(type="telegram"), 100),
    "a type without its object": (without(greeting(), "template"), 100),
    "no template name": (without(greeting(), "template", "name"), 100),
    "no language": (without(greeting(), "template", "language"), 100),
    "another language policy": (
        template("greeting", "en_US", template={"name": "x", "language": {"code": "en_US", "policy": "fallback"}}),
        100,
    ),
    "an unknown template": (template("nobody", "en_US"), 132001),
    "an unknown language": (template("greeting", "fr", texts("Ana")), 132001),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_message_is_refused(stage: Stage, case: str) -> None:
    message, code = MALFORMED[case]
    assert stage.refusal(message)[0] == code


def test_512_characters_of_callback_data_are_accepted(stage: Stage) -> None:
    assert stage.send(greeting(biz_opaque_callback_data="x" * 512))[0] == 200


@pytest.mark.parametrize(
    ("status", "code", "http_status"),
    [
        ("PENDING", 132001, 404),
        ("REJECTED", 132001, 404),
        ("PAUSED", 132015, 400),
        ("DISABLED", 132016, 400),
    ],
)
def test_only_an_approved_template_is_sent(
    stage: Stage, status: str, code: int, http_status: int
) -> None:
    stage.wa.set_template_status("greeting", status)
    answered, answer = stage.send(greeting())
    assert (answered, answer["error"]["code"]) == (http_status, code)


def test_an_authentication_template_needs_a_number(stage: Stage) -> None:
    stage.wa.add_template("code", "en_US", "AUTHENTICATION", body="Your code is ready.")
    message = template("code", recipient="ES.13491208655302741918")
    del message["to"]
    assert stage.refusal(message)[0] == 131062


def autumn(**changed: Any) -> dict[str, Any]:
    """The full sample with some components replaced, or left out where None is given."""
    parts = {
        "header": IMAGE,
        "body": texts("Ana", "20%"),
        "quick": QUICK_REPLY,
        "url": URL,
        "code": CODE,
    }
    kept = [part for part in (parts | changed).values() if part is not None]
    return template("autumn_offer", "es_ES", *kept)  # fmt: skip


def named(**values: str | None) -> dict[str, Any]:
    """The shipped-order sample with other names in the body."""
    body = [
        {"type": "text", "parameter_name": name, "text": value} for name, value in values.items()
    ]
    message = order_shipped()
    message["template"]["components"][1]["parameters"] = body
    return message


def media(kind: str, **content: str) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: content}]}


def button(sub_type: str, index: object, *parameters: dict[str, str]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def suffix(text: str) -> dict[str, Any]:
    return button("url", 1, {"type": "text", "text": text})


MISFITS: dict[str, tuple[dict[str, Any], int, str]] = {
    "too few values": (autumn(body=texts("Ana")), 132000, "body: number of localizable_params (1)"),
    "too many values": (autumn(body=texts("Ana", "20%", "x")), 132000, "(3) does not match"),
    "no body": (autumn(body=None), 132000, "body"),
    "a header variable missing": (
        template("order_shipped_named", "es_ES", order_shipped()["template"]["components"][1]),
        132000,
        "header",
    ),
    "names for a positional template": (
        template(
            "greeting", "en_US", {"type": "body", "parameters": [{"type": "text", "parameter_name": "a", "text": "b"}]}
        ),
        132012,
        "no named",
    ),
    "no names for a named template": (named(**{"": "Ana", "order_number": "1"}), 100, "Parameter name"),
    "a wrong name": (named(first_name="Ana", number="1"), 132012, "order_number"),
    "no image": (autumn(header=None), 132012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
    "a video for an image": (autumn(header=media("video", id="1")), 132012, "received VIDEO"),
    "an image of nothing": (autumn(header=media("image")), 131008, "link or an id"),
    "an image from nowhere": (autumn(header=media("image", link="a.jpg")), 131009, "a.jpg"),
    "an image for a template without a header": (template("greeting", "en_US", IMAGE, texts("Ana")), 132018, "no header"),
    "an empty value": (greeting(""), 131008, "missing text value"),
    "a value of spaces": (greeting("   "), 131008, "missing text value"),
    "no text at all": (
        template("greeting", "en_US", {"type": "body", "parameters": [{"type": "text"}]}), 100, "Parameter 'text' is mandatory",
    ),
    "an image in the body": (
        template("greeting", "en_US", {"type": "body", "parameters": [{"type": "image", "image": {"id": "1"}}]}), 132012, "Format mismatch",
    ),
    "a new line": (greeting("Ana\nMaría"), 132018, "new-line/tab"),
    "a tab": (greeting("Ana\tMaría"), 132018, "new-line/tab"),
    "five spaces": (greeting("Ana     María"), 132018, "more than 4 consecutive spaces"),
    "too long a body": (greeting("x" * 1000), 132005, "body"),
    "too long an offer": (
        template("lto_weekend", "es_ES", *[texts("x" * 590, "y") if part["type"] == "body" else part for part in weekend_offer()["template"]["components"]]),
        132005,
        "600 allowed",
    ),
    "no address": (autumn(url=None), 131008, "Button at index 1 of type Url requires a parameter"),
    "an address without its end": (autumn(url=button("url", 1)), 131008, "type Url requires a parameter"),
    "no code": (autumn(code=None), 131008, "requires a non-empty parameter coupon_code"),
    "an empty code": (autumn(code=button("copy_code", 2, {"type": "coupon_code", "coupon_code": ""})), 131008, "coupon_code"),
    "too long a code": (autumn(code=button("copy_code", 2, {"type": "coupon_code", "coupon_code": "X" * 16})), 132018, "length limit 15"),
    "a code with a hyphen": (autumn(code=button("copy_code", 2, {"type": "coupon_code", "coupon_code": "A-1"})), 132018, "letters and digits"),
    "a button beyond the last": (autumn(extra=button("url", 3, {"type": "text", "text": "a"})), 132018, "no button at index 3"),
    "a button of another kind": (autumn(quick=button("url", 0, {"type": "text", "text": "a"})), 132018, "index 0 must be of type QuickReply"),
    "an index in words": (autumn(url=button("url", "one", {"type": "text", "text": "a"})), 131009, "index"),
    "no index": (autumn(url={"type": "button", "sub_type": "url", "parameters": []}), 131008, "index"),
    "one button twice": (autumn(extra=URL), 100, "twice"),
    "a space in an address": (autumn(url=suffix("a b")), 132018, "percent-encoded"),
    "a colon in an address": (autumn(url=suffix("a:b")), 132018, "percent-encoded"),
    "an accent in an address": (autumn(url=suffix("otoño")), 132018, "percent-encoded"),
    "half a percent code": (autumn(url=suffix("50%")), 132018, "percent-encoded"),
    "seconds for milliseconds": (weekend_offer(1798675200), 131009, "not in the future"),
    "an offer without an end": (
        template("lto_weekend", "es_ES", *[part for part in weekend_offer()["template"]["components"] if part["type"] != "limited_time_offer"]),
        131008,
        "expiration_time_ms",
    ),
    "an unknown component": (template("plain", "en_US", {"type": "carousel"}), 100, "carousel"),
    "components that are no list": (template("plain", "en_US", template={"name": "plain", "language": {"code": "en_US"}, "components": {}}), 100, "array"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_parameters_that_do_not_fit_are_refused(stage: Stage, case: str) -> None:
    message, code, details = MISFITS[case]
    refused, said = stage.refusal(message)
    assert refused == code
    assert details in said


@pytest.mark.parametrize("end", ["a%20b", "oto%C3%B1o", "autumn?c=42&d=1", "a/b-c_d.e~f"])
def test_an_encoded_end_of_an_address_is_accepted(stage: Stage, end: str) -> None:
    assert stage.send(autumn(url=suffix(end)))[0] == 200


def test_four_spaces_are_accepted(stage: Stage) -> None:
    assert stage.send(greeting("Ana    María"))[0] == 200


def test_misfits_without_a_code_of_their_own_were_100_before_version_23(stage: Stage) -> None:
    assert stage.refusal(greeting("a\nb"), version=23)[0] == 132018
    assert stage.refusal(greeting("a\nb"), version=22)[0] == 100


def test_a_refusal_has_the_form_of_the_graph_api(stage: Stage) -> None:
    status, answer = stage.send(autumn(url=None))
    assert status == 400
    error = answer["error"]
    assert error.pop("fbtrace_id")
    assert error == {
        "message": "(#131008) Required parameter is missing",
        "type": "OAuthException",
        "code": 131008,
        "error_data": {
            "messaging_product": "whatsapp",
            "details": "buttons: Button at index 1 of type Url requires a parameter",
        },
    }
