"""Reading the body of `POST /messages`: what is asked for, before anybody looks at a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.phones import BSUID, read_phone

LONGEST_CALLBACK_DATA, LONGEST_TEXT = 512, 4096  # characters
FREE_FORM = (
    "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A well-formed request. `to` is E.164 or a business-scoped user id, `input` as it came."""

    to: str
    input: str
    kind: str
    content: dict[str, Any]  # what stands under the kind's own name
    callback_data: str | None


def read_request(body: object, sender_code: int) -> MessageRequest:
    """GraphError 100, 131008 or 131009 for what no message could look like.

    `sender_code` is the country calling code of the sender, see `read_phone`. Free-form messages
    other than text are taken as they are: the sandbox checks that their content is an object.
    """
    if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "recipient_type must be 'individual'; the sandbox has no groups.")
    to, given = _address(body, sender_code)
    callback_data = body.get("biz_opaque_callback_data")
    if callback_data is not None and (
        not isinstance(callback_data, str) or len(callback_data) > LONGEST_CALLBACK_DATA
    ):
        limit = f"a string of at most {LONGEST_CALLBACK_DATA} characters"
        raise GraphError(100, f"Param biz_opaque_callback_data must be {limit}.")
    kind = body.get("type", "text")
    if kind != "template" and kind not in FREE_FORM:
        raise GraphError(100, f"Param type must be one of {{template, {', '.join(FREE_FORM)}}}.")
    content = body.get(kind)
    if kind == "contacts" and isinstance(content, list):
        content = {"contacts": content}
    if not isinstance(content, dict):
        raise GraphError(100, message=f"(#100) The parameter {kind} is required.")
    if kind == "template":
        _check_template(content)
    if kind == "text":
        _check_text(content)
    return MessageRequest(to, given, kind, content, callback_data)


def _address(body: dict[str, Any], sender_code: int) -> tuple[str, str]:
    """Where it goes, and how the request said it; `to` wins over `recipient`."""
    to, recipient = body.get("to"), body.get("recipient")
    if to is not None and to != "":
        return read_phone(str(to), sender_code), str(to)
    if not recipient:
        raise GraphError(100, message="(#100) The parameter to is required.")
    if not BSUID.fullmatch(str(recipient)):
        raise GraphError(131009, "recipient is not a business-scoped user ID.")
    return str(recipient), str(recipient)


def _check_template(content: dict[str, Any]) -> None:
    if not isinstance(content.get("name"), str) or not content["name"]:
        raise GraphError(100, "The parameter template['name'] is required.")
    language = content.get("language")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise GraphError(100, "The parameter template['language']['code'] is required.")
    if language.get("policy", "deterministic") != "deterministic":
        raise GraphError(100, "Param template['language']['policy'] must be 'deterministic'.")


def _check_text(content: dict[str, Any]) -> None:
    body = content.get("body")
    if not isinstance(body, str) or not body:
        raise GraphError(100, "The parameter text['body'] is required.")
    if len(body) > LONGEST_TEXT:
        raise GraphError(100, f"Param text['body'] must be at most {LONGEST_TEXT} characters long.")
