"""Whatever happens to orders: nothing is told twice, and what is told is so when it leaves.

Seeds are printed with a failure. A short budget runs always, a longer one with the marker `long`.
"""

from collections import Counter
from datetime import timedelta

import pytest
from order_desk import OpenDesk, OrderDesk
from order_meddler import Meddler

from agent.sandbox.whatsapp.messages import Accepted
from models import Message, OrderChange

SEEN_WITHIN = timedelta(seconds=15)
LONGEST_NIGHT = 100  # messages
QUIET = '[limits]\nquiet_from = "22:00"\nquiet_until = "08:00"'
OFTEN_TOO_MANY = "[order_news]\nper_day = 3"
ONCE_MORE = "[order_news]\nresend_unsure = true"
IN_THE_EVENING = timedelta(hours=14, minutes=50)  # after noon UTC: ten minutes to ten in New York


def check(open_desk: OpenDesk, seed: int, deeds: int) -> None:
    """A life of some orders under these rules: the night, a cap, and second tries, each in some."""
    rules = [QUIET] if seed % 2 else []
    rules += {0: [OFTEN_TOO_MANY], 1: [ONCE_MORE]}.get(seed % 3, [])
    desk = open_desk("\n\n".join(rules))
    if seed % 2:
        desk.clock.advance(IN_THE_EVENING)
    meddler = Meddler(desk, seed)
    meddler.furnish(3)
    desk.fill()
    meddler.play(deeds)
    come_to_rest(desk, meddler)
    try:
        nothing_is_told_twice(desk)
        nothing_is_out_of_date(desk, meddler)
        everything_is_decided(desk)
    except AssertionError as failure:
        failure.add_note(f"seed {seed}:\n" + "\n".join(meddler.did))
        raise


def come_to_rest(desk: OrderDesk, meddler: Meddler) -> None:
    """The next morning, half past eight in New York: nothing is paused, in trouble, or held."""
    meddler.resume()
    desk.whatsapp.heal()
    _let_pass(desk, minutes=3)
    morning = desk.now.replace(hour=13, minute=30, second=0)
    desk.clock.set(morning + timedelta(days=desk.now >= morning))
    _let_pass(desk, minutes=20)
    for _ in range(LONGEST_NIGHT):  # a person gets one a minute here of what waited in the night
        if Message.due(desk.now + timedelta(minutes=1), 1):
            _let_pass(desk, minutes=1)


def _let_pass(desk: OrderDesk, *, minutes: int) -> None:
    """Nothing happens but what waits."""
    for _ in range(minutes):
        desk.clock.advance(timedelta(minutes=1))
        desk.work()


def of(message: Accepted) -> int:
    """The order that it names."""
    named_first = message.template in {"order_confirmation", "order_delivered"}
    return int(message.parameters["body"][1 if named_first else 0])


def nothing_is_told_twice(desk: OrderDesk) -> None:
    told = Counter((of(one), one.template) for one in desk.sent)
    once_more = {
        (one.order_id, one.template) for one in Message.select().where(Message.resent)
    }  # their answer was lost, and no status came
    for news, times in told.items():
        assert times <= 1 + (news in once_more), f"{news} was told {times} times"


def nothing_is_out_of_date(desk: OrderDesk, meddler: Meddler) -> None:
    for one in desk.sent:
        lately = meddler.lately(of(one), one.at, SEEN_WITHIN)
        true = any(was is not None and was.makes_true(one) for was in lately)
        assert true, f"{one.at:%H:%M:%S} {one.template} {one.parameters['body']}: {lately}"


def everything_is_decided(desk: OrderDesk) -> None:
    open_ones = OrderChange.select().where(OrderChange.decided_at.is_null())
    assert list(open_ones) == []
    if desk.settings.order_news.per_day is None:  # else some may wait for yet another day
        waiting = Message.select().where(Message.state.in_(("queued", "claimed")))
        assert [(one.order_id, one.campaign, one.detail) for one in waiting] == []
    for one in OrderChange.select().where(OrderChange.outcome == ""):
        pytest.fail(f"order {one.order_id} came to nothing, not even a reason")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_told_twice_and_nothing_that_is_not_so(open_desk: OpenDesk, seed: int) -> None:
    check(open_desk, seed, deeds=25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 106))
def test_for_long_nothing_is_told_twice_and_nothing_that_is_not_so(
    open_desk: OpenDesk, seed: int
) -> None:
    check(open_desk, seed, deeds=200)
