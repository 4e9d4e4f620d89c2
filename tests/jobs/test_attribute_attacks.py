"""Orders and messages as they should not be, for the attribution."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_message,
    contact_at,
    file_orders,
    file_refunds,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.attribute import attribute
from models import Conversion, Coupon, Message, Order

ANA = "+12025550101"
Credited = Callable[..., list[tuple[int, str, int]]]


@pytest.fixture
def sent(database: Path, settings: Settings, now: datetime) -> datetime:
    open_shop(country="US", zone="America/New_York")
    file_orders(settings, now, order_json(1, now - 200 * DAY, "202-555-0101"))
    accept(now - 20 * DAY, uid="first")
    return now - 20 * DAY


def accept(at: datetime, **more: Any) -> Message:
    given = {"state": "delivered", "accepted_at": at, "period": at.isoformat()} | more
    return add_message(contact_at(ANA).id, at, **given)


@pytest.fixture
def credited(settings: Settings, now: datetime) -> Credited:
    def work(*orders: dict[str, Any]) -> list[tuple[int, str, int]]:
        file_orders(settings, now, *orders)
        attribute(settings, beat=nothing)
        uids = {one.id: one.uid for one in Message.select()}
        rows = Conversion.select().order_by(Conversion.order_id)
        return [(one.order_id, uids[one.message_id], one.revenue) for one in rows]

    return work


def use_coupon(number: int, uid: str, now: datetime) -> None:
    row = {"code": "WBABC", "message_uid": uid, "email": "a@example.com", "percent": 15}
    Coupon.put([row | {"expires_at": now}])
    Order.update(coupons=["wbabc"]).where(Order.woo_id == number).execute()


def test_an_order_without_a_date_stops_nothing(
    credited: Credited, sent: datetime, now: datetime
) -> None:
    credited(order_json(10, sent + DAY, "202-555-0101"), order_json(11, sent + DAY, "202-555-0101"))
    use_coupon(10, "first", now)
    Order.update(created_at=None).where(Order.woo_id == 10).execute()
    assert credited() == [(11, "first", 10_000)]


def test_negative_fees_and_more_given_back_than_paid_earn_nothing_below_zero(
    credited: Credited, settings: Settings, sent: datetime, now: datetime
) -> None:
    found = credited(
        order_json(10, sent + DAY, "202-555-0101", total="-5.00"),
        order_json(11, sent + DAY, "202-555-0101", total="10.00", total_tax="12.00"),
        order_json(12, sent + DAY, "202-555-0101", total="10.00"),
    )
    file_refunds(settings, now, (50, 12, "10.00"), (51, 12, "10.00"))
    assert {number: money for number, _, money in found}[11] == 0
    assert [money for _, _, money in credited()] in ([0], [0, 0])


def test_two_messages_at_the_same_instant_one_has_the_order_always_the_same(
    credited: Credited, sent: datetime
) -> None:
    accept(sent, uid="second", campaign="new_arrivals")
    assert credited(order_json(10, sent + DAY, "202-555-0101")) == [(10, "second", 10_000)]
    assert credited() == [(10, "second", 10_000)]


@pytest.mark.parametrize("state", ["abandoned", "failed", "refused", "unsure", "withheld"])
def test_a_coupon_of_a_message_that_was_never_taken_is_nobodys(
    credited: Credited, sent: datetime, now: datetime, state: str
) -> None:
    accept(sent + DAY, uid="never", state=state, accepted_at=None)
    credited(order_json(10, sent + 2 * DAY, "202-555-0101"))
    use_coupon(10, "never", now)
    assert credited() == [(10, "first", 10_000)]
    assert not Conversion.get().by_coupon


def test_a_message_that_was_put_off_counts_from_when_it_was_taken_at_last(
    credited: Credited, sent: datetime
) -> None:
    Message.update(accepted_at=None, state="queued", deferred=True).execute()
    order = order_json(10, sent + timedelta(hours=5), "202-555-0101")
    assert credited(order) == []
    Message.update(accepted_at=sent + DAY, state="delivered").execute()
    assert credited(order) == []
    assert credited(order_json(11, sent + DAY, "202-555-0101")) == [(11, "first", 10_000)]


@pytest.mark.parametrize("micro", [0, 1, 499_999, 500_000, 999_999])
@pytest.mark.parametrize(("late", "counts"), [(-1, True), (0, True), (1, False)])
def test_the_edge_of_the_window_is_exact(
    credited: Credited, sent: datetime, micro: int, late: int, counts: bool
) -> None:
    at = sent + timedelta(microseconds=micro)
    Message.update(accepted_at=at).execute()
    credited(order_json(10, sent + DAY, "202-555-0101"))
    moment = at + 30 * DAY + timedelta(microseconds=late)
    Order.update(created_at=moment).where(Order.woo_id == 10).execute()
    assert bool(credited()) is counts
