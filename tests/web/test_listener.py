"""waitress in its thread: it binds, serves, and above all it ends cleanly."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from sending_world import wait_until

from agent.errors import PortInUse
from agent.web import Listener

Serve = Callable[..., Listener]


def _hello(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


class Slow:
    """An application that answers when it is let go."""

    def __init__(self) -> None:
        self.asked, self.gate = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        self.asked.set()
        self.gate.wait(10)
        return _hello(environ, start)


def _address(listener: Listener) -> str:
    return f"http://127.0.0.1:{listener.port}/"


def test_port_0_takes_a_free_one_and_says_which(serve: Serve) -> None:
    one, other = serve(_hello), serve(_hello)
    assert one.port != other.port
    assert requests.get(_address(other), timeout=5).text == "hello"


def test_a_port_in_use_is_a_failure_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            Listener(_hello, host="127.0.0.1", port=port, threads=1)
    assert f"127.0.0.1:{port}" in caught.value.what
    assert "[web] listen" in caught.value.fix
    assert caught.value.exit_code == 71


def test_a_foreign_address_is_a_failure_with_a_remedy() -> None:
    with pytest.raises(PortInUse, match=r"203\.0\.113\.7"):  # an address for documentation
        Listener(_hello, host="203.0.113.7", port=0, threads=1)


def test_closed_it_takes_nothing_more_and_its_threads_are_gone(serve: Serve) -> None:
    listener = serve(_hello)
    # given a client that keeps its connection open, as WhatsApp does
    with requests.Session() as client:
        client.get(_address(listener), timeout=5)
        listener.close()
        with pytest.raises(requests.ConnectionError):
            client.get(_address(listener), timeout=5)
    assert not listener._thread.is_alive()
    assert listener._server.task_dispatcher.threads == set()
    # and the port is free for the next process
    with socket.create_server(("127.0.0.1", listener.port)):
        pass


def test_what_has_been_asked_is_answered_before_the_end(serve: Serve) -> None:
    app = Slow()
    listener = serve(app)
    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(requests.get, _address(listener), timeout=10)
        assert app.asked.wait(5)
        closing = threads.submit(listener.close, 5)
        time.sleep(0.2)
        app.gate.set()
        assert answer.result(10).text == "hello"
        closing.result(10)
    assert not listener._thread.is_alive()


def test_closing_waits_no_longer_than_its_patience_for_a_slow_answer(serve: Serve) -> None:
    app = Slow()
    listener = serve(app)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(requests.get, _address(listener), timeout=10)
        assert app.asked.wait(5)
        begun = time.monotonic()
        listener.close(0.2)
        assert time.monotonic() - begun < 3
        # and the answer that comes late still goes out: nothing it needs was closed under it
        app.gate.set()
        assert answer.result(10).text == "hello"


def test_a_request_that_never_becomes_whole_holds_nothing_up(serve: Serve) -> None:
    listener = serve(_hello)
    with socket.create_connection(("127.0.0.1", listener.port)) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: example\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(0.1)
        listener.close()
    assert not listener._thread.is_alive()


def test_many_closings_under_load_leave_nothing_behind(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Every one in the middle of requests, which is when a shared file number would be hit."""
    for _ in range(5):
        listener = serve(_hello, threads=4)
        address, ended = _address(listener), threading.Event()

        def ask(address: str = address, ended: threading.Event = ended) -> None:
            with requests.Session() as client:
                while not ended.is_set():
                    try:
                        client.get(address, timeout=5)
                    except requests.ConnectionError:
                        return

        askers = [threading.Thread(target=ask) for _ in range(6)]
        for asker in askers:
            asker.start()
        time.sleep(0.05)
        listener.close()
        ended.set()
        for asker in askers:
            asker.join(10)
        wait_until(lambda listener=listener: not listener._thread.is_alive())
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
