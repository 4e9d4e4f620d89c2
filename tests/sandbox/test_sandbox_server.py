"""The server itself, over real sockets on loopback."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests
import trustme

from agent.sandbox.server import VANISH, Server

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


def echo(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answers with what it was sent; /slow takes 0.2 s, /gone never answers."""
    sent = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.2)
    if environ["PATH_INFO"] == "/gone":
        environ[VANISH] = True
    start("200 OK", [("Content-Type", "text/plain"), ("X-Thread", threading.current_thread().name)])
    return [environ["REQUEST_URI"].encode(), b" ", sent]


def silent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Does not read what it is sent."""
    start("401 No", [])
    return []


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    return made


def test_a_connection_serves_many_requests() -> None:
    with Server(echo) as url, session() as client:
        threads = {client.get(f"{url}/{number}").headers["X-Thread"] for number in range(5)}
    assert len(threads) == 1


def test_path_and_query_arrive_as_they_were_sent() -> None:
    with Server(echo) as url, session() as client:
        answer = client.post(f"{url}/a%20b?x=1%2C2&y", data=b"body")
    assert answer.text == "/a%20b?x=1%2C2&y body"


def test_small_answers_do_not_wait_for_a_delayed_acknowledgement() -> None:
    with Server(echo) as url, session() as client:
        client.get(url)
        began = time.monotonic()
        for _ in range(20):
            client.get(url)
        assert time.monotonic() - began < 0.5  # at 40 ms each it would be 0.8


def test_head_and_body_arrive_in_one_piece() -> None:
    with Server(echo) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            first = line.recv(65536)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"\r\n\r\n/ ")


def test_slow_requests_overlap() -> None:
    with Server(echo) as url:

        def ask(_: int) -> int:
            with session() as client:
                return client.get(f"{url}/slow").status_code

        began = time.monotonic()
        with ThreadPoolExecutor(150) as pool:
            assert set(pool.map(ask, range(150))) == {200}
        assert time.monotonic() - began < 5  # one after another: 30 s


def test_an_answer_can_vanish_after_the_work_was_done() -> None:
    with Server(echo) as url, session() as client:
        with pytest.raises(requests.ConnectionError):
            client.post(f"{url}/gone", data=b"x")
        assert client.get(f"{url}/here").ok


def test_a_body_that_nobody_read_is_not_taken_for_the_next_request() -> None:
    with Server(silent) as url:
        host = url.removeprefix("http://")
        line = http.client.HTTPConnection(host)
        for _ in range(2):
            line.request("POST", "/", body=b"GET /evil HTTP/1.1\r\n\r\n")
            answer = line.getresponse()
            assert (answer.status, answer.read()) == (401, b"")
        line.close()


def test_a_body_of_unknown_length_is_refused() -> None:
    with Server(echo) as url, session() as client:
        assert client.post(url, data=iter([b"a", b"b"])).status_code == 411


def test_head_has_no_body() -> None:
    with Server(echo) as url, session() as client:
        answer = client.head(f"{url}/x")
        assert (answer.status_code, answer.content) == (200, b"")
        assert client.get(f"{url}/y").text == "/y "


def test_a_stopped_server_answers_nobody_not_even_on_an_open_connection() -> None:
    server = Server(echo)
    url = server.start()
    with session() as client:
        assert client.get(url).ok
        began = time.monotonic()
        server.stop()
        server.stop()
        assert time.monotonic() - began < 1.5
        with pytest.raises(requests.ConnectionError):
            client.get(url)


def test_it_can_be_started_again_on_the_same_port() -> None:
    server = Server(echo)
    url = server.start()
    server.stop()
    again = Server(echo, port=int(url.rpartition(":")[2]))
    assert again.start() == url
    with pytest.raises(RuntimeError, match="already runs"):
        again.start()
    again.stop()


def test_a_taken_port_is_an_error() -> None:
    with Server(echo) as url, pytest.raises(OSError, match="in use"):
        Server(echo, port=int(url.rpartition(":")[2])).start()


def test_it_speaks_tls_and_is_not_held_up_by_who_does_not() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(echo, ssl_context=context) as url, session() as client:
        assert url.startswith("https://")
        host, port = url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port))), authority.cert_pem.tempfile() as pem:
            client.verify = pem
            assert client.get(f"{url}/x").text == "/x "
            client.verify = True
            with session() as stranger, pytest.raises(requests.exceptions.SSLError):
                stranger.get(url)


def test_a_mistake_of_the_application_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        raise FileNotFoundError("no such template")

    with Server(broken) as url, session() as client, pytest.raises(requests.ConnectionError):
        client.get(url)
    said = ""
    for _ in range(200):  # the client hears of it before the server has said all
        said += capfd.readouterr().err
        if "no such template" in said:
            return
        time.sleep(0.01)
    pytest.fail(f"it only said {said!r}")
