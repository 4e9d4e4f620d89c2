"""A WSGI server for the stand-ins: loopback only, many slow requests at once, TLS if asked.

The usual small servers each lack one thing that the sandbox must show. Werkzeug's closes every
connection after its answer, so a client's pooling could not be seen; waitress cannot do TLS, and
holds a fixed number of threads, so a hundred simulated latencies would queue instead of overlap.
This one keeps connections open (HTTP/1.1), gives each its own daemon thread, sends an answer in
one write with TCP_NODELAY, and can drop a connection without a byte (see `VANISH`).
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

VANISH = "winback.vanish"
"""Set `environ[VANISH] = True` while handling a request (in Flask: `request.environ`), and the
answer is thrown away: the work is done, and the connection closes without a byte."""

STOP_WAIT = 2.0  # seconds that stop() gives the connections' threads to end
HANDSHAKE_WAIT = 10.0  # seconds


class Server:
    """One WSGI application on 127.0.0.1, from `start()` to `stop()` or inside a `with`."""

    def __init__(
        self, app: WSGIApplication, *, port: int = 0, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """`port` 0 takes a free one; with an `ssl_context` it speaks https."""
        self._app, self._port, self._ssl_context = app, port, ssl_context
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen, and return the base address, as "http://127.0.0.1:49152".

        OSError if the port is taken, RuntimeError if it already runs.
        """
        if self._listener is not None:
            raise RuntimeError("this server already runs")
        self._listener = _Listener(self._app, self._port, self._ssl_context)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self._listener.url

    def stop(self) -> None:
        """Stop listening and cut every open connection. Stopping twice does no harm."""
        if self._listener is None or self._thread is None:
            return
        self._listener.end()
        self._listener.server_close()
        self._listener.cut_connections()
        self._thread.join()
        self._listener = self._thread = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Listener(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024  # hundreds of clients may knock in the same moment

    def __init__(self, app: WSGIApplication, port: int, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.app, self.ssl_context = app, ssl_context
        self.scheme = "http" if ssl_context is None else "https"
        self.port = int(self.socket.getsockname()[1])
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        self._open: dict[_Connection, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def end(self) -> None:
        """Take no more connections. A knock at the door spares the wait until it looks up by itself."""
        ending = threading.Thread(target=self.shutdown)
        ending.start()
        socket.create_connection(("127.0.0.1", self.port)).close()
        ending.join()

    def joined(self, connection: _Connection) -> bool:
        """Remember an open connection. False if the server has been stopped meanwhile."""
        with self._lock:
            if not self._stopped:
                self._open[connection] = threading.current_thread()
            return not self._stopped

    def left(self, connection: _Connection) -> None:
        with self._lock:
            self._open.pop(connection, None)

    def cut_connections(self) -> None:
        """End idle keep-alive connections too; otherwise a stopped server would still answer."""
        with self._lock:
            self._stopped = True
            still_open = dict(self._open)
        for connection in still_open:
            connection.cut()
        deadline = time.monotonic() + STOP_WAIT
        for thread in still_open.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves or distrusts our certificate is its own business; the rest is ours."""
        # ssl.SSLError is an OSError too; ValueError: stop() closed it while it was being read
        if not isinstance(sys.exception(), (OSError, ValueError)):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    """One connection in its own thread; each request on it becomes a call of the application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 256 * 1024  # head and body leave together
    server: _Listener

    def setup(self) -> None:
        if self.server.ssl_context is not None:
            # here and not on the listener: a slow handshake holds up nobody else
            self.request.settimeout(HANDSHAKE_WAIT)
            self.request = self.server.ssl_context.wrap_socket(self.request, server_side=True)
            self.request.settimeout(None)
        super().setup()

    def handle(self) -> None:
        try:
            if self.server.joined(self):
                super().handle()
        except OSError:
            self.close_connection = True  # the other side has left, or stop() has cut the line
        finally:
            self.server.left(self)

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            self.wfile.detach()  # its buffer can go nowhere any more
        finally:
            self.request.close()

    def cut(self) -> None:
        """Called by another thread: wakes this one if it waits for the next request."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already closed by the other side

    def answer(self) -> None:
        """Run the application on the request just parsed, and send what it says in one write."""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.send_error(411)
            return
        environ = self._environ()
        answer = _Answer()
        body = self._run(environ, answer)
        if environ.get(VANISH):
            self.close_connection = True
            return
        code, _, reason = answer.status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        names = {name.lower() for name, _ in answer.headers}
        if "content-length" not in names and self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _run(self, environ: WSGIEnvironment, answer: _Answer) -> bytes:
        try:
            parts = self.server.app(environ, answer.start)
            try:
                return b"".join([*answer.written, *parts])
            finally:
                close: Callable[[], None] | None = getattr(parts, "close", None)
                if close is not None:
                    close()
        except OSError as error:
            # not to be taken for a line that was cut, which is nobody's fault
            raise RuntimeError("the application failed") from error

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - http.server's names

    def _environ(self) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        # read all of it now: what an application leaves unread would be taken for the next request
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.server.scheme,
            "wsgi.input": BytesIO(sent),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
                environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Quiet: what was asked is in the stand-in's own log."""


class _Answer:
    """What an application said through `start_response`."""

    def __init__(self) -> None:
        self.status, self.headers = "500 Nothing said", list[tuple[str, str]]()
        self.written: list[bytes] = []  # by the old `write` callable

    def start(
        self, status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return self.written.append


if TYPE_CHECKING:
    _checked: StartResponse = _Answer().start
