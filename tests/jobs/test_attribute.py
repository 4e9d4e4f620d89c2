"""orders + outbox -> conversions: each order earned by one message at most, and what is left of it."""

from collections.abc import Callable
from dataclasses import replace
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
from models.base import database as handle

ANA, BRUNO = "+12025550101", "+12025550102"
WINDOW = 30 * DAY
SECOND = timedelta(seconds=1)


@pytest.fixture
def sent(database: Path, settings: Settings, now: datetime) -> datetime:
    """Ana and Bruno bought long ago; a message to Ana was taken at this moment."""
    open_shop(country="US", zone="America/New_York")
    file_orders(
        settings, now,
        order_json(1, now - 200 * DAY, "202-555-0101", customer_id=5, email="ana@example.com"),
        order_json(2, now - 200 * DAY, "202-555-0102"),
    )  # fmt: skip
    accept(ANA, now - WINDOW, uid="first")
    return now - WINDOW


def accept(phone: str, at: datetime, state: str = "delivered", **more: Any) -> Message:
    return add_message(
        contact_at(phone).id, at, state=state, accepted_at=at, period=at.isoformat(), **more
    )


@pytest.fixture
def credited(settings: Settings, sent: datetime, now: datetime) -> Callable[..., Any]:
    """Files orders, attributes, and gives (order, uid of the message, revenue) of each conversion."""

    def work(*orders: dict[str, Any]) -> list[tuple[int, str, int]]:
        file_orders(settings, now, *orders)
        attribute(settings, beat=nothing)
        uids = {one.id: one.uid for one in Message.select()}
        rows = Conversion.select().order_by(Conversion.order_id)
        return [(one.order_id, uids[one.message_id], one.revenue) for one in rows]

    return work


def order(number: int, at: datetime, phone: str = "202-555-0101", **more: Any) -> dict[str, Any]:
    return order_json(number, at, phone, **more)


def give_coupon(uid: str, code: str, now: datetime) -> None:
    Coupon.put(
        [
            {
                "code": code, "message_uid": uid, "email": "ana@example.com", "percent": 15,
                "expires_at": now,
            }
        ]
    )  # fmt: skip


def use(number: int, *codes: str) -> None:
    """The lines of an order have been read, and these codes were on it."""
    Order.update(coupons=[code.lower() for code in codes]).where(Order.woo_id == number).execute()


# the window


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(0), True),
        (WINDOW, True),
        (WINDOW + SECOND, False),
        (-SECOND, False),
    ],
)
def test_an_order_counts_from_the_message_to_the_end_of_the_window(
    credited: Callable[..., Any], sent: datetime, after: timedelta, counts: bool
) -> None:
    assert credited(order(10, sent + after)) == ([(10, "first", 10000)] if counts else [])


def test_the_last_message_before_the_order_earns_it(
    credited: Callable[..., Any], sent: datetime
) -> None:
    accept(ANA, sent + 7 * DAY, uid="second")
    assert credited(order(10, sent + 6 * DAY), order(11, sent + 8 * DAY)) == [
        (10, "first", 10000), (11, "second", 10000),
    ]  # fmt: skip


def test_a_message_to_somebody_else_earns_nothing(
    credited: Callable[..., Any], sent: datetime
) -> None:
    assert credited(order(10, sent + DAY, "202-555-0102")) == []


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("accepted", True), ("held", True), ("sent", True), ("delivered", True), ("read", True),
        ("failed", False), ("unsure", False), ("abandoned", False), ("refused", False),
        ("cancelled", False), ("queued", False),
    ],
)  # fmt: skip
def test_only_messages_that_whatsapp_took_earn_something(
    credited: Callable[..., Any], sent: datetime, state: str, counts: bool
) -> None:
    Message.update(state=state).execute()
    assert bool(credited(order(10, sent + DAY))) is counts


# what is left of an order


def test_part_of_an_order_given_back_is_taken_off(
    credited: Callable[..., Any], settings: Settings, sent: datetime, now: datetime
) -> None:
    credited(order(10, sent + DAY))
    file_refunds(settings, now, (50, 10, "30.00"), (51, 10, "-20.50"))
    assert credited() == [(10, "first", 4950)]


def test_an_order_given_back_in_full_is_no_conversion(
    credited: Callable[..., Any], settings: Settings, sent: datetime, now: datetime
) -> None:
    assert credited(order(10, sent + DAY))
    file_refunds(settings, now, (50, 10, "60"), (51, 10, "40"))
    assert credited() == []


@pytest.mark.parametrize("status", ["cancelled", "failed", "trash", "refunded"])
def test_an_order_taken_back_takes_its_revenue_back_and_a_restored_one_gives_it_again(
    credited: Callable[..., Any], sent: datetime, status: str
) -> None:
    assert credited(order(10, sent + DAY)) == [(10, "first", 10000)]
    assert credited(order(10, sent + DAY, status=status)) == []
    assert credited(order(10, sent + DAY, status="completed")) == [(10, "first", 10000)]


def test_an_order_counts_once_it_is_paid(credited: Callable[..., Any], sent: datetime) -> None:
    unpaid = order(10, sent + DAY, status="on-hold") | {"date_paid_gmt": None}
    assert credited(unpaid) == []
    assert credited(order(10, sent + DAY, status="processing")) == [(10, "first", 10000)]


def test_an_order_for_nothing_is_a_conversion_without_revenue(
    credited: Callable[..., Any], sent: datetime
) -> None:
    assert credited(order(10, sent + DAY, total="0.00")) == [(10, "first", 0)]


def test_other_currencies_keep_their_name(credited: Callable[..., Any], sent: datetime) -> None:
    assert credited(order(10, sent + DAY, currency="JPY", total="5000")) == [(10, "first", 5000)]
    assert Conversion.get().currency == "JPY"


def test_attributing_again_changes_nothing(
    credited: Callable[..., Any], settings: Settings, sent: datetime
) -> None:
    first = credited(order(10, sent + DAY), order(11, sent + 2 * DAY))
    assert credited() == first
    assert attribute(settings, beat=nothing) == {"orders": 2}


def test_an_order_that_left_the_mirror_leaves_no_conversion(
    credited: Callable[..., Any], sent: datetime
) -> None:
    credited(order(10, sent + DAY))
    Order.delete_by_id(10)
    assert credited() == []


def test_when_nothing_counts_any_more_no_conversion_stays(
    credited: Callable[..., Any], sent: datetime
) -> None:
    credited(order(10, sent + DAY))
    Message.update(state="failed").execute()
    assert credited() == []


# coupons


def test_a_used_coupon_beats_the_clock(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    give_coupon("first", "WBABC", now)
    accept(ANA, sent + 7 * DAY, uid="second")
    credited(order(10, sent + 8 * DAY))
    use(10, "other", "WBABC")
    assert credited() == [(10, "first", 10000)]
    assert Conversion.get().by_coupon


def test_a_used_coupon_has_no_window(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    give_coupon("first", "WBABC", now)
    credited(order(10, sent + WINDOW + DAY))
    use(10, "wbabc")
    assert credited() == [(10, "first", 10000)]


@pytest.mark.parametrize("phone", ["202-555-0102", "202-555-0103", "unreadable"])
def test_a_coupon_used_under_another_phone_is_credited_to_its_message(
    credited: Callable[..., Any], sent: datetime, now: datetime, phone: str
) -> None:
    # also where that phone had a message of its own
    accept(BRUNO, sent, uid="brunos")
    give_coupon("first", "WBABC", now)
    credited(order(10, sent + DAY, phone))
    use(10, "WBABC")
    assert credited() == [(10, "first", 10000)]
    assert Conversion.get().contact_id == contact_at(ANA).id


def test_a_coupon_of_somebody_else_is_none_of_ours(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    credited(order(10, sent + DAY))
    use(10, "WELCOME10")
    assert credited() == [(10, "first", 10000)]
    assert not Conversion.get().by_coupon


# who is who


def test_an_order_of_the_account_counts_whatever_phone_it_has(
    credited: Callable[..., Any], sent: datetime
) -> None:
    assert credited(order(10, sent + DAY, "", customer_id=5)) == [(10, "first", 10000)]


def test_an_order_under_a_new_number_counts_for_the_message_to_the_old_one(
    credited: Callable[..., Any], sent: datetime
) -> None:
    assert credited(order(10, sent + DAY, "202-555-0109", customer_id=5)) == [(10, "first", 10000)]


def test_of_messages_to_two_numbers_of_one_person_the_last_counts(
    credited: Callable[..., Any], sent: datetime
) -> None:
    credited(order(10, sent + DAY, "202-555-0109", customer_id=5))
    accept("+12025550109", sent + 2 * DAY, uid="new")
    assert credited(order(11, sent + 3 * DAY, "202-555-0109", customer_id=5)) == [
        (10, "first", 10000), (11, "new", 10000),
    ]  # fmt: skip


def test_a_guest_with_an_unreadable_phone_counts_by_the_email(
    credited: Callable[..., Any], sent: datetime
) -> None:
    found = credited(order(10, sent + DAY, "ask me", email="Ana@Example.com"))
    assert found == [(10, "first", 10000)]


def test_a_guest_nobody_knows_counts_for_nobody(
    credited: Callable[..., Any], sent: datetime
) -> None:
    assert credited(order(10, sent + DAY, "", email="stranger@example.com")) == []


def test_without_messages_there_is_nothing_to_credit(
    database: Path, settings: Settings, now: datetime
) -> None:
    open_shop()
    file_orders(settings, now, order_json(1, now, "202-555-0101"))
    assert attribute(settings, beat=nothing) == {"orders": 0}


# what of an order is revenue


@pytest.fixture
def one_of(settings: Settings, sent: datetime, now: datetime) -> Callable[..., int]:
    """The revenue of an order of 125.00: 100.00 of goods, 5.00 shipping, and 20.00 tax on both."""

    def work(*refunds: str, tax: bool = False, shipping: bool = False) -> int:
        priced = {"total": "125.00", "total_tax": "20.00", "shipping_total": "5.00"}
        file_orders(settings, now, order(10, sent + DAY, **priced))
        file_refunds(settings, now, *((50 + n, 10, amount) for n, amount in enumerate(refunds)))
        counts = replace(settings.attribution, tax=tax, shipping=shipping)
        attribute(replace(settings, attribution=counts), beat=nothing)
        return int(Conversion.get().revenue)

    return work


@pytest.mark.parametrize(
    ("tax", "shipping", "revenue"),
    [(False, False, 10_000), (True, False, 12_000), (False, True, 10_500), (True, True, 12_500)],
)
def test_revenue_is_without_tax_and_shipping_unless_they_are_wanted(
    one_of: Callable[..., int], tax: bool, shipping: bool, revenue: int
) -> None:
    assert one_of(tax=tax, shipping=shipping) == revenue


def test_a_refund_takes_its_part_of_goods_tax_and_shipping(one_of: Callable[..., int]) -> None:
    assert one_of("25.00") == 8_000  # a fifth of all was given back
    assert one_of("25.00", "0.01") == 7_999  # 0.8 of a cent


def test_another_setting_is_another_revenue_at_once(one_of: Callable[..., int]) -> None:
    assert one_of() == 10_000
    assert one_of(tax=True) == 12_000
    assert one_of() == 10_000


# faults of the original


@pytest.mark.parametrize("status", ["pending", "checkout-draft", "auto-draft", "draft"])
def test_fault_22_nothing_is_earned_before_it_is_paid(
    credited: Callable[..., Any], sent: datetime, status: str
) -> None:
    unpaid = order(10, sent + DAY, status=status) | {"date_paid_gmt": None}
    assert credited(unpaid) == []
    # and the same order counts from the moment at which it is paid, by the date at which it was made
    assert credited(order(10, sent + DAY, status="processing")) == [(10, "first", 10000)]


def test_fault_22_a_draft_of_the_block_checkout_that_was_given_up_earns_nothing(
    credited: Callable[..., Any], sent: datetime
) -> None:
    draft = order(10, sent + DAY, status="checkout-draft") | {"date_paid_gmt": None}
    assert credited(draft, order(11, sent + DAY)) == [(11, "first", 10000)]


def test_fault_22_what_was_earned_is_taken_back(
    credited: Callable[..., Any], settings: Settings, sent: datetime, now: datetime
) -> None:
    assert credited(order(10, sent + DAY)) == [(10, "first", 10000)]
    file_refunds(settings, now, (50, 10, "40.00"))
    assert credited() == [(10, "first", 6000)]
    assert credited(order(10, sent + DAY, status="cancelled")) == []


# held out, views, and what a conversion says of its message


def test_a_message_that_was_withheld_earns_nothing(
    credited: Callable[..., Any], sent: datetime
) -> None:
    add_message(contact_at(ANA).id, sent + 2 * DAY, uid="held", state="withheld", period="then")
    assert credited(order(10, sent + 3 * DAY)) == [(10, "first", 10000)]
    Message.delete().where(Message.uid == "first").execute()
    assert credited() == []


def test_a_conversion_names_its_message_and_the_first_of_the_time(
    credited: Callable[..., Any], sent: datetime
) -> None:
    last = accept(
        ANA, sent + 7 * DAY, uid="second", campaign="new_arrivals", template="t", language="es"
    )
    credited(order(10, sent + 8 * DAY))
    one = Conversion.get()
    assert (one.message_id, one.campaign, one.template, one.language, one.period) == (
        last.id, "new_arrivals", "t", "es", last.period,
    )  # fmt: skip
    assert one.first_message_id == Message.get(Message.uid == "first").id


def test_a_coupon_of_a_message_to_an_old_number_keeps_its_first_message(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    credited(order(10, sent + DAY, "202-555-0109", customer_id=5))  # Ana has a new number
    accept("+12025550109", sent + 2 * DAY, uid="new")
    give_coupon("new", "WBNEW", now)
    credited(order(11, sent + 3 * DAY, "202-555-0102"))
    use(11, "WBNEW")
    assert credited() == [(10, "first", 10000), (11, "new", 10000)]
    assert Conversion.get_by_id(11).first_message_id == Message.get(Message.uid == "first").id


def test_of_two_coupons_of_ours_one_has_the_order(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    accept(BRUNO, sent, uid="brunos")
    give_coupon("first", "WBBBB", now)
    give_coupon("brunos", "WBAAA", now)
    credited(order(10, sent + DAY, "unreadable"))
    use(10, "WBBBB", "WBAAA")
    assert credited() == [(10, "brunos", 10000)]


def test_a_coupon_of_a_message_that_failed_after_all_beats_nothing(
    credited: Callable[..., Any], sent: datetime, now: datetime
) -> None:
    accept(ANA, sent + DAY, uid="second", state="failed")
    give_coupon("second", "WBABC", now)
    credited(order(10, sent + 2 * DAY))
    use(10, "WBABC")
    assert credited() == [(10, "first", 10000)]
    assert not Conversion.get().by_coupon


def test_news_of_an_order_earn_nothing(credited: Callable[..., Any], sent: datetime) -> None:
    Message.update(order_id=1).execute()
    assert credited(order(10, sent + DAY)) == []


def test_only_what_changed_is_written(
    credited: Callable[..., Any], settings: Settings, sent: datetime
) -> None:
    credited(order(10, sent + DAY), order(11, sent + 2 * DAY))
    Conversion.update(revenue=1).where(Conversion.order_id == 10).execute()
    before = handle.obj.connection().total_changes
    attribute(settings, beat=nothing)
    assert handle.obj.connection().total_changes == before + 1
    attribute(settings, beat=nothing)
    assert handle.obj.connection().total_changes == before + 1


def test_people_beyond_one_step_are_credited_as_well(
    monkeypatch: pytest.MonkeyPatch, credited: Callable[..., Any], sent: datetime
) -> None:
    monkeypatch.setattr("agent.jobs.attribute.PEOPLE_A_STEP", 1)
    accept(BRUNO, sent, uid="brunos")
    credited(order(12, sent + 5 * DAY, "202-555-0109", customer_id=5))
    accept("+12025550109", sent + 2 * DAY, uid="new")
    found = credited(order(10, sent + DAY), order(11, sent + DAY, "202-555-0102"))
    assert [one[:2] for one in found] == [(10, "first"), (11, "brunos"), (12, "new")]
