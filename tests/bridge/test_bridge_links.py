"""Guests who came by a link: who is known by it, for how long, and who is not."""

import copy
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

import pytest
import requests
from sending_world import wait_until
from shop_page import BRIDGE, TOKEN, URL, VIEW, WORLD, Shop, php

LINK, OTHER = "AbCdEfGhI1", "AbCdEfGhI2"
SERVER = WORLD["server"]
CONSENTS = [name for name in WORLD["missing"] if name != "wp_has_consent"]
GUEST: dict[str, Any] = {"user_id": 0, "meta": {}, "capabilities": []}
BY_LINK = GUEST | {"get": {"wb": LINK}}
Open = Callable[..., requests.Response]


# what is told


@pytest.mark.parametrize(
    "came",
    [
        {"get": {"wb": LINK}},
        {"cookies": {"winback_link": LINK}},
        {"get": {"wb": LINK}, "cookies": {"winback_link": OTHER}},
        {"get": {"wb": "nonsense"}, "cookies": {"winback_link": LINK}},
    ],
)
def test_what_a_guest_looks_at_who_came_by_a_link_is_told_with_it(
    shop: Shop, came: dict[str, Any]
) -> None:
    page = shop.page(*VIEW, **GUEST | came)
    [event] = page.events
    event.pop("at")
    assert event == {
        "kind": "product_view", "link": LINK, "product_id": 34, "variation_id": 0,
        "price": "19.90", "currency": "EUR", "stock_status": "instock",
    }  # fmt: skip
    assert page.printed == ""


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("no link", {"get": {}}),
        ("no token", {"get": {"wb": "AbCdEfGhI"}}),
        ("more than a token", {"get": {"wb": f"{LINK}1"}}),
        ("a line more", {"get": {"wb": f"{LINK}\n"}}),
        ("a list", {"get": {"wb": [LINK]}}),
        ("markup", {"cookies": {"winback_link": "<script>12"}, "get": {}}),
        ("the shop says no", {"filters": {"winback_keep_link": False}}),
        ("the visitor says no", {"missing": CONSENTS}),
        ("a bot", {"server": SERVER | {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Examplebot/2.1)"}}),
        ("WhatsApp's preview", {"server": SERVER | {"HTTP_SEC_PURPOSE": "prefetch"}}),
        ("no address", {"constants": {"WINBACK_EVENTS_TOKEN": TOKEN}}),
        ("an account that did not agree", {"user_id": 12}),
    ],
)  # fmt: skip
def test_nothing_is_told_of(shop: Shop, why: str, other: dict[str, Any]) -> None:
    assert shop.page(*VIEW, **BY_LINK | other).calls("wp_remote_post") == []


def test_who_has_logged_in_is_told_by_their_account(shop: Shop) -> None:
    came = {"get": {"wb": LINK}, "cookies": {"winback_link": OTHER}}
    [event] = shop.page(*VIEW, **came).events
    assert event["customer_id"] == 12
    assert "link" not in event


def test_a_consent_plugin_is_asked_for_marketing(shop: Shop) -> None:
    page = shop.page(
        *VIEW, **BY_LINK | {"missing": CONSENTS, "true": ["is_product", "wp_has_consent"]}
    )
    assert len(page.events) == 1
    assert {tuple(asked) for asked in page.calls("wp_has_consent")} == {("marketing",)}


def test_a_view_is_told_once_an_hour_for_a_link(shop: Shop) -> None:
    first = shop.page(*VIEW, **BY_LINK)
    seen = first.report["transients"]
    assert list(seen) == [f"winback_seen_{LINK}"]
    assert shop.page(*VIEW, **BY_LINK, transients=seen).events == []
    assert len(shop.page(*VIEW, **BY_LINK | {"get": {"wb": OTHER}}, transients=seen).events) == 1


# the cookie, by a real web server


@pytest.fixture
def open_page(tmp_path: Path) -> Iterator[Open]:
    """Opens a page of a shop: `open_page("/?wb=...", user_id=0)`."""
    scenario, report = tmp_path / "page.world", tmp_path / "page.report"
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [php(), "-S", f"127.0.0.1:{port}", str(Path(__file__).with_name("link_page.php"))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            "PATH": os.environ["PATH"], "SCENARIO": str(scenario), "REPORT": str(report), "PLUGIN": str(BRIDGE)
        },
    )  # fmt: skip

    def listens() -> bool:
        try:
            create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def page(
        address: str, cookies: dict[str, str] | None = None, **other: Any
    ) -> requests.Response:
        world = copy.deepcopy(WORLD) | GUEST | {"happens": VIEW} | other
        scenario.write_text(json.dumps(world))
        answer = requests.get(f"http://127.0.0.1:{port}{address}", cookies=cookies, timeout=20)
        assert answer.text == ""
        return answer

    wait_until(listens)
    yield page
    server.terminate()
    server.wait()


def cookie(answer: requests.Response) -> dict[str, str]:
    """What is set, with its attributes; {} for nothing."""
    jar = SimpleCookie(answer.headers.get("Set-Cookie", ""))
    if "winback_link" not in jar:
        assert not jar
        return {}
    one = jar["winback_link"]
    return {"value": one.value} | {name: value for name, value in one.items() if value}


def test_the_link_is_kept_for_thirty_days_where_no_script_reads_it(open_page: Open) -> None:
    answer = open_page(f"/product/shirt/?wb={LINK}", true=["is_product", "is_ssl"])
    kept = cookie(answer)
    served = parsedate_to_datetime(answer.headers["Date"])
    days = (parsedate_to_datetime(kept.pop("expires")) - served).total_seconds() / 86400
    assert 29.99 < days < 30.01
    kept.pop("max-age", None)
    assert kept == {
        "value": LINK, "path": "/", "secure": True, "httponly": True, "samesite": "Lax",
    }  # fmt: skip


def test_a_shop_without_https_keeps_it_too(open_page: Open) -> None:
    assert "secure" not in cookie(open_page(f"/?wb={LINK}"))


def test_it_is_kept_on_any_page_and_where_wordpress_keeps_its_cookies(open_page: Open) -> None:
    constants = WORLD["constants"] | {"COOKIEPATH": "/shop/", "COOKIE_DOMAIN": "shop.example"}
    kept = cookie(open_page(f"/shop/?wb={LINK}", true=[], constants=constants))
    assert (kept["value"], kept["path"], kept["domain"]) == (LINK, "/shop/", "shop.example")
    constants |= {"COOKIEPATH": "", "COOKIE_DOMAIN": False}  # as WordPress has it by default
    kept = cookie(open_page(f"/?wb={LINK}", true=[], constants=constants))
    assert (kept["path"], "domain" in kept) == ("/", False)


def test_a_newer_link_takes_the_place_of_the_older(open_page: Open) -> None:
    before = {"winback_link": LINK}
    assert cookie(open_page(f"/?wb={OTHER}", before))["value"] == OTHER
    assert cookie(open_page(f"/?wb={LINK}", before)) == {}
    assert cookie(open_page("/", before)) == {}


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("/", {}),
        ("/?wb=nonsense", {}),
        (f"/?wb[]={LINK}", {}),
        (f"/?wb={LINK}", {"missing": CONSENTS}),
        (f"/?wb={LINK}", {"filters": {"winback_keep_link": False}}),
        (f"/?wb={LINK}", {"constants": {"WINBACK_EVENTS_URL": URL}}),
        (f"/?wb={LINK}", {"user_id": 12}),
        (f"/?wb={LINK}", {"server": {"REQUEST_METHOD": "GET"}}),
        (f"/?wb={LINK}", {"server": SERVER | {"HTTP_USER_AGENT": "WhatsApp/2.25 bot"}}),
        (f"/?wb={LINK}", {"server": SERVER | {"HTTP_PURPOSE": "prefetch"}}),
    ],
)
def test_no_cookie_is_set(open_page: Open, address: str, other: dict[str, Any]) -> None:
    assert cookie(open_page(address, **other)) == {}


@pytest.mark.parametrize(
    "other",
    [{"missing": CONSENTS}, {"filters": {"winback_keep_link": False}}, {"user_id": 12}],
)
def test_who_may_not_be_known_by_it_any_more_loses_it(
    open_page: Open, other: dict[str, Any]
) -> None:
    gone = cookie(open_page("/", {"winback_link": LINK}, **other))
    assert gone["value"] in {"", "deleted"}
    assert parsedate_to_datetime(gone["expires"]).year == 1970
