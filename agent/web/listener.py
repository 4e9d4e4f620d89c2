"""waitress in a thread of its own."""

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.utilities import RequestEntityTooLarge

from agent.errors import PortInUse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # "Task queue depth is 1"

LARGEST_BODY = 17 * 1024 * 1024  # bytes; above every [web] max_body_mb, so that `intake` says no


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A body that is too large for any route is not read, and comes to the application all the same:
    it says no as to any other, and the log tells it."""

    error: Any = None

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = None
            self.headers["CONTENT_LENGTH"] = str(max(self.content_length, LARGEST_BODY))
            self.headers["CONNECTION"] = "close"  # the rest of it is no request
        return taken


class _Channel(HTTPChannel):  # type: ignore[misc]  # as above
    parser_class = _Parser


class Listener:
    """Serves `app` until it is closed. Raises PortInUse when the address cannot be had."""

    def __init__(self, app: "WSGIApplication", *, host: str, port: int, threads: int) -> None:
        line = _bind(host, port)
        self._server = create_server(
            app,
            sockets=[line],
            threads=threads,
            ident=None,
            # Nothing here believes them, and that they are there tells /metrics of a proxy.
            clear_untrusted_proxy_headers=False,
            max_request_body_size=LARGEST_BODY,
            asyncore_use_poll=True,
            connection_limit=500,
            channel_timeout=15,  # seconds of silence; a web server in front sends at once
            cleanup_interval=5,
        )
        self._server.channel_class = _Channel
        self.host, self.port = host, int(line.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """Take nothing more, and finish what is being answered, within `patience` seconds.

        What still waits for its turn gets no answer, and WhatsApp brings it again.

        All is closed by the thread that looks at it, not with the server's own close(): the number of
        a closed file is used again at once, and waitress, which would still look at it or write to
        it, could then meet a file of the database there.
        """
        if not self._thread.is_alive():
            return
        server = self._server
        server.trigger.pull_trigger(lambda: wasyncore.dispatcher.close(server))
        server.task_dispatcher.shutdown(timeout=patience)
        if not server.task_dispatcher.threads:  # else one that is slow may still wake the loop
            server.trigger.pull_trigger(self._end)
            self._thread.join(timeout=1)
            if not self._thread.is_alive():
                server.trigger.close()

    def _end(self) -> None:
        """Let the loop run dry: connections close once their answers are out.

        The trigger is only taken out of the loop. Closed here, its number could be another file's by
        the time that the thread which pulled it writes to it.
        """
        for channel in self._server.active_channels.values():
            channel.close_when_flushed = True
        self._server.trigger.del_channel()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise PortInUse(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            fix="another program has this port (see with `ss -ltnp`), or the address is not this "
            "machine's: choose another as [web] listen, and in the shop's web server too",
        ) from error
