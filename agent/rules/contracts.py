"""Meta's template JSON -> what a message of that template has to carry.

Source: Meta's pages "Template components" and "Message templates", Graph versions 25 and 26.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

BODY_LIMIT: Final = 1024  # characters, with the values in; error 132005 beyond
HEADER_LIMIT: Final = 60
VARIABLE: Final = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
"""{{1}} or {{name}}, as Meta writes a variable."""

_BUTTONS_WE_FILL = frozenset({"URL", "QUICK_REPLY", "COPY_CODE"})
_BUTTONS_WITHOUT_VALUES = frozenset({"PHONE_NUMBER", "VOICE_CALL", "REQUEST_CONTACT_INFO"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateContract:
    """What a message of this template has to carry. Button indexes count all buttons from 0."""

    name: str
    language: str
    category: str  # MARKETING, UTILITY or AUTHENTICATION
    status: str  # only APPROVED can be sent
    named: bool  # variables have names; else they are "1", "2", ...
    header_parameters: tuple[str, ...] = ()
    header_media: str | None = None  # "image", "video", "document", "location", ...
    header_room: int = HEADER_LIMIT  # characters that the fixed text leaves for the values
    body_parameters: tuple[str, ...] = ()
    body_room: int = BODY_LIMIT
    url_button_index: int | None = None  # the button whose address ends in a variable
    url_button_base: str = ""  # what comes before that variable
    quick_reply_indexes: tuple[int, ...] = ()
    copy_code_index: int | None = None
    unsupported: tuple[str, ...] = ()  # parts that want values we do not know how to give


def compile_template(template: Mapping[str, Any]) -> TemplateContract:
    """Read one element of `data` from GET /{WABA_ID}/message_templates.

    Parts of a kind that we do not know end in `unsupported`; nothing is guessed.
    """
    parts = {_upper(part, "type"): part for part in template.get("components") or ()}
    header = parts.pop("HEADER", {})
    header_format = _upper(header, "format") or "TEXT"
    header_text = str(header.get("text") or "")
    body_text = str(parts.pop("BODY", {}).get("text") or "")
    buttons = parts.pop("BUTTONS", {}).get("buttons") or ()
    parts.pop("FOOTER", None)  # never has a variable
    header_parameters, body_parameters = _parameters(header_text), _parameters(body_text)
    addresses = [
        i for i in _indexes(buttons, "URL") if VARIABLE.search(buttons[i].get("url") or "")
    ]
    codes = _indexes(buttons, "COPY_CODE")
    return TemplateContract(
        name=str(template.get("name") or ""),
        language=str(template.get("language") or ""),
        category=_upper(template, "category"),
        status=_upper(template, "status"),
        # the variables tell too: not every answer has parameter_format
        named=_upper(template, "parameter_format") == "NAMED"
        or not all(name.isdecimal() for name in header_parameters + body_parameters),
        header_parameters=header_parameters,
        header_media=None if header_format == "TEXT" else header_format.lower(),
        header_room=HEADER_LIMIT - len(VARIABLE.sub("", header_text)),
        body_parameters=body_parameters,
        body_room=BODY_LIMIT - len(VARIABLE.sub("", body_text)),
        url_button_index=addresses[0] if addresses else None,
        url_button_base=VARIABLE.split(buttons[addresses[0]]["url"])[0] if addresses else "",
        quick_reply_indexes=_indexes(buttons, "QUICK_REPLY"),
        copy_code_index=codes[0] if codes else None,
        unsupported=(
            *(kind.lower() for kind in parts),
            *(
                f"{_upper(button, 'type').lower()} button"
                for button in buttons
                if _upper(button, "type") not in _BUTTONS_WE_FILL | _BUTTONS_WITHOUT_VALUES
            ),
            *("a second button whose address ends in a variable" for _ in addresses[1:]),
        ),
    )


def _upper(part: Mapping[str, Any], key: str) -> str:
    return str(part.get(key) or "").upper()


def _indexes(buttons: Sequence[Mapping[str, Any]], kind: str) -> tuple[int, ...]:
    return tuple(i for i, button in enumerate(buttons) if _upper(button, "type") == kind)


def _parameters(text: str) -> tuple[str, ...]:
    """The variables of `text`, once each: numbered ones by number, named ones as they come."""
    found = tuple(dict.fromkeys(VARIABLE.findall(text)))
    if all(name.isdecimal() for name in found):
        return tuple(sorted(found, key=int))
    return found
