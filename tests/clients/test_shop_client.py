"""How the shop is asked: over http and https, by one thread and by many, and again."""

import base64
import json
import random
import re
import socket
import ssl
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from shop_talk import KEY, SECRET, signature_is_right, target_of
from wire import answering, read_request, reply, reset

from agent.clients.shop import Page, Shop
from agent.errors import ConfigError, Garbled, Refused, Retryable, Unsure

SERVED_AT = datetime(2026, 11, 22, 12, 5, 55, tzinfo=UTC)  # the date that `reply` stamps


# What comes back


def test_a_page_has_its_rows_the_total_and_the_shops_clock(open_shop, recording):
    said = recording("q05_headers_orders")
    with responses.RequestsMock() as mock:
        mock.get(
            "https://shop.example/wp-json/wc/v3/orders",
            json=said["body"],
            headers={k: said["headers"][k] for k in ("Date", "X-WP-Total")},
            match=[
                responses.matchers.query_param_matcher({"per_page": "1", "_fields": "id,total"})
            ],
        )
        page = open_shop("https://shop.example/").page("orders", per_page=1, _fields="id,total")
    assert page == Page(said["body"], 20002, datetime(2026, 11, 22, 12, 6, 34, tzinfo=UTC))


def test_a_page_past_the_end_is_empty(open_shop, recording):
    said = recording("q05_beyond_end_orders")
    with responses.RequestsMock() as mock:
        mock.get(
            re.compile(".*"),
            json=said["body"],
            headers={"X-WP-Total": "0", "Date": said["headers"]["Date"]},
        )
        page = open_shop("https://shop.example").page("orders", page=5000)
    assert (page.rows, page.total) == ([], 0)


def test_a_list_that_is_never_paged_counts_its_rows(open_shop, serve):
    wire = serve(answering(reply(b'[{"id":1},{"id":2}]')))
    assert open_shop(f"http://{wire.host}").page("orders/7/notes").total == 2


def test_a_byte_order_mark_before_the_json_is_let_pass(open_shop, serve):
    wire = serve(answering(reply(b'\xef\xbb\xbf{"id":1}')))
    assert open_shop(f"http://{wire.host}").one("orders/1") == {"id": 1}


@pytest.mark.parametrize("date", ["", "Date: yesterday\r\n"])
def test_a_page_without_the_shops_clock_is_garbled(open_shop, serve, date):
    head = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{date}\r\n"
    wire = serve(answering(head.encode() + b"[]"))
    with pytest.raises(Garbled, match="Date header"):
        open_shop(f"http://{wire.host}").page("orders")


def test_a_page_with_a_total_that_is_no_number_is_garbled(open_shop, serve):
    wire = serve(answering(reply(b"[]", more="X-WP-Total: many\r\n")))
    with pytest.raises(Garbled, match="X-WP-Total header"):
        open_shop(f"http://{wire.host}").page("orders")


def test_another_namespace_is_asked_with_the_same_keys(open_shop, serve):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen))
    open_shop(f"http://{wire.host}/store/").page("wc-analytics/variations", page=2)
    assert target_of(seen[0]).startswith("/store/wp-json/wc-analytics/variations?page=2&oauth_")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_site_is_asked_without_the_key(open_shop, serve, tls, ca_file, scheme):
    seen = []
    said = {"name": "Loja Exemplo", "timezone_string": "America/Sao_Paulo", "gmt_offset": -3}
    wire = serve(
        answering(reply(json.dumps(said).encode()), keep=seen), tls if scheme == "https" else None
    )
    shop = open_shop(f"{scheme}://{wire.host}/store", ca_file=ca_file)
    assert shop.site() == said
    assert target_of(seen[0]).startswith("/store/wp-json/?_fields=name")
    assert "oauth" not in target_of(seen[0])
    assert b"authorization" not in seen[0].lower()


# Over http: OAuth 1.0a


def test_over_http_each_parameter_is_sent_once_and_signed(open_shop, serve):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen))
    open_shop(f"http://{wire.host}").page(
        "orders",
        modified_after="2026-11-22T09:04:24",
        dates_are_gmt="true",
        _fields="id,billing,meta_data",
        search="São João",
    )
    url = f"http://{wire.host}{target_of(seen[0])}"
    names = Counter(name for name, _ in parse_qsl(urlsplit(url).query))
    assert set(names.values()) == {1}
    assert dict(parse_qsl(urlsplit(url).query))["search"] == "São João"
    assert signature_is_right("GET", url)
    assert b"authorization" not in seen[0].lower()
    assert SECRET.encode() not in seen[0]


@pytest.mark.parametrize(("verb", "method"), [("create", "POST"), ("update", "PUT")])
def test_over_http_a_write_is_signed_and_carries_utf8(open_shop, serve, verb, method):
    seen = []
    wire = serve(answering(reply(b'{"id":1}', status="201 Created"), keep=seen))
    getattr(open_shop(f"http://{wire.host}"), verb)("coupons", {"code": "olá"})
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert signature_is_right(method, f"http://{wire.host}{target_of(seen[0])}")
    assert json.loads(body.decode()) == {"code": "olá"}
    assert b"application/json;charset=utf-8" in head


def test_over_http_a_delete_signs_its_parameters(open_shop, serve):
    seen = []
    wire = serve(answering(reply(b'{"id":1}'), keep=seen))
    open_shop(f"http://{wire.host}").remove("coupons/1", force="true")
    assert seen[0].startswith(b"DELETE /wp-json/wc/v3/coupons/1?force=true&")
    assert signature_is_right("DELETE", f"http://{wire.host}{target_of(seen[0])}")


def test_nonces_do_not_repeat_however_the_random_numbers_of_the_process_are_seeded(
    open_shop, serve
):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen))
    for _ in range(2):
        random.seed(7)
        open_shop(f"http://{wire.host}").page("orders", per_page=1)
    nonces = {dict(parse_qsl(urlsplit(target_of(each)).query))["oauth_nonce"] for each in seen}
    assert len(nonces) == 2


def test_a_second_try_is_signed_anew_because_a_nonce_is_taken_once(open_shop, serve):
    seen = []
    bad = reply(b"<html>", status="502 Bad Gateway")
    wire = serve(answering(bad, bad, reply(b"[]"), keep=seen))
    open_shop(f"http://{wire.host}").page("orders", per_page=1)
    signed = [dict(parse_qsl(urlsplit(target_of(each)).query)) for each in seen]
    assert len({each["oauth_nonce"] for each in signed}) == 3
    assert all(signature_is_right("GET", f"http://{wire.host}{target_of(each)}") for each in seen)


# Over https: Basic, and only to whom we trust


def test_over_https_the_key_goes_as_basic_auth_and_not_in_the_address(
    open_shop, serve, tls, ca_file
):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen), tls)
    shop = open_shop(f"https://{wire.host}", ca_file=ca_file)
    assert shop.page("orders", per_page=1).served_at == SERVED_AT
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode())
    assert b"Authorization: Basic " + basic in seen[0]
    assert target_of(seen[0]) == "/wp-json/wc/v3/orders?per_page=1"
    assert b"User-Agent: winback/0" in seen[0]


def test_a_certificate_that_we_do_not_trust_is_refused_at_once(open_shop, serve, tls, waits):
    seen = []
    wire = serve(answering(reply(b"[]"), keep=seen), tls)
    with pytest.raises(Refused, match="certificate was not accepted") as caught:
        open_shop(f"https://{wire.host}").page("orders")
    assert "ca_file" in caught.value.fix
    assert (waits, seen) == ([], [])


def test_a_missing_ca_file_is_told_when_the_shop_is_opened(open_shop, tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        open_shop("https://shop.example", ca_file=str(tmp_path / "nowhere.pem"))


# One connection, several threads


def test_one_connection_serves_many_requests(open_shop, serve):
    wire = serve(answering(*[reply(b"[]")] * 5))
    shop = open_shop(f"http://{wire.host}")
    for _ in range(5):
        shop.page("orders")
    assert wire.connections == 1


def test_threads_share_a_shop_without_mixing_answers(open_shop, serve):
    def echo(connection):
        while request := read_request(connection):
            number = re.search(rb"/orders/(\d+)", request)[1]
            connection.sendall(reply(b'{"id":%s}' % number))

    wire = serve(echo)
    shop = open_shop(f"http://{wire.host}")
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda n: shop.one(f"orders/{n}")["id"], range(100)))
    assert got == list(range(100))
    assert wire.connections <= 4


def test_a_connection_that_the_shop_closed_meanwhile_is_replaced(open_shop, serve, waits):
    closed = threading.Event()

    def once(connection):
        read_request(connection)
        connection.sendall(reply(b"[]"))
        connection.shutdown(socket.SHUT_RDWR)  # as nginx does after keepalive_timeout
        closed.set()

    wire = serve(once)
    shop = open_shop(f"http://{wire.host}")
    shop.page("orders")
    assert closed.wait(2)
    time.sleep(0.05)  # until the FIN is here
    shop.page("orders")
    assert (wire.connections, waits) == (2, [])


# Asking again


def failing_then(answers, *failures):
    """Each connection is one failure, the next ones are answered."""
    left = list(failures)

    def talk(connection):
        if left:
            left.pop(0)(connection)
        else:
            answering(*answers)(connection)

    return talk


def vanish(connection):
    read_request(connection)


def break_off(connection):
    read_request(connection)
    reset(connection)


def cut_short(connection):
    read_request(connection)
    connection.sendall(reply(b"[", length=100))


@pytest.mark.parametrize("failure", [vanish, break_off, cut_short])
def test_a_read_whose_answer_was_lost_is_asked_again(open_shop, serve, waits, failure):
    wire = serve(failing_then([reply(b"[]")], failure, failure))
    assert open_shop(f"http://{wire.host}").page("orders").rows == []
    assert (wire.connections, len(waits)) == (3, 2)


@pytest.mark.parametrize("failure", [vanish, break_off, cut_short])
@pytest.mark.parametrize("verb", ["create", "update", "remove"])
def test_a_write_whose_answer_was_lost_is_unsure_and_not_repeated(
    open_shop, serve, waits, failure, verb
):
    wire = serve(failing_then([reply(b"{}")], failure))
    body = [] if verb == "remove" else [{"code": "x"}]
    with pytest.raises(Unsure, match=r"wp-json/wc/v3/coupons: no answer"):
        getattr(open_shop(f"http://{wire.host}"), verb)("coupons", *body)
    assert (wire.connections, waits) == (1, [])


def test_a_write_that_is_not_answered_in_time_is_unsure(open_shop, serve, waits):
    wire = serve()
    with pytest.raises(Unsure, match="timed out"):
        open_shop(f"http://{wire.host}", timeout=0.2).create("coupons", {})
    assert (wire.connections, waits) == (1, [])


def test_a_write_that_never_left_is_tried_again_and_then_retryable(open_shop, nobody, waits):
    with pytest.raises(Retryable, match="connection refused"):
        open_shop(f"http://{nobody}").create("coupons", {})
    assert len(waits) == 4


def test_a_read_that_hangs_is_given_up_after_five_tries(open_shop, serve, waits):
    wire = serve()
    with pytest.raises(Retryable, match="timed out") as caught:
        open_shop(f"http://{wire.host}", timeout=0.1).page("orders")
    assert (wire.connections, len(waits)) == (5, 4)
    assert caught.value.after is None


def test_the_shop_is_not_asked_before_the_time_that_it_named(open_shop, serve, waits):
    busy = reply(b"{}", status="429 Too Many Requests", more="Retry-After: 7\r\n")
    dated = reply(
        b"{}", status="503 Unavailable", more="Retry-After: Sun, 22 Nov 2026 12:06:25 GMT\r\n"
    )
    wire = serve(answering(busy, dated, reply(b"[]")))
    open_shop(f"http://{wire.host}").page("orders")
    assert waits == [7.0, 30.0]


def test_a_retry_is_told_in_the_log_without_the_signed_address(open_shop, serve, caplog):
    caplog.set_level("DEBUG")
    bad = reply(b"<html><title>Bad Gateway</title>", status="502 Bad Gateway")
    wire = serve(answering(bad, reply(b"[]")))
    open_shop(f"http://{wire.host}").page("orders")
    retries = [record for record in caplog.records if record.message == "asking.again"]
    assert {record.levelname for record in retries} == {"DEBUG"}
    told = [record.fields for record in retries]
    assert "answered 502 Bad Gateway" in told[0]["what"]
    everything = caplog.text + repr([vars(record) for record in caplog.records])
    assert "oauth" not in everything
    assert KEY not in everything


def test_what_sleep_raises_passes_through(serve):
    class Stopping(BaseException):
        pass

    def stop(_):
        raise Stopping

    wire = serve(answering(reply(b"", status="502 Bad Gateway")))
    shop = Shop(f"http://{wire.host}", KEY, SECRET, sleep=stop, user_agent="winback/0")
    with pytest.raises(Stopping):
        shop.page("orders")
    shop.close()


def test_tls_is_verified_whatever_the_environment_says(open_shop, serve, tls, monkeypatch, ca_file):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    wire = serve(answering(reply(b"[]")), tls)
    with pytest.raises(Refused, match="certificate"):
        open_shop(f"https://{wire.host}").page("orders")
    assert isinstance(tls, ssl.SSLContext)
