"""The charged time of a server: as measured, shared between requests, and counted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from shop_stage import BUYER, Client, small_shop

from agent.sandbox.shop.costs import Costs, Work


@pytest.mark.parametrize(
    ("work", "milliseconds"),
    [
        (Work("orders", rows=100), 1674),
        (Work("orders", rows=100, full=False, lines=True), 1400),
        (Work("orders", rows=100, full=False), 190),
        (Work("orders", rows=0, full=False), 54),
        (Work("products", rows=100), 324),
        (Work("products", rows=100, full=False), 236),
        (Work("products", rows=100, variable=100), 609),
        (Work("products", rows=100, full=False, variable=100), 453),
        (Work("variations", rows=100), 1032),
        (Work("variations", rows=3, below_parent=True), 94),
        (Work("customers", rows=100), 427),
        (Work("customers", rows=100, full=False), 342),
        (Work("refunds", rows=100), 258),
        (Work("coupons", rows=50), 119),
    ],
)
def test_a_page_costs_what_was_measured(work: Work, milliseconds: int) -> None:
    assert work.seconds() * 1000 == pytest.approx(milliseconds, rel=0.1)


def test_requests_and_bytes_are_counted_by_resource_without_sleeping() -> None:
    shop = small_shop()
    product = shop.add_product(name="Boné", price="1")
    for _ in range(3):
        shop.place_order([(product, 0, 1)], billing=BUYER)
    costs = Costs(factor=0)
    client = Client(shop, costs)
    began = time.monotonic()
    full = client.get("orders")
    slim = client.get("orders", _fields="id")
    client.put("products/10", {})
    assert time.monotonic() - began < 0.5
    assert costs.requests == {"orders": 2, "products": 1}
    assert costs.bytes["orders"] == len(full.data) + len(slim.data)
    expected = Work("orders", 3).seconds() + Work("orders", 3, full=False).seconds()
    expected += Work("products", 1, writes=True).seconds()
    assert costs.charged_seconds == pytest.approx(expected)


def test_new_routes_are_charged_by_what_they_do() -> None:
    shop = small_shop()
    shirt = shop.add_product(name="Camiseta", price="", type="variable")
    sizes = [
        shop.add_variation(shirt, attributes={"Tamanho": size}, price="1") for size in ("P", "M")
    ]
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    costs = Costs(factor=0)
    client = Client(shop, costs)

    def charged(work: Work) -> bool:
        before, costs.charged_seconds = costs.charged_seconds, 0.0
        return before == pytest.approx(work.seconds())

    client.get(f"products/{shirt}/variations")
    assert charged(Work("variations", rows=2, below_parent=True))
    client.get("/wp-json/wc-analytics/variations")
    assert charged(Work("variations", rows=2))
    client.delete(f"products/{shirt}/variations/{sizes[0]}", force="true")
    assert charged(Work("variations", rows=1, writes=True))
    client.put(f"customers/{person}", {"first_name": "C"})
    assert charged(Work("customers", rows=1, writes=True))
    client.get("webhooks")
    assert charged(Work("webhooks"))
    client.post("webhooks", {"topic": "order.updated", "delivery_url": "http://far.example"})
    assert charged(Work("webhooks", rows=1, writes=True))
    shop.analytics = False
    client.get("/wp-json/wc-analytics/variations")
    assert charged(Work("other"))


@pytest.mark.long
def test_more_requests_than_cores_only_wait_longer() -> None:
    costs = Costs(factor=1, cores=2, children=4)
    work = Work("orders", rows=100, full=False)  # 0.19 s

    def take(clients: int) -> float:
        began = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda _: costs.charge(work, 0), range(clients)))
        return time.monotonic() - began

    alone, two, six = take(1), take(2), take(6)
    assert two < 1.5 * alone
    assert six > 2.3 * alone  # three times, less what the timer is off


def test_the_time_that_the_work_really_took_is_not_charged_again() -> None:
    costs = Costs()
    began = time.monotonic()
    costs.charge(Work("orders", rows=1), spent=10)
    assert time.monotonic() - began < 0.05
