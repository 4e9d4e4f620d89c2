"""A message is claimed by one only, however many ask at once."""

from datetime import date
from threading import Barrier, Thread

import pytest
from table_rows import NOON, a_message, again, an_intent

from agent.rules.states import State
from models import Message
from models.base import close_database, transaction

DAY = date(2026, 3, 4)
OTHER_STATES = [state.value for state in State if state is not State.QUEUED]


def test_a_claim_is_written_with_the_day_that_it_counts_on() -> None:
    message = a_message(cap_day="2026-03-02")
    assert Message.claim([message.id], now=NOON, day=DAY) == [message.id]
    message = again(message.uid)
    assert (message.state, message.claimed_at, message.cap_day) == ("claimed", NOON, "2026-03-04")
    assert message.attempts == 1


def test_each_claim_is_one_attempt_more() -> None:
    message = a_message()
    for attempt in (1, 2, 3):
        assert Message.claim([message.id], now=NOON, day=DAY) == [message.id]
        assert again(message.uid).attempts == attempt
        Message.move([message.id], ("claimed",), "queued")


@pytest.mark.parametrize("state", OTHER_STATES)
def test_only_queued_messages_can_be_claimed(state: str) -> None:
    message = a_message(state=state)
    queued = a_message()
    assert Message.claim([message.id, queued.id], now=NOON, day=DAY) == [queued.id]
    assert again(message.uid).state == state
    assert again(message.uid).attempts == 0


def test_nothing_is_claimed_that_was_not_asked_for() -> None:
    message = a_message()
    assert Message.claim([], now=NOON, day=DAY) == []
    assert Message.claim([message.id + 1], now=NOON, day=DAY) == []
    assert again(message.uid).state == "queued"


@pytest.mark.parametrize("in_a_transaction", [False, True])
def test_threads_that_claim_at_once_never_get_the_same_message(in_a_transaction: bool) -> None:
    # given many messages, and threads that all want every one of them
    Message.put([an_intent(number) for number in range(60)])
    ids = [message.id for message in Message.select()]
    together = Barrier(4)
    taken: list[list[int]] = [[] for _ in range(4)]

    def claim(mine: list[int]) -> None:
        together.wait(10)
        for first in range(0, len(ids), 5):
            if in_a_transaction:  # as the sender does
                with transaction():
                    due = [one.id for one in Message.due(NOON, 5)]
                    mine.extend(Message.claim(due, now=NOON, day=DAY))
            else:
                mine.extend(Message.claim(ids[first : first + 5], now=NOON, day=DAY))
        close_database()

    # when they all begin in the same instant
    threads = [Thread(target=claim, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # then each message went to exactly one of them, and was tried once
    claimed = [number for mine in taken for number in mine]
    assert sorted(claimed) == ids
    assert {message.attempts for message in Message.select()} == {1}
