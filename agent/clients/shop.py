"""The shop's REST API: rows in, named failures out."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from agent import retry
from agent.clients.gate import PARALLEL, Ending, Errand, Gate
from agent.clients.session import (
    log_the_wait,
    open_session,
    require_address,
    require_header_safe,
    trouble,
)
from agent.clients.shop_answers import Asked, http_date, parsed, told_to_wait
from agent.clients.shop_failures import (
    failure_of,
    sign_of_answer,
    sign_of_silence,
    unreachable,
    unusable,
)
from agent.clients.shop_wire import INDEX, Patience, ShopWire
from agent.errors import Garbled, WinbackError

Row = dict[str, Any]

POOL = 8  # connections kept open: as many as [shop] parallel may be


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    `total` is the shop's X-WP-Total, the rows on all pages together; past the last page of orders
    WooCommerce says 0. Lists that are never paged (an order's notes) have no such header: there it
    is the number of rows. `served_at` is the answer's Date header: the shop's clock, aware UTC,
    whole seconds. `elapsed`: seconds from the sending to the last byte of the answer, in which a
    wait at the gate does not count.
    """

    rows: list[Row]
    total: int
    served_at: datetime
    elapsed: float = field(default=0.0, compare=False)
    counted: bool = field(default=True, compare=False)  # whether the shop told the total

    @property
    def read_at(self) -> datetime:
        """When the shop began to read these rows, by its own clock and at the latest: the Date
        header is that of the end, and what changed in between is not in the answer."""
        began = self.served_at - timedelta(seconds=self.elapsed)
        return began.replace(microsecond=0)


class _Answered(NamedTuple):
    asked: Asked
    response: requests.Response
    body: Any  # the JSON
    elapsed: float  # seconds


class Shop:
    """One WooCommerce. Any number of threads may share it (see `open_session`).

    `endpoint` is what follows /wp-json/wc/v3/ (`orders/12/notes`), or begins with another namespace
    that takes the same keys (`wc-analytics/variations`).

    Every method raises Unauthorized, Refused (`code` is the shop's own: `rest_no_route`,
    `woocommerce_rest_coupon_code_already_exists`, else the HTTP status) or Retryable, after
    `retry.reads` has had its tries; the Retryable is a ShopAway while nothing at all is answered
    (see `Absence`), then mostly without a request. Reads raise Garbled for an answer that is not
    what was asked for. Writes raise Unsure for that and for every answer that was lost: their
    Retryable always means that the shop has done nothing, which is why they may share the patience
    of the reads.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        *,
        ca_file: str = "",
        plain_permalinks: bool = False,
        parallel: int = PARALLEL,
        timeout: float = 60.0,
        lines_timeout: float | None = None,
        write_timeout: float | None = None,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
        user_agent: str,
    ) -> None:
        """`ca_file`: the only CA to trust, as PEM; "" trusts the public and the system's ones.

        `plain_permalinks`: whether WordPress has them, which decides what its addresses look like.
        `parallel`: how many requests may be under way at once, from all threads together. `timeout`:
        the longest silence in seconds; the whole answer may take longer if it keeps coming.
        `lines_timeout`: the same for what costs the shop much, `write_timeout` for what changes
        something; None is `timeout`. `sleep` waits, between two tries and at the gate; what it raises
        passes through. `monotonic`: seconds that never go back.

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
        self._wire = ShopWire(
            url,
            key,
            secret,
            session=self._session,
            patience=Patience(
                usual=timeout,
                lines=timeout if lines_timeout is None else lines_timeout,
                writes=timeout if write_timeout is None else write_timeout,
            ),
            plain_permalinks=plain_permalinks,
        )
        self._monotonic = monotonic
        self.gate = Gate(parallel, sleep=sleep, monotonic=monotonic)
        self._retrying = retry.reads(self._rest).copy(before_sleep=log_the_wait)

    def succeed(self, before: "Shop") -> None:
        """Pass the gate of `before`, a client of the same shop, from now on: requests of both count
        together, and what is known of the shop (that it is away) stays known. For a reload.
        """
        before.gate.parallel = self.gate.parallel
        self.gate = before.gate

    def page(self, endpoint: str, **params: str | int) -> Page:
        """GET a list. One page of it: `page`, `per_page` and the rest are the shop's own.

        Raises Garbled also when the answer has no Date header: the cursor of a sync stands on it.
        """
        answered = self._ask("GET", endpoint, partial(self._wire.get, params=params))
        rows = answered.body
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unusable(answered.asked, answered.response, "a list of rows")
        return _page(answered, rows)

    def item(self, endpoint: str, **params: str | int) -> Page:
        """GET an object, as the only row of a page: with the shop's clock. Raises as `page` does."""
        answered = self._ask("GET", endpoint, partial(self._wire.get, params=params))
        return _page(answered, [_object(answered)])

    def one(self, endpoint: str, **params: str | int) -> Row:
        """GET an object."""
        return _object(self._ask("GET", endpoint, partial(self._wire.get, params=params)))

    def site(self) -> Row:
        """GET /wp-json/: what WordPress tells everyone of the site: `name`, `timezone_string` (an
        IANA name, or "" where only an offset is set) and `gmt_offset` (hours).
        """
        fields = {"_fields": "name,url,home,timezone_string,gmt_offset"}
        return _object(self._ask("GET", INDEX, partial(self._wire.get, params=fields)))

    def create(self, endpoint: str, body: Mapping[str, Any]) -> Row:
        """POST: what the shop made of it. Read that: it drops and rounds without a word."""
        return _object(self._ask("POST", endpoint, partial(self._wire.post, data=body)))

    def update(self, endpoint: str, body: Mapping[str, Any]) -> Row:
        """PUT. Not repeated blindly either: an order's new line would be added twice."""
        return _object(self._ask("PUT", endpoint, partial(self._wire.put, data=body)))

    def remove(self, endpoint: str, **params: str | int) -> Row:
        """DELETE: into the bin, or for good with force="true"; what was removed."""
        return _object(self._ask("DELETE", endpoint, partial(self._wire.delete, params=params)))

    def close(self) -> None:
        self._session.close()

    def _rest(self, seconds: float) -> None:
        self.gate.sleep(seconds)

    def _ask(self, method: str, endpoint: str, send: partial[requests.Response]) -> _Answered:
        """All tries of one request. One gate for all of them, whatever a reload does meanwhile."""
        gate = self.gate
        asked = Asked(method, self._wire.path(endpoint), self._shown, self._secrets)
        fields = str(send.keywords.get("params", {}).get("_fields", ""))
        errand = gate.begin(f"{asked} {send.keywords}")
        try:
            return self._retrying(self._once, gate, errand, asked, fields, partial(send, endpoint))
        except WinbackError as failure:
            raise gate.failure_of_errand(errand, failure) from None

    def _once(
        self,
        gate: Gate,
        errand: Errand,
        asked: Asked,
        fields: str,
        send: Callable[[], requests.Response],
    ) -> _Answered:
        with gate.turn(errand):
            begun = self._monotonic()
            try:
                response = send()
            except requests.RequestException as error:
                why = trouble(error)
                gate.ended(errand, Ending(sign_of_silence(why), good=False))
                failure: WinbackError | None = unreachable(asked, why)
            else:
                elapsed = self._monotonic() - begun
                body = parsed(response)
                failure = failure_of(asked, response, body)
                gate.ended(errand, _ending(asked, fields, response, failure, elapsed))
        if failure is not None:  # raised out here, without the error whose text holds our signature
            raise gate.failure_of_try(errand, failure)
        return _Answered(asked, response, body, elapsed)


def _ending(
    asked: Asked,
    fields: str,
    response: requests.Response,
    failure: WinbackError | None,
    elapsed: float,
) -> Ending:
    """What the gate has to know of an answer. Answers of about the same size to the same question,
    with the same fields, should take about the same time.
    """
    after = told_to_wait(response)
    shape, size = re.sub(r"\d+", "#", asked.path), len(response.content).bit_length() // 2
    return Ending(
        sign_of_answer(response, failure),
        good=after is None
        and response.status_code not in (408, 429)
        and response.status_code < 500,
        kind=f"{asked.method} {shape} {fields} {size}",
        seconds=elapsed,
        after=after,
    )


def _object(answered: _Answered) -> Row:
    if not isinstance(answered.body, dict):
        raise unusable(answered.asked, answered.response, "an object")
    return answered.body


def _page(answered: _Answered, rows: list[Row]) -> Page:
    headers = answered.response.headers
    served_at = http_date(headers.get("Date", ""))
    total = headers.get("X-WP-Total", str(len(rows)))
    if served_at is None or not total.isdecimal():
        header = "Date" if served_at is None else "X-WP-Total"
        raise Garbled(
            f"{answered.asked}: the answer of {answered.asked.shop} has no valid {header} header",
            fix="the web server or a proxy in front of the shop strips it: let it pass",
        )
    return Page(rows, int(total), served_at, answered.elapsed, "X-WP-Total" in headers)
