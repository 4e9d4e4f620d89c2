"""How a request to WooCommerce looks on the wire: its address, its proof, how long it may take.

Built on the `woocommerce` package. Sources: WooCommerce's class-wc-rest-authentication.php for
keys and signatures; measured on 9.9.5 where it says so.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests
import woocommerce
from woocommerce.oauth import OAuth

from agent.clients.session import LONGEST_CONNECT

INDEX = ""  # the endpoint of /wp-json/ itself
OTHER_NAMESPACES = ("wc-analytics/", "wc-admin/")  # they take the same keys; all else is wc/v3

# WooCommerce 9.9.5 looks at keys only where the raw address has these letters, which that of plain
# permalinks has not. So they stand in a parameter that nobody reads; percent-encoded they do not
# count (measured).
_LOOK_AT_THE_KEY = "x=wp-json/wc/"

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the shop may be silent, in seconds: usually, with what costs it about eight times as
    much (order lines, variations), and with what changes something.
    """

    usual: float
    lines: float
    writes: float

    def with_request(self, method: str, endpoint: str, params: Params) -> float:
        if method != "GET":
            return self.writes
        return self.lines if _costs_much(endpoint, params) else self.usual


def _costs_much(endpoint: str, params: Params) -> bool:
    """Order lines are 85 % of what a page of orders takes, and WooCommerce adds them unless `_fields`
    leaves them out (measured). Variations are all made one by one.
    """
    parts = endpoint.strip("/").split("/")
    if parts[0] == "wc-analytics" or parts[-1] == "variations":
        return True
    fields = str(params.get("_fields", "line_items")).split(",")
    return parts[0] == "orders" and len(parts) <= 2 and "line_items" in fields


class _Signature(OAuth):  # type: ignore[misc]  # the package ships no types
    """The package leaves a slash in a value as it is; WooCommerce encodes it before it compares."""

    @staticmethod
    def normalize_parameters(params: Mapping[str, object]) -> dict[str, str]:
        return {_twice(name): _twice(value) for name, value in params.items()}


def _twice(value: object) -> str:
    """Percent-encoded, and the percent signs once more: `wc_rest_urlencode_rfc3986` in PHP."""
    return quote(unquote(str(value)), safe="").replace("%", "%25")


class ShopWire(woocommerce.API):  # type: ignore[misc]  # the package ships no types
    """The package's verbs over one persistent session.

    By itself the package opens a connection and reads all root certificates for every request, which
    costs 6 to 25 times as much. `_API__request` is what Python makes of its private `__request`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        *,
        session: requests.Session,
        patience: Patience,
        plain_permalinks: bool,
    ) -> None:
        super().__init__(url, key, secret)
        self._session, self._patience, self._plain = session, patience, plain_permalinks

    def path(self, endpoint: str) -> str:
        """What is asked, without parameters and without the host, for people to read."""
        directory = urlsplit(self.url).path
        return (
            f"{directory}/{'?rest_route=/' if self._plain else 'wp-json/'}{self._route(endpoint)}"
        )

    def _route(self, endpoint: str) -> str:
        endpoint = endpoint.strip("/")
        complete = endpoint == INDEX or endpoint.startswith(OTHER_NAMESPACES)
        return endpoint if complete else f"{self.version}/{endpoint}"

    def _API__request(  # noqa: N802  # the package's name, not ours
        self,
        method: str,
        endpoint: str,
        data: object,
        params: Params | None = None,
    ) -> requests.Response:
        params = params or {}
        silence = self._patience.with_request(method, endpoint, params)
        headers = {}
        if data is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
            data = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        # The index is public. WordPress would take the key for the name of a user with an
        # application password, and where those are in use answer 401.
        proven = endpoint != INDEX
        by_header = proven and self.is_ssl
        return self._session.request(
            method,
            self._address(method, endpoint, params, signed=proven and not self.is_ssl),
            data=data,
            headers=headers,
            auth=(self.consumer_key, self.consumer_secret) if by_header else None,
            timeout=(min(silence, LONGEST_CONNECT), silence),
            allow_redirects=False,
        )

    def _address(self, method: str, endpoint: str, params: Params, *, signed: bool) -> str:
        """With all parameters. Made anew for each try, because WooCommerce takes a nonce once."""
        route = self._route(endpoint)
        if not self._plain:
            address = f"{self.url}/wp-json/{route}"
            query = self._signed(method, address, params) if signed else params
            return f"{address}?{urlencode(query)}" if query else address
        route, letters = f"/{route}", "" if endpoint == INDEX else f"&{_LOOK_AT_THE_KEY}"
        query = {}
        if signed:
            # WordPress puts the home address together from its own, which ends without a slash.
            dummy = dict([_LOOK_AT_THE_KEY.split("=")])
            proof = self._signed(method, self.url, {"rest_route": route, **params, **dummy})
            query = {name: value for name, value in proof.items() if name.startswith("oauth_")}
        rest = urlencode({**params, **query})
        return f"{self.url}/?rest_route={quote(route)}{'&' if rest else ''}{rest}{letters}"

    def _signed(self, method: str, address: str, params: Params) -> dict[str, Any]:
        """`params` with OAuth's own: a fresh nonce, the time, and the signature over all of them."""
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]  # the shop does not know a web server's password
        oauth = _Signature(
            parts._replace(netloc=host).geturl(), self.consumer_key, self.consumer_secret,
            version=self.version, method=method,
        )  # fmt: skip
        query: dict[str, Any] = {
            **params,
            "oauth_consumer_key": self.consumer_key,
            "oauth_timestamp": oauth.timestamp,
            # the package draws from 10^8, so two in a quarter of an hour's requests could be equal
            "oauth_nonce": secrets.token_hex(20),
            "oauth_signature_method": "HMAC-SHA256",
        }
        query["oauth_signature"] = oauth.generate_oauth_signature(query, oauth.url)
        return query
