"""POST /events: who may tell, what is taken, and that nothing is acknowledged that is not on the disk."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sending_world import World

from agent.config import Settings
from agent.rules.events import Event, What, Who, reread
from agent.web import Listener, intake
from agent.web.events import MOST_AT_ONCE, MOST_PRODUCTS
from models import Hint, ShopFact, UnsettledEvent

TOKEN = "example-events-token"
VIEW = {"kind": "product_view", "customer_id": 17, "product_id": 42}
Tell = Callable[..., requests.Response]


@pytest.fixture
def settings(world: World) -> Settings:
    return world.settings(web__events_token=TOKEN, web__max_body_mb=1)


@pytest.fixture
def url(database: Path, settings: Settings, now: datetime) -> Iterator[str]:
    """The same application and server as in the daemon."""
    app = intake(lambda: settings, lambda: now)
    listener = Listener(app, host="127.0.0.1", port=0, threads=4)
    yield f"http://127.0.0.1:{listener.port}/events"
    listener.close()


@pytest.fixture
def tell(url: str) -> Tell:
    def tell(body: object, *, token: str = TOKEN, **headers: str) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {token}"} | headers
        return requests.post(url, data=raw, headers=given, timeout=20)

    return tell


def kept() -> list[Event]:
    return [reread(one.said) for one in UnsettledEvent.select().order_by(UnsettledEvent.id)]


def sources() -> set[str]:
    return {one.source for one in UnsettledEvent.select()}


# what is taken


def test_one_event_is_kept_as_it_was_told(tell: Tell, now: datetime) -> None:
    answer = tell(VIEW)
    assert (answer.status_code, answer.json()) == (202, {"taken": 1, "refused": []})
    assert answer.headers["Content-Type"] == "application/json"
    who, what = Who(customer_id=17), What(product_id=42)
    assert kept() == [Event(kind="product_view", who=who, what=what, at=now)]
    row = UnsettledEvent.get()
    assert (row.source, row.reason, row.happened_at) == ("events", "", now)


@pytest.mark.parametrize(
    ("body", "source"),
    [
        ([VIEW, VIEW | {"product_id": 43}], "events"),
        ({"events": [VIEW, VIEW | {"product_id": 43}]}, "events"),
        ({"source": "bridge", "events": [VIEW, VIEW | {"product_id": 43}]}, "bridge"),
        ({"source": "whatsapp", "events": [VIEW, VIEW | {"product_id": 43}]}, "events"),
    ],
)
def test_many_events_in_a_list_or_in_an_envelope(tell: Tell, body: object, source: str) -> None:
    assert tell(body).json() == {"taken": 2, "refused": []}
    assert [one.what.product_id for one in kept()] == [42, 43]
    assert sources() == {source}


@pytest.mark.parametrize("body", [[], {"events": []}])
def test_no_events_are_none(tell: Tell, body: object) -> None:
    assert (tell(body).status_code, kept()) == (202, [])


def test_a_bad_event_is_named_and_loses_no_other(tell: Tell) -> None:
    answer = tell([VIEW, {"kind": "product_view"}, "view", VIEW | {"product_id": 43}])
    assert answer.status_code == 202
    assert answer.json() == {
        "taken": 2,
        "refused": [
            {"index": 1, "reason": "no person: give a phone, customer_id, email or link"},
            {"index": 2, "reason": "an event is an object with fields"},
        ],
    }
    assert [one.what.product_id for one in kept()] == [42, 43]


def test_accounts_that_said_something_are_read_again_at_once(tell: Tell) -> None:
    answer = tell({"accounts": [17, 18, 17], "events": [VIEW]})
    assert (answer.status_code, answer.json()) == (202, {"taken": 1, "refused": []})
    hints = {(hint.kind, hint.woo_id) for hint in Hint.select()}
    assert hints == {("customers", 17), ("customers", 18)}


@pytest.mark.parametrize(
    "accounts", [17, {"id": 17}, ["17"], [0], [-1], [1.5], [True], [None], [2**63], [1] * 1001]
)
def test_what_is_no_list_of_accounts_is_refused_whole(tell: Tell, accounts: object) -> None:
    answer = tell({"accounts": accounts, "events": [VIEW]})
    assert answer.status_code == 400
    assert "accounts" in answer.text
    assert not kept()
    assert not list(Hint.select())


def test_a_cart_is_one_event_and_kept_for_each_product(tell: Tell) -> None:
    cart = {"kind": "cart", "customer_id": 17, "products": [{"sku": "A"}, {"sku": "B"}]}
    assert tell(cart).json() == {"taken": 1, "refused": []}
    assert [one.what.sku for one in kept()] == ["A", "B"]


def test_a_national_phone_is_one_of_the_shops_country(tell: Tell) -> None:
    ShopFact.put({"country": "US"})
    told = {"kind": "product_view", "phone": "(202) 555-0101", "product_id": 42}
    assert tell(told).json()["taken"] == 1
    assert kept()[0].who == Who(phone="+12025550101")


def test_the_same_view_twice_waits_once(tell: Tell, now: datetime) -> None:
    told = VIEW | {"at": now.isoformat()}
    for _ in range(2):
        assert tell(told).json() == {"taken": 1, "refused": []}
    assert len(kept()) == 1


def test_two_threads_that_post_the_same_views(tell: Tell, now: datetime) -> None:
    told = [VIEW | {"at": (now - timedelta(minutes=n)).isoformat()} for n in range(20)]
    start = threading.Barrier(4)

    def post(part: list[dict[str, Any]]) -> int:
        start.wait()
        return tell(part).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, [told, told[::-1], told, told[10:]]))
    assert answers == [202] * 4
    assert len(kept()) == 20


# who may tell


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer another-token-of-ours"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer tökén"},
        {"Authorization": ""},
    ],
)
def test_without_the_token_nothing_is_taken(
    tell: Tell, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    headers = {name: value.encode("latin-1") for name, value in headers.items()}  # type: ignore[misc]
    for _ in range(5):
        answer = tell(VIEW, **headers)
        assert (answer.status_code, answer.text) == (401, "wrong or missing bearer token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert kept() == []
    assert [one.getMessage() for one in caplog.records] == ["events.stranger"]  # once a minute


def test_the_name_of_the_scheme_is_in_any_case(tell: Tell) -> None:
    assert tell(VIEW, Authorization=f"bearer  {TOKEN} ").status_code == 202


def test_where_no_token_is_set_nobody_may_tell(database: Path, world: World, now: datetime) -> None:
    client = intake(world.settings, lambda: now).test_client()
    for token in ("", TOKEN):
        answer = client.post("/events", json=VIEW, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 404
        assert answer.text == "nothing is taken here: [web] events_token is not set"


def test_it_is_only_posted_to(url: str) -> None:
    assert requests.get(url, timeout=5).status_code == 405


# bodies without end or sense


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"kind": "product_view"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"17", "send an event, a list of them"),
        (b'"product_view"', "send an event, a list of them"),
        (b"null", "send an event, a list of them"),
        (b'{"events": {}}', "events is not a list"),
        (b'{"events": null}', "events is not a list"),
    ],
)
def test_a_body_that_makes_no_sense_says_why(
    tell: Tell, body: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = tell(body)
    assert answer.status_code == 400
    assert answer.text.startswith(reason)
    assert [one.getMessage() for one in caplog.records] == ["events.refused"]


def test_a_body_that_is_too_large_is_refused_unread(tell: Tell) -> None:
    assert tell(b" " * (1024 * 1024 + 1)).status_code == 413


def test_a_thousand_events_at_once_and_not_one_more(tell: Tell) -> None:
    told = [VIEW | {"product_id": 1 + number} for number in range(MOST_AT_ONCE + 1)]
    answer = tell(told)
    assert (answer.status_code, answer.text) == (413, "1001 events: send at most 1000 at once")
    assert kept() == []
    assert tell(told[1:]).json() == {"taken": MOST_AT_ONCE, "refused": []}
    assert len(kept()) == MOST_AT_ONCE


def test_carts_without_end_are_refused(tell: Tell) -> None:
    cart = {"kind": "cart", "customer_id": 17, "products": [{"sku": "A"}] * 100}
    answer = tell([cart] * (MOST_PRODUCTS // 100 + 1))
    assert (answer.status_code, answer.text) == (413, "10100 products: send at most 10000 at once")
    assert kept() == []


def test_numbers_halves_of_emoji_and_ends_of_texts(tell: Tell) -> None:
    bad = [
        {"price": 10**400}, {"sku": "\ud83d"}, {"sku": "a\x00"}, {"at": "2026-03-02T12:00:00"},
        {"customer_id": True}, {"product_id": 1.5}, {"variation_id": 10**30}, {"phone": []},
        {"kind": {}}, {"email": 17}, {"\ud83d": 1}, {"stock_status": "x" * 1000},
    ]  # fmt: skip
    answer = tell([VIEW, *(VIEW | one for one in bad), VIEW | {"product_id": 43}])
    assert answer.json()["taken"] == 2
    assert [one["index"] for one in answer.json()["refused"]] == list(range(1, len(bad) + 1))
    assert [one.what.product_id for one in kept()] == [42, 43]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.binary(max_size=30) | json_values | st.lists(st.just(VIEW) | json_values, max_size=4))
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_posted_it_is_answered(tell: Tell, body: object) -> None:
    UnsettledEvent.delete().execute()
    answer = tell(body)
    assert answer.status_code in {202, 400}
    if answer.status_code == 202:
        assert answer.json()["taken"] == (body.count(VIEW) if isinstance(body, list) else 0)


# the disk


def test_what_cannot_be_kept_is_not_acknowledged(
    tell: Tell, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agent.web.events.PATIENCE", 0.05)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            answer = tell(VIEW)
            assert (answer.status_code, answer.text) == (503, "try again")
        other.execute("ROLLBACK")
    assert [one.getMessage() for one in caplog.records] == ["events.not_kept"]
    assert kept() == []
    assert tell(VIEW).status_code == 202
    assert len(kept()) == 1


def test_refusals_are_told_once_a_minute_and_counted(
    database: Path, settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [now]
    client = intake(lambda: settings, lambda: clock[0]).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            client.post("/events", json={"kind": "x"}, headers=headers)
        clock[0] += timedelta(minutes=1)
        client.post("/events", json=[{"kind": "x"}], headers=headers)
    told = [one.__dict__ for one in caplog.records]
    assert len(told) == 2


def test_the_token_may_change_while_it_listens(database: Path, world: World, now: datetime) -> None:
    current = [world.settings(web__events_token=TOKEN)]
    client = intake(lambda: current[0], lambda: now).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.post("/events", json=VIEW, headers=headers).status_code == 202
    current[0] = world.settings(web__events_token="another-events-token")
    assert client.post("/events", json=VIEW, headers=headers).status_code == 401
