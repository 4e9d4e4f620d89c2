"""Lists over the API: filters, order, pages, and the traps in each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from shop_stage import BUYER, START, Client, small_shop

if TYPE_CHECKING:
    from agent.sandbox.shop.shop import Shop

SECOND = timedelta(seconds=1)


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def orders(shop: Shop, count: int) -> list[int]:
    return [
        shop.place_order([], billing=BUYER, created=START - (count - place) * SECOND)
        for place in range(count)
    ]


def walk(client: Client, path: str, **params: object) -> list[int]:
    found: list[int] = []
    for page in range(1, 100):
        ids = client.ids(path, page=page, _fields="id", **params)
        if not ids:
            return found
        found += ids
    raise AssertionError("the list has no end")


def test_a_walk_by_id_is_complete(shop: Shop) -> None:
    made = orders(shop, 25)
    assert walk(Client(shop), "orders", orderby="id", order="asc", per_page=10) == made


def test_a_page_past_the_end_is_empty_and_orders_forget_their_total(shop: Shop) -> None:
    orders(shop, 3)
    shop.add_product(name="Boné", price="1")
    client = Client(shop)
    for path, total in (("orders", "0"), ("products", "1")):
        answer = client.get(path, page=9)
        assert (answer.json, answer.headers["X-WP-Total"]) == ([], total)


def test_include_gives_ten_rows_unless_more_are_asked_for(shop: Shop) -> None:
    made = orders(shop, 15)
    client = Client(shop)
    wanted = ",".join(map(str, made))
    assert len(client.ids("orders", include=wanted)) == 10
    assert len(client.ids("orders", include=wanted, per_page=100)) == 15
    assert client.ids("orders", include=f"{made[3]},{made[1]}", orderby="include") == [
        made[3],
        made[1],
    ]
    assert client.ids("orders", include="1,2,3") == []


def test_offset_beats_page_and_exclude_leaves_out(shop: Shop) -> None:
    made = orders(shop, 6)
    client = Client(shop)
    asked = {"orderby": "id", "order": "asc", "per_page": 2}
    assert client.ids("orders", offset=3, page=3, **asked) == made[3:5]
    assert client.ids("orders", exclude=f"{made[0]},{made[2]}", **asked) == [made[1], made[3]]


def test_modified_bounds_are_strict(shop: Shop) -> None:
    first, second, third = orders(shop, 3)
    client = Client(shop)
    moment = shop.order(second).modified.strftime("%Y-%m-%dT%H:%M:%S")
    gmt = {"dates_are_gmt": "true", "orderby": "id", "order": "asc"}
    assert client.ids("orders", modified_after=moment, **gmt) == [third]
    assert client.ids("orders", modified_before=moment, **gmt) == [first]
    # a fraction is cut off, and a space does for the T
    assert client.ids("orders", modified_after=f"{moment}.900", **gmt) == [third]
    assert client.ids("orders", modified_after=moment.replace("T", " "), **gmt) == [third]
    assert client.ids("orders", after=moment, **gmt) == [third]
    assert client.ids("orders", before=moment, **gmt) == [first]


@pytest.mark.parametrize("path", ["orders", "products"])
def test_a_zone_in_the_date_and_the_gmt_flag_do_not_go_together(path: str) -> None:
    # given shops west and east of Greenwich, with a row that is an hour old
    for zone, found in (("America/Sao_Paulo", 1), ("Asia/Kolkata", 0)):
        shop = small_shop(timezone=zone)
        hour_ago = START - timedelta(hours=1)
        shop.place_order([], billing=BUYER, created=hour_ago)
        shop.add_product(name="Boné", price="1", created=hour_ago)
        client = Client(shop)
        # when what changed in the last two hours is asked for, then only a naive UTC time is right
        since = START - timedelta(hours=2)
        naive = since.strftime("%Y-%m-%dT%H:%M:%S")
        assert len(client.ids(path, modified_after=naive, dates_are_gmt="true")) == 1
        assert len(client.ids(path, modified_after=f"{naive}Z", dates_are_gmt="true")) == found
        assert len(client.ids(path, modified_after=f"{naive}Z")) == 1


@pytest.mark.parametrize("value", ["2026-03-02", "1772452800", "2026-03-02T10:00", "yesterday"])
def test_a_date_that_is_none_is_refused(shop: Shop, value: str) -> None:
    client = Client(shop)
    assert client.get("orders", modified_after=value).json["code"] == "rest_invalid_param"
    assert client.get("customers", modified_after=value).status_code == 200  # silently ignored


def test_all_bad_parameters_are_named_at_once(shop: Shop) -> None:
    answer = Client(shop).get("orders", per_page=0, page=0, include="a", status="x")
    assert set(answer.json["data"]["params"]) == {"per_page", "page", "include", "status"}


def test_the_trash_is_seen_only_by_its_name(shop: Shop) -> None:
    first, second = orders(shop, 2)
    shop.trash_order(first)
    client = Client(shop)
    assert client.ids("orders") == [second]
    assert client.ids("orders", status="any,trash") == [second]
    assert client.ids("orders", status="processing,trash") == [second, first]
    assert client.get(f"orders/{first}").json["status"] == "trash"


def test_orders_are_found_by_customer_product_phone_and_number(shop: Shop) -> None:
    product = shop.add_product(name="Boné azul", price="1")
    person = shop.add_customer(first_name="A", last_name="B", email="a@example.com")
    mine = shop.place_order([(product, 0, 1)], billing=BUYER, customer_id=person)
    guest = shop.place_order([], billing={"phone": "+1 212 555 0199"})
    client = Client(shop)
    assert client.ids("orders", customer=person) == [mine]
    assert client.ids("orders", customer=0) == [guest]
    assert client.ids("orders", product=product) == [mine]
    assert client.ids("orders", search="555 0199") == [guest]
    assert client.ids("orders", search=str(mine)) == [mine]
    assert client.ids("orders", search="azul") == [mine]
    assert client.ids("orders", parent=mine) == []
    assert client.ids("customers", search="a@example") == [person]
    assert client.ids("customers", role="all", orderby="id") == [1, person]


def test_rows_with_one_date_get_lost_between_pages_unless_sorted_by_id(shop: Shop) -> None:
    made = [shop.add_product(name=f"P{place}", price="1") for place in range(60)]
    client = Client(shop)
    by_date = walk(client, "products", orderby="modified", order="asc", per_page=10)
    assert len(by_date) == 60
    assert len(set(by_date)) < 60
    assert walk(client, "products", orderby="id", order="asc", per_page=10) == made
    shop.tidy_ties = True
    assert walk(client, "products", orderby="modified", order="asc", per_page=10) == made


def test_ties_of_orders_stay_in_place(shop: Shop) -> None:
    made = [shop.place_order([], billing=BUYER) for _ in range(25)]
    asked = {"orderby": "modified", "order": "asc", "per_page": 10}
    assert walk(Client(shop), "orders", **asked) == made


def test_products_are_found_by_what_they_are(shop: Shop) -> None:
    shelf = shop.add_category("Bonés")
    simple = shop.add_product(name="Boné", price="9", sku="B-1", categories=[shelf], stock=0)
    shirt = shop.add_product(name="Camiseta", price="", sku="C", type="variable", status="draft")
    size = shop.add_variation(
        shirt, attributes={"Tamanho": "M"}, price="12", sku="C-M", sale_price="8"
    )
    client = Client(shop)
    assert client.ids("products", type="variable") == [shirt]
    assert client.ids("products", status="publish") == [simple]
    assert client.ids("products", category=shelf) == [simple]
    assert client.ids("products", stock_status="outofstock") == [simple]
    assert client.ids("products", search="bon") == [simple]
    assert client.ids("products", orderby="price", order="asc") == [shirt, simple]
    assert client.ids("products", sku="C-M") == [size]
    assert client.ids("products", search_sku="c", orderby="id", order="asc") == [shirt, size]
    assert client.ids("products", include=size) == []
    assert client.ids("products", parent=shirt) == []
    assert client.ids("products", on_sale="false", type="simple") == [simple]
    assert client.get(f"products/{size}").json["type"] == "variation"
    assert client.ids("products/categories", hide_empty="true", search="bon") == [shelf]
    assert client.ids("products/categories", parent=7, order="desc") == []


def test_all_variations_come_by_analytics_and_since_10_3_without_it(shop: Shop) -> None:
    shirts = [shop.add_product(name=f"C{n}", price="", type="variable") for n in range(2)]
    sizes = [
        shop.add_variation(shirt, attributes={"Tamanho": size}, price="12")
        for shirt in shirts
        for size in "PM"
    ]
    client = Client(shop)
    everything = "/wp-json/wc-analytics/variations"
    assert client.ids(everything, orderby="id", order="asc") == sizes
    assert client.ids(everything, parent=shirts[1], orderby="id", order="asc") == sizes[2:]
    assert client.get("variations").status_code == 404
    shop.version = "10.3.0"
    assert client.ids("variations", orderby="id", order="asc") == sizes
    assert client.get(f"products/{shirts[0]}/variations/{sizes[0]}").json["name"] == "P"
    assert client.get(f"products/{shirts[1]}/variations/{sizes[0]}").status_code == 404
    shop.trash_product(shirts[0])
    assert client.ids(everything, orderby="id", order="asc") == sizes[2:]


def test_fields_keep_their_order_and_dots_do_not_reach_into_lists(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="1")
    order = shop.place_order([(product, 0, 1)], billing=BUYER)
    client = Client(shop)

    def fields(names: str) -> object:
        return client.get("orders", _fields=names).json[0]

    assert list(fields("total,id")) == ["id", "total"]
    assert fields("billing.phone,billing.email")["billing"].keys() == {"email", "phone"}
    assert len(fields("billing.phone,billing")["billing"]) == 11
    assert len(fields("billing,billing.phone")["billing"]) == 11
    assert fields("id,line_items.product_id,nope,total.x") == {"id": order}
    assert len(fields("id,line_items")["line_items"]) == 1
    assert "_links" in fields("_links.self")
    # alone, an object keeps its links whatever is asked
    assert list(client.get(f"orders/{order}", _fields="id").json) == ["id", "_links"]


def test_a_changed_row_is_seen_at_once(shop: Shop) -> None:
    order = shop.place_order([], billing=BUYER)
    client = Client(shop)
    assert client.ids("orders", status="completed") == []
    shop.set_status(order, "completed")
    assert client.ids("orders", status="completed") == [order]
    shop.delete_order(order)
    assert client.ids("orders") == []


def test_amounts_have_the_decimals_that_are_asked_for(shop: Shop) -> None:
    product = shop.add_product(name="Boné", price="10.5")
    order = shop.place_order([(product, 0, 3)], billing=BUYER)
    shop.refund(order, "1.5")
    client = Client(shop)
    for decimals, total, back in (
        (None, "31.50", "-1.50"),
        (0, "32", "-2"),
        (4, "31.5000", "-1.5000"),
    ):
        asked = {} if decimals is None else {"dp": decimals}
        shown = client.get(f"orders/{order}", **asked).json
        assert (shown["total"], shown["refunds"][0]["total"]) == (total, back)
    assert shown["line_items"][0]["price"] == 10.5
    assert client.get("refunds").json[0]["amount"] == "1.50"
    assert client.get(f"products/{product}", dp=0).json["price"] == "10.5"
