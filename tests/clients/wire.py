"""Servers on loopback that the tests decide every byte of."""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Self

Talk = Callable[[socket.socket], None]  # what is done with one connection; it is closed afterwards


class Wire:
    """Accepts connections and hands each to `talk` in a thread of its own."""

    def __init__(self, talk: Talk | None, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.talk = talk or self.hang
        self.tls = tls
        self.connections = 0
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._accept))
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client hung up: some of the tests are about that
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            self.talk(connection)
        connection.close()

    def hang(self, _: socket.socket) -> None:
        """Accept, and say nothing until the test is over."""
        self._over.wait(10)


def read_request(connection: socket.socket) -> bytes:
    """One whole request, head and body; b"" when the client has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Hang up the hard way (RST), as a crashed server or a firewall does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reply(
    body: bytes, *, status: str = "200 OK", length: int | None = None, more: str = ""
) -> bytes:
    """An answer; `length` may lie about the body."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
    return f"{head}Date: Sun, 22 Nov 2026 12:05:55 GMT\r\n{more}\r\n".encode() + body


def answering(*answers: bytes, keep: list[bytes] | None = None) -> Talk:
    """Read a request, give the next answer, until they are used up; `keep` gets the requests."""

    def talk(connection: socket.socket) -> None:
        for answer in answers:
            request = read_request(connection)
            if not request:
                return
            if keep is not None:
                keep.append(request)
            connection.sendall(answer)

    return talk
