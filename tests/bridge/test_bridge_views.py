"""Product views: whose, when, once an hour, and never at the cost of the page."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shop_page import BROWSER, TOKEN, URL, USER, VIEW, WORLD, Shop

SERVER = WORLD["server"]
PRODUCT = WORLD["objects"]["product"]


def product(**other: Any) -> dict[str, Any]:
    return {"objects": WORLD["objects"] | {"product": PRODUCT | other}}


def test_a_view_is_told_to_winback(shop: Shop) -> None:
    """Fault 1: product views have a caller in the shop itself."""
    page = shop.page(*VIEW)

    [(url, what)] = page.calls("wp_remote_post")
    [event] = page.events
    assert json.loads(what["body"]).keys() == {"source", "events"}
    at = datetime.fromisoformat(event.pop("at"))
    assert url == URL
    assert what["headers"] == {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
    }
    assert (what["blocking"], what["timeout"], what["redirection"]) == (False, 1, 0)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert event == {
        "kind": "product_view", "customer_id": 12, "product_id": 34, "variation_id": 0,
        "price": "19.90", "currency": "EUR", "stock_status": "instock",
    }  # fmt: skip
    assert page.printed == ""


def test_the_price_is_the_bare_number(shop: Shop) -> None:
    assert shop.page(*VIEW, **product(price=1234.5)).events[0]["price"] == "1234.5"


@pytest.mark.parametrize("price", ["", None, "on request", "<b>5</b>", "-1", "1e5"])
def test_what_is_no_price_is_left_out(shop: Shop, price: object) -> None:
    [event] = shop.page(*VIEW, **product(price=price)).events
    assert event.keys() == {
        "kind",
        "customer_id",
        "product_id",
        "variation_id",
        "stock_status",
        "at",
    }


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("a guest", {"user_id": 0}),
        ("no consent", {"meta": {}}),
        ("withdrawn", {"meta": {USER: "withdrawn"}}),
        ("consent to order news", {"meta": {USER: "withdrawn", "winback_order_news": "yes"}}),
        ("not a product", {"true": []}),
        ("a preview", {"true": ["is_product", "is_preview"]}),
        ("the customizer", {"true": ["is_product", "is_customize_preview"]}),
        ("a feed", {"true": ["is_product", "is_feed"]}),
        ("an embed", {"true": ["is_product", "is_embed"]}),
        ("a password", {"true": ["is_product", "post_password_required"]}),
        ("an author", {"capabilities": ["read", "edit_posts"]}),
        ("the shop's manager", {"capabilities": ["read", "manage_woocommerce"]}),
        ("HEAD", {"server": SERVER | {"REQUEST_METHOD": "HEAD"}}),
        ("POST", {"server": SERVER | {"REQUEST_METHOD": "POST"}}),
        ("no browser", {"server": {"REQUEST_METHOD": "GET"}}),
        ("a bot", {"server": SERVER | {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Examplebot/2.1)"}}),
        ("a script", {"server": SERVER | {"HTTP_USER_AGENT": "curl/8.5.0"}}),
        ("prefetch", {"server": SERVER | {"HTTP_SEC_PURPOSE": "prefetch"}}),
        ("prerender", {"server": SERVER | {"HTTP_SEC_PURPOSE": "prefetch;prerender"}}),
        ("older prefetch", {"server": SERVER | {"HTTP_PURPOSE": "prefetch"}}),
        ("Safari's", {"server": SERVER | {"HTTP_X_PURPOSE": "preview"}}),
        ("older Firefox's", {"server": SERVER | {"HTTP_X_MOZ": "prefetch"}}),
        ("not published", product(status="private")),
        ("no address", {"constants": {"WINBACK_EVENTS_TOKEN": TOKEN}}),
        ("no token", {"constants": {"WINBACK_EVENTS_URL": URL}}),
        ("no web address", {"constants": WORLD["constants"] | {"WINBACK_EVENTS_URL": "file:///events"}}),
        ("a token of two lines", {"constants": WORLD["constants"] | {"WINBACK_EVENTS_TOKEN": "a\r\nb: c"}}),
        ("no text", {"constants": WORLD["constants"] | {"WINBACK_EVENTS_TOKEN": 5}}),
        ("without WooCommerce", {"missing": [*WORLD["missing"], "is_product"]}),
    ],
)  # fmt: skip
def test_nothing_is_told_of(shop: Shop, why: str, other: dict[str, Any]) -> None:
    page = shop.page(*VIEW, **other)
    assert page.calls("wp_remote_post") == []
    assert page.printed == ""


def test_staff_in_a_customers_clothes_look_at_nothing(shop: Shop) -> None:
    missing = [name for name in WORLD["missing"] if name != "current_user_switched"]
    assert len(shop.page(*VIEW, missing=missing).events) == 1
    assert (
        shop.page(*VIEW, missing=missing, true=["is_product", "current_user_switched"]).events == []
    )


@pytest.mark.parametrize("agent", [BROWSER, "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50)"])
def test_people_are_told_of(shop: Shop, agent: str) -> None:
    assert len(shop.page(*VIEW, server=SERVER | {"HTTP_USER_AGENT": agent}).events) == 1


def test_address_and_token_may_stand_in_the_environment(shop: Shop) -> None:
    environ = {"WINBACK_EVENTS_URL": "https://shop.example/events", "WINBACK_EVENTS_TOKEN": "other"}
    [(url, what)] = shop.page(*VIEW, constants={}, environ=environ).calls("wp_remote_post")
    assert (url, what["headers"]["Authorization"]) == (
        "https://shop.example/events",
        "Bearer other",
    )


@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_a_page_that_was_not_shown_was_not_viewed(shop: Shop, status: int) -> None:
    assert shop.page(["template_redirect"], [status], ["shutdown", ""]).events == []
    assert len(shop.page(["template_redirect"], [200], ["shutdown", ""]).events) == 1


def test_a_view_is_told_once_an_hour(shop: Shop) -> None:
    first = shop.page(*VIEW)
    again = shop.page(*VIEW, transients=first.report["transients"])
    assert (len(first.events), again.events) == (1, [])
    assert list(first.report["transients"]) == ["winback_seen_12"]

    # another person, another price, another stock status are news; so is the same after an hour
    for other in ({"user_id": 13}, product(price="17.90"), product(stock_status="outofstock")):
        assert len(shop.page(*VIEW, transients=first.report["transients"], **other).events) == 1
    [(what, when)] = first.report["transients"]["winback_seen_12"].items()
    for age, told in ((3590, 0), (3601, 1)):
        then = {"winback_seen_12": {what: when - age}}
        assert len(shop.page(*VIEW, transients=then).events) == told


def test_what_is_remembered_of_a_person_does_not_grow(shop: Shop) -> None:
    now = int(time.time())
    much = {"winback_seen_12": {f"{number}|instock|1": now for number in range(1000)}}
    seen = shop.page(*VIEW, transients=much).report["transients"]["winback_seen_12"]
    assert len(seen) == 100
    assert "34|instock|19.90" in seen


@pytest.mark.parametrize("odd", ["a text", 1, {"34|instock|19.90": "never"}])
def test_what_others_left_in_the_transient_is_no_hindrance(shop: Shop, odd: object) -> None:
    assert len(shop.page(*VIEW, transients={"winback_seen_12": odd}).events) == 1


@pytest.mark.parametrize("finish", ["fastcgi_finish_request", "litespeed_finish_request"])
def test_the_page_is_handed_over_before_anything_is_asked_or_told(shop: Shop, finish: str) -> None:
    missing = [name for name in WORLD["missing"] if name != finish]
    called = [name for name, _ in shop.page(*VIEW, missing=missing).report["calls"]]
    after = called[called.index(finish) :]
    assert "wp_remote_post" in after
    assert {"wc_get_product", "get_transient", "set_transient"}.isdisjoint(
        called[: called.index(finish)]
    )


def test_a_page_of_which_nothing_is_told_is_let_alone(shop: Shop) -> None:
    page = shop.page(*VIEW, meta={}, missing=["litespeed_finish_request"])
    assert page.calls("fastcgi_finish_request") == []


def test_when_winback_is_slow_the_shop_stops_telling_for_a_while(shop: Shop) -> None:
    slow = shop.page(*VIEW, post_takes_ms=600)
    assert slow.report["transients"]["winback_pause"] == 1
    assert ["winback_pause", 1, 300] in slow.calls("set_transient")

    paused = {"winback_pause": 1}
    assert shop.page(*VIEW, transients=paused).events == []


def test_a_request_that_goes_well_pauses_nothing(shop: Shop) -> None:
    assert "winback_pause" not in shop.page(*VIEW, post_takes_ms=100).report["transients"]
