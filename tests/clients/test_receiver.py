"""The shop's own address, over a real socket."""

import hmac
import socket
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from agent.clients.receiver import Receiver
from agent.sandbox.server import Server


class Address:
    """What it was sent, and how it answers."""

    def __init__(self) -> None:
        self.status, self.answer = "204 No Content", [b""]
        self.heard: list[tuple[bytes, str]] = []

    def __call__(self, environ: Any, start: Any) -> Any:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.heard.append((raw, environ.get("HTTP_X_WINBACK_SIGNATURE", "")))
        start(self.status, [("Location", "/elsewhere")] if self.status[0] == "3" else [])
        return self.answer


@pytest.fixture
def address() -> Address:
    return Address()


@pytest.fixture
def url(address: Address) -> Iterator[str]:
    server = Server(address)
    yield server.start()
    server.stop()


def test_what_is_signed_is_what_arrives(address: Address, url: str) -> None:
    body = '{"text": "¿Cuánto? 🙂"}'
    with Receiver(url, "secret") as receiver:
        assert receiver.tell(body).taken
        assert receiver.tell(body).taken
    signature = hmac.new(b"secret", body.encode(), sha256).hexdigest()
    assert address.heard == [(body.encode(), f"sha256={signature}")] * 2


def test_half_an_emoji_holds_nothing_up(address: Address, url: str) -> None:
    with Receiver(url, "") as receiver:
        assert receiver.tell('{"text": "\ud83d"}').taken
    assert address.heard == [(b'{"text": "?"}', "")]


@pytest.mark.parametrize(
    ("status", "of_all", "gone"),
    [
        ("302 Found", False, False),
        ("400 Bad Request", False, False),
        ("410 Gone", False, True),
        ("429 Too Many Requests", True, False),
        ("503 Service Unavailable", True, False),
    ],
)
def test_what_an_answer_means(
    address: Address, url: str, status: str, of_all: bool, gone: bool
) -> None:
    address.status = status
    with Receiver(url, "") as receiver:
        answer = receiver.tell("{}")
    assert (answer.taken, answer.of_all, answer.gone) == (False, of_all, gone)
    assert answer.reason == f"it answered {status[:3]}"
    assert len(address.heard) == 1


def test_a_long_answer_is_nothing_to_us(address: Address, url: str) -> None:
    address.status, address.answer = "200 OK", [b"x" * 5_000_000]
    with Receiver(url, "") as receiver:
        assert receiver.tell("{}").taken


def test_nobody_there_is_trouble_that_may_pass() -> None:
    with Receiver("http://127.0.0.1:9", "") as receiver:
        answer = receiver.tell("{}")
    assert (answer.taken, answer.of_all, answer.reason) == (False, True, "connection refused")


class Trickle:
    """Answers with a head that never ends, a byte at a time. `cut` once the other side hung up."""

    def __init__(self) -> None:
        self.cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def _answer(self) -> None:
        talk, _ = self._listener.accept()
        with talk:
            talk.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(400):
                time.sleep(0.02)
                try:
                    talk.sendall(b"x")
                except OSError:
                    self.cut = True
                    return

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()


def test_an_answer_that_trickles_in_for_ever_is_none() -> None:
    trickle = Trickle()
    with trickle as url, Receiver(url, "", longest=0.2) as receiver:
        answer = receiver.tell("{}")
    assert (answer.status, answer.of_all, trickle.cut) == (0, True, True)
    assert answer.reason
