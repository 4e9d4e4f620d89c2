"""Somebody who takes the shop's webhooks, and remembers what came."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hearing:
    """`url` is where it listens; it answers with `status`, after `meanwhile` was called."""

    url: str = ""
    status: int = 200
    meanwhile: Callable[[], object] = lambda: None
    heard: list[Heard] = field(default_factory=list)

    def app(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith(("HTTP_", "CONTENT_"))
        }
        self.heard.append(Heard(environ["PATH_INFO"], headers, body))
        self.meanwhile()
        start(f"{self.status} So", [("Content-Type", "text/plain")])
        return [b"ok"]

    def take(self) -> list[Heard]:
        """What came since the last time."""
        taken, self.heard = self.heard, []
        return taken


@contextmanager
def hearing() -> Iterator[Hearing]:
    made = Hearing()
    with Server(made.app) as url:
        made.url = url
        yield made
