"""outbox -> shop: what could not be brought is noted on its order, once."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jobs_stage import DAY, Counter, add_message, nothing

from agent.errors import ShopAway, Unauthorized, Unsure, WinbackError
from agent.jobs.order_notes import MOST_A_RUN, note_failures
from agent.sandbox.shop.trouble import Fatal, LostAnswer, Next, Page, Trouble
from models import Message
from models.base import database as handle

Tally = dict[str, int]


@pytest.fixture
def desk(counter: Counter) -> Counter:
    news = replace(counter.settings.order_news, note_on_order=True)
    counter.settings = replace(counter.settings, order_news=news)
    return counter


def run(desk: Counter, beat: Callable[[], None] = nothing) -> Tally:
    return note_failures(desk.client, desk.settings, now=desk.now, beat=beat)


def failed(desk: Counter, order: int, state: str = "failed", **more: Any) -> Message:
    values = {
        "uid": f"{order:08}-{Message.select().count()}xyz"[::-1],
        "campaign": "order_completed",
        "subject": str(order),
        "kind": "utility",
        "state": state,
        "order_id": order,
        "attempts": 1,
        "ended_at": desk.now,
    }
    return add_message(1, desk.now, **(values | more))


def notes(desk: Counter, order: int) -> list[str]:
    return [note.text for note in desk.shop.order(order).notes]


def writes(desk: Counter) -> int:
    return sum(one.method == "POST" for one in desk.shop.asked)


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        (
            "failed", {"code": 131026, "detail": "Message <b>undeliverable</b>"},
            "was not delivered: 131026 Message undeliverable",
        ),
        ("refused", {"code": 132001}, "was not delivered: 132001"),
        ("refused", {}, "was not delivered: WhatsApp refused it"),
        ("undelivered", {}, "was not delivered: WhatsApp could not deliver it in time"),
        ("abandoned", {}, "may not have been delivered: no answer of WhatsApp came"),
        ("expired", {"detail": "not sent in 3 tries: timed out"}, "was not delivered: not sent in 3 tries: timed out"),
        ("expired", {}, "was not delivered: it could not be sent in time"),
        ("failed", {"detail": "x" * 900}, "was not delivered: " + "x" * 199 + "…"),
    ],
)  # fmt: skip
def test_each_way_to_fail_is_noted_in_words_and_for_the_shop_alone(
    desk: Counter, state: str, more: dict[str, Any], said: str
) -> None:
    order = desk.order()
    message = failed(desk, order, state, **more)
    assert run(desk) == {"noted": 1}
    [note] = desk.shop.order(order).notes
    assert note.text == (
        f"WhatsApp message order_completed to the customer {said} (winback, {message.uid[:8]})"
    )
    assert not note.for_customer
    assert Message.get_by_id(message.id).noted_at == desk.now
    # and never again
    desk.later(minutes=1)
    assert run(desk) == {}
    assert writes(desk) == 1


@pytest.mark.parametrize(
    ("state", "more"),
    [
        *[(state, {}) for state in ("queued", "claimed", "accepted", "held", "sent", "unsure")],
        *[(state, {}) for state in ("delivered", "read", "cancelled")],
        ("expired", {"attempts": 0}),  # it was overtaken, or its moment passed, and nobody tried
        ("failed", {"order_id": None, "campaign": "we_miss_you", "kind": "marketing"}),
        ("failed", {"ended_at": None}),
    ],
)
def test_nothing_else_is_noted_and_the_shop_is_not_even_asked(
    desk: Counter, state: str, more: dict[str, Any]
) -> None:
    failed(desk, desk.order(), state, **more)
    assert run(desk) == {}
    assert not desk.shop.asked


def test_what_failed_more_than_a_week_ago_is_left_alone(desk: Counter) -> None:
    old, new = desk.order(), desk.order()
    failed(desk, old, ended_at=desk.now - 7 * DAY - timedelta(seconds=1))
    failed(desk, new, ended_at=desk.now - 7 * DAY)
    assert run(desk) == {"noted": 1}
    assert (len(notes(desk, old)), len(notes(desk, new))) == (0, 1)


def test_without_the_setting_nothing_is_noted(counter: Counter) -> None:
    failed(counter, counter.order())
    assert run(counter) == {}
    assert not counter.shop.asked


def test_several_messages_of_an_order_are_noted_after_one_look_and_other_notes_do_not_matter(
    desk: Counter,
) -> None:
    order = desk.order()
    desk.shop.add_note(order, "winback, and other words")
    for kind in ("order_confirmation", "statuses.ready-for-pickup"):
        failed(desk, order, campaign=kind)
    assert run(desk) == {"noted": 2}
    assert [text.split(" ")[2] for text in notes(desk, order)[1:]] == [
        "order_confirmation", "statuses.ready-for-pickup",
    ]  # fmt: skip
    assert desk.asked(f"wc/v3/orders/{order}/notes") == [{"_fields": "id,note"}]


def test_a_process_that_ends_between_the_note_and_its_record_leaves_no_second_one(
    desk: Counter,
) -> None:
    order = desk.order()
    message = failed(desk, order)
    handle.execute_sql(
        "CREATE TRIGGER full BEFORE UPDATE ON message BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(Exception, match="full"):
        run(desk)
    assert len(notes(desk, order)) == 1
    handle.execute_sql("DROP TRIGGER full")
    assert run(desk) == {"there already": 1}
    assert len(notes(desk, order)) == 1
    assert Message.get_by_id(message.id).noted_at == desk.now


def test_an_answer_that_was_lost_leaves_no_second_one(desk: Counter) -> None:
    order = desk.order()
    failed(desk, order)
    desk.shop.trouble = _LostWrites()
    with pytest.raises(Unsure):
        run(desk)
    desk.shop.trouble = None
    assert run(desk) == {"there already": 1}
    assert len(notes(desk, order)) == 1


class _LostWrites(Trouble):
    """The answers to all requests but the first are lost: the look comes, the write goes."""

    def __init__(self) -> None:
        self._asked = 0

    def strike(self) -> Trouble:
        self._asked += 1
        return LostAnswer() if self._asked > 1 else self


def test_an_order_that_is_gone_is_done_with(
    desk: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    gone, there = desk.order(), desk.order()
    messages = [failed(desk, gone), failed(desk, gone, campaign="order_refunded")]
    failed(desk, there)
    desk.shop.delete_order(gone)
    with caplog.at_level(logging.INFO):
        assert run(desk) == {"order gone": 2, "noted": 1}
    assert all(Message.get_by_id(one.id).noted_at for one in messages)
    told = [vars(one)["fields"]["order"] for one in caplog.records if one.msg == "order_notes.gone"]
    assert told == [gone]
    desk.later(minutes=1)
    assert run(desk) == {}


def test_one_order_that_breaks_the_shop_does_not_keep_the_others_from_their_notes(
    desk: Counter,
) -> None:
    broken, fine = desk.order(), desk.order()
    failed(desk, broken)
    failed(desk, fine)
    desk.shop.trouble = _Breaks(f"orders/{broken}/")
    with pytest.raises(WinbackError):
        run(desk)
    assert (len(notes(desk, broken)), len(notes(desk, fine))) == (0, 1)
    desk.shop.trouble = None
    assert run(desk) == {"noted": 1}


class _Breaks(Trouble):
    def __init__(self, path: str) -> None:
        self._path = path

    def instead(self, home: str, address: str) -> Page | None:
        return Fatal().instead(home, address) if self._path in address else None


def test_a_shop_that_is_away_is_not_asked_for_each_order(desk: Counter) -> None:
    for _ in range(5):
        failed(desk, desk.order())
    desk.shop.trouble = Fatal()
    with pytest.raises(WinbackError):
        run(desk)
    asked = len(desk.shop.asked)
    with pytest.raises(ShopAway):
        run(desk)
    assert len(desk.shop.asked) <= asked + 1  # which looks whether it is back
    assert not Message.select().where(Message.noted_at.is_null(False)).exists()


def test_a_shop_that_is_busy_is_left_alone_at_once(desk: Counter) -> None:
    for _ in range(5):
        failed(desk, desk.order())
    desk.shop.trouble = Next(1, Fatal())  # is asked again by the client itself
    assert run(desk) == {"noted": 5}


def test_a_key_that_may_only_read_is_named(desk: Counter) -> None:
    order = desk.order()
    failed(desk, order)
    desk.shop.permissions = "read"
    with pytest.raises(Unauthorized):
        run(desk)
    desk.shop.permissions = "read_write"
    assert run(desk) == {"noted": 1}


def test_a_run_notes_some_and_the_next_the_rest_with_a_beat_between_orders(desk: Counter) -> None:
    for _ in range(MOST_A_RUN + 3):
        failed(desk, desk.order())
    beats: list[int] = []
    assert run(desk, lambda: beats.append(1)) == {"noted": MOST_A_RUN}
    assert len(beats) == MOST_A_RUN
    assert run(desk) == {"noted": 3}


def test_what_is_left_to_note_is_found_without_reading_every_message(desk: Counter) -> None:
    asked: list[str] = []
    handle.obj.connection().set_trace_callback(asked.append)
    run(desk)
    handle.obj.connection().set_trace_callback(None)
    [query] = [one for one in asked if "noted_at" in one]
    plan = handle.execute_sql(f"EXPLAIN QUERY PLAN {query}").fetchall()
    assert any("message_unnoted" in str(step) for step in plan), plan
