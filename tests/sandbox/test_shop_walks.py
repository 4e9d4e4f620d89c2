"""What happens to a client's walk: rows that move, lists that are missing, a shop that fails."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from shop_stage import BUYER, Client, small_shop

from agent.sandbox.clock import MovedClock
from agent.sandbox.server import Server
from agent.sandbox.shop.api import shop_app
from agent.sandbox.shop.trouble import Failing

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Asked, Shop

ALL = "/wp-json/wc-analytics/variations"
BY_ID = {"orderby": "id", "order": "asc"}


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def shirts(shop: Shop, count: int = 2) -> dict[int, list[int]]:
    """Variable products with the variations P and M each."""
    made = {}
    for number in range(count):
        shirt = shop.add_product(name=f"C{number}", price="", type="variable")
        made[shirt] = [
            shop.add_variation(shirt, attributes={"Tamanho": size}, price="12") for size in "PM"
        ]
    return made


def test_a_row_that_moves_between_two_pages_is_skipped(shop: Shop) -> None:
    """Section 5 of the measurements: a walk by modified misses the row that takes its place."""
    assert isinstance(shop.clock, MovedClock)
    made = []
    for _ in range(4):
        made.append(shop.place_order([], billing=BUYER))
        shop.clock.advance(timedelta(minutes=1))
    seen: list[tuple[str, int]] = []

    def touch(asked: Asked) -> None:
        seen.append((asked.path, asked.status))
        if asked.params.get("page") == "2":
            shop.save_order(shop.order(made[0]))

    shop.on_request = touch
    client, walk = Client(shop), []
    for page in (1, 2, 3):
        walk += client.ids("orders", orderby="modified", order="asc", per_page=2, page=page)
    assert walk == [made[0], made[1], made[3], made[0]]
    assert seen == [("wc/v3/orders", 0)] * 3
    assert [asked.status for asked in shop.asked] == [200] * 3


def test_the_hook_holds_no_lock_and_may_ask_itself(shop: Shop) -> None:
    order = shop.place_order([], billing=BUYER)
    with Server(shop_app(shop)) as url:

        def ask(_: Asked) -> None:
            shop.on_request = None
            assert requests.get(f"{url}/wp-json").ok

        shop.on_request = ask
        assert requests.get(f"{url}/wp-json").ok
    assert shop.order(order).id == order


def test_without_analytics_only_the_lists_of_each_parent_are_left(shop: Shop) -> None:
    made = shirts(shop)
    client = Client(shop)
    assert client.get(ALL).status_code == 200
    assert "wc-analytics" in client.get("/wp-json").json["namespaces"]
    shop.analytics = False
    for path in (ALL, "/wp-json/wc-analytics/products", "variations"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "rest_no_route")
    for shirt, sizes in made.items():
        assert client.ids(f"products/{shirt}/variations", **BY_ID) == sizes
    assert "wc-analytics" not in client.get("/wp-json").json["namespaces"]
    shop.version = "10.3.0"
    assert len(client.ids("variations")) == 4


def test_all_three_lists_of_variations_know_include_and_parent(shop: Shop) -> None:
    shop.version = "10.3.0"
    made = shirts(shop)
    (first, (small, medium)), (second, (other, _)) = made.items()
    client = Client(shop)
    for path in (ALL, "variations"):
        assert client.ids(path, include=f"{medium},{other}", **BY_ID) == [medium, other]
        assert client.ids(path, include=f"{medium},{other}", parent=second) == [other]
        assert client.ids(path, parent=f"{first},{second}", **BY_ID) == [
            one for sizes in made.values() for one in sizes
        ]
        assert client.ids(path, parent="99") == []
        assert client.ids(path, include="99") == []
    path = f"products/{first}/variations"
    assert client.ids(path, include=f"{medium},{other}") == [medium]
    assert client.ids(path, parent=second, **BY_ID) == [small, medium]  # is not looked at
    assert client.ids("products/99/variations") == []


def test_a_deleted_variation_leaves_no_trace_not_even_its_parents_date(shop: Shop) -> None:
    (shirt, (small, medium)) = next(iter(shirts(shop).items()))
    before = shop.product(shirt).modified
    assert isinstance(shop.clock, MovedClock)
    shop.clock.advance(timedelta(hours=1))
    client = Client(shop)
    path = f"products/{shirt}/variations"
    assert client.delete(f"{path}/{small}", force="true").json["id"] == small
    assert client.get(f"{path}/{small}").json["code"] == (
        "woocommerce_rest_product_variation_invalid_id"
    )
    assert client.get(f"products/{shirt}").json["variations"] == [medium]
    assert client.ids(ALL, parent=shirt) == [medium]
    assert client.delete(f"{path}/{small}", force="true").status_code == 404
    assert client.delete(f"products/99/variations/{medium}", force="true").status_code == 404
    # without force it goes into the trash, and out of the lists too
    assert client.delete(f"{path}/{medium}").status_code == 200
    assert client.delete(f"{path}/{medium}").status_code == 410
    assert client.ids(path) == client.ids(ALL, parent=shirt) == []
    assert client.ids(path, status="trash") == [medium]
    assert client.get(f"products/{shirt}").json["variations"] == []
    assert shop.product(shirt).modified == before
    assert shop.product(medium).modified == shop.now()


def test_a_trashed_parent_takes_its_variations_along(shop: Shop) -> None:
    made = shirts(shop)
    shirt, sizes = next(iter(made.items()))
    client = Client(shop)
    shop.trash_product(shirt)
    assert client.ids(f"products/{shirt}/variations", status="any") == []
    assert client.ids(f"products/{shirt}/variations", status="trash", **BY_ID) == sizes
    assert client.ids(ALL, parent=shirt) == []
    shop.restore_product(shirt)
    assert client.ids(f"products/{shirt}/variations", **BY_ID) == sizes
    shop.delete_product(shirt)
    assert client.ids(ALL, include=",".join(map(str, sizes))) == []


def test_a_status_that_vanishes_takes_its_orders_out_of_all_lists(shop: Shop) -> None:
    shop.add_order_status("shipped", "Shipped")
    kept = shop.place_order([], billing=BUYER)
    order = shop.place_order([], billing=BUYER, status="shipped")
    client = Client(shop)
    assert client.ids("orders", status="shipped,processing", **BY_ID) == [kept, order]
    shop.remove_order_status("shipped")
    refused = client.get("orders", status="shipped,processing")
    assert (refused.status_code, refused.json["code"]) == (400, "rest_invalid_param")
    assert client.ids("orders") == client.ids("orders", status="any") == [kept]
    assert client.ids("orders", include=order) == []
    assert client.get(f"orders/{order}").json["status"] == "shipped"


def test_a_failing_shop_fails_in_all_ways_and_the_same_way_again(shop: Shop) -> None:
    def answers(seed: int) -> list[str]:
        shop.trouble = Failing(0.5, seed=seed)
        found = []
        with Server(shop_app(shop)) as url:
            for _ in range(60):
                try:
                    answer = requests.get(f"{url}/wp-json")
                except requests.ConnectionError:
                    found.append("lost")
                    continue
                wait = answer.headers.get("Retry-After", "")
                notice = "notice" if "Notice" in answer.text else ""
                found.append(f"{answer.status_code} {wait}{notice}".strip())
        return found

    first = answers(3)
    assert set(first) == {"200", "500", "503 1", "429 1", "200 notice", "lost"}
    assert 15 <= first.count("200") <= 45
    assert answers(3) == first
    assert answers(4) != first
