"""Which message earned which order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.credit import Bought, Credit, Touch, View, credit, earned_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(days=30)
SECOND = timedelta(seconds=1)


def bought(number: int, at: datetime, *coupons: str) -> Bought:
    return Bought(number, at, 10_000, "EUR", frozenset(coupons))


def touch(number: int, at: datetime, coupon: str = "") -> Touch:
    return Touch(number, "we_miss_you", at, coupon)


moments = st.integers(-40, 40).map(lambda days: NOON + timedelta(days=days))
orders = st.lists(
    st.builds(
        Bought,
        order_id=st.integers(1, 1000),
        ordered_at=moments,
        net=st.integers(0, 10**6),
        currency=st.sampled_from(["EUR", "USD"]),
        coupons=st.frozensets(st.sampled_from(["a", "b", "c", "summer"]), max_size=3),
    ),
    unique_by=lambda order: order.order_id,
    max_size=6,
)
touches = st.lists(
    st.builds(
        Touch,
        message_id=st.integers(1, 1000),
        campaign=st.just("we_miss_you"),
        accepted_at=moments,
        coupon=st.sampled_from(["", "a", "b", "c"]),
    ),
    unique_by=(lambda one: one.message_id, lambda one: one.coupon or one.message_id),
    max_size=6,
)


def test_an_order_after_a_message_was_earned_by_it() -> None:
    order, message = bought(1, NOON + SECOND), touch(7, NOON)
    assert credit([order], [message], WINDOW) == [Credit(order, message, message, by_coupon=False)]


@pytest.mark.parametrize(
    ("after", "credited"),
    [
        (-SECOND, False),
        (timedelta(0), True),
        (WINDOW, True),
        (WINDOW + SECOND, False),
    ],
)
def test_both_ends_of_the_window_count(after: timedelta, credited: bool) -> None:
    earned = credit([bought(1, NOON + after)], [touch(7, NOON)], WINDOW)
    assert bool(earned) is credited


def test_the_last_message_before_the_order_has_it() -> None:
    early, late, too_late = touch(1, NOON - SECOND), touch(2, NOON), touch(3, NOON + 2 * SECOND)
    order = bought(1, NOON + SECOND)
    assert credit([order], [late, too_late, early], WINDOW) == [
        Credit(order, late, early, by_coupon=False)
    ]


def test_of_two_messages_of_the_same_instant_the_later_number_has_it() -> None:
    first, second = touch(1, NOON), touch(2, NOON)
    order = bought(1, NOON)
    assert credit([order], [second, first], WINDOW)[0].touch is second
    assert credit([order], [first, second], WINDOW)[0].touch is second


def test_a_coupon_beats_the_clock() -> None:
    with_coupon, newer = touch(1, NOON - SECOND, "welcome-back"), touch(2, NOON)
    order = bought(1, NOON, "welcome-back")
    assert credit([order], [with_coupon, newer], WINDOW) == [
        Credit(order, with_coupon, with_coupon, by_coupon=True)
    ]


def test_a_coupon_has_no_window() -> None:
    message = touch(1, NOON, "welcome-back")
    order = bought(1, NOON + timedelta(days=300), "welcome-back")
    assert credit([order], [message], WINDOW) == [Credit(order, message, message, by_coupon=True)]


def test_a_coupon_that_is_not_ours_changes_nothing() -> None:
    message = touch(1, NOON, "welcome-back")
    order = bought(1, NOON, "summer")
    assert credit([order], [message], WINDOW) == [Credit(order, message, message, by_coupon=False)]


def test_one_message_may_earn_several_orders() -> None:
    message = touch(1, NOON)
    earned = credit([bought(1, NOON), bought(2, NOON + SECOND)], [message], WINDOW)
    assert [one.touch for one in earned] == [message, message]


def test_without_messages_nothing_was_earned() -> None:
    assert credit([bought(1, NOON)], [], WINDOW) == []


@given(orders, touches)
def test_an_order_is_credited_at_most_once(made: list[Bought], sent: list[Touch]) -> None:
    credited = [one.order.order_id for one in credit(made, sent, WINDOW)]
    assert len(credited) == len(set(credited))
    assert set(credited) <= {order.order_id for order in made}


@given(orders, touches)
def test_a_used_coupon_of_ours_always_beats_time(made: list[Bought], sent: list[Touch]) -> None:
    ours = {message.coupon for message in sent if message.coupon}
    credits_by_order = {one.order: one for one in credit(made, sent, WINDOW)}
    for order in made:
        earned = credits_by_order.get(order)
        if order.coupons & ours:
            assert earned is not None
            assert earned.by_coupon
            assert earned.touch.coupon in order.coupons
        elif earned is not None:
            assert not earned.by_coupon
            assert earned.touch.accepted_at <= order.ordered_at
            assert order.ordered_at - earned.touch.accepted_at <= WINDOW


@given(orders, touches)
def test_no_message_between_the_credited_one_and_the_order(
    made: list[Bought], sent: list[Touch]
) -> None:
    for one in credit(made, sent, WINDOW):
        if not one.by_coupon:
            between = [
                message
                for message in sent
                if one.touch.accepted_at < message.accepted_at <= one.order.ordered_at
            ]
            assert between == []


@given(orders, touches, st.randoms())
def test_recomputing_gives_the_same_whatever_the_order_of_the_rows(
    made: list[Bought], sent: list[Touch], random: Random
) -> None:
    mixed_orders, mixed_touches = list(made), list(sent)
    random.shuffle(mixed_orders)
    random.shuffle(mixed_touches)
    again = credit(mixed_orders, mixed_touches, WINDOW)
    assert set(again) == set(credit(made, sent, WINDOW))


# the other views


def test_the_first_message_of_the_window_has_the_order_in_the_view_of_the_first() -> None:
    too_old, first, last = (
        touch(n, NOON - days) for n, days in enumerate(map(days_ago, (31, 20, 1)))
    )
    [one] = credit([bought(1, NOON)], [last, too_old, first], WINDOW)
    assert (one.by(View.LAST), one.by(View.FIRST), one.by(View.COUPON)) == (last, first, None)


def test_a_used_coupon_changes_nothing_about_what_came_first() -> None:
    first, with_coupon = touch(1, NOON - days_ago(9)), touch(2, NOON - days_ago(5), "welcome-back")
    last = touch(3, NOON)
    [one] = credit([bought(1, NOON, "welcome-back")], [first, with_coupon, last], WINDOW)
    assert [one.by(view) for view in View] == [with_coupon, first, with_coupon]


def test_where_only_a_coupon_is_left_of_the_time_it_is_also_the_first() -> None:
    with_coupon = touch(1, NOON - days_ago(300), "welcome-back")
    [one] = credit([bought(1, NOON, "welcome-back")], [with_coupon], WINDOW)
    assert {one.by(view) for view in View} == {with_coupon}


def days_ago(days: int) -> timedelta:
    return timedelta(days=days)


@given(orders, touches)
def test_all_views_share_out_the_same_orders(made: list[Bought], sent: list[Touch]) -> None:
    for one in credit(made, sent, WINDOW):
        last, first, coupon = (one.by(view) for view in View)
        assert last is not None
        assert first is not None
        assert coupon is (last if one.by_coupon else None)
        if not one.by_coupon:
            assert first.accepted_at <= last.accepted_at


# what counts as earned


@pytest.mark.parametrize(
    ("with_tax", "with_shipping", "earned"),
    [(False, False, 10_000), (True, False, 12_000), (False, True, 10_500), (True, True, 12_500)],
)
def test_tax_and_shipping_count_where_they_are_wanted(
    with_tax: bool, with_shipping: bool, earned: int
) -> None:
    # given 100.00 of goods, 5.00 of shipping, and 20.00 of tax on both
    order = {"tax": 2_000, "shipping": 500, "with_tax": with_tax, "with_shipping": with_shipping}
    assert earned_of(12_500, 0, **order) == earned
    # and half of all given back is half of each
    assert earned_of(12_500, 6_250, **order) == earned // 2


@pytest.mark.parametrize(
    ("total", "given_back", "tax", "earned"),
    [
        (3, 1, 1, 1),  # 2 of 3 count, 2 are left: 1.33
        (4, 1, 2, 2),  # 1.5 is rounded up
        (10_000, 3_333, 0, 6_667),
        (0, 0, 0, 0),
        (100, 0, 100, 0),  # nothing but tax
        (100, 0, 200, 0),  # a plugin's negative goods are nothing
        (100, 200, 0, 0),
        (-100, 0, 0, 0),
    ],
)
def test_refunds_take_from_all_parts_alike(
    total: int, given_back: int, tax: int, earned: int
) -> None:
    assert (
        earned_of(total, given_back, tax=tax, shipping=0, with_tax=False, with_shipping=False)
        == earned
    )


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_more_is_earned_than_is_left(
    total: int, given_back: int, tax: int, shipping: int
) -> None:
    parts = {"tax": tax, "shipping": shipping}
    all_of_it = earned_of(total, given_back, **parts, with_tax=True, with_shipping=True)
    assert all_of_it == max(total - given_back, 0)
    assert (
        0 <= earned_of(total, given_back, **parts, with_tax=False, with_shipping=False) <= all_of_it
    )
