"""Statuses move a message upward only, however they arrive."""

from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.states import FINAL, TAKEN, State, after_status

STATUSES = ("sent", "failed", "delivered", "read", "played")
OPEN = frozenset(State) - FINAL

statuses = st.one_of(st.sampled_from(STATUSES), st.sampled_from(["deleted", "warning", ""]))


def after_all(state: State, told: list[str]) -> State:
    return reduce(after_status, told, state)


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (State.ACCEPTED, "sent", State.SENT),
        (State.HELD, "failed", State.FAILED),
        (State.SENT, "delivered", State.DELIVERED),
        (State.SENT, "failed", State.FAILED),
        (State.SENT, "read", State.READ),
        (State.DELIVERED, "read", State.READ),
        (State.ACCEPTED, "played", State.READ),
        # late and doubled ones change nothing
        (State.SENT, "sent", State.SENT),
        (State.READ, "delivered", State.READ),
        (State.DELIVERED, "sent", State.DELIVERED),
        (State.DELIVERED, "failed", State.DELIVERED),
        (State.FAILED, "sent", State.FAILED),
        (State.FAILED, "failed", State.FAILED),
        # it was delivered, whatever had been said before
        (State.FAILED, "delivered", State.DELIVERED),
        (State.UNDELIVERED, "delivered", State.DELIVERED),
        (State.UNDELIVERED, "failed", State.FAILED),
        (State.UNDELIVERED, "sent", State.UNDELIVERED),
    ],
)
def test_a_status_moves_upward_only(before: State, status: str, after: State) -> None:
    assert after_status(before, status) is after


@pytest.mark.parametrize(
    "state",
    [
        State.QUEUED,
        State.CLAIMED,
        State.UNSURE,
        State.ABANDONED,
        State.REFUSED,
        State.CANCELLED,
        State.EXPIRED,
    ],
)
def test_a_status_proves_that_the_message_left(state: State) -> None:
    assert after_status(state, "sent") is State.SENT
    assert after_status(state, "failed") is State.FAILED


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("status", ["", "deleted", "warning", "SENT", "queued"])
def test_a_status_that_we_do_not_know_changes_nothing(state: State, status: str) -> None:
    assert after_status(state, status) is state


def test_every_state_is_either_open_or_final() -> None:
    assert {
        State.QUEUED, State.CLAIMED, State.ACCEPTED, State.HELD, State.SENT, State.UNSURE,
    } == OPEN  # fmt: skip


def test_what_whatsapp_took_was_neither_dropped_nor_doubtful() -> None:
    never_taken = {
        State.QUEUED, State.CLAIMED, State.UNSURE, State.ABANDONED, State.REFUSED, State.FAILED,
        State.CANCELLED, State.EXPIRED, State.WITHHELD,
    }  # fmt: skip
    assert set(TAKEN) == set(State) - never_taken


@given(st.sampled_from(State), st.lists(statuses, max_size=8), st.randoms())
def test_any_order_and_duplication_gives_the_same_final_state(
    state: State, told: list[str], random: Random
) -> None:
    mixed = told + random.sample(told, len(told) // 2)
    random.shuffle(mixed)
    assert after_all(state, mixed) is after_all(state, told)


@given(st.lists(statuses, max_size=8))
def test_read_stays_read(told: list[str]) -> None:
    assert after_all(State.READ, told) is State.READ


@given(st.sampled_from(State), st.lists(statuses, max_size=8))
def test_who_was_told_read_is_read(state: State, told: list[str]) -> None:
    assert after_all(state, [*told, "read"]) is State.READ
