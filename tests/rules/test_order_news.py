"""What an order is news of: the newest thing, once, and only while it is so."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.order_kinds import (
    CANCELLED,
    COMPLETED,
    CONFIRMATION,
    DELIVERED,
    KINDS,
    ON_HOLD,
    PARTLY_REFUNDED,
    PROCESSING,
    REFUNDED,
    SHIPPING,
)
from agent.rules.order_news import (
    DRAFTS,
    GONE,
    About,
    Change,
    OrderState,
    about,
    candidates,
    in_bulk,
    is_placed,
    outdated,
)

ARRIVED = frozenset({"delivered"})
NUMBER = "JD014600003"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def moves(*statuses: str) -> list[Change]:
    """The order went from each to the next; "" at the start: it is new."""
    return [Change("status", was, became) for was, became in pairwise(statuses)]


def shipped(was: str = "", became: str = NUMBER) -> Change:
    return Change("shipments", was, became)


def refund(amount: int) -> Change:
    return Change("refund", "", str(amount))


def fits(order: OrderState, changes: Iterable[Change]) -> list[str]:
    return candidates(order, list(changes), delivered=ARRIVED)


def state(status: str, **more: object) -> OrderState:
    return OrderState(status=status, **({"total": 5000} | more))  # type: ignore[arg-type]  # of any kind


@pytest.mark.parametrize(
    ("statuses", "kinds"),
    [
        (("", "pending"), ["statuses.pending"]),
        (("", "processing"), [CONFIRMATION, PROCESSING]),
        (("", "pending", "processing"), [CONFIRMATION, PROCESSING]),
        (("pending", "processing"), [CONFIRMATION, PROCESSING]),
        (("failed", "processing"), [CONFIRMATION, PROCESSING]),
        (("on-hold", "processing"), [PROCESSING]),
        (("cancelled", "processing"), [PROCESSING]),  # opened again
        (("", "on-hold"), [ON_HOLD, CONFIRMATION]),
        (("", "completed"), [COMPLETED, CONFIRMATION]),
        (("", "processing", "completed"), [COMPLETED, CONFIRMATION]),
        (("processing", "completed"), [COMPLETED]),
        (("", "ready-for-pickup"), ["statuses.ready-for-pickup", CONFIRMATION]),
        (("processing", "ready-for-pickup"), ["statuses.ready-for-pickup"]),
        (("processing", "on-hold", "processing"), []),  # back where it was
        (("processing", "on-hold", "processing", "completed"), [COMPLETED]),
        (("processing", "cancelled"), [CANCELLED]),
        (("on-hold", "cancelled"), [CANCELLED]),
        (("", "processing", "cancelled"), [CANCELLED]),
        (("pending", "cancelled"), []),  # nobody ever ordered
        (("failed", "cancelled"), []),
        (("", "cancelled"), []),
        (("processing", "trash"), []),
        (("processing", "failed"), ["statuses.failed"]),
        (("processing", "delivered"), [DELIVERED, "statuses.delivered"]),
        (("processing", "refunded"), ["statuses.refunded"]),  # no refund is known of
    ],
)  # fmt: skip
def test_the_newest_status_is_told(statuses: tuple[str, ...], kinds: list[str]) -> None:
    assert fits(state(statuses[-1]), moves(*statuses)) == kinds


@pytest.mark.parametrize("draft", sorted(DRAFTS))
def test_a_draft_of_the_checkout_is_no_order(draft: str) -> None:
    assert fits(state(draft), moves("", draft)) == []
    assert fits(state("processing"), moves(draft, "processing")) == [CONFIRMATION, PROCESSING]


def test_nothing_is_told_where_nothing_changed() -> None:
    assert fits(state("processing"), []) == []


def test_a_shipment_tells_more_than_the_status_that_comes_with_it() -> None:
    order = state("completed", numbers=(NUMBER,))
    assert fits(order, [*moves("processing", "completed"), shipped()]) == [SHIPPING, COMPLETED]
    assert fits(order, [shipped()]) == [SHIPPING]


@pytest.mark.parametrize("status", ["cancelled", "failed", "delivered", "trash"])
def test_what_is_over_or_has_arrived_is_not_on_its_way(status: str) -> None:
    assert SHIPPING not in fits(state(status, numbers=(NUMBER,)), [shipped()])


def test_a_number_that_was_taken_back_is_no_shipment() -> None:
    assert fits(state("completed"), [shipped(NUMBER, "")]) == []
    assert fits(state("completed", numbers=("A1",)), [shipped("A1, B2", "A1")]) == []


def test_the_shipment_that_came_is_told_and_none_that_was_there() -> None:
    order = state("processing", numbers=("C3", "A1"))
    came = [shipped("A1", "A1, B2"), shipped("A1, B2", "C3, A1")]
    assert about(SHIPPING, order, came).number == "C3"
    assert about(SHIPPING, order, []).number == "A1"  # where nothing tells which is new, the last


def test_what_comes_back_from_the_trash_is_no_news() -> None:
    assert fits(state("completed"), moves("trash", "completed")) == []
    assert fits(state("completed"), moves("trash", "processing", "completed")) == []
    assert fits(state("processing"), moves("", "trash", "processing")) == [CONFIRMATION, PROCESSING]


def test_whoever_has_heard_of_an_order_hears_that_it_is_cancelled() -> None:
    order, changes = state("cancelled"), moves("failed", "cancelled")
    assert candidates(order, changes, delivered=ARRIVED, heard=True) == [CANCELLED]
    assert candidates(order, changes, delivered=ARRIVED) == []


@pytest.mark.parametrize(
    ("status", "refunded", "changes", "kinds"),
    [
        ("processing", 1000, [refund(1000)], [PARTLY_REFUNDED]),
        ("completed", 1000, [*moves("processing", "completed"), refund(1000)], [PARTLY_REFUNDED, COMPLETED]),
        ("refunded", 5000, [*moves("completed", "refunded"), refund(5000)], [REFUNDED]),
        ("refunded", 5000, moves("completed", "refunded"), [REFUNDED]),
        ("completed", 5000, [refund(4000)], [REFUNDED]),  # the rest of it; the status is not set
        ("refunded", 4000, moves("completed", "refunded"), [REFUNDED]),  # the shop calls it so
        ("refunded", 5000, [shipped()], []),
        ("cancelled", 1000, [*moves("processing", "cancelled"), refund(1000)], [PARTLY_REFUNDED, CANCELLED]),
        ("cancelled", 1000, [refund(1000)], [PARTLY_REFUNDED]),
        ("completed", 0, [refund(1000)], []),  # and deleted again
    ],
)  # fmt: skip
def test_refunds(status: str, refunded: int, changes: list[Change], kinds: list[str]) -> None:
    assert fits(state(status, refunded=refunded), changes) == kinds


# what is queued is looked at again


@pytest.mark.parametrize(
    "kind", [CONFIRMATION, PROCESSING, ON_HOLD, COMPLETED, CANCELLED, DELIVERED, "statuses.packed"]
)
def test_news_of_a_status_are_over_with_it(kind: str) -> None:
    told = About(status="processing")
    assert outdated(kind, told, state("processing"), delivered=ARRIVED) == ""
    assert outdated(kind, told, state("on-hold"), delivered=ARRIVED) == "the order is on-hold now"
    given_back = state("processing", refunded=5000)
    assert outdated(kind, told, given_back, delivered=ARRIVED) == "the order was refunded"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_told_of_an_order_that_is_gone(kind: str) -> None:
    assert outdated(kind, About(status="trash"), None, delivered=ARRIVED) == "the order is gone"
    for status in GONE:
        assert outdated(kind, About(status=status), state(status), delivered=ARRIVED)


@pytest.mark.parametrize(
    ("order", "so"),
    [
        (state("completed", numbers=(NUMBER,)), True),
        (state("processing", numbers=("other", NUMBER)), True),
        (state("completed", numbers=("other",)), False),
        (state("delivered", numbers=(NUMBER,)), False),
        (state("cancelled", numbers=(NUMBER,)), False),
        (state("completed", numbers=(NUMBER,), refunded=5000), False),
    ],
)
def test_a_shipment_is_news_while_it_is_on_its_way(order: OrderState, so: bool) -> None:
    told = About(status="completed", number=NUMBER)
    assert (outdated(SHIPPING, told, order, delivered=ARRIVED) == "") == so


@pytest.mark.parametrize(
    ("kind", "told", "now", "so"),
    [
        (PARTLY_REFUNDED, 1000, 1000, True),
        (PARTLY_REFUNDED, 1000, 2000, False),
        (PARTLY_REFUNDED, 1000, 0, False),
        (PARTLY_REFUNDED, 5000, 5000, False),
        (REFUNDED, 5000, 5000, True),
        (REFUNDED, 5000, 0, False),
    ],
)
def test_the_amount_of_a_refund_must_still_be_so(kind: str, told: int, now: int, so: bool) -> None:
    said = About(status="completed", refunded=told)
    order = state("completed", refunded=now)
    assert (outdated(kind, said, order, delivered=ARRIVED) == "") == so


def test_a_message_that_names_an_amount_is_over_when_the_order_is_edited() -> None:
    order = state("processing")
    told = about(CONFIRMATION, order, moves("", "processing"), tells_total=True)
    assert outdated(CONFIRMATION, told, order, delivered=ARRIVED) == ""
    edited = state("processing", total=6000)
    assert outdated(CONFIRMATION, told, edited, delivered=ARRIVED) == "the order was edited"
    silent = about(CONFIRMATION, order, moves("", "processing"))
    assert outdated(CONFIRMATION, silent, edited, delivered=ARRIVED) == ""


# any history of an order

STATUSES = st.sampled_from(
    [
        *("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
        *("trash", "checkout-draft", "delivered", "ready-for-pickup"),
    ]
)
EVENTS = st.one_of(
    STATUSES.map(lambda status: ("status", status)),
    st.integers(1, 3000).map(lambda amount: ("refund", amount)),
    st.sampled_from(["", "A1", "B2"]).map(lambda number: ("shipments", number)),
    st.just(("rest", None)),  # it is left alone, and decided on
)


@given(st.lists(EVENTS, max_size=40))
def test_whatever_an_order_does_nothing_is_told_twice_or_untruly(
    events: list[tuple[str, object]],
) -> None:
    order, changes, told = state(""), list[Change](), list[str]()
    for what, value in [*events, ("rest", None)]:
        match what:
            case "status" if value != order.status:
                changes.append(Change("status", order.status, str(value)))
                order = OrderState(
                    status=str(value), total=5000, refunded=order.refunded, numbers=order.numbers
                )
            case "refund" if isinstance(value, int) and order.refunded + value <= 5000:
                changes.append(refund(value))
                order = state(order.status, refunded=order.refunded + value, numbers=order.numbers)
            case "shipments":
                changes.append(shipped(", ".join(order.numbers), str(value)))
                order = state(
                    order.status,
                    refunded=order.refunded,
                    numbers=(str(value),) if value else (),
                )
            case "rest":
                found = fits(order, changes)
                assert len(set(found)) == len(found)
                for kind in found:
                    if kind != "statuses.refunded":  # nobody can tell an amount
                        assert (
                            outdated(kind, about(kind, order, changes), order, delivered=ARRIVED)
                            == ""
                        )
                new = [kind for kind in found if kind not in told]
                told += new[:1]
                changes = []
    assert len(set(told)) == len(told)
    if CANCELLED in told or CONFIRMATION in told:
        assert any(is_placed(str(value)) for what, value in events if what == "status")


# many at a time


def test_more_than_so_many_within_ten_minutes_are_a_bulk() -> None:
    moments = [NOON + timedelta(minutes=minute) for minute in range(0, 40, 4)]
    assert in_bulk(moments, most=3) == frozenset()  # three in each ten minutes, and no more
    assert in_bulk([*moments, NOON + timedelta(minutes=5)], most=3) == {
        NOON + timedelta(minutes=minute) for minute in (0, 4, 5, 8, 12)
    }
    assert in_bulk([NOON] * 4, most=3) == {NOON}
    assert in_bulk([NOON] * 3, most=3) == frozenset()
    assert in_bulk([], most=3) == frozenset()


@given(st.lists(st.integers(0, 3600)), st.integers(1, 6))
def test_the_bulk_is_what_counting_finds(seconds: list[int], most: int) -> None:
    moments = [NOON + timedelta(seconds=one) for one in seconds]
    expected = {
        moment
        for moment in moments
        for begin in moments
        if begin <= moment <= begin + timedelta(minutes=10)
        and sum(begin <= one <= begin + timedelta(minutes=10) for one in moments) > most
    }
    assert in_bulk(moments, most) == expected
