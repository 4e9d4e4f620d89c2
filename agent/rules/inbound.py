"""What a WhatsApp webhook says, element by element.

A batch holds up to 1,000 updates of any kind, and one that cannot be understood must not take the
others with it: it comes back as `Unknown`. Every identity field may be missing, because people with a
user name have no phone for us. Fields: Meta's webhook reference for the `messages` and
`user_preferences` fields.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What became of a message: sent, delivered, read, failed, or a word we do not know yet."""

    wamid: str
    status: str
    at: datetime
    uid: str = ""  # our own id, in most but not all of them
    code: int | None = None
    detail: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A person wrote or tapped. `text` is what they wrote, `payload` what a button carries."""

    wamid: str
    at: datetime
    kind: str
    sender: str = ""  # wa_id: digits without +
    user_id: str = ""
    text: str = ""
    payload: str = ""
    in_reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """A person switched marketing off or on in WhatsApp's own menu."""

    value: str  # stop, resume
    at: datetime
    sender: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that we keep and count, but do not understand."""

    what: str


Event = StatusUpdate | Inbound | Preference | Unknown


def read_webhook(payload: object) -> Iterator[Event]:
    """Every element of a webhook's body, in its order. Never raises."""
    for entry in _dicts(payload, "entry"):
        for change in _dicts(entry, "changes"):
            value = change.get("value")
            if not isinstance(value, Mapping):
                yield Unknown(f"{change.get('field')}: no value")
            elif change.get("field") == "messages":
                yield from _messages(value)
            elif change.get("field") == "user_preferences":
                for one in _dicts(value, "user_preferences"):
                    yield _guarded(_preference, one)
            else:
                yield Unknown(f"field {change.get('field')}")


def _messages(value: Mapping[str, Any]) -> Iterator[Event]:
    for one in _dicts(value, "statuses"):
        yield _guarded(_status, one)
    for one in _dicts(value, "messages"):
        yield _guarded(_inbound, one)
    for one in _dicts(value, "errors"):
        yield Unknown(f"account error {one.get('code')}: {one.get('title')}")


def _guarded(read: Any, one: Mapping[str, Any]) -> Event:
    try:
        event: Event = read(one)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        return Unknown(f"{read.__name__.strip('_')}: {type(error).__name__} {error}")
    return event


def _status(one: Mapping[str, Any]) -> StatusUpdate:
    errors = _dicts(one, "errors")
    first = errors[0] if errors else {}
    more = first.get("error_data")
    details = more.get("details", "") if isinstance(more, Mapping) else more
    return StatusUpdate(
        wamid=_text(one["id"]),
        status=_text(one["status"]),
        at=_instant(one["timestamp"]),
        uid=_optional(one, "biz_opaque_callback_data"),
        code=int(first["code"]) if "code" in first else None,
        detail=str(details or first.get("title") or ""),
        category=_optional(one.get("pricing") or {}, "category"),
    )


def _inbound(one: Mapping[str, Any]) -> Inbound:
    kind = _text(one["type"])
    text, payload = "", ""
    if kind == "text":
        text = _text(one["text"]["body"])
    elif kind == "button":
        text, payload = _optional(one["button"], "text"), _optional(one["button"], "payload")
    elif kind == "interactive":
        reply = one["interactive"].get("button_reply") or one["interactive"].get("list_reply") or {}
        text, payload = _optional(reply, "title"), _optional(reply, "id")
    return Inbound(
        wamid=_text(one["id"]),
        at=_instant(one["timestamp"]),
        kind=kind,
        sender=_optional(one, "from"),
        user_id=_optional(one, "from_user_id"),
        text=text,
        payload=payload,
        in_reply_to=_optional(one.get("context") or {}, "id"),
    )


def _preference(one: Mapping[str, Any]) -> Preference:
    return Preference(
        value=_text(one["value"]),
        at=_instant(one["timestamp"]),
        sender=_optional(one, "wa_id"),
        user_id=_optional(one, "user_id"),
    )


def _dicts(holder: object, key: str) -> list[Mapping[str, Any]]:
    """The objects in a list that may be missing or something else."""
    found = holder.get(key) if isinstance(holder, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        msg = f"expected a text, got {value!r}"
        raise ValueError(msg)
    return value


def _optional(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return "" if value is None else str(value)


def _instant(value: object) -> datetime:
    """Seconds since 1970, as a text or a number."""
    return datetime.fromtimestamp(int(str(value)), UTC)
