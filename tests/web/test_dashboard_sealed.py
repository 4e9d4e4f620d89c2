"""Every answer of the dashboard is sealed, whatever was asked for and however; and none of it is a traceback."""

import gzip
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests
from dashboard_stage import FACTS, NOW, Browser, settings_with

from agent.web import Listener, intake
from agent.web.dashboard.pages import HEADERS
from models import Pause, ShopFact

ODD_PATHS = (
    "/", "", "/people", "/people/", "/people//1", "//people", "/nowhere", "/people/x", "/people/-1",
    "/people/" + "9" * 5000, "/messages/" + "9" * 5000, "/waiting/1/" + "9" * 5000, "/style.css",
    "/style.css/..", "/../metrics", "/%2e%2e/metrics", "/..%2fmetrics", "/people/1%00", "/people?q=%00",
    "/%ff%fe", "/people?q=%ff", "/login?next=//evil.example", "/logout", "/pause", "/resume",
    "/people;x=1", "/\\evil.example", "/people/1.0", "/waiting/1/2/3",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")


@pytest.fixture
def port(database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    ShopFact.put(FACTS)
    settings = settings_with(tmp_path, 'language = "en"')
    app = intake(lambda: settings, lambda: NOW)
    listener = Listener(app, host="127.0.0.1", port=0, threads=4)
    yield listener.port
    listener.close(0.1)


def ask(port: int, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """As it is, without what a library would make of the path."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("method", METHODS)
def test_every_answer_carries_the_seal(port: int, method: str) -> None:
    for path in ODD_PATHS:
        status, headers, body = ask(port, method, f"/dashboard{path}")
        asked = f"{method} {path[:40]}: {status}"
        assert status < 500, asked
        if "metrics" not in path:
            missing = {name for name, value in HEADERS.items() if headers.get(name) != value}
            assert not missing, f"{asked} lacks {missing}"
        assert b"Traceback" not in body, asked
        assert (
            "evil.example" not in headers.get("Location", "/").partition("?")[0].partition("/")[0]
        ), asked
        if method == "HEAD":
            assert body == b"", asked


def test_nothing_changes_by_another_method_than_post(port: int) -> None:
    browser = Browser(f"http://127.0.0.1:{port}")
    token = browser.token()
    for method in METHODS:
        if method != "POST":
            browser.session.request(
                method, f"{browser.url}/dashboard/pause", data={"scope": "*", "token": token},
                params={"scope": "*", "token": token}, timeout=10,
            )  # fmt: skip
    assert not Pause.select().exists()


def test_a_form_of_ours_may_come_from_nowhere(port: int) -> None:
    """Where the referrer is kept from everybody browsers say "Origin: null" of our own forms."""
    browser = Browser(f"http://127.0.0.1:{port}")
    form = {"scope": "*", "token": browser.token()}
    ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (
        browser.post("/pause", form, headers={**ours, "Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    assert not Pause.select().exists()
    assert browser.post("/pause", form, headers=ours).status_code == 200
    assert Pause.select().exists()


def test_a_body_of_another_kind_is_no_form(port: int) -> None:
    browser = Browser(f"http://127.0.0.1:{port}")
    token = browser.token()
    for body, kind in (
        (gzip.compress(f"scope=*&token={token}".encode()), "application/x-www-form-urlencoded"),
        (f'{{"scope": "*", "token": "{token}"}}'.encode(), "application/json"),
        (f"scope=*\r\ntoken={token}".encode(), "text/plain"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"a=1&" * 15_000, "application/x-www-form-urlencoded"),
        (b"a" * 1_000_000, "application/x-www-form-urlencoded"),
    ):
        answer = browser.session.post(
            f"{browser.url}/dashboard/pause", data=body, headers={"Content-Type": kind}, timeout=10
        )
        assert answer.status_code in (403, 413), kind
        assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"], kind
    assert not Pause.select().exists()


def test_a_mistake_of_ours_is_sealed_as_well(
    database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ShopFact.put(FACTS)
    settings = settings_with(tmp_path)

    def broken() -> None:
        raise RuntimeError("secret")

    asked: list[int] = []

    def once() -> object:
        asked.append(1)
        return settings if len(asked) < 3 else broken()

    listener = Listener(intake(once, lambda: NOW), host="127.0.0.1", port=0, threads=1)  # type: ignore[arg-type]
    answer = requests.get(f"http://127.0.0.1:{listener.port}/dashboard/people", timeout=10)
    listener.close(0.1)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
