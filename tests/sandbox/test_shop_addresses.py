"""Where the API is found: below a path, without pretty permalinks, and through compression."""

from __future__ import annotations

import gzip
import time
from base64 import b64encode
from hashlib import sha256
from hmac import new as hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
import requests
from shop_stage import BUYER, Client, small_shop
from woocommerce import API

from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import Next, Notice, PlainPermalinks

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

TRICK = "x=wp-json/wc/"
KEYS = ("ck_sandbox", "cs_sandbox")


@pytest.fixture
def shop() -> Shop:
    made = small_shop()
    for _ in range(3):
        made.place_order([], billing=BUYER)
    return made


def get(shop: Shop, path: str, prefix: str = "") -> Any:
    """Over "https" with the key, and the raw address kept."""
    bare, _, query = path.partition("?")
    return (
        shop_app(shop, prefix=prefix)
        .test_client()
        .get(
            bare,
            query_string=query,
            base_url="https://shop.example",
            headers={"Authorization": "Basic " + b64encode(":".join(KEYS).encode()).decode()},
            environ_overrides={"REQUEST_URI": path},
        )
    )


def test_a_shop_lives_below_a_path(shop: Shop) -> None:
    answer = get(shop, "/store/wp-json/wc/v3/orders?per_page=1", "/store")
    assert answer.status_code == 200
    there = "<https://shop.example/store/wp-json/wc/v3/orders?"
    assert answer.headers["Link"].startswith(there)
    here = answer.json[0]["_links"]["self"][0]["href"]
    assert here == "https://shop.example/store/wp-json/wc/v3/orders/12"
    assert get(shop, "/store/wp-json", "/store").json["home"] == "https://shop.example/store"
    assert shop.asked[0].path == "wc/v3/orders"
    for front in ("/store", "/store/"):
        page = get(shop, front, "/store")
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert page.headers["Link"].startswith("<https://shop.example/store/wp-json/>")


@pytest.mark.parametrize("path", ["/wp-json/wc/v3/orders", "/", "/storefront/wp-json"])
def test_beside_that_path_there_is_another_site(shop: Shop, path: str) -> None:
    answer = get(shop, path, "/store")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Link" not in answer.headers


def test_the_package_signs_for_a_shop_below_a_path(shop: Shop) -> None:
    with Server(shop_app(shop, prefix="/store")) as url:
        api = API(f"{url}/store", *KEYS, version="wc/v3")
        assert len(api.get("orders", params={"per_page": 2}).json()) == 2
        assert api.put("orders/10", {"status": "completed"}).json()["status"] == "completed"


def test_plain_permalinks_below_a_path_redirect_below_it(shop: Shop) -> None:
    shop.trouble = PlainPermalinks()
    answer = get(shop, "/store/wp-json/wc/v3/orders?x=1", "/store")
    assert answer.headers["Location"] == "https://shop.example/store/wp-json/wc/v3/orders/?x=1"
    routed = get(shop, f"/store/?rest_route=/wc/v3/orders&{TRICK}", "/store")
    assert len(routed.json) == 3


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("space", ["wc/v3/products", "wc-analytics/variations"])
@pytest.mark.parametrize(
    ("dummy", "status"),
    [
        ("", 401),
        (f"&{TRICK}", 200),
        ("&x=wp-json/wc-", 200),
        ("&x=wp-json/w", 401),
        ("&x=wp-json%2Fwc%2F", 401),
    ],
)
def test_the_keys_count_only_if_the_raw_address_says_so(
    shop: Shop, plain: bool, space: str, dummy: str, status: int
) -> None:
    shop.trouble = PlainPermalinks() if plain else None
    for front in ("/", "/index.php"):
        assert get(shop, f"{front}?rest_route=/{space}{dummy}").status_code == status
        encoded = quote(f"/{space}", safe="")
        assert get(shop, f"{front}?rest_route={encoded}{dummy}").status_code == status


def test_without_pretty_permalinks_all_addresses_go_by_rest_route(shop: Shop) -> None:
    shop.trouble = PlainPermalinks()
    answer = get(shop, f"/?rest_route=/wc/v3/orders&per_page=1&{TRICK}")
    there = "<https://shop.example/index.php?rest_route=%2Fwc%2Fv3%2Forders&per_page=1&"
    assert answer.headers["Link"].startswith(there)
    link = answer.json[0]["_links"]["self"][0]["href"]
    assert link == "https://shop.example/index.php?rest_route=/wc/v3/orders/12"
    one = get(shop, f"/?rest_route=/wc/v3/orders/12&{TRICK}")
    assert one.json["id"] == 12
    index = get(shop, "/?rest_route=/")
    assert index.json["timezone_string"] == "America/Sao_Paulo"  # public, and needs no trick


def signed(base: str, front: str, **params: str) -> str:
    """An address with OAuth over all parameters that stand in it; `base` is what is signed."""
    params |= {
        "oauth_consumer_key": KEYS[0],
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": str(time.monotonic_ns()),
        "oauth_signature_method": "HMAC-SHA256",
    }
    pairs = "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(params.items())
    )
    text = "&".join(["GET", quote(base, safe="~"), quote(pairs, safe="~")])
    digest = hmac(f"{KEYS[1]}&".encode(), text.encode(), sha256).digest()
    query = urlencode(params | {"oauth_signature": b64encode(digest).decode()}, safe="/")
    return f"{front}?{query}"


def test_oauth_signs_the_route_and_the_trick_too(shop: Shop) -> None:
    shop.trouble = PlainPermalinks()
    route = {"rest_route": "/wc/v3/orders", "x": "wp-json/wc/", "_fields": "id,status"}
    with Server(shop_app(shop)) as url:
        answer = requests.get(signed(f"{url}/index.php", f"{url}/index.php", **route))
        assert [row["id"] for row in answer.json()] == [12, 11, 10]
        # TRAP: WordPress signs its front page without the slash that clients send and sign
        assert requests.get(signed(url, f"{url}/", **route)).status_code == 200
        wrong = requests.get(signed(f"{url}/", f"{url}/", **route))
        assert wrong.json()["message"] == "Invalid signature - provided signature does not match."
        changed = signed(f"{url}/index.php", f"{url}/index.php", **route).replace("id%2C", "")
        assert requests.get(changed).status_code == 401
        untold = signed(f"{url}/index.php", f"{url}/index.php", rest_route="/wc/v3/orders")
        assert requests.get(untold).json()["code"] == "woocommerce_rest_cannot_view"


def test_bodies_are_compressed_for_those_who_take_it(shop: Shop) -> None:
    plain = Client(shop).get("orders")
    shop.compresses = True
    with Server(shop_app(shop)) as url:
        packed = requests.get(f"{url}/wp-json", stream=True)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert gzip.decompress(packed.raw.read()).startswith(b'{"name":')
        assert shop.asked[-1].bytes == int(packed.headers["Content-Length"])
        assert requests.get(f"{url}/wp-json").json()["name"] == "Loja Exemplo"
        bare = requests.get(f"{url}/wp-json", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in bare.headers
        api = API(url, *KEYS, version="wc/v3")
        answer = api.get("orders")
        assert answer.json()[0]["id"] == plain.json[0]["id"]
        assert int(answer.headers["Content-Length"]) < len(plain.data) / 2
        shop.trouble = Next(1, Notice())
        assert requests.get(f"{url}/wp-json").text.startswith("<br />")
        head = requests.head(f"{url}/wp-json")
        assert (head.status_code, head.content) == (200, b"")
