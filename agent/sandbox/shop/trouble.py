"""What can be wrong with a shop's server. Set `shop.trouble` to one of these, or back to None.

shop.trouble = Maintenance()                  every request gets the 503 page
shop.trouble = Next(3, Fatal())               the next three requests fail, then all is well
shop.trouble = Sometimes(LostAnswer(), 0.1)   each tenth request, by chance but repeatable
shop.trouble = Failing(0.3)                   three of ten, each in its own way
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that is not the API's."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "text/html; charset=UTF-8"
    names_the_api: bool = True  # carries the Link that points to /wp-json/
    cacheable: bool = False
    from_rest: bool = False  # WordPress had got as far as the REST API


class Trouble:
    """A way to fail. This one is none: each method is what a healthy server does."""

    plain = False  # the API is reached by ?rest_route= only, and names itself so
    loses_answer = False  # the work is done, and the connection closes without a byte

    def strike(self) -> Trouble:
        """The trouble for the request that begins now."""
        return self

    def instead(self, home: str, address: str) -> Page | None:
        """What comes instead of the shop's answer to `address` (path and query, as sent)."""

    def spoil(self, body: str) -> str:
        """What becomes of the JSON on its way out."""
        return body


class Maintenance(Trouble):
    """WordPress updates itself: 503, HTML, Retry-After in seconds."""

    def __init__(self, retry_after: int = 600) -> None:
        self.retry_after = retry_after

    def instead(self, home: str, address: str) -> Page:  # noqa: ARG002 - one signature for all
        text = "Briefly unavailable for scheduled maintenance. Check back in a minute."
        return Page(
            503,
            html("Maintenance", text),
            {"Retry-After": str(self.retry_after)},
            names_the_api=False,
        )


class Fatal(Trouble):
    """A plugin dies: 500 and WordPress's own HTML page."""

    def instead(self, home: str, address: str) -> Page:  # noqa: ARG002 - one signature for all
        text = "There has been a critical error on this website."
        return Page(500, html("WordPress &rsaquo; Error", text), from_rest=True)


class Busy(Trouble):
    """Something in front of the shop (a proxy, a host's limit) asks for patience."""

    def __init__(self, retry_after: int = 8, status: int = 429) -> None:
        self.retry_after, self.status = retry_after, status

    def instead(self, home: str, address: str) -> Page:  # noqa: ARG002 - one signature for all
        headers = {"Retry-After": str(self.retry_after)}
        return Page(
            self.status, html("Too many requests", "Slow down."), headers, names_the_api=False
        )


class Guarded(Trouble):
    """A security plugin lets nobody without a session use the REST API."""

    def instead(self, home: str, address: str) -> Page:  # noqa: ARG002 - one signature for all
        body = '{"code":"rest_login_required","message":"Only for users.","data":{"status":401}}'
        return Page(401, body, type="application/json; charset=UTF-8", from_rest=True)


class PlainPermalinks(Trouble):
    """No pretty addresses: /wp-json/... redirects, and then shows the home page with status 200.

    `/?rest_route=/wc/v3/...` is routed, but WooCommerce looks at keys only if the raw address holds
    "wp-json/wc/" or "wp-json/wc-" as it stands: `&x=wp-json/wc/` does it (see auth.py).
    """

    plain = True

    def instead(self, home: str, address: str) -> Page | None:
        path, mark, query = address.partition("?")
        if not path.startswith(("/wp-json", "/index.php/wp-json")):
            return None
        if path.endswith("/") and path.startswith("/wp-json"):
            return Page(200, html("Loja Exemplo", "Welcome."))
        target = f"{home}{path.removeprefix('/index.php').rstrip('/')}/{mark}{query}"
        headers = {"Location": target, "X-Redirect-By": "WordPress"}
        return Page(301, "", headers, names_the_api=False)


class Notice(Trouble):
    """A plugin prints a notice before the JSON: status 200, and nothing that can be parsed."""

    def spoil(self, body: str) -> str:
        return f"<br />Notice: Undefined index in plugin.php<br />{body}"


class LostAnswer(Trouble):
    """The shop does what was asked; the answer never arrives."""

    loses_answer = True


class Slow(Trouble):
    """Each answer takes `seconds` of real time longer: for clients that give up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def instead(self, home: str, address: str) -> None:  # noqa: ARG002 - one signature for all
        time.sleep(self.seconds)


class Next(Trouble):
    """The next `times` requests meet `trouble`; after them all is well."""

    def __init__(self, times: int, trouble: Trouble) -> None:
        self.left, self.trouble = times, trouble
        self._lock = threading.Lock()

    def strike(self) -> Trouble:
        with self._lock:
            self.left -= 1
            return self.trouble.strike() if self.left >= 0 else Trouble()


class Sometimes(Trouble):
    """Each request meets `trouble` with probability `rate`; the same `seed` strikes the same ones."""

    def __init__(self, trouble: Trouble, rate: float, seed: int = 0) -> None:
        self.trouble, self.rate = trouble, rate
        self._random, self._lock = Random(seed), threading.Lock()

    def strike(self) -> Trouble:
        with self._lock:
            return self.trouble.strike() if self._random.random() < self.rate else Trouble()


class Failing(Trouble):
    """A shop on its last legs: with probability `rate`, one of FAILURES at random.

    The same `seed` strikes the same requests in the same way, as long as they come one by one.
    """

    def __init__(self, rate: float, seed: int = 0) -> None:
        self.rate = rate
        self._random, self._lock = Random(seed), threading.Lock()

    def strike(self) -> Trouble:
        with self._lock:
            if self._random.random() >= self.rate:
                return Trouble()
            return self._random.choice(FAILURES)


# patience that is asked for is short: a test that waits as it is told is not to take minutes
FAILURES: tuple[Trouble, ...] = (
    Fatal(),
    Maintenance(retry_after=1),
    Busy(retry_after=1),
    LostAnswer(),
    Notice(),
)


def html(title: str, text: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en-US">\n<head>\n\t<meta charset="UTF-8" />\n'
        f"<title>{title}</title>\n</head>\n<body><p>{text}</p></body>\n</html>\n"
    )
