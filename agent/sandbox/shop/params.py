"""Parameters of a request: read as PHP reads them, checked as WordPress checks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from agent.sandbox.shop.errors import (
    BadValue,
    Complaint,
    invalid_params,
    not_of_type,
    not_one_of,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")

PhpValue = str | dict[str, str]
Rule = Callable[[str, object], object]  # name, value as sent -> value; BadValue

# WordPress's rest_parse_date(): no date alone, no unix time, seconds are a must
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}(:\d{2})?)?")


def php_query(text: str) -> dict[str, PhpValue]:
    """A query string as PHP's $_GET: the last of equal names wins; a[]=1&a[]=2 is {"0": "1", ...}."""
    found: dict[str, PhpValue] = {}
    for pair in text.split("&"):
        name, _, value = (unquote_plus(part) for part in pair.partition("="))
        if not name:
            continue
        if (match := re.fullmatch(r"([^\[]+)\[([^\]]*)\]", name)) is None:
            found[name] = value
            continue
        array = found.get(match[1])
        if not isinstance(array, dict):
            array = found[match[1]] = {}
        array[match[2] or str(len(array))] = value
    return found


def text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise not_of_type(name, "string")
    return value


def email(name: str, value: object) -> str:
    """Text that is an e-mail address."""
    if not EMAIL.fullmatch(text(name, value)):
        raise BadValue(Complaint("rest_invalid_email", "Invalid email address."))
    return str(value)


def boolean(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    known = {"1": True, "true": True, "0": False, "false": False, "": False}
    if str(value).lower() not in known:
        raise not_of_type(name, "boolean")
    return known[str(value).lower()]


def whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value).strip()):
        raise not_of_type(name, "integer")
    return int(str(value))


def between(least: int, most: int | None = None) -> Rule:
    def rule(name: str, value: object) -> int:
        found = whole(name, value)
        if most is not None and not least <= found <= most:
            bounds = f"between {least} (inclusive) and {most} (inclusive)"
            raise BadValue(Complaint("rest_out_of_bounds", f"{name} must be {bounds}"))
        if found < least:
            message = f"{name} must be greater than or equal to {least}"
            raise BadValue(Complaint("rest_out_of_bounds", message))
        return found

    return rule


def one_of(*allowed: str) -> Rule:
    def rule(name: str, value: object) -> str:
        if value not in allowed:
            raise not_one_of(name, allowed)
        return str(value)

    return rule


def list_of(rule: Rule) -> Rule:
    """A list, or text with commas or spaces between its parts."""

    def rules(name: str, value: object) -> tuple[object, ...]:
        parts: list[object]
        if isinstance(value, str):
            parts = [part for part in re.split(r"[\s,]+", value) if part]
        elif isinstance(value, dict):
            parts = list(value.values())
        elif isinstance(value, list):
            parts = value
        else:
            raise not_of_type(name, "array")
        return tuple(rule(f"{name}[{place}]", part) for place, part in enumerate(parts))

    return rules


def date(_name: str, value: object) -> Date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise BadValue(Complaint("rest_invalid_date", "Invalid date."))
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise BadValue(Complaint("rest_invalid_date", "Invalid date.")) from None
    return Date(moment.replace(microsecond=0))


def mapping(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise not_of_type(name, "object")
    return value


def array(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise not_of_type(name, "array")
    return value


@dataclass(frozen=True, slots=True)
class Date:
    """A moment as it was sent: with an offset, or naive."""

    sent: datetime

    def in_gmt_column(self, zone: ZoneInfo) -> datetime:
        """What `dates_are_gmt=true` compares with the GMT column.

        TRAP: a value with an offset is first moved to the shop's local time, and then taken for
        GMT: rows are missed east of Greenwich, and found twice west of it.
        """
        return self.in_local_column(zone).replace(tzinfo=UTC)

    def in_local_column(self, zone: ZoneInfo) -> datetime:
        """What is compared with a post's own local time, when the flag is absent. Naive."""
        if self.sent.tzinfo is None:
            return self.sent
        return self.sent.astimezone(zone).replace(tzinfo=None)

    def instant(self, zone: ZoneInfo) -> datetime:
        """The moment that is meant: naive is the shop's local time. Orders do without the flag."""
        sent = self.sent.replace(tzinfo=zone) if self.sent.tzinfo is None else self.sent
        return sent.astimezone(UTC)


class Params:
    """Checked parameters by name. What was not sent has its default, or is absent."""

    def __init__(self, rules: Mapping[str, Rule], sent: Mapping[str, object]) -> None:
        """WooError 400 that names every value which does not fit. Unknown names are ignored."""
        self._values: dict[str, object] = {}
        complaints: dict[str, Complaint] = {}
        for name, rule in rules.items():
            if name not in sent:
                continue
            try:
                self._values[name] = rule(name, sent[name])
            except BadValue as error:
                complaints[name] = error.complaint
        if complaints:
            raise invalid_params(complaints)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, name: str) -> object:
        return self._values.get(name)

    def key(self, *names: str) -> tuple[object, ...]:
        """These parameters as something to remember a selection by."""
        return tuple(self._values.get(name) for name in names)

    def number(self, name: str, default: int = 0) -> int:
        value = self._values.get(name, default)
        return value if isinstance(value, int) else default

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, default)
        return value if isinstance(value, str) else default

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def numbers(self, name: str) -> tuple[int, ...]:
        value = self._values.get(name)
        return value if isinstance(value, tuple) else ()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name)
        return value if isinstance(value, tuple) else ()

    def date(self, name: str) -> Date | None:
        value = self._values.get(name)
        return value if isinstance(value, Date) else None

    def echo(self, name: str, sent: PhpValue) -> list[tuple[str, str]]:
        """A parameter as the Link header repeats it: lists spelled out, true as 1."""
        value = self._values.get(name)
        if isinstance(value, tuple):
            return [(f"{name}[{place}]", str(one)) for place, one in enumerate(value)]
        if isinstance(value, bool):
            return [(name, "1" if value else "")]
        if isinstance(sent, dict):
            return [(f"{name}[{place}]", one) for place, one in sent.items()]
        return [(name, sent)]
