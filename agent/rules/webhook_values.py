"""Values as webhooks write them: each may be missing, or something else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_LARGEST = 2**63 - 1  # what an integer column holds


def elements(holder: object, key: str) -> list[Any]:
    """A list that may be missing or something else."""
    found = holder.get(key) if isinstance(holder, Mapping) else None
    return found if isinstance(found, list) else []


def inner(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object that may be missing or something else: then one without anything."""
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}


def text(value: object) -> str:
    """A text that has to be there. ValueError."""
    if not isinstance(value, str) or not value:
        msg = f"expected a text, got {value!r}"
        raise ValueError(msg)
    return whole(value)


def optional(holder: Mapping[str, Any], key: str) -> str:
    """What stands there as text; '' where nothing does."""
    value = holder.get(key)
    return "" if value is None else whole(str(value))


def whole(text: str) -> str:
    """Half an emoji, left where a text was cut off, becomes a question mark: no table holds it."""
    return text.encode(errors="replace").decode()


def code(value: Any) -> int:
    """An error code. ValueError, TypeError."""
    number = int(value)
    if abs(number) > _LARGEST:
        raise ValueError("too large for an error code")
    return number


def instant(value: object) -> datetime:
    """Seconds since 1970, as a text or a number. ValueError, OverflowError, OSError."""
    return datetime.fromtimestamp(int(str(value)), UTC)
