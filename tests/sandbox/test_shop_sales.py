"""Scheduled sales: what the clock changes at once, and what waits for the cron."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shop_stage import BUYER, START, Client, small_shop

from agent.sandbox.clock import MovedClock

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

RECORDINGS = Path(__file__).parent.parent / "recordings"
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def recorded(name: str) -> list[dict[str, Any]]:
    return list(json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8")))


def pass_time(shop: Shop, step: timedelta) -> None:
    assert isinstance(shop.clock, MovedClock)
    shop.clock.advance(step)


def variable(shop: Shop) -> tuple[int, int, int]:
    """A shirt for 88 in M and 140 in G: its id, and theirs."""
    shirt = shop.add_product(name="Camiseta", price="", type="variable")
    sizes = (
        shop.add_variation(shirt, attributes={"Tamanho": size}, price=price, stock=9)
        for size, price in (("M", "88.00"), ("G", "140"))
    )
    return shirt, *sizes


def test_a_simple_sale_goes_through_the_recorded_steps(shop: Shop) -> None:
    """q03_simple_scheduled_sale: price, sale price, on_sale, and whether the date moved."""
    product = shop.add_product(name="Boné", price="206.89")
    client = Client(shop)
    steps = {
        "before": lambda: None,
        "scheduled: from +2s, to +30s": lambda: shop.schedule_sale(
            product, "1.23", shop.now() + 2 * SECOND, shop.now() + 30 * SECOND
        ),
        "start passed, no cron": lambda: pass_time(shop, 5 * SECOND),
        "after cron start": shop.run_cron,
        "end passed, no cron": lambda: pass_time(shop, 30 * SECOND),
        "after cron end": shop.run_cron,
    }
    theirs = recorded("q03_simple_scheduled_sale")
    seen: dict[str, list[object]] = {"ours": [], "theirs": []}
    dates: dict[str, list[str]] = {"ours": [], "theirs": []}
    for step, their in zip(steps.values(), theirs, strict=True):
        pass_time(shop, SECOND)
        step()
        our = client.get(f"products/{product}").json
        seen["ours"].append((our["price"], our["sale_price"], our["on_sale"]))
        seen["theirs"].append((their["price"], their["sale"], their["on_sale"]))
        dates["ours"].append(our["date_modified_gmt"])
        dates["theirs"].append(their["mod"])
    assert list(steps) == [their["when"] for their in theirs]
    assert seen["ours"] == seen["theirs"]
    moved = {
        who: [before != after for before, after in pairwise(found)] for who, found in dates.items()
    }
    assert moved["ours"] == moved["theirs"] == [True, False, True, False, True]


def test_a_variations_sale_goes_through_the_recorded_steps(shop: Shop) -> None:
    """q03_date_modified_matrix: the variation's price flips by the clock, its parent's does not."""
    shirt, medium, _ = variable(shop)
    shop.schedule_sale(medium, "1.23", START + HOUR, START + DAY)
    client = Client(shop)
    steps = {
        "scheduled sale START time passed, cron NOT run": lambda: pass_time(shop, 2 * HOUR),
        "wc_scheduled_sales cron START": shop.run_cron,
        "sale END time passed, cron NOT run": lambda: pass_time(shop, DAY),
        "wc_scheduled_sales cron END": shop.run_cron,
    }
    recorded_rows = recorded("q03_date_modified_matrix")
    for name, step in steps.items():
        before = [shop.product(one).modified for one in (medium, shirt)]
        step()
        moved = [
            shop.product(one).modified > old
            for one, old in zip((medium, shirt), before, strict=True)
        ]
        shown = [
            client.get(f"products/{shirt}/variations/{medium}").json["price"],
            client.get(f"products/{shirt}").json["price"],
        ]
        theirs = {row["kind"]: row for row in recorded_rows if row["test"] == name}
        # the simple product of that file ran late in its window (see the reference), so only these
        them = [theirs["variation"], next(r for r in recorded_rows if _parent(r, name))]
        assert shown == [row["after"][2] for row in them], name
        assert moved == [row["date_modified_changed"] for row in them], name


def _parent(row: dict[str, Any], test: str) -> bool:
    return bool(row["test"] == test and row["id"] == 1406)


def test_nothing_finds_a_sale_that_began_until_the_cron_has_run(shop: Shop) -> None:
    shirt, medium, _ = variable(shop)
    cap = shop.add_product(name="Boné", price="20", stock=5)
    for one in (medium, cap):
        shop.schedule_sale(one, "10", START + HOUR)
    pass_time(shop, 2 * HOUR)
    client = Client(shop)
    since = {"modified_after": (START).isoformat()[:19], "dates_are_gmt": "true"}
    assert client.ids("products", **since) == []
    assert client.ids(f"products/{shirt}/variations", **since) == []
    shop.run_cron()
    assert sorted(client.ids("products", **since)) == [shirt, cap]
    assert client.ids(f"products/{shirt}/variations", **since) == [medium]
    assert client.ids("products", on_sale="true") == [cap]
    before = shop.product(cap).modified
    pass_time(shop, HOUR)
    shop.run_cron()  # has nothing left to do
    assert shop.product(cap).modified == before


def test_a_stock_change_during_the_gap_does_not_flip_the_stored_price(shop: Shop) -> None:
    shirt, medium, large = variable(shop)
    cap = shop.add_product(name="Boné", price="20", stock=5)
    for one in (medium, cap):
        shop.schedule_sale(one, "10", START + HOUR)
    pass_time(shop, 2 * HOUR)
    order = shop.place_order([(cap, 0, 1), (shirt, medium, 1), (shirt, large, 1)], billing=BUYER)
    # a buyer pays what is shown: the old price for the cap, the sale's for the shirt
    assert [str(line.total) for line in shop.order(order).lines] == ["20.00", "10.00", "140.00"]
    client = Client(shop)
    assert client.get(f"products/{cap}").json["price"] == "20"
    assert client.get(f"products/{shirt}").json["price"] == "88.00"
    shop.run_cron()
    assert client.get(f"products/{shirt}").json["price"] == "10"


def test_a_sale_that_was_over_before_the_cron_ran_leaves_the_price(shop: Shop) -> None:
    cap = shop.add_product(name="Boné", price="20")
    shop.schedule_sale(cap, "10", START + HOUR, START + 2 * HOUR)
    pass_time(shop, DAY)
    shop.run_cron()
    row = Client(shop).get(f"products/{cap}").json
    assert (row["price"], row["on_sale"]) == ("20", False)


@pytest.mark.parametrize(
    ("sent", "begins"),
    [
        ({"date_on_sale_from": "2026-03-05T00:00:00"}, "2026-03-05T03:00:00"),  # São Paulo
        ({"date_on_sale_from": "2026-03-05"}, "2026-03-05T03:00:00"),
        ({"date_on_sale_from": "2026-03-05T00:00:00Z"}, "2026-03-05T00:00:00"),
        ({"date_on_sale_from_gmt": "2026-03-05T00:00:00"}, "2026-03-05T00:00:00"),
        ({"date_on_sale_from": ""}, None),
        ({"date_on_sale_from": None}, None),
    ],
)
def test_a_sale_is_scheduled_over_the_api(
    shop: Shop, sent: dict[str, object], begins: str | None
) -> None:
    shirt, medium, _ = variable(shop)
    cap = shop.add_product(name="Boné", price="20")
    client = Client(shop)
    for path in (f"products/{cap}", f"products/{shirt}/variations/{medium}"):
        shown = client.put(path, {"sale_price": "10", **sent}).json
        assert shown["date_on_sale_from_gmt"] == begins
        assert shown["date_on_sale_to"] is None
        assert shown["on_sale"] == (begins is None)
        ended = {"date_on_sale_to": "2026-03-06T12:00:00", "date_on_sale_from": ""}
        shown = client.put(path, ended).json
        assert shown["date_on_sale_to"] == "2026-03-06T12:00:00"
        assert shown["date_on_sale_to_gmt"] == "2026-03-06T15:00:00"
        assert (shown["on_sale"], shown["price"]) == (True, "10")


def test_a_sale_needs_aware_dates_and_a_lower_price(shop: Shop) -> None:
    cap = shop.add_product(name="Boné", price="20")
    with pytest.raises(ValueError, match="aware"):
        shop.schedule_sale(cap, "10", START.replace(tzinfo=None))
    shop.schedule_sale(cap, "30")
    assert Client(shop).get(f"products/{cap}").json["price"] == "20"
