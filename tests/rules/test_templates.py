"""A campaign's mapping against its template, and the message they make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.templates import (
    TemplateContract,
    TemplateMapping,
    compile_template,
    complaints,
    components,
    mixes_languages,
)
from agent.rules.wording import EmptyValue

PLAIN = TemplateContract(
    name="we_miss_you",
    language="es_ES",
    category="MARKETING",
    status="APPROVED",
    named=False,
    body_parameters=("1", "2"),
)
NAMED = replace(PLAIN, named=True, body_parameters=("name", "shop"))
BODY = ("{first_name|amiga}", "{shop_url}")
TABLE = {"name": "{first_name|amiga}", "shop": "{shop_url}"}
VALUES = {"first_name": "Ana", "shop_url": "https://shop.example", "coupon_code": "K7Q2-ÑU"}


def mapping(body: tuple[str, ...] | Mapping[str, str] = BODY, **more: Any) -> TemplateMapping:
    return TemplateMapping(template="we_miss_you", language="es_ES", body=body, **more)


def test_a_mapping_that_fits_has_no_complaints() -> None:
    assert complaints(PLAIN, mapping()) == []
    assert complaints(NAMED, mapping(TABLE)) == []
    assert complaints(replace(PLAIN, body_parameters=()), mapping(())) == []
    assert complaints(PLAIN, mapping({"1": "a", "2": "b"})) == []


def test_a_template_that_is_not_there_is_the_only_complaint() -> None:
    (complaint,) = complaints(None, mapping(("too", "many", "values")))
    assert "no template 'we_miss_you' in the language 'es_ES'" in complaint


@pytest.mark.parametrize(
    ("contract", "given", "words"),
    [
        (replace(PLAIN, status="PAUSED"), mapping(), "is PAUSED"),
        (replace(PLAIN, status=""), mapping(), "is without a status"),
        (replace(PLAIN, category="UTILITY"), mapping(), "category UTILITY"),
        (replace(PLAIN, category=""), mapping(), "category unknown"),
        (replace(PLAIN, unsupported=("carousel",)), mapping(), "cannot fill yet (carousel)"),
        (PLAIN, mapping(("a", "b", "c")), "body expects 2 values, the config gives 3"),
        (PLAIN, mapping(()), "body expects 2 values, the config gives 0"),
        (PLAIN, mapping(TABLE), "numbered: write body as a list"),
        (replace(PLAIN, body_parameters=("1",)), mapping(()), "expects 1 value, "),
        (replace(NAMED, body_parameters=()), mapping(TABLE), "expects 0 values, the config gives 2"),
        (NAMED, mapping(), "have names (name, shop): write body as a table"),
        (NAMED, mapping({"name": "a"}), "has a variable 'shop', and the config gives no text"),
        (NAMED, mapping({**TABLE, "x": "a"}), "gives a text for 'x', and the template's body has no"),
        (replace(PLAIN, body_room=39), mapping(), "body leaves 39 characters"),
        (replace(PLAIN, header_parameters=("1",)), mapping(), "header expects 1 value, the config gives 0"),
        (PLAIN, mapping(header=("a",)), "header expects 0 values, the config gives 1"),
        (
            replace(PLAIN, header_parameters=("1",), header_room=-3),
            mapping(header=("a",)),
            "header leaves 0 characters",
        ),
        (replace(PLAIN, header_media="image"), mapping(), "of the kind image"),
        (replace(PLAIN, url_button_index=1), mapping(), "button 2 of the template opens an address"),
        (PLAIN, mapping(url_suffix="x"), "remove url_suffix"),
        (PLAIN, mapping(opt_out_payload="STOP"), "no quick reply button"),
        (
            replace(PLAIN, quick_reply_indexes=(0, 1)),
            mapping(opt_out_payload="STOP"),
            "2 quick reply buttons",
        ),
        (
            replace(PLAIN, quick_reply_indexes=(0,)),
            mapping(opt_out_payload="x" * 257),
            "longer than 256 characters",
        ),
        (PLAIN, mapping(("Hi {{first_name}}", "b")), "{{first_name}} in 'Hi {{first_name}}'"),
        (
            replace(PLAIN, url_button_index=0),
            mapping(url_suffix="?c={{1}}"),
            "single braces, {1}",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(
    contract: TemplateContract, given: TemplateMapping, words: str
) -> None:
    (complaint,) = complaints(contract, given)
    assert words in complaint


def test_everything_that_does_not_fit_is_said_at_once() -> None:
    broken = replace(PLAIN, status="REJECTED", category="UTILITY", url_button_index=0)
    assert len(complaints(broken, mapping((), opt_out_payload="STOP"))) == 5


def test_a_button_that_copies_a_coupon_needs_a_campaign_with_coupons() -> None:
    contract = replace(PLAIN, copy_code_index=0)
    assert complaints(contract, mapping(), with_coupon=True) == []
    (complaint,) = complaints(contract, mapping(), with_coupon=False)
    assert "makes no coupon" in complaint


def test_a_template_without_variables_needs_no_components() -> None:
    contract = replace(PLAIN, body_parameters=(), quick_reply_indexes=(0,))
    assert components(contract, mapping(()), VALUES) == []


def test_a_message_carries_all_that_the_template_wants_in_metas_form() -> None:
    contract = replace(
        PLAIN,
        header_parameters=("1",),
        quick_reply_indexes=(0,),
        url_button_index=1,
        copy_code_index=2,
    )
    given = mapping(
        header=("Hola {first_name|amiga}",),
        url_suffix="o?c={coupon_code}",
        opt_out_payload="OPTOUT_MARKETING",
    )
    assert complaints(contract, given) == []
    assert components(contract, given, VALUES) == [
        {"type": "header", "parameters": [{"type": "text", "text": "Hola Ana"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Ana"},
                {"type": "text", "text": "https://shop.example"},
            ],
        },
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "OPTOUT_MARKETING"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "o?c=K7Q2-%C3%91U"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "K7Q2-ÑU"}],
        },
    ]


def test_named_parameters_carry_their_names_in_the_templates_order() -> None:
    contract = replace(NAMED, header_parameters=("greeting",))
    given = mapping(dict(reversed(TABLE.items())), header=("Hola",))
    assert components(contract, given, {**VALUES, "first_name": ""}) == [
        {
            "type": "header",
            "parameters": [{"type": "text", "text": "Hola", "parameter_name": "greeting"}],
        },
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "amiga", "parameter_name": "name"},
                {"type": "text", "text": "https://shop.example", "parameter_name": "shop"},
            ],
        },
    ]


def test_numbered_texts_of_a_table_come_in_the_order_of_the_numbers() -> None:
    (body,) = components(PLAIN, mapping({"2": "second", "1": "first"}), {})
    assert [parameter["text"] for parameter in body["parameters"]] == ["first", "second"]


def test_a_copy_code_button_without_a_coupon_is_no_message() -> None:
    with pytest.raises(EmptyValue, match="coupon_code"):
        components(replace(PLAIN, copy_code_index=0), mapping(), {**VALUES, "coupon_code": ""})


@pytest.mark.parametrize("other", [mapping(()), mapping(TABLE), mapping(header=("a",))])
def test_a_mapping_that_does_not_fit_makes_no_message(other: TemplateMapping) -> None:
    assert complaints(PLAIN, other)
    with pytest.raises(ValueError, match=r"other variables|zip"):
        components(PLAIN, other, VALUES)


def test_values_that_are_too_long_together_share_the_room() -> None:
    contract = replace(PLAIN, body_room=100)
    given = mapping(("{first_name}", "{last_product}"))
    short = {"first_name": "Ana", "last_product": "x" * 97}
    (body,) = components(contract, given, short)
    assert [len(parameter["text"]) for parameter in body["parameters"]] == [3, 97]
    (body,) = components(contract, given, short | {"last_product": "x" * 98})
    assert [parameter["text"] for parameter in body["parameters"]] == ["Ana", "x" * 49 + "…"]


def test_an_address_keeps_its_length_where_values_share_the_room() -> None:
    link = f"https://shop.example/{'x' * 60}"
    contract = replace(PLAIN, body_room=100)
    given = mapping(("{last_product}", "{shop_url}"))
    values = {"last_product": "y" * 50, "shop_url": link}
    (body,) = components(contract, given, values)
    assert [parameter["text"] for parameter in body["parameters"]] == ["y" * 8 + "…", link]
    with pytest.raises(ValueError, match="never cut leaves no room"):
        components(replace(PLAIN, body_room=80), given, values)


# languages


def test_a_mapping_tells_what_has_to_be_known() -> None:
    given = mapping(
        {"a": "{first_name|x} {order.total|y}", "b": "{shop_url}"},
        header=("{last_product|z}",),
        url_suffix="{product_path|w}",
    )
    assert given.placeholders == {
        "first_name", "order.total", "shop_url", "last_product", "product_path",
    }  # fmt: skip
    assert given.shown == ("{last_product|z}", "{first_name|x} {order.total|y}", "{shop_url}")


def test_words_of_another_language_beside_the_placeholders_do_not_fit() -> None:
    borrowed = mapping(("Hello {first_name|there}!", "{shop_url}"), url_suffix="x", borrowed=True)
    contract = replace(PLAIN, url_button_index=0)
    (complaint,) = complaints(contract, borrowed)
    assert 'own words ("Hello")' in complaint
    assert complaints(contract, replace(borrowed, borrowed=False)) == []
    assert complaints(contract, replace(borrowed, body=("{first_name|there}!", "{shop_url}"))) == []


def test_fallbacks_of_another_language_mix_only_where_they_are_written() -> None:
    borrowed = mapping(
        ("{first_name|there}", "{shop_url}"), header=("{order.number|-}",), borrowed=True
    )
    assert mixes_languages(borrowed, {}) == ["there"]
    assert mixes_languages(borrowed, {"first_name": "Ana"}) == []
    assert mixes_languages(replace(borrowed, borrowed=False), {}) == []


TEXTS = st.text(alphabet="Hola ñ!\n", min_size=1, max_size=30)


@given(
    fixed=TEXTS,
    count=st.integers(0, 6),
    value=st.text(min_size=1, max_size=400).filter(str.isprintable).filter(str.strip),
)
def test_a_mapping_without_complaints_always_makes_a_message_of_the_right_size(
    fixed: str, count: int, value: str
) -> None:
    """Fault 19: the parameters are those of the template, whatever the path, and none is empty."""
    # given a template with `count` variables, and a mapping that fits it
    text = fixed * 10 + "".join(f" x {{{{{number}}}}}" for number in range(1, count + 1))
    template = {
        "name": "t", "language": "en", "status": "APPROVED", "category": "MARKETING",
        "components": [{"type": "BODY", "text": text}],
    }  # fmt: skip
    contract = compile_template(template)
    given = mapping(tuple("{shop_name|us}" for _ in range(count)))
    assert complaints(contract, given) == []
    # when a message is made of it
    built = components(contract, given, {"shop_name": value})
    # then it has one value for each variable, none of them empty, and fits
    values = [parameter["text"] for component in built for parameter in component["parameters"]]
    assert len(values) == count
    assert all(values)
    for number, one in enumerate(values, start=1):
        text = text.replace(f"{{{{{number}}}}}", one)
    assert len(text) <= 1024
