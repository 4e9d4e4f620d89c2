"""Which message earned which order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.credit import Bought, Credit, Touch, last_touch

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
    assert last_touch([order], [message], WINDOW) == [Credit(order, message, by_coupon=False)]


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
    earned = last_touch([bought(1, NOON + after)], [touch(7, NOON)], WINDOW)
    assert bool(earned) is credited


def test_the_last_message_before_the_order_has_it() -> None:
    early, late, too_late = touch(1, NOON - SECOND), touch(2, NOON), touch(3, NOON + 2 * SECOND)
    order = bought(1, NOON + SECOND)
    assert last_touch([order], [late, too_late, early], WINDOW) == [Credit(order, late, False)]


def test_of_two_messages_of_the_same_instant_the_later_number_has_it() -> None:
    first, second = touch(1, NOON), touch(2, NOON)
    order = bought(1, NOON)
    assert last_touch([order], [second, first], WINDOW)[0].touch is second
    assert last_touch([order], [first, second], WINDOW)[0].touch is second


def test_a_coupon_beats_the_clock() -> None:
    with_coupon, newer = touch(1, NOON - SECOND, "welcome-back"), touch(2, NOON)
    order = bought(1, NOON, "welcome-back")
    assert last_touch([order], [with_coupon, newer], WINDOW) == [Credit(order, with_coupon, True)]


def test_a_coupon_has_no_window() -> None:
    message = touch(1, NOON, "welcome-back")
    order = bought(1, NOON + timedelta(days=300), "welcome-back")
    assert last_touch([order], [message], WINDOW) == [Credit(order, message, True)]


def test_a_coupon_that_is_not_ours_changes_nothing() -> None:
    message = touch(1, NOON, "welcome-back")
    order = bought(1, NOON, "summer")
    assert last_touch([order], [message], WINDOW) == [Credit(order, message, by_coupon=False)]


def test_one_message_may_earn_several_orders() -> None:
    message = touch(1, NOON)
    earned = last_touch([bought(1, NOON), bought(2, NOON + SECOND)], [message], WINDOW)
    assert [one.touch for one in earned] == [message, message]


def test_without_messages_nothing_was_earned() -> None:
    assert last_touch([bought(1, NOON)], [], WINDOW) == []


@given(orders, touches)
def test_an_order_is_credited_at_most_once(made: list[Bought], sent: list[Touch]) -> None:
    credited = [one.order.order_id for one in last_touch(made, sent, WINDOW)]
    assert len(credited) == len(set(credited))
    assert set(credited) <= {order.order_id for order in made}


@given(orders, touches)
def test_a_used_coupon_of_ours_always_beats_time(made: list[Bought], sent: list[Touch]) -> None:
    ours = {message.coupon for message in sent if message.coupon}
    credits_by_order = {one.order: one for one in last_touch(made, sent, WINDOW)}
    for order in made:
        credit = credits_by_order.get(order)
        if order.coupons & ours:
            assert credit is not None
            assert credit.by_coupon
            assert credit.touch.coupon in order.coupons
        elif credit is not None:
            assert not credit.by_coupon
            assert credit.touch.accepted_at <= order.ordered_at
            assert order.ordered_at - credit.touch.accepted_at <= WINDOW


@given(orders, touches)
def test_no_message_between_the_credited_one_and_the_order(
    made: list[Bought], sent: list[Touch]
) -> None:
    for one in last_touch(made, sent, WINDOW):
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
    again = last_touch(mixed_orders, mixed_touches, WINDOW)
    assert set(again) == set(last_touch(made, sent, WINDOW))
