"""An alert leaves while what it is about is so, by a copy of the article that is of this moment."""

from datetime import timedelta
from typing import Any

import pytest
from send_stage import Office
from sending_world import message

from models import Contact, Cursor, Hint, Order, Product

SHIRT, RED = 7, 71


def _stock(office: Office, number: int = SHIRT, parent: int = 0, **more: Any) -> None:
    row = {
        "woo_id": number, "parent_id": parent, "name": "Linen Shirt", "status": "publish",
        "stock_status": "instock", "stock_quantity": 3, "price": 8000,
        "read_at": office.clock.now(),
    } | more  # fmt: skip
    Product.insert(row).on_conflict_replace().execute()


def _alert(office: Office, **more: Any) -> str:
    """A queued message about the shirt."""
    about = {"product_id": SHIRT, "created_at": office.clock.now()} | more
    [uid] = office.world.queue(**about)
    return uid


def _state(office: Office, uid: str) -> str:
    office.send()
    return str(message(uid).state)


def test_what_is_in_stock_is_told(office: Office) -> None:
    _stock(office)
    assert _state(office, _alert(office)) == "accepted"


@pytest.mark.parametrize(
    "change",
    [
        {"stock_status": "outofstock"},
        {"stock_status": "onbackorder"},
        {"stock_quantity": 0},
        {"status": "draft"},
    ],
)
def test_nobody_is_told_about_what_is_gone_again(office: Office, change: dict[str, Any]) -> None:
    _stock(office, **change)
    uid = _alert(office)
    assert _state(office, uid) == "cancelled"
    assert message(uid).detail == "what it is about is sold out again"
    assert office.taken == {}


def test_nobody_is_told_about_what_was_deleted(office: Office) -> None:
    assert _state(office, _alert(office)) == "cancelled"


def test_stock_that_is_not_counted_is_stock(office: Office) -> None:
    _stock(office, stock_quantity=None)
    assert _state(office, _alert(office)) == "accepted"


@pytest.mark.parametrize(
    ("price", "state"),
    [(8000, "accepted"), (7999, "accepted"), (8001, "cancelled"), (None, "cancelled")],
)
def test_a_price_that_went_up_again_is_not_told(
    office: Office, price: int | None, state: str
) -> None:
    _stock(office, price=price)
    uid = _alert(office, price=8000)
    assert _state(office, uid) == state
    if state == "cancelled":
        assert message(uid).detail == "what it is about is not that cheap any more"


def test_of_a_variation_its_own_stock_counts(office: Office) -> None:
    _stock(office, stock_status="outofstock")
    _stock(office, RED, SHIRT)
    assert _state(office, _alert(office, variation_id=RED)) == "accepted"
    _stock(office, RED, SHIRT, stock_status="outofstock")
    other = _alert(office, variation_id=RED, subject="other")
    assert _state(office, other) == "cancelled"


def test_a_variation_of_a_product_that_is_no_more_on_sale_is_gone(office: Office) -> None:
    _stock(office, status="private")
    _stock(office, RED, SHIRT)
    assert _state(office, _alert(office, variation_id=RED)) == "cancelled"


@pytest.mark.parametrize(("variation", "kind"), [(0, "products"), (RED, "variations")])
def test_an_old_copy_is_read_again_before_the_message_leaves(
    office: Office, variation: int, kind: str
) -> None:
    # given an alert about an article that was read three minutes ago
    old = office.clock.now() - timedelta(minutes=3)
    _stock(office, read_at=old)
    _stock(office, RED, SHIRT, read_at=old)
    uid = _alert(office, variation_id=variation)
    # when it is its turn, the shop is asked first, and nothing leaves
    assert _state(office, uid) == "queued"
    assert [(hint.kind, hint.woo_id) for hint in Hint.select()] == [(kind, SHIRT)]
    assert office.taken == {}
    # then, once the copy is new, it does
    _stock(office)
    _stock(office, RED, SHIRT)
    office.later(seconds=11)
    assert _state(office, uid) == "accepted"


def test_what_turned_out_to_be_gone_is_not_told(office: Office) -> None:
    _stock(office, read_at=office.clock.now() - timedelta(minutes=3))
    uid = _alert(office)
    assert _state(office, uid) == "queued"
    _stock(office, stock_status="outofstock")
    office.later(seconds=11)
    assert _state(office, uid) == "cancelled"


@pytest.mark.parametrize("apart", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_shop_whose_clock_is_off_does_not_hold_messages_for_ever(
    office: Office, apart: timedelta
) -> None:
    now = office.clock.now()
    Cursor.named("orders")
    Cursor.update(since=now + apart, polled_at=now).where(Cursor.name == "orders").execute()
    _stock(office, read_at=now + apart)
    assert _state(office, _alert(office)) == "accepted"


def test_an_alert_to_somebody_who_ordered_since_is_called_off(office: Office) -> None:
    _stock(office)
    uid = _alert(office)
    office.later(minutes=1)
    Order.insert(
        woo_id=99, status="processing", created_at=office.clock.now(),
        contact_id=Contact.get().id, read_at=office.clock.now(),
    ).execute()  # fmt: skip
    assert _state(office, uid) == "cancelled"
    assert message(uid).detail == "ordered meanwhile"
