"""Values as a program reads them: dataclasses and named tuples as objects, money as text, instants as ISO 8601 in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """What `json` can write. Spans are in seconds; of a reason it is the name, in lower case."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return round(value.total_seconds())
        case Decimal():
            return str(value)
        case Enum():
            return value.name.lower()
        case str() | int() | None:
            return value
        case Mapping():
            return {str(plain(key)): plain(one) for key, one in value.items()}
        case tuple() if hasattr(value, "_asdict"):  # one that has names
            return plain(value._asdict())
        case Sequence():
            return [plain(one) for one in value]
    assert is_dataclass(value)  # noqa: S101 - nothing else is ever shown
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
