"""The rules a new template has to keep before anybody at Meta looks at it."""

from __future__ import annotations

import re
from typing import Any

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.templates import MEDIA_HEADERS, VARIABLE, variables

_LANGUAGES = """
    af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE
    en en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi
    fr fr_BE fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo
    lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO
    es_EC es_ES es_HN es_MX es_PA es_PE es_UY sw sv ta te th tr uk ur uz vi zu
"""
LANGUAGES = frozenset(_LANGUAGES.split())
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
# how often each kind may appear; the sandbox knows no others
BUTTON_LIMITS = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}

TOO_LONG, HEADER_FORMAT, BODY_FORMAT, FOOTER_FORMAT = 2388040, 2388047, 2388072, 2388073
TOO_MANY_VARIABLES, VARIABLE_AT_THE_EDGE = 2388293, 2388299


def refusal(
    said: str, *, subcode: int | None = None, title: str = "Invalid template"
) -> GraphError:
    """Code 100 with a subcode, as management calls refuse."""
    return GraphError(100, subcode=subcode, user_title=title, user_message=said)


def review(request: dict[str, Any]) -> None:
    """GraphError 100, with the subcode of the broken rule, for a template nobody could approve."""
    _check_frame(request)
    named = request.get("parameter_format", "POSITIONAL") == "NAMED"
    parts: dict[str, dict[str, Any]] = {}
    for part in request["components"]:
        kind = str(part.get("type", "")).upper() if isinstance(part, dict) else ""
        if kind not in {"HEADER", "BODY", "FOOTER", "BUTTONS", "LIMITED_TIME_OFFER"}:
            raise refusal(f"Unknown component type {kind or part!r}")
        if kind in parts:
            raise refusal(f"There can be only one component of the type {kind}")
        parts[kind] = part
    if "BODY" not in parts:
        raise refusal("A template needs a body")
    offer = "LIMITED_TIME_OFFER" in parts
    if offer:
        _check_offer(parts, str(request["category"]))
    if "HEADER" in parts:
        _check_header(parts["HEADER"], named=named)
    _check_body(parts["BODY"], named=named, limit=600 if offer else 1024)
    if "FOOTER" in parts:
        _check_footer(parts["FOOTER"])
    if "BUTTONS" in parts:
        _check_buttons(parts["BUTTONS"].get("buttons"))


def _check_frame(request: dict[str, Any]) -> None:
    for key in ("name", "language", "category", "components"):
        if not request.get(key):
            raise GraphError(100, f"The parameter {key} is required.")
    if not re.fullmatch(r"[a-z0-9_]{1,512}", str(request["name"])):
        raise refusal("A name has at most 512 lower-case letters, digits and underscores")
    if request["language"] not in LANGUAGES:
        raise refusal(f"Language {request['language']!r} is not supported")
    if request["category"] not in CATEGORIES:
        raise refusal(f"The category must be one of {', '.join(CATEGORIES)}")
    if request.get("parameter_format", "POSITIONAL") not in {"POSITIONAL", "NAMED"}:
        raise refusal("parameter_format must be POSITIONAL or NAMED")
    if not isinstance(request["components"], list):
        raise refusal("components must be a list")


def _text(part: dict[str, Any], subcode: int) -> str:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        raise refusal(f"The {part.get('type')} needs a text", subcode=subcode)
    return text


def _check_header(part: dict[str, Any], *, named: bool) -> None:
    kind = part.get("format")
    if kind in MEDIA_HEADERS:
        if not (part.get("example") or {}).get("header_handle"):
            raise refusal("A media header needs a sample file", subcode=HEADER_FORMAT)
        return
    if kind != "TEXT":
        raise refusal(f"Unknown header format {kind!r}", subcode=HEADER_FORMAT)
    text = _text(part, HEADER_FORMAT)
    if len(text) > 60:
        raise refusal("A header has at most 60 characters", subcode=TOO_LONG)
    if re.search(r"[*_~`\n]", VARIABLE.sub("", text)):
        raise refusal("A header has no formatting and no new line", subcode=HEADER_FORMAT)
    if len(variables(text)) > 1:
        raise refusal("A header has at most one variable", subcode=HEADER_FORMAT)
    _check_variables(part, "header", text, named=named, subcode=HEADER_FORMAT)


def _check_body(part: dict[str, Any], *, named: bool, limit: int) -> None:
    text = _text(part, BODY_FORMAT)
    if len(text) > limit:
        raise refusal(f"The body has at most {limit} characters", subcode=TOO_LONG)
    if text.strip().startswith("{{") or text.strip().endswith("}}"):
        raise refusal("Variables cannot stand at the start or end", subcode=VARIABLE_AT_THE_EDGE)
    if re.search(r"\}\}\s*\{\{", text):
        raise refusal("Variables cannot stand next to each other", subcode=BODY_FORMAT)
    count, words = len(variables(text)), len(VARIABLE.sub("", text).split())
    # the ratio is not Meta's word, but what several providers measured
    if count and words < 2 * count + 1:
        raise refusal("Too many variables for the length of the text", subcode=TOO_MANY_VARIABLES)
    _check_variables(part, "body", text, named=named, subcode=BODY_FORMAT)


def _check_variables(
    part: dict[str, Any], place: str, text: str, *, named: bool, subcode: int
) -> None:
    """Right style, numbered without a gap, and an example for each."""
    names, example = variables(text), part.get("example") or {}
    if named:
        if not all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in names):
            raise refusal("Names have lower-case letters, digits and underscores", subcode=subcode)
        given = {pair.get("param_name") for pair in example.get(f"{place}_text_named_params", [])}
        missing = set(names) - given
    else:
        if list(names) != [str(number) for number in range(1, len(names) + 1)]:
            raise refusal("Variables are {{1}}, {{2}} and so on, without a gap", subcode=subcode)
        values = example.get(f"{place}_text") or []
        if place == "body":
            values = values[0] if values else []
        missing = set(names[len(values) :])
    if missing:
        raise refusal(f"Every variable needs an example: {sorted(missing)}", subcode=subcode)


def _check_footer(part: dict[str, Any]) -> None:
    text = _text(part, FOOTER_FORMAT)
    if len(text) > 60:
        raise refusal("A footer has at most 60 characters", subcode=TOO_LONG)
    if variables(text) or "\n" in text:
        raise refusal("A footer has no variables and no new line", subcode=FOOTER_FORMAT)


def _check_buttons(buttons: object) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise refusal("There can be one to ten buttons")
    kinds = [str(button.get("type", "")).upper() for button in buttons]
    for kind in kinds:
        if kind not in BUTTON_LIMITS:
            raise refusal(f"Unknown button type {kind!r}")
        if kinds.count(kind) > BUTTON_LIMITS[kind]:
            raise refusal(f"There can be at most {BUTTON_LIMITS[kind]} buttons of the type {kind}")
    runs = sum(
        kind == "QUICK_REPLY" and before != "QUICK_REPLY"
        for before, kind in zip(["", *kinds], kinds, strict=False)
    )
    if runs > 1:
        raise refusal("Quick replies have to stand together")
    for kind, button in zip(kinds, buttons, strict=True):
        _check_button(kind, button)


def _check_button(kind: str, button: dict[str, Any]) -> None:
    label, example = button.get("text"), button.get("example")
    if kind == "COPY_CODE":
        code = example[0] if isinstance(example, list) and example else example
        if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z0-9]{1,15}", code):
            raise refusal("A code to copy needs an example of at most 15 letters and digits")
        return
    if not isinstance(label, str) or not 1 <= len(label) <= 25:
        raise refusal("A button's label has 1 to 25 characters", subcode=TOO_LONG)
    if kind == "PHONE_NUMBER" and not button.get("phone_number"):
        raise refusal("A call button needs a phone_number")
    if kind == "URL":
        url = str(button.get("url", ""))
        if not re.match(r"https?://", url) or len(url) > 2000:
            raise refusal("A URL button needs an address of at most 2000 characters")
        if variables(url) and (len(variables(url)) > 1 or not url.endswith("}}")):
            raise refusal("An address has at most one variable, at its end")
        if variables(url) and not example:
            raise refusal("An address with a variable needs an example")


def _check_offer(parts: dict[str, dict[str, Any]], category: str) -> None:
    terms = parts["LIMITED_TIME_OFFER"].get("limited_time_offer")
    if category != "MARKETING":
        raise refusal("Only marketing templates have a limited-time offer")
    if "FOOTER" in parts:
        raise refusal("A limited-time offer has no footer")
    if not isinstance(terms, dict) or not 1 <= len(str(terms.get("text") or "")) <= 16:
        raise refusal("The text of a limited-time offer has 1 to 16 characters", subcode=TOO_LONG)
