"""Keys and signatures, as the `woocommerce` package sends them, over real sockets."""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
from shop_stage import BUYER, Client, small_shop
from woocommerce import API
from woocommerce.oauth import OAuth

from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

RECORDINGS = Path(__file__).parent.parent / "recordings"


@pytest.fixture(scope="module")
def shop() -> Shop:
    made = small_shop()
    made.place_order([], billing=BUYER)
    return made


@pytest.fixture(scope="module")
def url(shop: Shop) -> Any:
    with Server(shop_app(shop)) as address:
        yield address


def api(url: str, **more: Any) -> API:
    keys = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox", "version": "wc/v3"}
    return API(url=url, **(keys | more))


def signed(url: str, path: str = "orders?per_page=1", *, at: int = 0, **more: Any) -> str:
    """An address as the package signs it, `at` seconds from now."""
    keys = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox", "version": "wc/v3"}
    stamp = int(time.time()) + at
    made = OAuth(url=f"{url}/wp-json/wc/v3/{path}", oauth_timestamp=stamp, **(keys | more))
    return str(made.get_oauth_url())


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def body_of(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["body"]


def test_the_package_gets_in_over_http(url: str) -> None:
    params = {"per_page": 1, "modified_after": "2026-01-01T00:00:00", "dates_are_gmt": "true"}
    answer = api(url).get("orders", params=params)
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert api(url).get("orders").status_code == 200


def test_the_package_writes_over_http(url: str) -> None:
    answer = api(url).post("coupons", {"code": "ÇAFÉ 10%", "amount": "5"})
    assert (answer.status_code, answer.json()["code"]) == (201, "ÇAFÉ 10%")


def test_a_signature_is_good_once(url: str) -> None:
    address = signed(url)
    assert requests.get(address).status_code == 200
    again = requests.get(address)
    assert again.status_code == 401
    assert again.json() == body_of("q08_oauth_replay")


def test_a_wrong_secret_makes_a_wrong_signature(url: str) -> None:
    answer = requests.get(signed(url, consumer_secret="cs_wrong"))
    assert answer.status_code == 401
    assert answer.json() == body_of("q08_oauth_bad_secret")


def test_a_changed_address_or_method_does_not_fit_its_signature(url: str) -> None:
    mismatch = (401, "Invalid signature - provided signature does not match.")
    assert error(requests.get(signed(url).replace("per_page=1", "per_page=2"))) == mismatch
    assert error(requests.post(signed(url))) == mismatch
    assert (
        requests.get(signed(url) + "&per_page=1").status_code == 200
    )  # the package sends it twice


def test_lists_in_brackets_cannot_be_signed_by_the_package(url: str) -> None:
    answer = requests.get(signed(url, "orders?include[]=1&include[]=2"))
    assert error(answer) == (401, "Invalid signature - provided signature does not match.")


@pytest.mark.parametrize("seconds", [-16 * 60, 16 * 60])
def test_a_clock_that_is_off_by_a_quarter_of_an_hour_is_refused(url: str, seconds: int) -> None:
    assert error(requests.get(signed(url, at=seconds))) == (401, "Invalid timestamp.")


def test_a_clock_that_is_off_by_some_minutes_is_not(url: str) -> None:
    assert requests.get(signed(url, at=-14 * 60)).status_code == 200


def test_an_unknown_key_and_missing_parts_are_named(url: str) -> None:
    answer = requests.get(signed(url, consumer_key="ck_wrong"))
    assert error(answer) == (401, "Consumer key is invalid.")
    answer = requests.get(f"{url}/wp-json/wc/v3/orders?oauth_consumer_key=ck_sandbox&oauth_nonce=1")
    assert answer.json()["code"] == "woocommerce_rest_authentication_missing_parameter"
    assert "oauth_timestamp, oauth_signature" in answer.json()["message"]
    answer = requests.get(signed(url).replace("HMAC-SHA256", "PLAINTEXT"))
    assert error(answer) == (401, "Invalid signature - signature method is invalid.")


def test_keys_in_the_open_are_ignored_over_http(url: str) -> None:
    keys = ("ck_sandbox", "cs_sandbox")
    answer = requests.get(f"{url}/wp-json/wc/v3/orders", auth=keys)
    assert error(answer) == (401, "Sorry, you cannot list resources.")


def test_over_https_the_package_uses_the_keys_themselves(shop: Shop) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with (
        Server(shop_app(shop), ssl_context=context) as url,
        authority.cert_pem.tempfile() as trusted,
    ):
        for more in ({}, {"query_string_auth": True}):
            api_over_tls = api(url, verify_ssl=trusted, **more)
            assert api_over_tls.get("orders").status_code == 200
        refused = api(url, verify_ssl=trusted, consumer_secret="cs_wrong").get("orders")
        assert error(refused) == (401, "Consumer secret is invalid.")
        stranger = api(url, verify_ssl=trusted, consumer_key="ck_wrong").get("orders")
        assert error(stranger) == (401, "Sorry, you cannot list resources.")


def test_a_broken_authorization_header_is_no_key(shop: Shop) -> None:
    for header in ("Basic !!!", "Bearer abc", "Basic /w=="):
        answer = (
            shop_app(shop)
            .test_client()
            .get("/wp-json/wc/v3/orders", base_url="https://x", headers={"Authorization": header})
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "orders/10", "woocommerce_rest_cannot_view"),
        ("PUT", "orders/10", "woocommerce_rest_cannot_edit"),
        ("DELETE", "orders/10", "woocommerce_rest_cannot_delete"),
        ("GET", "orders/10/notes", "woocommerce_rest_cannot_view"),
        ("GET", "system_status", "woocommerce_rest_cannot_view"),
    ],
)
def test_a_stranger_may_nothing(shop: Shop, method: str, path: str, code: str) -> None:
    client = shop_app(shop).test_client()
    answer = client.open(f"/wp-json/wc/v3/{path}", method=method, base_url="https://x")
    assert (answer.status_code, answer.json["code"]) == (401, code)


def test_requests_are_remembered_without_keys(shop: Shop, url: str) -> None:
    shop.asked.clear()
    api(url).get("orders", params={"per_page": 1, "_fields": "id"})
    Client(shop).get("orders/99")
    first, second = shop.asked
    assert (first.method, first.path, first.status) == ("GET", "wc/v3/orders", 200)
    assert first.params == {"per_page": "1", "_fields": "id"}
    assert first.bytes == len('[{"id":10}]')
    assert (second.path, second.status) == ("wc/v3/orders/99", 404)
