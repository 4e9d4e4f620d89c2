"""A template that comes with winback, as it is submitted."""

from dataclasses import dataclass
from typing import Any, Final

SHOP: Final = "{shop_url}"
"""Stands in an example for the address of the shop that submits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedTemplate:
    """A template in one language. `examples` are one for each variable of the body, for the review."""

    name: str
    language: str
    category: str
    body: str
    examples: tuple[str, ...]
    footer: str
    stop: str = ""  # the label of the button that opts out; "" for no button

    def request(self, shop_url: str) -> dict[str, Any]:
        """The body of POST /{WABA_ID}/message_templates."""
        examples = [one.replace(SHOP, shop_url) for one in self.examples]
        components: list[dict[str, Any]] = [
            {"type": "BODY", "text": self.body, "example": {"body_text": [examples]}},
            {"type": "FOOTER", "text": self.footer},
        ]
        if self.stop:
            button = {"type": "QUICK_REPLY", "text": self.stop}
            components.append({"type": "BUTTONS", "buttons": [button]})
        return {
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "parameter_format": "POSITIONAL",
            "components": components,
        }


def in_language(
    language: str,
    category: str,
    *,
    footer: str,
    stop: str = "",
    **bodies: tuple[str, tuple[str, ...]],
) -> list[ShippedTemplate]:
    """The templates of one language: name = (body, examples)."""
    return [
        ShippedTemplate(
            name=name,
            language=language,
            category=category,
            body=body,
            examples=examples,
            footer=footer,
            stop=stop,
        )
        for name, (body, examples) in bodies.items()
    ]
