"""One request to the sandbox shop and what it needs to be answered."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from flask import Response, g, request

from agent.sandbox.shop.costs import Work
from agent.sandbox.shop.errors import WooError, absent
from agent.sandbox.shop.params import Params, PhpValue, Rule, boolean, list_of, text
from agent.sandbox.shop.view import JsonObject, View, wanted_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.shop.trouble import Trouble
    from agent.sandbox.shop.view import Paths

R = TypeVar("R")

JSON_TYPE = "application/json; charset=UTF-8"
FIELD_NAMES = list_of(text)


@dataclass(slots=True)
class Exchange:
    """Filled while Flask handles a request; `current()` finds it."""

    shop: Shop
    query: dict[str, PhpValue]
    home: str
    trouble: Trouble
    began: float = field(default_factory=time.monotonic)
    known: bool = False  # the caller has shown a key
    silent: bool = False  # the answer does not tell which methods are allowed
    work: Work = field(default_factory=lambda: Work("other"))

    @property
    def view(self) -> View:
        space = "wc-analytics" if "/wc-analytics/" in request.path else "wc/v3"
        return View(self.shop, self.home, space, self.shop.decimals, self.trouble.plain)

    @property
    def fields(self) -> Paths | None:
        sent = self.query.get("_fields", "")
        return wanted_fields(cast("tuple[str, ...]", FIELD_NAMES("_fields", sent)))

    def params(self, rules: Mapping[str, Rule]) -> Params:
        """The checked query; WooError 400."""
        return Params(rules, self.query)

    def body(self, rules: Mapping[str, Rule]) -> Params:
        """The checked JSON of a write, with the query's parameters below it; WooError 400."""
        return Params(rules, {**self.query, **sent_json()})

    def need_key(self, code: str = "cannot_view", message: str = "") -> None:
        """WooError 401 for a stranger. Parameters are checked before, as in WordPress."""
        if not self.known:
            message = message or "Sorry, you cannot list resources."
            raise WooError(f"woocommerce_rest_{code}", message, 401)

    def may_create(self) -> None:
        self.need_key("cannot_create", "Sorry, you are not allowed to create resources.")

    def may_see(self) -> None:
        self.need_key("cannot_view", "Sorry, you cannot view this resource.")

    def may_edit(self) -> None:
        self.need_key("cannot_edit", "Sorry, you are not allowed to edit this resource.")

    def may_delete(self) -> None:
        self.need_key("cannot_delete", "Sorry, you are not allowed to delete this resource.")

    def forced(self, what: str, *, trash: bool = True) -> bool:
        """Whether a delete is for good; WooError 501 if it must be and is not."""
        force = self.params({"force": boolean}).flag("force")
        if not force and not trash:
            message = f"{what} do not support trashing."
            raise WooError("woocommerce_rest_trash_not_supported", message, 501)
        return force


def current() -> Exchange:
    return cast("Exchange", g.exchange)


def found(row: R | None, what: str, status: int = 404) -> R:
    """The row; or WooError, because there is none."""
    if row is None:
        raise absent(what, status)
    return row


def sent_json() -> JsonObject:
    """The body of a write. WooError 400 if it is no JSON; an empty body is an empty object."""
    raw = request.get_data()
    if not raw or not (request.mimetype or "").endswith("json"):
        return {}
    try:
        sent = json.loads(raw)
    except ValueError:
        data = {"status": 400, "json_error_code": 4, "json_error_message": "Syntax error"}
        raise WooError("rest_invalid_json", "Invalid JSON body passed.", 400, data) from None
    return sent if isinstance(sent, dict) else {}


def reply(
    data: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer as `wp_json_encode` writes it: ASCII, with slashes escaped."""
    text = json.dumps(data, separators=(",", ":")).replace("/", "\\/")
    response = Response(text, status, content_type=JSON_TYPE)
    response.headers.update(headers or {})
    return response
