"""A small shop for tests, and a client that asks it without a network."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from agent.sandbox.shop.costs import Costs

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BUYER = {"first_name": "Ana", "email": "Ana@example.com", "phone": "+1 212 555 0100"}
KEY = "Basic " + b64encode(b"ck_sandbox:cs_sandbox").decode()


def small_shop(**settings: Any) -> Shop:
    return Shop(MovedClock(START), **settings)


class Client:
    """Asks over "https" with the key; `costs` as in shop_app."""

    def __init__(self, shop: Shop, costs: Costs | None = None) -> None:
        self._client: FlaskClient = shop_app(shop, costs=costs).test_client()

    def ask(
        self, method: str, path: str, *, params: dict[str, Any] | None = None, body: Any = None
    ) -> TestResponse:
        full = path if path.startswith("/") else f"/wp-json/wc/v3/{path}"
        query = urlencode(params or {})
        return self._client.open(
            full,
            method=method,
            query_string=query,
            base_url="https://shop.example",
            headers={"Authorization": KEY},
            json=body,
        )

    def get(self, path: str, **params: Any) -> TestResponse:
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: Any) -> TestResponse:
        return self.ask("POST", path, body=body)

    def put(self, path: str, body: Any) -> TestResponse:
        return self.ask("PUT", path, body=body)

    def delete(self, path: str, **params: Any) -> TestResponse:
        return self.ask("DELETE", path, params=params)

    def ids(self, path: str, **params: Any) -> list[int]:
        return [row["id"] for row in self.get(path, **params).json or []]
