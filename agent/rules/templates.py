"""Does a campaign's mapping fit its template, and the message that it makes.

WhatsApp refuses a message whose parameters do not match the approved template exactly (errors
132000, 132012, 132018), so each mapping is held against it before anything is queued.

Source: Meta's pages "Template components" and "Send messages", Graph versions 25 and 26.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.rules.contracts import VARIABLE, TemplateContract, compile_template
from agent.rules.placeholders import BUTTON_LINK
from agent.rules.template_states import trouble_of
from agent.rules.wording import (
    fallback_words,
    fill,
    fill_url,
    length_uncut,
    own_words,
    placeholders,
)

__all__ = [
    "TemplateContract",
    "TemplateMapping",
    "compile_template",
    "complaints",
    "components",
    "mixes_languages",
]

MARKETING: Final = "MARKETING"
UTILITY: Final = "UTILITY"
SHORTEST_ROOM: Final = 20  # characters for one value; less cuts a name in half
PAYLOAD_LIMIT: Final = 256  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMapping:
    """What the config says: which template, and a text with {placeholders} for each variable.

    `body` is a sequence for a positional template and a mapping for one with named variables.
    Empty `url_suffix` and `opt_out_payload` mean: none. `borrowed` texts were written for another
    language than the template's. `category` is the one that WhatsApp wants for what it says.
    """

    template: str
    language: str
    header: tuple[str, ...] = ()
    body: tuple[str, ...] | Mapping[str, str] = ()
    url_suffix: str = ""
    opt_out_payload: str = ""
    borrowed: bool = False
    category: str = MARKETING

    @property
    def shown(self) -> tuple[str, ...]:
        """The texts that a person reads."""
        return (*self.header, *_by_variable(self.body).values())

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all that has to be known to fill it."""
        texts = (*self.shown, self.url_suffix)
        return frozenset(one.name for text in texts for one in placeholders(text))


def mixes_languages(mapping: TemplateMapping, values: Mapping[str, str]) -> list[str]:
    """The words of another language that these values would bring into the message: ["there"]."""
    if not mapping.borrowed:
        return []
    return [word for text in mapping.shown for word in fallback_words(text, values)]


def complaints(
    contract: TemplateContract | None, mapping: TemplateMapping, *, with_coupon: bool = True
) -> list[str]:
    """Everything about `mapping` that the template does not take, for the shop owner; [] if it fits.

    `contract` is None if WhatsApp has no such template. `with_coupon` says whether the campaign
    makes a coupon, without which a copy-code button stays empty.
    """
    if contract is None:
        return [
            f"WhatsApp has no template {mapping.template!r} in the language {mapping.language!r}: "
            "`winback templates push NAME` submits those that come with winback; create others in WhatsApp "
            "Manager, or correct the name or the language"
        ]
    return [
        *_not_sendable(contract, mapping.category),
        *_header_complaints(contract, mapping.header),
        *_body_complaints(contract, mapping.body),
        *_button_complaints(contract, mapping, with_coupon=with_coupon),
        *_brace_complaints(mapping),
        *_language_complaints(mapping),
    ]


def components(
    contract: TemplateContract, mapping: TemplateMapping, values: Mapping[str, str]
) -> list[dict[str, Any]]:
    """`template.components` of a POST /messages, for a mapping that has no complaints.

    Raises EmptyValue if a placeholder has neither a value nor a fallback, or a copy-code button
    has no coupon: WhatsApp would refuse the message (131008). Raises ValueError (which EmptyValue
    is) too if the mapping does not fit after all, or the end of a URL becomes too long.
    """
    body = _by_variable(mapping.body)
    if set(body) != set(contract.body_parameters):
        raise ValueError(
            f"the body of template {contract.name!r} has other variables than the config"
        )
    built: list[dict[str, Any]] = []
    header = dict(zip(contract.header_parameters, mapping.header, strict=True))
    in_order = {variable: body[variable] for variable in contract.body_parameters}
    for kind, texts, room in (
        ("header", header, contract.header_room),
        ("body", in_order, contract.body_room),
    ):
        if texts:
            filled = _filled(texts, values, room)
            built.append({"type": kind, "parameters": _text_parameters(filled, contract.named)})
    if contract.quick_reply_indexes and mapping.opt_out_payload:
        payload = {"type": "payload", "payload": mapping.opt_out_payload}
        built.append(_button("quick_reply", contract.quick_reply_indexes[0], payload))
    if contract.url_button_index is not None:
        suffix = _counted_end(contract, values) or fill_url(mapping.url_suffix, values)
        built.append(_button("url", contract.url_button_index, {"type": "text", "text": suffix}))
    if contract.copy_code_index is not None:
        code = {"type": "coupon_code", "coupon_code": fill("{coupon_code}", values)}
        built.append(_button("copy_code", contract.copy_code_index, code))
    return built


def _counted_end(contract: TemplateContract, values: Mapping[str, str]) -> str:
    """The end of the button's address where it is a counted link; "" where it is none, or the template
    has another button by now."""
    link, base = values.get(BUTTON_LINK, ""), contract.url_button_base
    return link[len(base) :] if base and link.startswith(base) else ""


def _not_sendable(contract: TemplateContract, category: str) -> Iterator[str]:
    if trouble := trouble_of(contract.status):
        yield trouble.what
    # Meta moves templates from utility to marketing: order news of such a one are marketing then
    allowed = {category, MARKETING}
    if contract.category not in allowed:
        about = "about" if category == UTILITY else "not about"
        yield (
            f"the template is of the category {contract.category or 'unknown'}, and WhatsApp wants "
            f"{category} for what is {about} an order: choose or create another"
        )
    for part in contract.unsupported:
        yield f"the template has a part that winback cannot fill yet ({part}): choose one without"


def _header_complaints(contract: TemplateContract, header: Sequence[str]) -> Iterator[str]:
    if contract.header_media:
        yield (
            f"the template's header is of the kind {contract.header_media}, which winback cannot "
            "send yet: choose a template with a text header or none"
        )
    expected = contract.header_parameters
    if len(header) != len(expected):
        yield _counted("header", len(expected), len(header))
    elif contract.header_room < SHORTEST_ROOM * len(expected):
        yield _no_room("header", contract.header_room)


def _body_complaints(
    contract: TemplateContract, body: Sequence[str] | Mapping[str, str]
) -> Iterator[str]:
    expected, given = contract.body_parameters, _by_variable(body)
    if set(given) == set(expected):
        if contract.body_room < SHORTEST_ROOM * len(expected):
            yield _no_room("body", contract.body_room)
    elif contract.named and expected and given and not isinstance(body, Mapping):
        yield (
            f"the variables of the template's body have names ({', '.join(expected)}): "
            "write body as a table with these names, not as a list"
        )
    elif contract.named and expected:
        for name in (name for name in expected if name not in given):
            yield f"the template's body has a variable {name!r}, and the config gives no text for it"
        for name in (name for name in given if name not in expected):
            yield f"the config gives a text for {name!r}, and the template's body has no such variable"
    elif len(given) != len(expected):
        yield _counted("body", len(expected), len(given))
    else:
        yield "the variables of the template's body are numbered: write body as a list of texts"


def _button_complaints(
    contract: TemplateContract, mapping: TemplateMapping, *, with_coupon: bool
) -> Iterator[str]:
    if contract.url_button_index is not None and not mapping.url_suffix:
        yield (
            f"button {contract.url_button_index + 1} of the template opens an address that ends in "
            "a variable: give its ending as url_suffix"
        )
    if contract.url_button_index is None and mapping.url_suffix:
        yield "the template has no button whose address ends in a variable: remove url_suffix"
    if mapping.opt_out_payload and not contract.quick_reply_indexes:
        yield "the template has no quick reply button that could say stop: remove opt_out_payload"
    if mapping.opt_out_payload and len(contract.quick_reply_indexes) > 1:
        # A wrong guess would take an offer that somebody wants for a STOP, or the other way round.
        yield (
            f"the template has {len(contract.quick_reply_indexes)} quick reply buttons, so which one "
            "says stop is not clear: remove opt_out_payload and add that button's label to the "
            "stop words"
        )
    if len(mapping.opt_out_payload) > PAYLOAD_LIMIT:
        yield f"opt_out_payload is longer than {PAYLOAD_LIMIT} characters"
    if contract.copy_code_index is not None and not with_coupon:
        yield (
            "the template has a button that copies a coupon code, and this campaign makes no "
            "coupon: choose a template without it, or give the campaign a coupon"
        )


def _brace_complaints(mapping: TemplateMapping) -> Iterator[str]:
    """{{name}} is how Meta writes a variable; in the config it would reach the person as {name}."""
    for text in (*mapping.header, *_by_variable(mapping.body).values(), mapping.url_suffix):
        for name in VARIABLE.findall(text):
            yield (
                f"{{{{{name}}}}} in {text!r} would be sent as it stands: "
                f"a placeholder has single braces, {{{name}}}"
            )


def _language_complaints(mapping: TemplateMapping) -> Iterator[str]:
    """Fallbacks may never be needed; what stands beside the placeholders always is."""
    foreign = [word.strip() for text in mapping.shown for word in own_words(text)]
    if mapping.borrowed and foreign:
        said = ", ".join(f'"{word}"' for word in foreign)
        yield f"the config's own words ({said}) are not in that language: translate them"


def _counted(part: str, expected: int, given: int) -> str:
    values = "1 value" if expected == 1 else f"{expected} values"
    return f"the template's {part} expects {values}, the config gives {given}"


def _no_room(part: str, room: int) -> str:
    return (
        f"the fixed text of the template's {part} leaves {max(room, 0)} characters for its values, "
        "too few for a name: shorten the template"
    )


def _by_variable(body: Sequence[str] | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(body, Mapping):
        return body
    return {str(number): text for number, text in enumerate(body, start=1)}


def _filled(texts: Mapping[str, str], values: Mapping[str, str], room: int) -> dict[str, str]:
    """The texts with their values; equally short ones if they are too long together.

    Raises ValueError where those among them that are never cut, such as addresses, fill the room.
    """
    filled = {variable: fill(text, values) for variable, text in texts.items()}
    if sum(map(len, filled.values())) <= room:
        return filled
    room -= sum(length_uncut(text, values) for text in texts.values())
    share = room // len(texts)
    if share < 1:
        raise ValueError("what is never cut leaves no room for the other values of the template")
    return {variable: fill(text, values, limit=share) for variable, text in texts.items()}


def _text_parameters(filled: Mapping[str, str], named: bool) -> list[dict[str, str]]:
    return [
        {"type": "text", "text": text} | ({"parameter_name": variable} if named else {})
        for variable, text in filled.items()
    ]


def _button(sub_type: str, index: int, parameter: dict[str, str]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}
