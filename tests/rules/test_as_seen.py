"""What a person sees of a message."""

from typing import Any

from agent.rules.as_seen import Seen, as_seen
from agent.rules.templates import TemplateMapping, compile_template, components


def template(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "t", "language": "en", "components": list(parts)} | more


def test_numbered_variables_buttons_and_all_parts_are_as_they_are_sent() -> None:
    described = template(
        {"type": "HEADER", "format": "TEXT", "text": "News of {{1}}"},
        {"type": "BODY", "text": "Hello {{1}}, {{2}} off until {{1}} sleeps."},
        {"type": "FOOTER", "text": "Reply STOP"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Stop"},
                {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"},
                {"type": "COPY_CODE", "example": "ABC"},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550100"},
                {"type": "REQUEST_CONTACT_INFO"},
            ],
        },
    )
    mapping = TemplateMapping(
        template="t",
        language="en",
        header=("{shop_name}",),
        body=("{first_name|there}", "{discount_percent}"),
        url_suffix="sale?c={coupon_code}",
        opt_out_payload="OPTOUT_MARKETING",
    )
    values = {"shop_name": "Example Shop", "discount_percent": "15%", "coupon_code": "WB Ñ"}
    seen = as_seen(described, components(compile_template(described), mapping, values))
    assert seen == Seen(
        header="News of Example Shop",
        body="Hello there, 15% off until there sleeps.",
        footer="Reply STOP",
        buttons=(
            "Stop",
            "Open: https://shop.example/sale?c=WB%20%C3%91",
            "Copy code: WB Ñ",
            "Call: +12025550100",
            "request contact info",
        ),
    )
    assert seen.lines[:4] == ["News of Example Shop", "", seen.body, ""]
    assert seen.lines[-5:-3] == ["[ Stop ]", "[ Open: https://shop.example/sale?c=WB%20%C3%91 ]"]


def test_named_variables_are_filled_by_their_names() -> None:
    described = template(
        {"type": "BODY", "text": "Hello {{name}}, see {{shop}} today."}, parameter_format="NAMED"
    )
    mapping = TemplateMapping(
        template="t", language="en", body={"shop": "{shop_url}", "name": "{first_name}"}
    )
    values = {"first_name": "Ana", "shop_url": "https://shop.example"}
    built = components(compile_template(described), mapping, values)
    assert as_seen(described, built).body == "Hello Ana, see https://shop.example today."


def test_without_values_the_variables_stay() -> None:
    described = template(
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hello {{1}}!"},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "URL", "text": "Open", "url": "https://a.example/{{1}}"}],
        },
    )
    assert as_seen(described).lines == [
        "(image)", "", "Hello {{1}}!", "", "[ Open: https://a.example/{{1}} ]",
    ]  # fmt: skip
    assert as_seen({}).lines == [""]
