"""An address that takes alarms over real HTTP, and looks at their signature."""

import hmac
import json
from hashlib import sha256
from typing import Any

SECRET = "example-of-a-secret"


class Desk:
    """A WSGI application; `heard` is what came, and `status` what it answers."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.heard: list[dict[str, Any]] = []

    def __call__(self, environ: Any, start: Any) -> Any:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        signed = hmac.new(SECRET.encode(), raw, sha256).hexdigest()
        assert environ["HTTP_X_WINBACK_SIGNATURE"] == f"sha256={signed}"
        self.heard.append(json.loads(raw))
        start(self.status, [])
        return [b""]
