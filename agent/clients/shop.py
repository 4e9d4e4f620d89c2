"""The shop's REST API: rows in, named failures out. Built on the `woocommerce` package."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import woocommerce

from agent import retry
from agent.clients.session import (
    LONGEST_CONNECT,
    log_the_wait,
    open_session,
    require_address,
    require_header_safe,
)
from agent.clients.shop_answers import Asked, http_date, parsed
from agent.clients.shop_failures import complaint, unreachable, unusable
from agent.errors import Garbled

Row = dict[str, Any]
_Answered = tuple[Asked, requests.Response, Any]  # the last is the body's JSON

POOL = 8  # connections kept open; more may be opened, they are closed after use
INDEX = ""  # the endpoint of /wp-json/ itself
OTHER_NAMESPACES = ("wc-analytics/", "wc-admin/")  # they take the same keys; all else is wc/v3


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    `total` is the shop's X-WP-Total, the rows on all pages together; past the last page of orders
    WooCommerce says 0. Lists that are never paged (an order's notes) have no such header: there it
    is the number of rows. `served_at` is the answer's Date header: the shop's clock, aware UTC,
    whole seconds.
    """

    rows: list[Row]
    total: int
    served_at: datetime


class _SessionApi(woocommerce.API):  # type: ignore[misc]  # the package ships no types
    """The package's addresses and signatures over one persistent session.

    By itself it opens a connection and reads all root certificates for every request, which costs
    6 to 25 times as much. `_API__request` is what Python makes of its private `__request`.
    """

    def __init__(
        self, url: str, key: str, secret: str, *, session: requests.Session, timeout: float
    ) -> None:
        super().__init__(url, key, secret)
        self._session = session
        self._timeout = (min(timeout, LONGEST_CONNECT), timeout)

    def address(self, endpoint: str) -> str:
        endpoint = endpoint.strip("/")
        plain = endpoint == INDEX or endpoint.startswith(OTHER_NAMESPACES)
        namespace = "" if plain else f"{self.version}/"
        return f"{self.url}/wp-json/{namespace}{endpoint}"

    def _API__request(  # noqa: N802  # the package's name, not ours
        self,
        method: str,
        endpoint: str,
        data: object,
        params: Mapping[str, str | int] | None = None,
    ) -> requests.Response:
        params = params or {}
        address, auth, headers = self.address(endpoint), None, {}
        if endpoint == INDEX:
            # Public. WordPress would take the key for the name of a user with an application
            # password, and where those are in use answer 401.
            pass
        elif self.is_ssl:
            auth = (self.consumer_key, self.consumer_secret)
        else:
            # Signed anew for each try: WooCommerce takes a nonce once. The parameters stand in the
            # signed address; sent beside it, as the package does, they would go out twice.
            address = self._API__get_oauth_url(f"{address}?{urlencode(params)}", method)
            params = {}
        if data is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
            data = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        return self._session.request(
            method,
            address,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=self._timeout,
            allow_redirects=False,
        )


class Shop:
    """One WooCommerce. Any number of threads may share it (see `open_session`).

    `endpoint` is what follows /wp-json/wc/v3/ (`orders/12/notes`), or begins with another namespace
    that takes the same keys (`wc-analytics/variations`). `timeout` is the longest silence in
    seconds; the whole answer may take longer if it keeps coming. `sleep` waits between two tries;
    what it raises passes through.

    Every method raises Unauthorized, Refused (`code` is the shop's own: `rest_no_route`,
    `woocommerce_rest_coupon_code_already_exists`, else the HTTP status) or Retryable, after
    `retry.reads` has had its tries. Reads raise Garbled for an answer that is not what was asked
    for. Writes raise Unsure for that and for every answer that was lost: their Retryable always
    means that the shop has done nothing, which is why they may share the patience of the reads.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        *,
        ca_file: str = "",
        timeout: float = 60.0,
        sleep: Callable[[float], None],
        user_agent: str,
    ) -> None:
        """`ca_file`: the only CA to trust, as PEM; "" trusts the public and the system's ones.

        Raises ConfigError when `ca_file` cannot be read, or the url or a key cannot be one.
        """
        require_header_safe("[shop] key", key)
        require_header_safe("[shop] secret", secret)
        url = require_address("[shop] url", url.rstrip("/"))
        parts = urlsplit(url)
        self._secrets = tuple(filter(None, (key, secret, parts.password)))
        self._shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._session = open_session(
            pool=POOL,
            ca_file=ca_file,
            headers={"User-Agent": user_agent, "Accept": "application/json"},
        )
        self._api = _SessionApi(url, key, secret, session=self._session, timeout=timeout)
        self._retrying = retry.reads(sleep).copy(before_sleep=log_the_wait)

    def page(self, endpoint: str, **params: str | int) -> Page:
        """GET a list. One page of it: `page`, `per_page` and the rest are the shop's own.

        Raises Garbled also when the answer has no Date header: the cursor of a sync stands on it.
        """
        asked, response, rows = self._ask("GET", endpoint, partial(self._api.get, params=params))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unusable(asked, response, "a list of rows")
        served_at = http_date(response.headers.get("Date", ""))
        total = response.headers.get("X-WP-Total", str(len(rows)))
        if served_at is None or not total.isdecimal():
            header = "Date" if served_at is None else "X-WP-Total"
            raise Garbled(
                f"{asked}: the answer of {asked.shop} has no valid {header} header",
                fix="the web server or a proxy in front of the shop strips it: let it pass",
            )
        return Page(rows=rows, total=int(total), served_at=served_at)

    def one(self, endpoint: str, **params: str | int) -> Row:
        """GET an object."""
        return self._object(*self._ask("GET", endpoint, partial(self._api.get, params=params)))

    def site(self) -> Row:
        """GET /wp-json/: what WordPress tells everyone of the site: `name`, `timezone_string` (an
        IANA name, or "" where only an offset is set) and `gmt_offset` (hours).
        """
        fields = {"_fields": "name,url,home,timezone_string,gmt_offset"}
        return self._object(*self._ask("GET", INDEX, partial(self._api.get, params=fields)))

    def create(self, endpoint: str, body: Mapping[str, Any]) -> Row:
        """POST: what the shop made of it. Read that: it drops and rounds without a word."""
        return self._object(*self._ask("POST", endpoint, partial(self._api.post, data=body)))

    def update(self, endpoint: str, body: Mapping[str, Any]) -> Row:
        """PUT. Not repeated blindly either: an order's new line would be added twice."""
        return self._object(*self._ask("PUT", endpoint, partial(self._api.put, data=body)))

    def remove(self, endpoint: str, **params: str | int) -> Row:
        """DELETE: into the bin, or for good with force="true"; what was removed."""
        return self._object(
            *self._ask("DELETE", endpoint, partial(self._api.delete, params=params))
        )

    def close(self) -> None:
        self._session.close()

    def _ask(
        self, method: str, endpoint: str, send: Callable[[str], requests.Response]
    ) -> _Answered:
        return self._retrying(self._once, method, endpoint, send)

    def _once(
        self, method: str, endpoint: str, send: Callable[[str], requests.Response]
    ) -> _Answered:
        path = urlsplit(self._api.address(endpoint)).path
        asked = Asked(method, path, self._shown, self._secrets)
        try:
            response = send(endpoint)
        except requests.RequestException as error:
            raise unreachable(asked, error) from None  # its text holds the signed address
        if not 200 <= response.status_code < 300:
            raise complaint(asked, response)
        answer = parsed(response)
        if answer is None:
            raise unusable(asked, response, "JSON")
        return asked, response, answer

    @staticmethod
    def _object(asked: Asked, response: requests.Response, answer: Any) -> Row:
        if not isinstance(answer, dict):
            raise unusable(asked, response, "an object")
        return answer
