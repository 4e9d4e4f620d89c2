"""Filling a template: do the parameters of a message fit what was approved?

The sentences in `details` are those that senders report from the live API, as far as any could be
found ("buttons: Button at index 0 of type Url requires a parameter"): they are what an operator
searches for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.templates import MEDIA_HEADERS, VARIABLE, Template, variables

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_PAYLOAD, LONGEST_CODE, LONGEST_HEADER, LONGEST_URL = 256, 15, 60, 2000  # characters
LATEST_OFFER = 253402300799999  # the last millisecond of the year 9999

# what may stand in the variable end of an address; Meta refuses the rest, ":" and "|" among it
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=@/?#]|%[0-9A-Fa-f]{2})+")
# sub_type in a message: (type in the template, how Meta's sentences call it)
_BUTTONS = {
    "quick_reply": ("QUICK_REPLY", "QuickReply"),
    "url": ("URL", "Url"),
    "copy_code": ("COPY_CODE", "CopyCode"),
    "phone_number": ("PHONE_NUMBER", "Call"),
}
_CALLED = dict(_BUTTONS.values())


@dataclass(frozen=True, slots=True)
class Filled:
    """The outcome: values by place, the body as it will be read, what can be tapped."""

    parameters: dict[str, tuple[str, ...]]
    text: str
    quick_replies: tuple[tuple[str, str], ...]  # (payload, label)


def fill(template: Template, components: object, *, version: int, now: datetime) -> Filled:
    """Check `components` of a message against the template, and put them in.

    `version` is that of the Graph API (23 for v23.0): from 23 on a misfit that has no code of its
    own is 132018, before it was 100. GraphError: 100, 131008, 131009, 132000, 132005, 132012,
    132018.
    """
    return _Filling(template, 132018 if version >= 23 else 100, now).fill(_sorted_out(components))


def _sorted_out(components: object) -> dict[str, dict[str, Any]]:
    """Components by place: "header", "body", "limited_time_offer", "button 0"."""
    if not isinstance(components, list):
        raise GraphError(100, "Param template['components'] must be an array.")
    places: dict[str, dict[str, Any]] = {}
    for component in components:
        place = str(component.get("type", "")).lower() if isinstance(component, dict) else ""
        if place == "button":
            place = f"button {_index(component)}"
        elif place not in {"header", "body", "limited_time_offer"}:
            raise GraphError(100, f"Unknown template component {component!r}")
        if place in places:
            raise GraphError(100, f"{place}: given twice")
        places[place] = component
    return places


def _index(component: dict[str, Any]) -> int:
    index = component.get("index")
    if index is None or isinstance(index, bool):
        raise GraphError(131008, "buttons: index is missing")
    if not re.fullmatch(r"[0-9]{1,2}", str(index)):
        raise GraphError(131009, f"buttons: index {index!r} is not a number from 0 to 9")
    return int(index)


def _parameters(component: dict[str, Any] | None, place: str) -> list[dict[str, Any]]:
    given = [] if component is None else component.get("parameters", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise GraphError(100, f"{place}: parameters must be an array of objects")
    return given


@dataclass(frozen=True, slots=True)
class _Filling:
    template: Template
    misfit_code: int
    now: datetime

    def misfit(self, details: str) -> GraphError:
        return GraphError(self.misfit_code, details)

    def fill(self, places: dict[str, dict[str, Any]]) -> Filled:
        filled: dict[str, tuple[str, ...]] = {}
        header = self.header(places.get("header"))
        if header:
            filled["header"] = header
        body = self.texts(places.get("body"), "body", self.template.body_variables)
        if body:
            filled["body"] = body
        text = _put_in(self.template.body, body)
        if len(text) > self.template.longest_body:
            raise GraphError(
                132005, f"body: {len(text)} characters, {self.template.longest_body} allowed"
            )
        offer = self.offer(places.get("limited_time_offer"))
        if offer:
            filled["limited_time_offer"] = offer
        taps: list[tuple[str, str]] = []
        for place in places:
            if place.startswith("button ") and int(place[7:]) >= len(self.template.buttons):
                raise self.misfit(f"buttons: There is no button at index {place[7:]}")
        for index, button in enumerate(self.template.buttons):
            value = self.button(index, button, places.get(f"button {index}"))
            if value is not None:
                filled[f"button {index}"] = (value,)
            if button["type"] == "QUICK_REPLY":
                taps.append((value or str(button["text"]), str(button["text"])))
        return Filled(filled, text, tuple(taps))

    def texts(
        self, component: dict[str, Any] | None, place: str, names: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The values for `names`, in that order."""
        given = _parameters(component, place)
        if len(given) != len(names):
            raise GraphError(
                132000,
                f"{place}: number of localizable_params ({len(given)}) does not match the expected "
                f"number of params ({len(names)})",
            )
        values = [self.text(parameter, place) for parameter in given]
        called = [parameter.get("parameter_name") for parameter in given]
        if self.template.parameter_format != "NAMED":
            if any(name is not None for name in called):
                raise GraphError(132012, f"{place}: this template has no named parameters")
            return tuple(values)
        if not all(called):
            raise GraphError(100, "Parameter name is missing or empty")
        if set(called) != set(names):
            raise GraphError(132012, f"{place}: expected {', '.join(names)}, received {called}")
        by_name = dict(zip(called, values, strict=True))
        return tuple(by_name[name] for name in names)

    def text(self, parameter: dict[str, Any], place: str) -> str:
        kind = parameter.get("type")
        if kind in {"currency", "date_time"} and place == "body":
            said = parameter.get(kind)
            text = said.get("fallback_value") if isinstance(said, dict) else None
        elif kind == "text":
            text = parameter.get("text")
        else:
            raise GraphError(132012, f"{place}: Format mismatch, expected TEXT, received {kind!r}")
        if not isinstance(text, str):
            raise GraphError(
                100, f"Parameter '{kind}' is mandatory for component parameter type '{kind}'"
            )
        if not text.strip():
            raise GraphError(131008, f"Parameter of type {kind} is missing text value")
        if re.search(r"[\n\r\t]| {5}", text):
            raise self.misfit(
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            )
        return text

    def header(self, component: dict[str, Any] | None) -> tuple[str, ...]:
        kind, template = self.template.header_format, self.template
        if kind not in MEDIA_HEADERS:
            given = [parameter.get("type") for parameter in _parameters(component, "header")]
            if not kind and given and given != ["text"]:
                raise self.misfit("header: the template has no header")
            values = self.texts(component, "header", template.header_variables)
            if len(_put_in(template.header, values)) > LONGEST_HEADER:
                raise GraphError(132005, f"header: over {LONGEST_HEADER} characters")
            return values
        parameters = _parameters(component, "header")
        received = str(parameters[0].get("type", "unknown")).upper() if parameters else "UNKNOWN"
        if received != kind or len(parameters) != 1:
            raise GraphError(
                132012, f"header: Format mismatch, expected {kind}, received {received}"
            )
        media = parameters[0].get(kind.lower())
        link, handle = (media.get("link"), media.get("id")) if isinstance(media, dict) else ("", "")
        if not link and not handle:
            raise GraphError(131008, f"header: {kind.lower()} needs a link or an id")
        if link and not re.match(r"https?://\S+$", str(link)):
            raise GraphError(131009, f"header: {link!r} is not a web address")
        return (str(link or handle),)

    def offer(self, component: dict[str, Any] | None) -> tuple[str, ...]:
        if component is None:
            if self.template.offer_expires:
                raise GraphError(131008, "limited_time_offer: expiration_time_ms is missing")
            return ()
        if not self.template.part("LIMITED_TIME_OFFER"):
            raise self.misfit("limited_time_offer: the template has no such component")
        given = _parameters(component, "limited_time_offer")
        terms = given[0].get("limited_time_offer") if given else None
        ends = terms.get("expiration_time_ms") if isinstance(terms, dict) else None
        if not isinstance(ends, int) or isinstance(ends, bool):
            raise GraphError(131008, "limited_time_offer: expiration_time_ms is missing")
        if not self.now.timestamp() * 1000 < ends <= LATEST_OFFER:
            # seconds in place of milliseconds end up in 1970
            raise GraphError(131009, "limited_time_offer: expiration_time_ms is not in the future")
        return (str(ends),)

    def button(
        self, index: int, button: dict[str, Any], component: dict[str, Any] | None
    ) -> str | None:
        """The value that goes into one button, None if it takes none or goes without."""
        kind = str(button["type"])
        takes = kind == "COPY_CODE" or bool(variables(str(button.get("url", ""))))
        if component is None:
            if takes:
                raise self._missing(index, kind)
            return None
        sub_type = str(component.get("sub_type", "")).lower()
        if not sub_type:
            raise GraphError(131008, "buttons: sub_type is missing")
        if _BUTTONS.get(sub_type, ("", ""))[0] != kind:
            raise self.misfit(f"buttons: Button at index {index} must be of type {_CALLED[kind]}")
        given = _parameters(component, "buttons")
        if not given:
            if takes:
                raise self._missing(index, kind)
            return None
        if len(given) > 1 or not (takes or kind == "QUICK_REPLY"):
            called = _CALLED[kind]
            said = f"Button at index {index} is of type {called} and does not support parameters"
            raise self.misfit(f"buttons: {said}")
        if kind == "QUICK_REPLY":
            return self._value(given[0], "payload", LONGEST_PAYLOAD)
        if kind == "COPY_CODE":
            return self._value(given[0], "coupon_code", LONGEST_CODE)
        return self._suffix(button, given[0])

    def _missing(self, index: int, kind: str) -> GraphError:
        if kind == "COPY_CODE":
            said = f"Button at index {index} of type copy_code requires a non-empty parameter coupon_code"
        else:
            said = f"Button at index {index} of type {_CALLED[kind]} requires a parameter"
        return GraphError(131008, f"buttons: {said}")

    def _value(self, parameter: dict[str, Any], kind: str, longest: int) -> str:
        if parameter.get("type") != kind:
            raise GraphError(
                132012, f"buttons: expected {kind}, received {parameter.get('type')!r}"
            )
        value = parameter.get(kind)
        if not isinstance(value, str) or not value.strip():
            raise GraphError(131008, f"buttons: {kind} is missing")
        if len(value) > longest:
            raise self.misfit(f"buttons: {kind} exceeds the parameter length limit {longest}")
        if kind == "coupon_code" and not re.fullmatch(r"[A-Za-z0-9]+", value):
            raise self.misfit("buttons: coupon_code has other characters than letters and digits")
        return value

    def _suffix(self, button: dict[str, Any], parameter: dict[str, Any]) -> str:
        suffix = self.text(parameter, "buttons")
        if not _ENCODED.fullmatch(suffix):
            raise self.misfit(f"buttons: {suffix!r} has to be percent-encoded")
        if len(_put_in(str(button["url"]), (suffix,))) > LONGEST_URL:
            raise GraphError(132005, f"buttons: an address of over {LONGEST_URL} characters")
        return suffix


def _put_in(text: str, values: tuple[str, ...]) -> str:
    filling = dict(zip(variables(text), values, strict=True))
    return VARIABLE.sub(lambda found: filling[found[1]], text)
