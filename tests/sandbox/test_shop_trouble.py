"""A shop that fails: each way, when it is told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests
from shop_stage import BUYER, Client, small_shop
from woocommerce import API

from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import (
    Busy,
    Fatal,
    LostAnswer,
    Maintenance,
    Next,
    PlainPermalinks,
    Slow,
    Sometimes,
)

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def statuses(client: Client, count: int) -> list[int]:
    return [client.get("orders").status_code for _ in range(count)]


def test_the_next_requests_fail_and_then_all_is_well(shop: Shop) -> None:
    shop.trouble = Next(2, Fatal())
    assert statuses(Client(shop), 4) == [500, 500, 200, 200]


def test_chance_strikes_the_same_requests_again(shop: Shop) -> None:
    client = Client(shop)
    runs = []
    for _ in range(2):
        shop.trouble = Sometimes(Maintenance(), rate=0.3, seed=7)
        runs.append(statuses(client, 40))
    assert runs[0] == runs[1]
    assert 4 <= runs[0].count(503) <= 20


def test_the_wait_that_is_asked_for_can_be_chosen(shop: Shop) -> None:
    client = Client(shop)
    for trouble, status in ((Maintenance(30), 503), (Busy(30), 429)):
        shop.trouble = trouble
        answer = client.get("orders")
        assert (answer.status_code, answer.headers["Retry-After"]) == (status, "30")
        assert answer.mimetype == "text/html"


def test_plain_permalinks_redirect_to_a_page_that_is_no_json(shop: Shop) -> None:
    shop.trouble = PlainPermalinks()
    with Server(shop_app(shop)) as url:
        answer = requests.get(f"{url}/wp-json/wc/v3/orders?x=1")
    assert [one.status_code for one in answer.history] == [301]
    assert answer.url == f"{url}/wp-json/wc/v3/orders/?x=1"
    assert (answer.status_code, answer.text[:9]) == (200, "<!DOCTYPE")


def test_a_lost_answer_was_carried_out(shop: Shop) -> None:
    order = shop.place_order([], billing=BUYER)
    shop.trouble = Next(1, LostAnswer())
    with Server(shop_app(shop)) as url:
        api = API(url, "ck_sandbox", "cs_sandbox", version="wc/v3")
        with pytest.raises(requests.ConnectionError):
            api.put(f"orders/{order}", {"status": "completed"})
        assert api.get(f"orders/{order}").json()["status"] == "completed"


def test_a_slow_shop_is_slow(shop: Shop) -> None:
    shop.trouble = Slow(0.1)
    began = time.monotonic()
    assert Client(shop).get("orders").status_code == 200
    assert time.monotonic() - began >= 0.1


def test_a_bug_of_the_sandbox_is_not_dressed_as_an_answer(shop: Shop) -> None:
    del shop.statuses
    app = shop_app(shop)
    app.testing = True
    with pytest.raises(AttributeError):
        app.test_client().get("/wp-json/wc/v3/orders", base_url="https://x")
