"""What WordPress makes of an address before it looks for a route."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from agent.sandbox.shop.params import php_query

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SENT_METHOD = "winback.sent_method"  # in the environ
ELSEWHERE = "winback.elsewhere"  # in the environ: the address belongs to another site
HOME = ("/", "/index.php")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def front(app: WSGIApplication, prefix: str = "") -> WSGIApplication:
    """`app` behind `?rest_route=`, `_method=`, trailing and double slashes, and below `prefix`.

    The raw address stays in REQUEST_URI, and the method that was sent under SENT_METHOD:
    signatures are made over those. What is not below the prefix is marked by ELSEWHERE.
    """

    def wrapped(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        query = php_query(environ.get("QUERY_STRING", ""))
        path = environ.get("PATH_INFO", "") or "/"
        environ.setdefault("REQUEST_URI", _address(environ))
        environ[SENT_METHOD] = environ["REQUEST_METHOD"]
        if prefix:
            environ[ELSEWHERE] = path != prefix and not path.startswith(f"{prefix}/")
            path = path.removeprefix(prefix) or "/"
        route = query.get("rest_route")
        if path in HOME and isinstance(route, str):
            path = "/wp-json/" + unquote(route).strip("/")
        while "//" in path:
            path = path.replace("//", "/")
        environ["PATH_INFO"] = path.rstrip("/") or "/"
        method = str(query.get("_method") or environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", ""))
        if method.upper() in METHODS:
            environ["REQUEST_METHOD"] = method.upper()
        return app(environ, start)

    return wrapped


def _address(environ: WSGIEnvironment) -> str:
    """Path and query, for servers that do not keep them as they came."""
    query = environ.get("QUERY_STRING", "")
    return str(environ.get("PATH_INFO", "")) + (f"?{query}" if query else "")
