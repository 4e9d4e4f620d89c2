"""Message templates: their parts, the variables they ask for, and the shelf they stand on."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from agent.sandbox.whatsapp.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
MEDIA_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT")


def variables(text: str) -> tuple[str, ...]:
    """The names between double braces, each once: positional ones by number, others as they come."""
    found = list(dict.fromkeys(VARIABLE.findall(text)))
    return tuple(sorted(found, key=int) if all(map(str.isdecimal, found)) else found)


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template in one language; `components` are as Meta lists them.

    `approve_at` is when a PENDING one passes its review, None if nobody looks at it;
    `recategorise_at` when it becomes one of `correct_category`, of which notice was given.
    """

    id: str
    name: str
    language: str
    category: str
    parameter_format: str
    components: tuple[dict[str, Any], ...]
    status: str = "APPROVED"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    approve_at: datetime | None = None
    previous_category: str | None = None
    correct_category: str | None = None
    recategorise_at: datetime | None = None

    def part(self, kind: str) -> dict[str, Any]:
        """The component of that kind ("BODY"), empty if there is none."""
        return next((part for part in self.components if part["type"] == kind), {})

    @cached_property
    def body(self) -> str:
        return str(self.part("BODY").get("text", ""))

    @cached_property
    def body_variables(self) -> tuple[str, ...]:
        return variables(self.body)

    @cached_property
    def header_format(self) -> str:
        """TEXT, IMAGE, VIDEO, DOCUMENT; empty without a header."""
        return str(self.part("HEADER").get("format", ""))

    @cached_property
    def header(self) -> str:
        return str(self.part("HEADER").get("text", ""))

    @cached_property
    def header_variables(self) -> tuple[str, ...]:
        return variables(self.header)

    @cached_property
    def buttons(self) -> tuple[dict[str, Any], ...]:
        return tuple(self.part("BUTTONS").get("buttons", ()))

    @cached_property
    def offer_expires(self) -> bool:
        """Whether each message has to say when its limited-time offer ends."""
        offer = self.part("LIMITED_TIME_OFFER").get("limited_time_offer", {})
        return bool(offer.get("has_expiration"))

    @cached_property
    def longest_body(self) -> int:
        """Characters, with the variables filled in."""
        return 600 if self.part("LIMITED_TIME_OFFER") else 1024

    def listed(self) -> dict[str, Any]:
        """All fields under the names the API gives them."""
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": self.parameter_format,
            "components": list(self.components),
            "quality_score": {"score": self.quality},
            "rejected_reason": self.rejected_reason,
            "sub_category": None,
            "previous_category": self.previous_category,
            "correct_category": self.correct_category,
            "message_send_ttl_seconds": None,
        }


class TemplateShelf:
    """The templates of one WhatsApp business account, safe to share between threads."""

    LIMIT = 250  # templates per account, each language counted

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_id: dict[str, Template] = {}
        self._ids: dict[tuple[str, str], str] = {}  # (name, language)

    def add(self, template: Template) -> Template:
        """Put it on the shelf. GraphError if the name is taken in that language, or at the limit."""
        key = template.name, template.language
        with self._lock:
            if key in self._ids:
                raise GraphError(
                    100,
                    subcode=2388024,
                    user_title="Content in This Language Already Exists",
                    user_message="There is already content for this template and language.",
                )
            if len(self._by_id) >= self.LIMIT:
                raise GraphError(
                    100,
                    subcode=2388019,
                    user_title="Message Template Limit Exceeded",
                    user_message=f"This account already has {self.LIMIT} templates.",
                )
            self._ids[key] = template.id
            self._by_id[template.id] = template
        return template

    def get(self, template_id: str) -> Template | None:
        with self._lock:
            return self._by_id.get(template_id)

    def find(self, name: str, language: str) -> Template | None:
        with self._lock:
            return self._by_id.get(self._ids.get((name, language), ""))

    def all(self) -> list[Template]:
        """In the order they were added."""
        with self._lock:
            return list(self._by_id.values())

    def named(self, name: str, language: str | None = None) -> list[Template]:
        """In one language, or in all. KeyError if there is none."""
        found = [one for one in self.all() if one.name == name and language in (None, one.language)]
        if not found:
            raise KeyError(f"no template {name!r} in {language or 'any language'}")
        return found

    def change(self, name: str, language: str | None = None, **fields: Any) -> list[Template]:
        """Change one language, or all of them; gives back the changed ones. KeyError if none."""
        with self._lock:
            changed = [replace(old, **fields) for old in self.named(name, language)]
            self._by_id |= {new.id: new for new in changed}
        return changed

    def set_status(
        self, name: str, status: str, language: str | None = None, *, reason: str = "NONE"
    ) -> list[Template]:
        """As `change`; it waits for no review any more."""
        return self.change(name, language, status=status, rejected_reason=reason, approve_at=None)

    def approve_due(self, now: datetime) -> list[Template]:
        """Approve what has waited long enough for its review; gives back the approved ones."""
        with self._lock:
            passed = [
                replace(old, status="APPROVED", approve_at=None)
                for old in self._by_id.values()
                if old.approve_at is not None and old.approve_at <= now
            ]
            self._by_id |= {new.id: new for new in passed}
        return passed


def components_of(
    *,
    body: str,
    parameter_format: str,
    header: str | None,
    footer: str | None,
    buttons: Sequence[dict[str, Any]],
    offer: str | None,
) -> tuple[dict[str, Any], ...]:
    """The components of a template described in few words, with invented examples for variables.

    `header` is a text, or one of IMAGE, VIDEO, DOCUMENT; `offer` the text of a limited-time offer.
    """
    parts: list[dict[str, Any]] = []
    if header in MEDIA_HEADERS:
        handle = {"header_handle": ["4::aW1hZ2UvanBn:example"]}
        parts.append({"type": "HEADER", "format": header, "example": handle})
    elif header is not None:
        parts.append(
            {"type": "HEADER", "format": "TEXT", "text": header}
            | _examples("header", header, parameter_format)
        )
    if offer is not None:
        terms = {"text": offer, "has_expiration": True}
        parts.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": terms})
    parts.append({"type": "BODY", "text": body} | _examples("body", body, parameter_format))
    if footer is not None:
        parts.append({"type": "FOOTER", "text": footer})
    if buttons:
        parts.append({"type": "BUTTONS", "buttons": [dict(button) for button in buttons]})
    return tuple(parts)


def _examples(place: str, text: str, parameter_format: str) -> dict[str, Any]:
    names = variables(text)
    if not names:
        return {}
    if parameter_format == "NAMED":
        pairs = [{"param_name": name, "example": f"example {name}"} for name in names]
        return {"example": {f"{place}_text_named_params": pairs}}
    values = [f"example {name}" for name in names]
    return {"example": {f"{place}_text": [values] if place == "body" else values}}


def matching(templates: Iterable[Template], filters: dict[str, str]) -> list[Template]:
    """Those that match every filter: `name` as a part of the name, the others exactly.

    `status`, `category` and `language` may each name several, separated by commas.
    """

    def fits(template: Template) -> bool:
        return all(
            wanted in template.name
            if field == "name"
            else getattr(template, field).lower() in wanted.lower().split(",")
            for field, wanted in filters.items()
        )

    return [template for template in templates if fits(template)]
