"""Interest goes with its person to their newer number, with what they were told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from jobs_stage import add_contact, add_message

from models import Identity, Interest, Message, SharedName
from models.newer_number import put_names

DAY = timedelta(days=1)


@pytest.fixture
def pair(database: object, now: datetime) -> tuple[int, int]:
    return add_contact("+12025550101", now), add_contact("+12025550102", now)


def saw(contact: int, at: datetime, **more: Any) -> None:
    row = {
        "contact_id": contact, "product_id": 7, "kind": "view", "price": 900,
        "stock_status": "outofstock", "first_at": at, "seen_at": at, "source": "events",
    }  # fmt: skip
    Interest.write_each([row | more], lambda insert: insert)


def names(contact: int, at: datetime, kind: str = "customer", value: str = "5") -> None:
    row = {"kind": kind, "value": value, "contact_id": contact, "seen_at": at}
    put_names([row], now=at)


def whose() -> list[int]:
    return sorted(one.contact_id for one in Interest.select())


@pytest.mark.parametrize("kind", ["customer", "email"])
def test_it_moves_with_the_name_and_what_is_the_same_is_one(
    pair: tuple[int, int], now: datetime, kind: str
) -> None:
    old, new = pair
    names(old, now - DAY, kind)
    for contact in pair:
        saw(contact, now - 5 * DAY)
    names(new, now, kind)
    assert whose() == [new]
    names(old, now - 2 * DAY, kind)  # an older order takes nothing back
    assert whose() == [new]


def test_an_email_takes_nothing_from_who_has_an_account(
    pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    names(old, now - DAY)
    names(old, now - DAY, "email", "a@shop.example")
    saw(old, now - 5 * DAY)
    names(new, now, "email", "a@shop.example")
    assert whose() == [old]


def test_a_till_takes_nothing_along(pair: tuple[int, int], now: datetime) -> None:
    old, new = pair
    SharedName.insert(kind="customer", value="5").execute()
    names(old, now - DAY)
    saw(old, now - 5 * DAY)
    names(new, now)
    assert (whose(), Identity.get().contact_id) == ([old], new)


def test_the_shops_carts_follow_its_orders(pair: tuple[int, int], now: datetime) -> None:
    old, new = pair
    names(old, now - DAY)
    saw(old, now - 5 * DAY, kind="cart", source="shop")
    names(new, now)
    assert whose() == [old]


def test_what_was_told_is_known_and_what_waits_is_called_off(
    pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    names(old, now - 9 * DAY)
    saw(old, now - 5 * DAY)
    alert = {"campaign": "price_drop", "product_id": 7}
    add_message(old, now - 4 * DAY, state="read", price=800, **alert)
    add_message(old, now - 3 * DAY, state="cancelled", price=700, **alert)
    queued = add_message(old, now - 2 * DAY, **alert)
    greeting = add_message(old, now - 2 * DAY)
    names(new, now)
    rows = Interest.select().where(Interest.contact_id == new).order_by(Interest.seen_at)
    assert [(one.price, one.stock_status, one.seen_at) for one in rows] == [
        (900, "outofstock", now - 5 * DAY),
        (800, "instock", now - 4 * DAY),
    ]
    assert Message.get_by_id(queued.id).state == "cancelled"
    assert Message.get_by_id(greeting.id).state == "queued"
