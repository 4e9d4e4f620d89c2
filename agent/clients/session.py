"""The HTTP session that both clients use, and what its failures mean.

The one question that matters after a failed request is whether the other side can have seen it.
`requests` does not tell: a TLS handshake that timed out and an answer that never came are both a
`ReadTimeout`, a handshake that broke and a connection that broke later both an `SSLError`. So our
connections name every failure to connect `NotConnected`, before a byte of the request is written.
"""

import logging
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import BadStatusLine, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from threading import Event, Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from tenacity import RetryCallState
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    LocationParseError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
)

from agent.errors import ConfigError, WinbackError
from agent.log import Log

log = Log(__name__)

LONGEST_CONNECT = 10.0  # seconds; a host that is up accepts within one, whatever it then computes

PACKED = (
    "gzip, deflate"  # always: what else `requests` offers depends on what is installed beside it
)

# At DEBUG urllib3 writes whole addresses. With OAuth they hold the key and a signature, and that
# of Graph's /debug_token holds the token itself.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class NotConnected(NewConnectionError):
    """No connection came about (no such host, refused, timed out, TLS): nothing was sent."""


@contextmanager
def _connecting(connection: HTTPConnection) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPError, ssl.CertificateError) as error:
        raise NotConnected(connection, type(error).__name__) from error


class _PlainConnection(HTTPConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


@contextmanager
def _cut_after(seconds: float, connection: HTTPConnection) -> Iterator[None]:
    """Break the connection off if the head of an answer is not there by then: a timeout ends only a
    silence, and a byte every few seconds is none. Raises TimeoutError then."""
    over = Event()

    def cut() -> None:
        over.set()
        if connection.sock is not None:
            with suppress(OSError):  # it is over already
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if over.is_set():  # http.client takes the half of a head for a whole one
            raise TimeoutError


def _impatient(seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """Pools by scheme, of connections that wait for an answer no longer than that."""

    class Plain(_PlainConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 does
            with _cut_after(seconds, self):
                return super().getresponse()

    class Tls(_TlsConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 does
            with _cut_after(seconds, self):
                return super().getresponse()

    class PlainPool(_PlainPool):
        ConnectionCls = Plain

    class TlsPool(_TlsPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


class _Adapter(HTTPAdapter):
    """Pools of our connections. The root certificates are read once, not for each connection.

    Reading them takes about 20 ms of CPU, which `requests` spends again on every new connection.
    """

    def __init__(self, roots: ssl.SSLContext, pool: int, answer_within: float | None) -> None:
        self._roots, self._answer_within = roots, answer_within
        super().__init__(pool_maxsize=pool, max_retries=Retry(0, read=False), pool_block=False)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._roots, **options)
        self.poolmanager.pool_classes_by_scheme = (
            {"http": _PlainPool, "https": _TlsPool}
            if self._answer_within is None
            else _impatient(self._answer_within)
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to add: `_roots` verifies, and always; `verify` cannot turn it off."""


@cache
def _public_roots() -> ssl.SSLContext:
    """Mozilla's list and the system's own roots."""
    roots = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    roots.load_default_certs()
    return roots


def _roots_in(ca_file: str) -> ssl.SSLContext:
    """Only the CA in `ca_file`; read anew each time, because a reload may follow a change of it."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(
            f"the CA file {ca_file} cannot be used: {why}",
            fix="ca_file must be a readable PEM file with the certificate of the CA",
        ) from None


def open_session(
    *, pool: int, ca_file: str = "", headers: Mapping[str, str], answer_within: float | None = None
) -> requests.Session:
    """A session that any number of threads may share; `pool` connections are kept open.

    `answer_within`: seconds until the head of an answer must be there, however it trickles in.

    `requests` promises no thread safety, but what is shared here is safe: urllib3's pool is made
    for it, and all else is only read once this function has returned: cookies are refused, so
    no answer changes the session. One session for each thread would pay a TLS handshake for every
    thread of every short-lived executor, and nobody could close it.

    The machine's environment is not asked (`trust_env`): REQUESTS_CA_BUNDLE would beat our CA file,
    ~/.netrc our credentials, and a proxy is not ours to use. urllib3 neither retries nor follows
    redirects.

    Raises ConfigError when `ca_file` cannot be read.
    """
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept-Encoding": PACKED, **headers})
    adapter = _Adapter(_roots_in(ca_file) if ca_file else _public_roots(), pool, answer_within)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def require_header_safe(name: str, secret: str) -> str:
    """`secret` unchanged. A line break or a stray letter from a copy would surface later as an
    error text of `http.client` or `requests` that quotes the whole secret.

    Raises ConfigError.
    """
    if secret and secret.isascii() and secret.isprintable() and " " not in secret:
        return secret
    raise ConfigError(
        f"{name} is empty or has a space, a line break or a letter that no key has",
        fix=f"copy {name} again, as one word",
    )


def require_address(name: str, url: str) -> str:
    """`url` unchanged. Raises ConfigError when no request can ever be made to it."""
    try:
        requests.Request("GET", url).prepare()
    except requests.RequestException:
        raise ConfigError(
            f"{name} is not a valid address", fix='write it like "https://shop.example"'
        ) from None
    return url


def log_the_wait(state: RetryCallState) -> None:
    """For tenacity's `before_sleep`: with the level debug a retry does not look like a slow server."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, WinbackError) and state.next_action:
        log.debug("asking.again", what=error.what, seconds=round(state.next_action.sleep, 1))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no answer came. `reason` is in our words and never quotes an address or a header."""

    reason: str
    never_left: bool  # True: the other side has not seen the request, whatever it was
    certificate: bool = False  # True: the other side's certificate was not accepted


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what lies beneath it, outermost first."""
    while error is not None:
        yield error
        inner = error.reason if isinstance(error, MaxRetryError) else None
        wrapped = next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        error = inner or wrapped or error.__cause__


_NO_ADDRESS = (InvalidURL, MissingSchema, InvalidSchema, LocationParseError)

_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (_NO_ADDRESS, "the address is not a valid one"),
    (ConnectionRefusedError, "connection refused"),
    ((TimeoutError, ReadTimeoutError), "timed out"),
    (RemoteDisconnected, "the connection was closed without an answer"),
    (BadStatusLine, "what answered does not speak HTTP"),
    ((IncompleteRead, InvalidChunkLength), "the answer was cut short"),
    (DecodeError, "the answer could not be unpacked"),
)


def _words(causes: list[BaseException]) -> str:
    """The innermost cause that we have words for; none of them can hold an address or a header."""
    for cause in reversed(causes):
        for kind, words in _WORDS:
            if isinstance(cause, kind):
                return words
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate was not accepted: {cause.verify_message}"
            case ssl.SSLError():
                return (
                    f"TLS failed: {(cause.reason or 'no reason given').replace('_', ' ').lower()}"
                )
            case socket.gaierror():
                return f"its name cannot be looked up: {cause.strerror}"
            case OSError(strerror=str(said)):
                return said[:1].lower() + said[1:]
    return f"the connection broke off ({type(causes[-1]).__name__})"


def trouble(error: requests.RequestException | HTTPError) -> Trouble:
    """What a failed request means. Everything that is not provably `never_left` is not."""
    causes = list(_causes(error))
    before_sending = (ConnectTimeoutError, ClosedPoolError, *_NO_ADDRESS)
    return Trouble(
        reason=_words(causes),
        never_left=any(isinstance(cause, before_sending) for cause in causes),
        certificate=any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes),
    )
