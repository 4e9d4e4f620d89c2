"""waitress in a thread of its own."""

import logging
import threading
from typing import TYPE_CHECKING

from waitress.server import create_server

from agent.errors import PortInUse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # "Task queue depth is 1"


class Listener:
    """Serves `app` until it is closed. Raises PortInUse when the address cannot be had."""

    def __init__(self, app: "WSGIApplication", *, host: str, port: int, threads: int) -> None:
        try:
            self._server = create_server(
                app,
                host=host,
                port=port,
                threads=threads,
                ident=None,
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise PortInUse(
                f"cannot listen on {host}:{port}: {error.strerror or error}",
                fix="another program has this port (see with `ss -ltnp`), or the address is not this "
                "machine's: choose another as [web] listen, and in the shop's web server too",
            ) from error
        self.host, self.port = host, int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer what has been asked, take nothing more."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)
