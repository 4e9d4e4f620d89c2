"""Meta's template JSON, read into what a message has to carry."""

from typing import Any

import pytest

from agent.rules.contracts import BODY_LIMIT, HEADER_LIMIT, TemplateContract, compile_template


def template(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "1000",
        "name": "autumn_offer",
        "language": "es_ES",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": list(components),
    } | more


def buttons(*those: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(those)}


def test_a_template_without_variables_expects_nothing() -> None:
    body = {"type": "BODY", "text": "Hola"}
    footer = {"type": "FOOTER", "text": "Responde STOP"}
    assert compile_template(template(body, footer)) == TemplateContract(
        name="autumn_offer",
        language="es_ES",
        category="MARKETING",
        status="APPROVED",
        named=False,
        body_room=BODY_LIMIT - 4,
    )


def test_metas_positional_example_is_understood() -> None:
    contract = compile_template(
        template(
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
            {"type": "BODY", "text": "Hola {{1}}, esta semana tienes un {{2}} de descuento."},
            buttons(
                {"type": "QUICK_REPLY", "text": "No más promos"},
                {"type": "URL", "text": "Ver oferta", "url": "https://shop.example/o/{{1}}"},
                {"type": "COPY_CODE", "example": "OTONO20"},
            ),
        )
    )
    assert contract.header_media == "image"
    assert contract.header_parameters == ()
    assert contract.body_parameters == ("1", "2")
    assert not contract.named
    assert contract.quick_reply_indexes == (0,)
    assert contract.url_button_index == 1
    assert contract.copy_code_index == 2
    assert contract.unsupported == ()


def test_metas_named_example_is_understood() -> None:
    contract = compile_template(
        template(
            {"type": "HEADER", "format": "TEXT", "text": "Pedido de {{shop}}"},
            {"type": "BODY", "text": "Hola {{first_name}}, tu pedido {{order_number}} ya está."},
            parameter_format="NAMED",
            category="utility",
        )
    )
    assert contract.named
    assert contract.category == "UTILITY"
    assert contract.header_media is None
    assert contract.header_parameters == ("shop",)
    assert contract.header_room == HEADER_LIMIT - len("Pedido de ")
    assert contract.body_parameters == ("first_name", "order_number")


def test_numbered_variables_are_in_the_order_of_their_numbers_and_once_each() -> None:
    text = "{{10}} {{2}} {{ 1 }} {{2}} {{3}} {{4}} {{5}} {{6}} {{7}} {{8}} {{9}}"
    contract = compile_template(template({"type": "BODY", "text": text}))
    assert contract.body_parameters == tuple(str(number) for number in range(1, 11))


def test_named_variables_are_known_without_the_format_field() -> None:
    contract = compile_template(
        template({"type": "BODY", "text": "Hi {{name}}!"}, parameter_format=None)
    )
    assert contract.named
    assert contract.body_parameters == ("name",)


def test_buttons_without_a_variable_need_nothing() -> None:
    contract = compile_template(
        template(
            buttons(
                {"type": "URL", "text": "Shop", "url": "https://shop.example/"},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550123"},
                {"type": "URL", "text": "Offer", "url": "https://shop.example/{{1}}"},
            )
        )
    )
    assert contract.url_button_index == 2
    assert contract.unsupported == ()


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {}}, "limited_time_offer"),
        ({"type": "CAROUSEL", "cards": []}, "carousel"),
        (buttons({"type": "FLOW", "text": "Start"}), "flow button"),
        (
            buttons(*({"type": "URL", "url": f"https://{n}.shop.example/{{{{1}}}}"} for n in "ab")),
            "a second button whose address ends in a variable",
        ),
    ],
)
def test_what_we_cannot_fill_is_kept_by_name(part: dict[str, Any], named: str) -> None:
    assert compile_template(template(part)).unsupported == (named,)


def test_an_answer_with_holes_is_still_read() -> None:
    contract = compile_template({"components": [{"type": "BODY"}, {"type": "HEADER"}, buttons({})]})
    assert contract.name == contract.status == contract.category == ""
    assert contract.body_parameters == ()
    assert contract.header_media is None
    assert compile_template({}).body_room == BODY_LIMIT
