"""A template with the parameters of a message -> what the person sees.

Source: Meta's pages "Template components" and "Send messages", Graph versions 25 and 26.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.contracts import VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The parts from top to bottom; "" where the template has none."""

    header: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """From top to bottom, with an empty line between the parts."""
        parts = [
            self.header,
            self.body,
            self.footer,
            "\n".join(f"[ {one} ]" for one in self.buttons),
        ]
        return "\n\n".join(part for part in parts if part).split("\n")


def as_seen(template: Mapping[str, Any], components: Sequence[Mapping[str, Any]] = ()) -> Seen:
    """`template` is Meta's description, `components` those of the message. Variables that have no
    value there stay as they are, as {{1}}.
    """
    given = {str(one["type"]): one for one in components if one["type"] != "button"}
    parts = {str(part.get("type") or "").upper(): part for part in template.get("components") or ()}
    header = parts.get("HEADER", {})
    kind = str(header.get("format") or "TEXT").upper()
    buttons = parts.get("BUTTONS", {}).get("buttons") or ()
    return Seen(
        header=_filled(header, given.get("header")) if kind == "TEXT" else f"({kind.lower()})",
        body=_filled(parts.get("BODY", {}), given.get("body")),
        footer=str(parts.get("FOOTER", {}).get("text") or ""),
        buttons=tuple(_buttons(buttons, components)),
    )


def _filled(part: Mapping[str, Any], component: Mapping[str, Any] | None) -> str:
    parameters = component["parameters"] if component else ()
    values = {
        str(one.get("parameter_name", number)): str(one["text"])
        for number, one in enumerate(parameters, start=1)
    }
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), str(part.get("text") or ""))


def _buttons(
    buttons: Sequence[Mapping[str, Any]], components: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    given = {
        int(one["index"]): one["parameters"][0] for one in components if one["type"] == "button"
    }
    for index, button in enumerate(buttons):
        kind, label = str(button.get("type") or "").upper(), str(button.get("text") or "")
        parameter = given.get(index, {})
        match kind:
            case "URL":
                url, end = str(button.get("url") or ""), parameter.get("text")
                if end is not None:  # it is the end of the address, whatever the variable is called
                    url = VARIABLE.sub("", url) + str(end)
                yield f"{label}: {url}"
            case "COPY_CODE":
                yield f"{label or 'Copy code'}: {parameter.get('coupon_code', '...')}"
            case "PHONE_NUMBER":
                yield f"{label}: {button.get('phone_number')}"
            case _:
                yield label or kind.replace("_", " ").lower()
