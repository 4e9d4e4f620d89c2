"""Meta's template JSON -> what a template expects, and the message that gives it that.

A template is approved text with {{1}} or {{name}} in it. WhatsApp refuses a message whose
parameters do not match it exactly (errors 132000, 132012, 132018), so each campaign's mapping is
held against the template before anything is queued.

Source: Meta's pages "Template components" and "Send template messages", version 25 and 26.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.rules.wording import LONGEST_VALUE, EmptyValue, fill, fill_url

BODY_LIMIT: Final = 1024  # characters of the body once its values are in; error 132005 beyond
HEADER_LIMIT: Final = 60
SHORTEST_ROOM: Final = 20  # characters for one value; less cuts a name in half
PAYLOAD_LIMIT: Final = 256

_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_NOTHING_TO_FILL = frozenset({"PHONE_NUMBER", "VOICE_CALL", "REQUEST_CONTACT_INFO"})  # button types


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMapping:
    """What the config says: which template, and a text with {placeholders} for each variable.

    `body` is a sequence for a positional template and a mapping for one with named variables.
    Empty `url_suffix` and `opt_out_payload` mean: none.
    """

    template: str
    language: str
    header: tuple[str, ...] = ()
    body: tuple[str, ...] | Mapping[str, str] = ()
    url_suffix: str = ""
    opt_out_payload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateContract:
    """What a message of this template has to carry. Indexes count all buttons from 0."""

    name: str
    language: str
    category: str  # MARKETING, UTILITY, AUTHENTICATION
    status: str  # only APPROVED can be sent
    named: bool  # variables have names, else they are "1", "2", ...
    header_parameters: tuple[str, ...] = ()
    header_media: str | None = None  # image, video, document, location, ...
    header_room: int = HEADER_LIMIT  # characters that the fixed text leaves for the values
    body_parameters: tuple[str, ...] = ()
    body_room: int = BODY_LIMIT
    url_button_index: int | None = None  # the button whose URL ends in a variable
    quick_reply_indexes: tuple[int, ...] = ()
    copy_code_index: int | None = None
    unsupported: tuple[str, ...] = ()  # parts that need values we do not know how to give


def compile_template(template: Mapping[str, Any]) -> TemplateContract:
    """Read one element of `data` from GET /{WABA_ID}/message_templates.

    Parts of a kind that we do not know are kept in `unsupported`; nothing is guessed.
    """
    parts = list(template.get("components") or ())
    of_kind = {kind: _first(parts, kind) for kind in ("HEADER", "BODY", "BUTTONS")}
    header, body = of_kind["HEADER"], of_kind["BODY"]
    header_text = _text(header) if _upper(header, "format") in {"", "TEXT"} else ""
    body_text = _text(body)
    variables = (*_VARIABLE.findall(header_text), *_VARIABLE.findall(body_text))
    named = _upper(template, "parameter_format") == "NAMED" or any(
        not variable.isdecimal() for variable in variables
    )
    buttons = _Buttons.read(of_kind["BUTTONS"].get("buttons") or ())
    strangers = tuple(
        kind.lower().replace("_", " ")
        for kind in (_upper(part, "type") for part in parts)
        if kind not in {"HEADER", "BODY", "FOOTER", "BUTTONS"}
    )
    return TemplateContract(
        name=str(template.get("name", "")),
        language=str(template.get("language", "")),
        category=_upper(template, "category"),
        status=_upper(template, "status"),
        named=named,
        header_parameters=_parameters(header_text, named=named),
        header_media=None if header_text or not header else _upper(header, "format").lower() or None,
        header_room=HEADER_LIMIT - _fixed_length(header_text),
        body_parameters=_parameters(body_text, named=named),
        body_room=BODY_LIMIT - _fixed_length(body_text),
        url_button_index=buttons.url,
        quick_reply_indexes=buttons.quick_replies,
        copy_code_index=buttons.copy_code,
        unsupported=strangers + buttons.unsupported,
    )
