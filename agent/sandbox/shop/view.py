"""From rows to JSON: what every kind of answer shares. Only the fields that were asked are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from datetime import datetime

    from agent.sandbox.shop.rows import Meta
    from agent.sandbox.shop.shop import Shop

R = TypeVar("R")
JsonObject = dict[str, object]
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Paths = dict[str, Any]  # {"id": {}, "billing": {"phone": {}}}; {} stands for all below


@dataclass(frozen=True, slots=True)
class View:
    """How the shop is looked at in one request."""

    shop: Shop
    home: str  # "http://127.0.0.1:8080", as the client calls it
    space: str = "wc/v3"
    decimals: int = 2  # the parameter `dp`; only orders and refunds mind it
    plain: bool = False  # no pretty permalinks: addresses of the API go by ?rest_route=

    def amount(self, value: Decimal) -> str:
        return str(value.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP))

    def local(self, moment: datetime | None) -> str | None:
        return None if moment is None else self.shop.local(moment).isoformat()

    def url(self, *parts: object) -> str:
        return self.rest_url("/" + "/".join([self.space, *map(str, parts)]))

    def rest_url(self, route: str, *, query: bool = False) -> str:
        """The address of a route ("/wc/v3/orders"); `query`: more parameters will follow."""
        if not self.plain:
            return f"{self.home}/wp-json{route}"
        return f"{self.home}/index.php?rest_route={quote(route, safe='') if query else route}"

    def links(
        self, *parts: object, methods: Iterable[str] | None = ALL_METHODS, up: object = None
    ) -> JsonObject:
        """`_links` of the object at `parts` below the namespace: itself, its list, its parent."""
        me: JsonObject = {"href": self.url(*parts)}
        if methods is not None:
            me["targetHints"] = {"allow": list(methods)}
        found: JsonObject = {"self": [me], "collection": [{"href": self.url(*parts[:-1])}]}
        if up is not None:
            found["up"] = [{"href": up}]
        return found


Maker = Callable[[View, R], object]


class Fields(Generic[R]):
    """One kind of object: its fields in WooCommerce's order, each with how it is made of a row."""

    def __init__(self, makers: Mapping[str, Maker[R]]) -> None:
        self._makers = makers

    def render(
        self, view: View, rows: Iterable[R], wanted: Paths | None = None, *, alone: bool = False
    ) -> list[JsonObject]:
        """The rows as JSON objects with the `wanted` fields (None: all).

        An object asked `alone` keeps its `_links`, whatever `_fields` says.
        """
        if wanted is None:
            return [{name: make(view, row) for name, make in self._makers.items()} for row in rows]
        chosen = [
            (name, make, wanted.get(name, {}))
            for name, make in self._makers.items()
            if name in wanted or (alone and name == "_links")
        ]
        found = []
        for row in rows:
            item: JsonObject = {}
            for name, make, below in chosen:
                value = narrowed(make(view, row), below) if below else make(view, row)
                if value is not None or not below:
                    item[name] = value
            found.append(item)
        return found


def wanted_fields(names: Iterable[str]) -> Paths | None:
    """The `_fields` parameter as a tree; None (all fields) if it names nothing."""
    tree: Paths = {}
    for name in names:
        branch, whole = tree, False
        for part in name.strip().split("."):
            if part in branch and not branch[part]:
                whole = True  # "billing" is asked for already, so "billing.phone" adds nothing
                break
            branch = branch.setdefault(part, {})
        if not whole:
            branch.clear()  # "billing" after "billing.phone": all of it
    tree.pop("", None)
    return tree or None


def narrowed(value: object, below: Paths) -> object:
    """Only the paths `below` of an object; None if it has none of them.

    TRAP, as in WordPress: a list has no named parts, so "line_items.product_id" finds nothing and
    the whole field is silently missing from the answer.
    """
    if not isinstance(value, dict):
        return None
    found = {}
    for name, part in value.items():
        if name in below:
            inner = narrowed(part, below[name]) if below[name] else part
            if inner is not None or not below[name]:
                found[name] = inner
    return found or None


def gmt(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()[:19]


def number(value: Decimal, parts: int = 1) -> int | float:
    """`value / parts` as PHP writes it into JSON: 88 or 79.2 or 48.330000000000005."""
    share = float(value) / parts
    return int(share) if share.is_integer() else share


def metas(meta: Iterable[Meta]) -> list[JsonObject]:
    return [{"id": one.id, "key": one.key, "value": one.value} for one in meta]
