"""The shop's webhooks: only what is signed leaves a hint, and no delivery leaves anything else."""

import base64
import dataclasses
import hashlib
import hmac
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sending_world import World

from agent.config import Settings
from agent.web import Listener, intake
from agent.web.shop_hook import MOST_REMEMBERED, Recent, signed
from agent.web.signatures import Signer
from models import TABLES, Hint, Product

RECORDINGS = Path(__file__).parents[1] / "recordings"
SECRET = "example-shop-webhook-secret"
RECORDED_SECRET = 'segredo & "x"'  # that of the recorded deliveries
PATH = "/webhooks/shop"
ORDER = b'{"id":22336,"status":"completed","total":"809.19"}'
Post = Callable[..., requests.Response]


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@pytest.fixture
def clock(now: datetime) -> Moment:
    return Moment(now)


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings(web__shop_webhook_secret=SECRET)


@pytest.fixture
def url(database: Path, settings: Settings, clock: Moment) -> Iterator[str]:
    """The same application and server as in the daemon."""
    listener = Listener(intake(lambda: settings, clock), host="127.0.0.1", port=0, threads=4)
    yield f"http://127.0.0.1:{listener.port}{PATH}"
    listener.close()


@pytest.fixture
def post(url: str) -> Post:
    """Posts as the shop does: signed rightly, unless `signature` says otherwise."""

    def post(
        body: bytes, topic: str = "order.updated", signature: str | None = None, **headers: str
    ) -> requests.Response:
        headers = headers_of(topic, body) | {k.replace("_", "-"): v for k, v in headers.items()}
        if signature is not None:
            headers["X-WC-Webhook-Signature"] = signature
        return requests.post(url, data=body, headers=headers, timeout=10)

    return post


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers_of(topic: str, body: bytes) -> dict[str, str]:
    resource, _, event = topic.partition(".")
    return {
        "Content-Type": "application/json",
        "User-Agent": "WooCommerce/9.9.5 Hookshot (WordPress/6.9)",
        "X-WC-Webhook-Source": "https://shop.example/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": sign(body),
        "X-WC-Webhook-ID": "2",
        "X-WC-Webhook-Delivery-ID": "13a51b55197b9082070bea006fd7230d",
    }


def hints() -> list[tuple[str, int]]:
    return [(hint.kind, hint.woo_id) for hint in Hint.select().order_by(Hint.kind, Hint.woo_id)]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records]


def recording(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


# as a real WooCommerce delivers


@pytest.mark.parametrize(("number", "expected"), [(0, ("orders", 22336)), (1, ("customers", 3387))])
def test_what_a_real_shop_sent_is_taken(
    database: Path, settings: Settings, now: datetime, number: int, expected: tuple[str, int]
) -> None:
    came = recording("q10_raw_unscrubbed_for_signature")[number]
    web = dataclasses.replace(settings.web, shop_webhook_secret=RECORDED_SECRET)
    settings = dataclasses.replace(settings, web=web)
    client = intake(lambda: settings, lambda: now).test_client()
    answer = client.post(PATH, data=came["body"].encode(), headers=came["headers"])
    assert (answer.status_code, answer.text) == (200, "ok")
    assert hints() == [expected]


def test_what_a_real_shop_sent_of_a_deletion_is_taken(
    database: Path, settings: Settings, now: datetime
) -> None:
    came = recording("q10_delivery_order.deleted")
    web = dataclasses.replace(settings.web, shop_webhook_secret=came["secret"])
    settings = dataclasses.replace(settings, web=web)
    client = intake(lambda: settings, lambda: now).test_client()
    answer = client.post(PATH, data=came["body"].encode(), headers=came["headers"])
    assert answer.status_code == 200
    assert hints() == [("orders", 22436)]


def test_one_byte_of_a_recorded_delivery_changed_and_it_is_no_more_the_shops() -> None:
    came = recording("q10_raw_unscrubbed_for_signature")[0]
    body, signature = came["body"].encode(), came["headers"]["X-WC-Webhook-Signature"]
    assert signed(body, signature, RECORDED_SECRET) is Signer.CURRENT
    assert signed(body.replace(b"22336", b"22337"), signature, RECORDED_SECRET) is Signer.NOBODY
    assert signed(body + b"\n", signature, RECORDED_SECRET) is Signer.NOBODY
    assert signed(body, signature, RECORDED_SECRET + " ") is Signer.NOBODY


@pytest.mark.parametrize("number", range(5))
def test_the_ping_of_a_new_webhook_is_answered_and_does_nothing(
    url: str, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    ping = recording("q10_pings")[number]
    headers = {name: ping["headers"][name] for name in ("User-Agent", "Content-Type")}
    answer = requests.post(url, data=ping["body"], headers=headers, timeout=10)
    assert answer.status_code == 200
    assert (hints(), events(caplog)) == ([], [])


@pytest.mark.parametrize("body", [b"webhook_id=", b"webhook_id=1&id=5", b"webhook_id=1\n", b"id=1"])
def test_what_only_looks_like_a_ping_is_unsigned(url: str, body: bytes) -> None:
    assert requests.post(url, data=body, timeout=10).status_code == 403


# what a delivery leaves


def test_a_delivery_leaves_a_hint_and_nothing_else(post: Post, now: datetime) -> None:
    def rows() -> dict[str, int]:
        return {table.__name__: table.select().count() for table in TABLES}

    before = rows()
    assert post(ORDER).status_code == 200
    [hint] = Hint.select()
    assert (hint.kind, hint.woo_id, hint.means) == ("orders", 22336, "webhook")
    assert hint.noted_at == now
    assert rows() == before | {"Hint": 1}


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("order.created", {"id": 1, "x": 1}, ("orders", 1)),
        ("order.restored", {"id": 1, "x": 1}, ("orders", 1)),
        ("product.updated", {"id": 7, "type": "simple"}, ("products", 7)),
        ("product.updated", {"id": 8, "type": "variation", "parent_id": 7}, ("variations", 7)),
        ("product.deleted", {"id": 7}, ("products", 7)),
        ("product.deleted", {"id": 71}, ("variations", 70)),  # as the mirror knows
        ("product.deleted", {"id": 70}, ("products", 70)),
        ("customer.deleted", {"id": 9}, ("customers", 9)),
    ],
)
def test_each_topic_hints_at_its_kind_of_row(
    post: Post, now: datetime, topic: str, payload: dict[str, object], expected: tuple[str, int]
) -> None:
    Product.insert(woo_id=70, parent_id=0, read_at=now).execute()
    Product.insert(woo_id=71, parent_id=70, read_at=now).execute()
    assert post(json.dumps(payload).encode(), topic).status_code == 200
    assert hints() == [expected]


def test_two_deliveries_for_one_row_are_one_hint(post: Post) -> None:
    """A new order fires order.created and order.updated."""
    assert post(ORDER, "order.created").text == "ok"
    assert post(ORDER, "order.updated").text == "ok"
    assert hints() == [("orders", 22336)]


# what is not the shop's


@pytest.mark.parametrize(
    "signature",
    [
        "",
        sign(ORDER)[:-1],
        sign(ORDER) + "=",
        sign(ORDER).lower(),
        sign(ORDER, "another-shop-webhook-secret"),
        sign(ORDER, ""),
        sign(ORDER + b" "),
        hmac.new(SECRET.encode(), ORDER, hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(SECRET.encode(), ORDER, hashlib.sha256).hexdigest(),
        base64.b64encode(hmac.new(SECRET.encode(), ORDER, "sha1").digest()).decode(),
    ],
)
def test_forged_deliveries_are_turned_away_and_told(
    post: Post, signature: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(ORDER, signature=signature).status_code == 403
    assert hints() == []
    assert events(caplog) == ["shop_webhook.unsigned"]


def test_a_signature_with_letters_of_no_alphabet_is_turned_away(url: str) -> None:
    headers = {b"X-WC-Webhook-Signature": "é".encode(), b"X-WC-Webhook-Topic": b"order.updated"}
    assert requests.post(url, data=ORDER, headers=headers, timeout=10).status_code == 403


def test_whatsapps_signature_opens_nothing_here(post: Post, settings: Settings) -> None:
    assert post(ORDER, signature=sign(ORDER, settings.whatsapp.app_secret)).status_code == 403


def test_forged_deliveries_are_told_once_a_minute_with_their_number(
    post: Post, clock: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        post(ORDER, signature="x")
    clock.move(timedelta(minutes=1))
    post(ORDER, signature="x")
    told = [vars(one)["fields"] for one in caplog.records]
    assert [one["requests"] for one in told] == [1, 5]
    assert "shop_webhook_secret" in told[0]["fix"]
    assert not any(SECRET in str(one) for one in told)


@pytest.mark.long
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    body=st.binary(max_size=200) | st.just(ORDER),
    signature=st.none()
    | st.text(max_size=60)
    | st.binary(max_size=32).map(lambda raw: base64.b64encode(raw).decode()),
    topic=st.sampled_from(["order.updated", "product.deleted", ""]) | st.text(max_size=20),
)
def test_whatever_comes_without_the_right_signature_leaves_no_row(
    database: Path,
    settings: Settings,
    now: datetime,
    body: bytes,
    signature: str | None,
    topic: str,
) -> None:
    client = intake(lambda: settings, lambda: now).test_client()
    headers = {}
    for name, value in (("X-WC-Webhook-Signature", signature), ("X-WC-Webhook-Topic", topic)):
        if value is not None and value.isprintable():
            headers[name] = value.encode().decode("latin-1")
    if signature == sign(body):
        return
    answer = client.post(PATH, data=body, headers=headers)
    assert answer.status_code == 403
    assert all(table.select().count() == 0 for table in TABLES)


# replays


def test_the_same_again_within_ten_minutes_does_nothing(post: Post, clock: Moment) -> None:
    post(ORDER)
    Hint.settle(Hint.waiting("orders", 10))  # it was read in between
    clock.move(timedelta(minutes=9, seconds=59))
    assert post(ORDER).text == "known"
    assert hints() == []
    # later it costs a read, and only one
    clock.move(timedelta(seconds=1))
    assert post(ORDER).text == "ok"
    assert hints() == [("orders", 22336)]
    assert post(ORDER).text == "known"


def test_the_delivery_id_tells_nothing(post: Post) -> None:
    """Two products delivered in one second by one webhook had the same."""
    assert post(b'{"id":1,"type":"simple"}', "product.updated").text == "ok"
    assert post(b'{"id":2,"type":"simple"}', "product.updated").text == "ok"
    assert hints() == [("products", 1), ("products", 2)]


def test_many_at_once_are_all_noted_while_others_write_too(post: Post, world: World) -> None:
    bodies = [b'{"id":%d,"x":1}' % number for number in range(1, 61)]
    with ThreadPoolExecutor(12) as posts:
        answers = posts.map(lambda body: post(body).status_code, bodies * 2)
        world.queue(30)
        assert set(answers) == {200}
    assert hints() == [("orders", number) for number in range(1, 61)]


def test_what_is_remembered_is_bounded_and_the_newest_stay() -> None:
    recent, now = Recent(), datetime(2026, 3, 2, tzinfo=UTC)
    digests = [number.to_bytes(4) for number in range(MOST_REMEMBERED + 5)]
    for digest in digests:
        recent.add(digest, now)
    assert len(recent._seen) == MOST_REMEMBERED
    assert not recent.has(digests[4], now)
    assert recent.has(digests[5], now)
    assert recent.has(digests[-1], now)


def test_a_clock_that_was_set_back_makes_nothing_known_for_long() -> None:
    recent, now = Recent(), datetime(2026, 3, 2, tzinfo=UTC)
    recent.add(b"x", now)
    assert not recent.has(b"x", now - timedelta(days=1))


def test_threads_may_share_the_memory() -> None:
    recent, now = Recent(), datetime(2026, 3, 2, tzinfo=UTC)

    def work(first: int) -> None:
        for number in range(first, first + 500):
            recent.add(number.to_bytes(4), now)
            assert recent.has(number.to_bytes(4), now)

    threads = [threading.Thread(target=work, args=(n * 1000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recent._seen) == 2000


# what makes no sense


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"[]", b'{"id":0}', b""])
def test_what_is_signed_and_makes_no_sense_is_no_failure_to_the_shop(
    post: Post, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Seven answers other than 2xx in a row, and the shop sends nothing any more."""
    for _ in range(3):
        assert post(body).status_code == 200
    assert hints() == []
    assert events(caplog) == ["shop_webhook.unreadable"]


@pytest.mark.parametrize("topic", ["coupon.updated", "order.paid", "nonsense", "é"])
def test_a_topic_that_is_none_of_ours_is_ignored(
    url: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "agent.web.shop_hook")
    headers = {name: value.encode() for name, value in headers_of(topic, ORDER).items()}
    assert requests.post(url, data=ORDER, headers=headers, timeout=10).status_code == 200
    assert hints() == []
    assert "shop_webhook.ignored" in events(caplog)


def test_a_topic_that_contradicts_its_resource_is_ignored(post: Post) -> None:
    """Neither is signed: a captured delivery of an order could come again as one of a product."""
    assert post(ORDER, "product.updated", X_WC_Webhook_Resource="order").text == "ignored"
    assert hints() == []


# sizes, methods, and what is not set up


def test_what_is_too_large_is_turned_away_before_it_is_read(
    post: Post, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    largest = settings.web.max_body_mb * 1024 * 1024
    body = b'{"id":5,"x":"' + b"x" * (largest - 15) + b'"}'
    assert post(body).status_code == 200
    assert post(body + b" ").status_code == 413
    assert hints() == [("orders", 5)]
    assert events(caplog) == ["webhook.too_large"]


def test_a_browser_sees_that_the_way_is_open(url: str) -> None:
    assert requests.get(url, timeout=10).status_code == 405


def test_without_a_secret_there_is_no_such_route(
    database: Path, world: World, now: datetime
) -> None:
    current = world.settings()
    client = intake(lambda: current, lambda: now).test_client()
    for headers in (
        headers_of("order.updated", ORDER),
        {"X-WC-Webhook-Signature": sign(ORDER, "")},
    ):
        assert client.post(PATH, data=ORDER, headers=headers).status_code == 404
    assert client.post(PATH, data=b"webhook_id=1").status_code == 404
    # a reloaded config opens it at once
    current = world.settings(web__shop_webhook_secret=SECRET)
    assert client.post(PATH, data=ORDER, headers=headers_of("order.updated", ORDER)).text == "ok"


def test_while_the_secret_is_changed_both_count_and_the_old_one_is_told(
    database: Path, world: World, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    another = "example-shop-webhook-secret-2"
    current = world.settings(
        web__shop_webhook_secret=another, web__shop_webhook_secret_previous=SECRET
    )
    client = intake(lambda: current, lambda: now).test_client()

    def status(number: int, secret: str) -> int:
        body = f'{{"id":{number}}}'.encode()
        headers = headers_of("order.updated", body)
        headers["X-WC-Webhook-Signature"] = sign(body, secret)
        return client.post(PATH, data=body, headers=headers).status_code

    assert status(1, another) == 200
    assert events(caplog) == []
    assert status(2, SECRET) == 200
    assert status(3, SECRET) == 200
    assert events(caplog) == ["shop_webhook.old_secret"]
    assert status(4, "") == 403
    current = world.settings(web__shop_webhook_secret=another)
    assert status(5, SECRET) == 403
    assert status(6, "") == 403
    assert hints() == [("orders", number) for number in (1, 2, 3)]


# the database in trouble


def test_while_the_database_is_held_the_answer_is_try_again_and_the_same_is_taken_later(
    post: Post, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("agent.web.shop_hook"), "PATIENCE", 0.1)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert post(ORDER).status_code == 503
        other.execute("ROLLBACK")
    assert hints() == []
    assert post(ORDER).text == "ok"
    assert hints() == [("orders", 22336)]
