"""Interest and events that wait: what is found, changed and forgotten; and what somebody waits for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from table_rows import NOON, a_product, an_order

from models import Interest, LookedAt, Order, OrderLine, Product, UnsettledEvent
from models.base import among_pairs, tuples
from models.base import database as handle
from models.interest import CARTS, FROM_SHOP, IS_CART, waited_for

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def interest(contact: int = 1, product: int = 7, variation: int = 0, **more: Any) -> int:
    """A look at product 7 at noon, unless `more` says otherwise."""
    row = {
        "contact_id": contact, "product_id": product, "variation_id": variation, "kind": "view",
        "price": 900, "stock_status": "instock", "first_at": NOON, "seen_at": NOON, "source": "events",
    }  # fmt: skip
    return int(Interest.insert(row | more).execute())


def left() -> list[int]:
    return [one.id for one in Interest.select().order_by(Interest.id)]


def plan(sql: str, values: Any = ()) -> str:
    return "\n".join(row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values))


# rows of interest


def test_the_interest_of_pairs_of_a_person_and_a_product() -> None:
    wanted = [interest(1, 7), interest(1, 7, 8), interest(2, 9, kind="cart")]
    interest(1, 9)
    interest(2, 7)
    interest(1, 7, kind="cart", source="shop")  # it follows the shop's carts, and nothing else
    found = Interest.of({(1, 7), (2, 9), (3, 3)})
    assert sorted(one.id for one in found) == wanted
    assert Interest.of([]) == []


def test_pairs_are_looked_up_by_an_index_of_both() -> None:
    whose = among_pairs((Interest.contact_id, Interest.product_id), [(1, 7)])
    used = plan(*Interest.select().where(whose).sql())
    assert "USING INDEX interest_contact_id_product_id" in used
    assert "(contact_id=? AND product_id=?)" in used


def test_a_row_is_changed_in_all_that_may_change() -> None:
    first, second = interest(), interest(2)
    row = {
        "price": None, "stock_status": "outofstock", "first_at": NOON - DAY, "seen_at": NOON + DAY,
        "source": "import",
    }  # fmt: skip
    assert Interest.change({first: row}) == 1
    changed = Interest.get_by_id(first)
    assert {name: getattr(changed, name) for name in row} == row
    assert Interest.get_by_id(second).source == "events"
    assert Interest.change({}) == 0


def test_a_wish_is_taken_back_up_to_a_moment() -> None:
    wish = {"kind": "wishlist"}
    gone = [interest(**wish), interest(variation=8, **wish)]
    later = interest(variation=9, seen_at=NOON + SECOND, **wish)
    others = [interest(), interest(2, **wish), interest(1, 5, **wish), interest(kind="cart")]
    assert Interest.unwish([(1, 7, 0, NOON)]) == len(gone)
    assert left() == sorted([later, *others])


def test_a_wish_for_one_variation_is_taken_back_alone() -> None:
    wish = {"kind": "wishlist"}
    stays = [interest(**wish), interest(variation=9, **wish)]
    interest(variation=8, **wish)
    assert Interest.unwish([(1, 7, 8, NOON)]) == 1
    assert left() == stays
    assert Interest.unwish([]) == 0


def test_what_was_last_seen_before_a_moment_goes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.interest.ROWS_A_DELETE", 2)
    for number in range(5):
        interest(number, first_at=NOON - 9 * DAY, seen_at=NOON - SECOND)
    stays = interest(9, first_at=NOON - 9 * DAY)
    assert Interest.forget_before(NOON) == 5
    assert left() == [stays]
    assert Interest.forget_before(NOON) == 0


# what is known of an article that somebody looked at


def looked_at() -> list[tuple[int, int, int | None, datetime | None]]:
    order = (LookedAt.product_id, LookedAt.variation_id)
    return tuples(LookedAt.select(*order, LookedAt.dearest, LookedAt.sold_out_at).order_by(*order))


@pytest.mark.parametrize("products_a_sum", [1, 100])
def test_what_was_looked_at_is_summed_up_anew_in_parts(
    monkeypatch: pytest.MonkeyPatch, products_a_sum: int
) -> None:
    monkeypatch.setattr("models.interest.PRODUCTS_A_SUM", products_a_sum)
    for number, (price, stock) in enumerate([(900, "instock"), (700, "outofstock"), (None, "")]):
        interest(number, 7, price=price, stock_status=stock, seen_at=NOON + number * SECOND)
    interest(1, 7, 8, price=None)
    interest(1, 9, price=100)
    # and what was known of articles that nobody looks at any more
    for product, variation in ((7, 99), (6, 0), (10, 0)):
        LookedAt.insert(product_id=product, variation_id=variation, dearest=1).execute()
    assert Interest.sum_up() == 3
    assert looked_at() == [(7, 0, 900, NOON + SECOND), (7, 8, None, None), (9, 0, 100, None)]
    Interest.delete().execute()
    assert Interest.sum_up() == 0


def test_what_is_written_and_changed_is_known_at_once() -> None:
    row = {
        "contact_id": 1, "product_id": 7, "variation_id": 0, "kind": "view", "price": 900,
        "stock_status": "instock", "first_at": NOON, "seen_at": NOON, "source": "events",
    }  # fmt: skip
    Interest.write_each([row, row | {"contact_id": 2, "price": 950}], lambda insert: insert)
    assert looked_at() == [(7, 0, 950, None)]
    later = row | {"stock_status": "outofstock", "seen_at": NOON + DAY, "price": 1000}
    Interest.change({Interest.get(Interest.contact_id == 1).id: later})
    assert looked_at() == [(7, 0, 1000, NOON + DAY)]


# events that wait


def test_an_event_waits_once_with_its_first_reason() -> None:
    assert UnsettledEvent.put([("a", NOON), ("b", NOON)], "events") == 2
    assert UnsettledEvent.put([("b", NOON), ("c", NOON)], "import", "person") == 1
    kept = [(one.said, one.source, one.reason) for one in UnsettledEvent.select()]
    assert kept == [("a", "events", ""), ("b", "events", ""), ("c", "import", "person")]
    assert UnsettledEvent.put([], "events") == 0


def test_events_that_wait_too_long_are_forgotten() -> None:
    UnsettledEvent.put([("old", NOON - SECOND), ("new", NOON)], "events")
    assert UnsettledEvent.forget_before(NOON) == 1
    assert [one.said for one in UnsettledEvent.select()] == ["new"]


def test_what_was_just_told_is_found_by_an_index() -> None:
    query = UnsettledEvent.select().where(UnsettledEvent.reason == "").order_by(UnsettledEvent.id)
    used = plan(*query.limit(10).sql())
    assert "USING INDEX unsettled_event_reason (reason=?)" in used
    assert "TEMP B-TREE" not in used


# what somebody waits for


def product(number: int, **columns: Any) -> None:
    row = a_product(number, stock_status="instock", read_at=NOON - DAY + number * SECOND)
    Product.insert(row | columns).execute()


def waited(limit: int = 10, since: datetime = NOON - 30 * DAY) -> list[tuple[int, int]]:
    return waited_for(since, NOON, limit)


def test_wishes_carts_and_looks_at_what_was_sold_out_are_waited_for() -> None:
    for number in (1, 2, 3, 4, 5):
        product(number)
    interest(1, 2, kind="wishlist")
    interest(1, 3, kind="cart")
    interest(1, 4, stock_status="outofstock")
    interest(1, 5)  # a look at what could be bought
    assert waited() == [(2, 0), (3, 0), (4, 0)]


def test_a_look_at_what_is_sold_out_by_now_is_waited_for() -> None:
    product(1, stock_status="outofstock")
    product(2, stock_status="outofstock")
    interest(1, 1)
    assert waited() == [(1, 0)]


def test_of_a_variable_product_it_is_the_variation_that_is_waited_for() -> None:
    product(1)
    product(11, parent_id=1)
    product(12, parent_id=1)
    product(13, parent_id=1, stock_status="outofstock")
    interest(1, 1, 11, kind="wishlist")
    assert waited() == [(11, 1)]
    Interest.delete().execute()
    interest(1, 1)  # of no certain one: it may have been the sold-out colour
    assert waited() == [(13, 1)]
    Interest.update(kind="wishlist").execute()
    assert waited() == [(1, 0), (13, 1)]


def test_only_within_the_time_that_is_looked_back() -> None:
    for number in (1, 2):
        product(number, stock_status="outofstock")
    long_ago = NOON - 30 * DAY
    interest(1, 1, kind="wishlist", first_at=long_ago, seen_at=long_ago, stock_status="outofstock")
    interest(1, 2, kind="wishlist", first_at=long_ago, seen_at=long_ago + SECOND)
    assert waited() == [(2, 0)]


def test_what_was_read_just_now_can_wait() -> None:
    product(1, read_at=NOON)
    product(2, read_at=NOON - SECOND)
    for number in (1, 2):
        interest(1, number, kind="wishlist")
    assert waited() == [(2, 0)]


def test_the_shops_carts_take_turns_with_all_wishes_however_many_of_each() -> None:
    for number in range(1, 9):
        product(number)
        interest(1, number, kind="wishlist")
    Order.insert(an_order(1, status="pending")).execute()
    for line, (number, variation) in enumerate([(6, 0), (7, 0), (99, 5)]):
        OrderLine.insert(
            woo_id=line, order_id=1, product_id=number, variation_id=variation
        ).execute()
    assert [number for number, _ in waited(5)] == [5, 1, 6, 2, 7]
    assert [number for number, _ in waited()] == [5, 1, 6, 2, 7, 3, 4, 8]


def test_every_part_of_what_is_waited_for_is_found_by_an_index() -> None:
    product(1)
    statements: list[str] = []
    handle.obj.connection().set_trace_callback(statements.append)
    waited()
    handle.obj.connection().set_trace_callback(None)
    used = plan(statements[-1])
    for index in (
        "interest_stands (product_id=? AND variation_id=? AND seen_at>?)",
        "interest_sold_out (product_id=? AND variation_id=? AND seen_at>?)",
        "shop_order_carts (modified_at>?)",
    ):
        assert index in used
    scanned = [line for line in used.splitlines() if line.startswith("SCAN t")]
    assert len(scanned) == 1  # the products, and nothing else


def test_the_carts_are_those_statuses_and_found_by_their_indexes() -> None:
    for number, status in enumerate([*CARTS, "completed"]):
        Order.insert(an_order(number + 1, status=status)).execute()
    found = Order.select(Order.woo_id).where(IS_CART).order_by(Order.woo_id)
    assert [number for (number,) in tuples(found)] == [1, 2, 3]
    shop = Interest.select(Interest.contact_id, Interest.seen_at).where(FROM_SHOP)
    assert "USING INDEX interest_shop" in plan(*shop.sql())
