"""winback check: whether links of messages reach winback, and where replies go."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme
from sending_world import World
from test_check_command import check

from agent.database import held, owned
from agent.sandbox.server import Server
from agent.web import Listener, intake

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

NOBODY = "http://127.0.0.1:9"
OURS = ("X-Robots-Tag", "noindex, nofollow")


@contextmanager
def web_server(status: str, *headers: tuple[str, str]) -> Iterator[tuple[str, list[str]]]:
    """One that answers so whatever is asked, and writes down what was."""
    asked: list[str] = []

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> list[bytes]:
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start(status, [*headers, ("Content-Type", "text/plain")])
        return [b"a page"]

    with Server(answer) as url:
        yield url, asked


def told(world: World, mark: str, url: str) -> str:
    return check(world, links__count=True, web__public_url=url).only_complaint(mark, "links")


def test_without_links_and_forwarding_nothing_is_said_of_them(world: World) -> None:
    done = check(world, web__public_url=NOBODY)
    assert [done.lines(mark, "links") for mark in ("ok", "note", "FAIL")] == [[], [], []]


def test_links_that_reach_winback(world: World) -> None:
    settings = world.settings(links__count=True, web__public_url=NOBODY)
    app = intake(lambda: settings, world.clock.now)
    listener = Listener(app, host="127.0.0.1", port=0, threads=2)
    url = f"http://127.0.0.1:{listener.port}"
    done = check(world, links__count=True, web__public_url=url)
    listener.close()
    assert (done.lines("FAIL"), done.lines("note")) == ([], [])
    [line] = done.lines("ok", "links")
    assert f"{url}/r/check reaches winback" in line


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        ("404 Not Found", (), "the answer is 404"),
        ("502 Bad Gateway", (), "the answer is 502"),
        ("200 OK", (OURS,), "the answer is 200"),
        (
            "301 Moved Permanently",
            (("Location", "https://shop.example/login?key=hidden"),),
            "a redirect (301) that is not winback's, to https://shop.example/login ->",
        ),
        (
            "302 Found",
            (("Location", "https://other.example/"), OURS),
            "it leads to https://other.example/, not to http://127.0.0.1:",
        ),
    ],
)
def test_links_that_end_elsewhere(
    world: World, status: str, headers: tuple[tuple[str, str], ...], says: str
) -> None:
    with web_server(status, *headers) as (url, asked):
        said = told(world, "note", url)
    assert f"{url}/r/check does not reach winback" in said
    assert says in said
    assert "let the web server pass /r/ on" in said
    assert "chapter Clicks" in said
    assert asked == ["GET /r/check"]


def test_a_redirect_to_the_right_page_that_is_not_ours(world: World) -> None:
    with web_server("302 Found", ("Location", f"{world.shop_url}/")) as (url, _):
        assert "a redirect (302) that is not winback's" in told(world, "note", url)


def test_nobody_listens_there(world: World) -> None:
    assert "links of messages lead nowhere: connection refused" in told(world, "note", NOBODY)


def test_a_certificate_that_no_browser_would_take(world: World) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with Server(lambda environ, start: [], ssl_context=context) as url:
        assert "its certificate was not accepted" in told(world, "note", url)


def test_while_a_daemon_works_it_has_to_be_corrected(world: World) -> None:
    database = world.folder / "winback.db"
    with owned(database):
        pass
    assert "connection refused" in told(world, "note", NOBODY)
    with held(database):
        assert "connection refused" in told(world, "FAIL", NOBODY)


def test_where_replies_go_is_said_and_not_tried_out(world: World) -> None:
    with web_server("200 OK") as (url, asked):
        done = check(
            world,
            conversations__forward_url=f"{url}/replies",
            conversations__forward_secret="a-secret-of-the-shops",
        )
    [line] = done.lines("ok", "links")
    assert f"replies go to {url}/replies (not tried out" in line
    assert (done.code, asked) == (0, [])
