"""Lists: which rows a request means, in which order, and which page of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

from flask import request

from agent.sandbox.shop.costs import Work
from agent.sandbox.shop.exchange import Exchange, current, reply
from agent.sandbox.shop.params import (
    Params,
    Rule,
    between,
    boolean,
    date,
    list_of,
    one_of,
    text,
    whole,
)
from agent.sandbox.shop.rows import Product
from agent.sandbox.shop.table import HasId

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flask import Response

    from agent.sandbox.shop.table import Table
    from agent.sandbox.shop.view import Fields, View

DATES = ("after", "before", "modified_after", "modified_before")

LIST_RULES: dict[str, Rule] = {
    "page": between(1),
    "per_page": between(1, 100),
    "offset": whole,
    "order": one_of("asc", "desc"),
    "include": list_of(whole),
    "exclude": list_of(whole),
    "search": text,
    "context": one_of("view", "edit"),
}
DATE_RULES: dict[str, Rule] = {**dict.fromkeys(DATES, date), "dates_are_gmt": boolean}


class Dated(Protocol):
    id: int
    created: datetime
    modified: datetime


class Post(Dated, Protocol):
    """A row that also keeps the local times as they were written."""

    created_local: datetime
    modified_local: datetime


A = TypeVar("A")
H = TypeVar("H", bound=HasId)


@dataclass(frozen=True, slots=True)
class Listed(Generic[A]):
    """A page of rows, and what the headers say about the rest."""

    rows: Sequence[A]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.per_page)


def order_dates(params: Params, zone: ZoneInfo) -> list[Callable[[Dated], bool]]:
    """The tests for after, before, modified_after, modified_before: strict, in whole seconds."""
    tests: list[Callable[[Dated], bool]] = []
    for name in DATES:
        if (bound := params.date(name)) is None:
            continue
        gmt = params.flag("dates_are_gmt")
        moment = bound.in_gmt_column(zone) if gmt else bound.instant(zone)
        tests.append(_bound(name, moment))
    return tests


def post_dates(params: Params, zone: ZoneInfo) -> list[Callable[[Post], bool]]:
    """The same for products and coupons: without the flag, local times as they were written."""
    tests: list[Callable[[Post], bool]] = []
    for name in DATES:
        if (bound := params.date(name)) is None:
            continue
        if params.flag("dates_are_gmt"):
            tests.append(_bound(name, bound.in_gmt_column(zone)))
        else:
            tests.append(_bound(name, bound.in_local_column(zone), "_local"))
    return tests


def _bound(name: str, moment: datetime, suffix: str = "") -> Callable[[object], bool]:
    column = ("modified" if name.startswith("modified") else "created") + suffix
    if name.endswith("after"):
        return lambda row: getattr(row, column) > moment
    return lambda row: getattr(row, column) < moment


def all_of(tests: Sequence[Callable[[A], bool]], params: Params) -> Callable[[A], bool]:
    """One test of many, and `exclude` among them."""
    out = frozenset(params.numbers("exclude"))
    every = [*tests]
    if out:
        every.append(lambda row: getattr(row, "id", 0) not in out)
    if len(every) == 1:
        return every[0]
    return lambda row: all(test(row) for test in every)


def paged(params: Params, rows: Sequence[A]) -> Listed[A]:
    """The page that is asked for. `offset` beats `page`."""
    per_page = params.number("per_page", 10)  # also for include= with many more ids
    page = params.number("page", 1)
    start = params.number("offset") if "offset" in params else (page - 1) * per_page
    return Listed(rows[start : start + per_page], len(rows), page, per_page)


def loosely_sorted(
    params: Params, rows: Sequence[H], value: Callable[[H], Any], *, descending: bool
) -> list[H]:
    """Sorted by `value`, ties as a database without a second sort key leaves them.

    TRAP: they fall otherwise on every page, so a walk over pages loses some rows and sees others
    twice. A shop with `tidy_ties` keeps them by id.
    """
    per_page = params.number("per_page", 10)
    start = (params.number("page", 1) - 1) * per_page
    place = params.number("offset", start)
    if current().shop.tidy_ties:
        return sorted(rows, key=lambda row: (value(row), row.id), reverse=descending)
    return sorted(
        rows, key=lambda row: (value(row), hash((row.id, place)) & 0xFFFF), reverse=descending
    )


def by_include(params: Params, rows: Iterable[H]) -> list[H]:
    """In the order in which `include` names them."""
    place = {number: at for at, number in enumerate(params.numbers("include"))}
    return sorted(rows, key=lambda row: place.get(row.id, len(place)))


def pick(
    table: Table[H],
    params: Params,
    tests: Sequence[Callable[[H], bool]],
    *filters: str,
    among: Collection[int] = (),
    key: Callable[[H], Any] | None = None,
    descending: bool = False,
) -> list[H]:
    """The rows that pass all `tests`, sorted by `key` (None: by id).

    `filters` name the parameters that the tests look at, beside those that all lists have.
    """
    names = ("include", "exclude", "search", *DATES, "dates_are_gmt", "orderby", "order", *filters)
    return table.select(
        (request.path, current().shop.timezone, descending, *params.key(*names)),
        all_of(tests, params),
        among=params.numbers("include") or among,
        key=key,
        reverse=descending,
    )


def answer(
    listed: Listed[A],
    fields: Fields[A],
    params: Params,
    *,
    resource: str,
    view: View,
    extra: Sequence[tuple[str, str]] = (),
    skip: str = "",
    base: str = "",
    below_parent: bool = False,
) -> Response:
    """The JSON list with its headers. `extra` and `skip` are what Link adds and leaves out."""
    exchange = current()
    wanted = exchange.fields
    exchange.work = Work(
        resource,
        rows=len(listed.rows),
        full=wanted is None,
        lines=wanted is not None and "line_items" in wanted,
        below_parent=below_parent,
        variable=sum(isinstance(row, Product) and row.type == "variable" for row in listed.rows),
    )
    headers = {"X-WP-Total": str(listed.total), "X-WP-TotalPages": str(listed.pages)}
    if link := _link(exchange, listed, params, extra=extra, skip=skip, base=base):
        headers["Link"] = link
    return reply(fields.render(view, listed.rows, wanted), headers=headers)


def _link(
    exchange: Exchange,
    listed: Listed[A],
    params: Params,
    *,
    extra: Sequence[tuple[str, str]],
    skip: str,
    base: str,
) -> str:
    pairs = [
        pair
        for name, sent in exchange.query.items()
        if name != skip
        for pair in params.echo(name, sent)
    ]
    pairs += [pair for pair in extra if pair[0] not in exchange.query]

    def to(page: int, rel: str) -> str:
        there = dict(pairs) | {"page": str(page)}
        if exchange.trouble.plain:
            there.pop("rest_route", None)  # stands in the address already
        address = base or exchange.view.rest_url(request.path.removeprefix("/wp-json"), query=True)
        mark = "&" if "?" in address else "?"
        return f'<{address}{mark}{urlencode(there, quote_via=quote)}>; rel="{rel}"'

    links = []
    if listed.page > 1:
        links.append(to(min(listed.page - 1, listed.pages), "prev"))
    if listed.page < listed.pages:
        links.append(to(listed.page + 1, "next"))
    return ", ".join(links)
