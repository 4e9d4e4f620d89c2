import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from shop_talk import KEY, SECRET, Waits
from wire import Talk, Wire

from agent.clients.shop import Shop

RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    """Starts a `Wire` with what it shall do (None: hang); all are stopped after the test."""
    with ExitStack() as running:

        def start(
            talk: Talk | None = None, tls: ssl.SSLContext | None = None, port: int = 0
        ) -> Wire:
            return running.enter_context(Wire(talk, tls, port))

        yield start


@pytest.fixture
def nobody() -> str:
    """An address on loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for 127.0.0.1 by `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def recording() -> Callable[[str], dict[str, Any]]:
    """What a real WooCommerce once answered: request, status, headers, body."""
    return lambda name: json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def open_shop(waits: Waits) -> Iterator[Callable[..., Shop]]:
    """Clients of a shop that wait for nothing; all are closed after the test."""
    with ExitStack() as opened:

        def make(url: str, **options: Any) -> Shop:
            options = {"timeout": 2.0, "sleep": waits} | options
            shop = Shop(url, KEY, SECRET, user_agent="winback/0", **options)
            opened.callback(shop.close)
            return shop

        yield make
