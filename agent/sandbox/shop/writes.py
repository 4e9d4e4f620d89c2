"""What writes to the sandbox shop's API have in common."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from agent.sandbox.shop.costs import Work
from agent.sandbox.shop.rows import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from agent.sandbox.shop.ground import Ground
    from agent.sandbox.shop.params import Params
    from agent.sandbox.shop.rows import Meta
    from agent.sandbox.shop.view import Paths

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def entries(sent: Params, name: str) -> list[dict[str, object]]:
    """The objects of a list that was sent; anything else in it is left out."""
    value = sent.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts_of(sent: Params, name: str, known: Iterable[str] | None = None) -> dict[str, str]:
    """The texts of an object that was sent; only the `known` names, if given."""
    value = sent.get(name)
    if not isinstance(value, dict):
        return {}
    allowed = None if known is None else set(known)
    return {key: str(one) for key, one in value.items() if allowed is None or key in allowed}


def merge_meta(shop: Ground, meta: list[Meta], sent: Params) -> None:
    """Overwrite by key, or add; a null value removes, as in WooCommerce."""
    for one in entries(sent, "meta_data"):
        key, value = str(one.get("key", "")), one.get("value")
        if value is None:
            meta[:] = [old for old in meta if old.key != key]
        elif key:
            shop.write_meta(meta, key, value)


def amount_of(value: str) -> Decimal:
    """An amount as WooCommerce reads it: "10,50" is 10.50, and what is no number is 0."""
    try:
        return Decimal(value.replace(",", ".").strip() or 0)
    except InvalidOperation:
        return ZERO


def moment_of(value: str, zone: tzinfo | None) -> datetime | None:
    """A date as WooCommerce reads it: without an offset it is local to `zone` (None: UTC), a day
    alone is its first second, and nonsense is 1970.
    """
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(f"{value}T00:00:00" if _DAY.fullmatch(value) else value)
    except ValueError:
        moment = datetime(1970, 1, 1)  # noqa: DTZ001 - gets its zone below
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def written(
    resource: str, fields: Paths | Mapping[str, object] | None, *, writes: bool = True
) -> Work:
    """The work of one object, read or written."""
    lines = fields is not None and "line_items" in fields
    return Work(resource, rows=1, full=fields is None, lines=lines, writes=writes)
