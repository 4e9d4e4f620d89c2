"""What goes over the wire: addresses, signatures, packed answers, and how long we wait for which."""

import base64
import gzip
import json
import time
import zlib
from urllib.parse import parse_qsl, urlsplit

import pytest
from shop_talk import KEY, SECRET, signature_is_right, target_of
from wire import answering, read_request, reply

from agent.clients.shop_wire import Patience
from agent.errors import Garbled, Refused, Retryable, Unsure
from agent.sandbox.clock import WallClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.shop import Shop as SandboxShop
from agent.sandbox.shop.trouble import PlainPermalinks

ROWS = [{"id": number, "note": "São João"} for number in range(200)]
DUMMY = "&x=wp-json/wc/"


# Plain permalinks


def test_plain_over_https_the_letters_that_make_woocommerce_look_go_as_they_are(
    open_shop, serve, tls, ca_file
):
    seen = []
    wire = serve(answering(*[reply(b"[]")] * 2, keep=seen), tls)
    shop = open_shop(f"https://{wire.host}/store/", ca_file=ca_file, plain_permalinks=True)
    shop.page("orders", per_page=1, _fields="id,billing", search="a/b")
    shop.page("wc-analytics/variations")
    assert target_of(seen[0]) == (
        "/store/?rest_route=/wc/v3/orders&per_page=1&_fields=id%2Cbilling&search=a%2Fb&x=wp-json/wc/"
    )
    assert target_of(seen[1]) == "/store/?rest_route=/wc-analytics/variations&x=wp-json/wc/"
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode())
    assert all(b"Authorization: Basic " + basic in each for each in seen)


@pytest.mark.parametrize("verb", ["page", "create", "update", "remove"])
def test_plain_over_http_the_signature_covers_all_parameters(open_shop, serve, verb):
    seen = []
    wire = serve(answering(reply(b"[]" if verb == "page" else b"{}"), keep=seen))
    shop = open_shop(f"http://{wire.host}/store", plain_permalinks=True)
    method = {"page": "GET", "create": "POST", "update": "PUT", "remove": "DELETE"}[verb]
    if verb in ("create", "update"):
        getattr(shop, verb)("coupons", {"code": "x"})
    else:
        getattr(shop, verb)("coupons", search="São/João", force="true")
    target = target_of(seen[0])
    assert target.startswith("/store/?rest_route=/wc/v3/coupons&")
    assert target.endswith(DUMMY)
    # WordPress signs its home address, which ends without the slash
    assert signature_is_right(method, f"http://{wire.host}/store?{target.partition('?')[2]}")
    assert SECRET.encode() not in seen[0]


def test_plain_the_index_is_asked_without_the_key(open_shop, serve):
    seen = []
    wire = serve(answering(reply(b'{"name":"Loja"}'), keep=seen))
    assert open_shop(f"http://{wire.host}", plain_permalinks=True).site() == {"name": "Loja"}
    assert target_of(seen[0]).startswith("/?rest_route=/&_fields=name")
    assert "oauth" not in target_of(seen[0])


def test_plain_each_try_is_signed_anew(open_shop, serve):
    seen = []
    bad = reply(b"<html>", status="502 Bad Gateway")
    wire = serve(answering(bad, bad, reply(b"[]"), keep=seen))
    open_shop(f"http://{wire.host}", plain_permalinks=True).page("orders", per_page=1)
    targets = [target_of(each) for each in seen]
    assert len({dict(parse_qsl(urlsplit(one).query))["oauth_nonce"] for one in targets}) == 3
    assert all(
        signature_is_right("GET", f"http://{wire.host}?{one.partition('?')[2]}") for one in targets
    )


def test_plain_a_failure_names_what_was_asked_without_parameters(open_shop, serve):
    wire = serve(answering(reply(b"<html>", status="404 Not Found")))
    with pytest.raises(Refused) as refused:
        open_shop(f"http://{wire.host}/store", plain_permalinks=True).page("orders", search="ana")
    assert refused.value.what.startswith("GET /store/?rest_route=/wc/v3/orders: ")
    assert 'set [shop] permalinks = "pretty"' in refused.value.fix
    for hidden in ("ana", "oauth", KEY):
        assert hidden not in str(refused.value)


def test_plain_a_redirect_to_https_names_the_address_with_its_directory(open_shop, serve):
    there = "Location: https://www.shop.example/store/?rest_route=/wc/v3/orders\r\n"
    wire = serve(answering(reply(b"", status="301 Moved", more=there)))
    with pytest.raises(Refused) as refused:
        open_shop(f"http://{wire.host}/store", plain_permalinks=True).page("orders")
    assert 'set [shop] url = "https://www.shop.example/store"' in refused.value.fix


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("prefix", ["", "/store"])
@pytest.mark.parametrize("trouble", [None, PlainPermalinks()])
def test_the_plain_form_works_on_a_whole_shop(open_shop, tls, ca_file, secure, prefix, trouble):
    there = SandboxShop(WallClock(), consumer_key=KEY, consumer_secret=SECRET)
    there.trouble = trouble
    number = there.place_order([(there.add_product(name="Shirt", price="40"), 0, 1)], billing={})
    with Server(shop_app(there, prefix=prefix), ssl_context=tls if secure else None) as url:
        shop = open_shop(f"{url}{prefix}", plain_permalinks=True, ca_file=ca_file if secure else "")
        assert shop.site()["timezone_string"] == "America/Sao_Paulo"
        assert [row["id"] for row in shop.page("orders", per_page=5, _fields="id").rows] == [number]
        assert shop.page("wc-analytics/variations").rows == []
        coupon = shop.create("coupons", {"code": "OLÁ", "amount": "5"})
        assert shop.update(f"coupons/{coupon['id']}", {"amount": "6"})["amount"] == "6.00"
        assert shop.remove(f"coupons/{coupon['id']}", force="true")["id"] == coupon["id"]


@pytest.mark.parametrize("secure", [False, True])
def test_the_pretty_form_works_on_a_shop_in_a_directory(open_shop, tls, ca_file, secure):
    there = SandboxShop(WallClock(), consumer_key=KEY, consumer_secret=SECRET)
    with Server(shop_app(there, prefix="/store"), ssl_context=tls if secure else None) as url:
        shop = open_shop(f"{url}/store/", ca_file=ca_file if secure else "")
        assert shop.site()["timezone_string"] == "America/Sao_Paulo"
        assert shop.page("orders", per_page=5, search="a/b c").rows == []


def test_a_password_of_the_web_server_is_no_part_of_the_signature(open_shop, serve):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen))
    open_shop(f"http://staging:hunter2@{wire.host}").page("orders", search="a/b")
    assert signature_is_right("GET", f"http://{wire.host}{target_of(seen[0])}")
    assert b"Authorization: Basic " + base64.b64encode(b"staging:hunter2") in seen[0]


# Packed answers


def packed(body, encoding, **more):
    return reply(body, more=f"Content-Encoding: {encoding}\r\nConnection: close\r\n", **more)


def raw_deflate(body):
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
def test_packed_answers_are_asked_for_and_unpacked(open_shop, serve, encoding, pack):
    seen = []
    wire = serve(answering(packed(pack(json.dumps(ROWS).encode()), encoding), keep=seen))
    assert open_shop(f"http://{wire.host}").page("orders").rows == ROWS
    assert b"Accept-Encoding: gzip, deflate\r\n" in seen[0]


def cut_packed(body=None):
    whole = gzip.compress(json.dumps(body or ROWS).encode())
    return whole[: len(whole) // 2]


@pytest.mark.parametrize("announced", [True, False])
def test_a_packed_answer_that_was_cut_short_is_asked_for_again(open_shop, serve, waits, announced):
    whole = len(gzip.compress(json.dumps(ROWS).encode()))
    length = whole if announced else None  # None: the length of the half, as a proxy would say
    broken = packed(cut_packed(), "gzip", length=length)
    good = packed(gzip.compress(json.dumps(ROWS).encode()), "gzip")
    left = [broken, good]

    def talk(connection):
        read_request(connection)
        connection.sendall(left.pop(0))

    wire = serve(talk)
    assert open_shop(f"http://{wire.host}").page("orders").rows == ROWS
    assert len(waits) == 1


def test_a_packed_answer_that_is_always_cut_short_is_retryable_and_a_write_unsure(open_shop, serve):
    wire = serve(answering(packed(cut_packed(), "gzip")))
    shop = open_shop(f"http://{wire.host}")
    with pytest.raises(Retryable, match="cut short"):
        shop.page("orders")
    with pytest.raises(Unsure):
        shop.create("coupons", {})


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html>", b"[1]<br />Notice: x in y.php"])
def test_a_packed_page_is_no_answer_that_was_cut_short(open_shop, serve, waits, body):
    wire = serve(answering(packed(gzip.compress(body), "gzip")))
    with pytest.raises(Garbled):
        open_shop(f"http://{wire.host}").page("orders")
    assert waits == []


# How long

PATIENCE = Patience(usual=60.0, lines=180.0, writes=30.0)


@pytest.mark.parametrize(
    ("method", "endpoint", "params", "seconds"),
    [
        ("GET", "orders", {"_fields": "id,status"}, 60),
        ("GET", "orders", {"_fields": "id,currency,line_items"}, 180),
        ("GET", "orders", {}, 180),
        ("GET", "orders/12", {}, 180),
        ("GET", "orders/12/notes", {}, 60),
        ("GET", "products", {}, 60),
        ("GET", "products/12/variations", {"_fields": "id"}, 180),
        ("GET", "variations", {}, 180),
        ("GET", "wc-analytics/variations", {"_fields": "id"}, 180),
        ("GET", "", {}, 60),
        ("POST", "coupons", {}, 30),
        ("PUT", "orders/12", {}, 30),
        ("DELETE", "webhooks/12", {"force": "true"}, 30),
    ],
)
def test_what_costs_the_shop_much_has_more_time(method, endpoint, params, seconds):
    assert PATIENCE.with_request(method, endpoint, params) == seconds


@pytest.mark.long
def test_each_kind_of_request_is_given_up_after_its_own_time(open_shop, serve):
    wire = serve()
    shop = open_shop(f"http://{wire.host}", timeout=0.05, lines_timeout=0.3, write_timeout=0.6)
    for ask, seconds, tries in (
        (lambda: shop.page("products"), 0.05, 5),
        (lambda: shop.create("coupons", {}), 0.6, 1),
    ):
        begun = time.monotonic()
        with pytest.raises((Retryable, Unsure), match="timed out"):
            ask()
        assert seconds * tries <= time.monotonic() - begun < seconds * tries + 1


def test_a_page_tells_how_long_it_took(open_shop, serve):
    def late(connection):
        read_request(connection)
        time.sleep(0.2)
        connection.sendall(reply(b"[]"))

    assert 0.2 <= open_shop(f"http://{serve(late).host}").page("orders").elapsed < 1.5
