"""The limits that Meta keeps: to one person, of one number, of all people in a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from whatsapp_stage import ANA, Stage, Subscriber, greeting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


def somebody(number: int) -> str:
    return f"+4477009{number:05}"


def later(stage: Stage, **step: float) -> None:
    stage.clock.advance(timedelta(**step))


def test_without_a_limit_there_is_none(stage: Stage) -> None:
    for _ in range(200):
        assert stage.send(greeting())[0] == 200


# to one person


def test_a_message_every_six_seconds_is_no_trouble(stage: Stage) -> None:
    stage.wa.limits.pair = True
    for _ in range(30):
        assert stage.send(greeting())[0] == 200
        later(stage, seconds=6)


def test_a_burst_borrows_from_the_future(stage: Stage) -> None:
    stage.wa.limits.pair = True
    # given twenty at once
    for _ in range(20):
        assert stage.send(greeting())[0] == 200
    # then the next may leave after two minutes, and not before
    for wait in (6, 60, 53):
        later(stage, seconds=wait)
        assert stage.refusal(greeting())[0] == 131056
    later(stage, seconds=1)
    assert stage.send(greeting())[0] == 200


def test_a_burst_has_forty_five_at_most(stage: Stage) -> None:
    stage.wa.limits.pair = True
    for _ in range(45):
        assert stage.send(greeting())[0] == 200
    code, details = stage.refusal(greeting())
    assert (code, "same phone number" in details) == (131056, True)


def test_others_need_not_wait(stage: Stage) -> None:
    stage.wa.limits.pair = True
    for _ in range(45):
        stage.send(greeting())
    assert stage.send(greeting(to=somebody(1)))[0] == 200


def test_a_refused_message_costs_nothing(stage: Stage) -> None:
    stage.wa.limits.pair = True
    for _ in range(2):
        stage.send(greeting())
    later(stage, seconds=11)
    for _ in range(20):
        assert stage.refusal(greeting())[0] == 131056
    later(stage, seconds=1)
    assert stage.send(greeting())[0] == 200


# of the number


def test_no_more_than_so_many_in_any_second(stage: Stage) -> None:
    stage.wa.limits.per_second = 20
    # given ten late in one second and ten early in the next
    for number in range(20):
        assert stage.send(greeting(to=somebody(number)))[0] == 200
        later(stage, seconds=0.04)
    # then the next may leave a second after the first
    later(stage, seconds=0.19)
    assert stage.refusal(greeting())[0] == 130429
    later(stage, seconds=0.01)
    assert stage.send(greeting())[0] == 200
    assert stage.refusal(greeting())[0] == 130429


# of all people in a day


def test_so_many_people_in_24_hours_and_messages_to_the_same_count_once(stage: Stage) -> None:
    stage.wa.limits.people_a_day = 3
    for number in (1, 2, 3, 3, 2, 1):
        assert stage.send(greeting(to=somebody(number)))[0] == 200
        later(stage, hours=1)
    assert stage.refusal(greeting(to=somebody(4)))[0] == 131048
    # the third was last written to four hours in: 24 hours later there is a place again
    later(stage, hours=21)
    assert stage.send(greeting(to=somebody(4)))[0] == 200
    assert stage.refusal(greeting(to=somebody(5)))[0] == 131048


def test_whoever_wrote_to_us_takes_no_place(stage: Stage) -> None:
    stage.wa.limits.people_a_day = 1
    stage.send(greeting(to=somebody(1)))
    stage.wa.customer_says(ANA, "Do you ship abroad?")
    assert stage.send(greeting())[0] == 200
    assert stage.refusal(greeting(to=somebody(2)))[0] == 131048


def test_what_is_too_much_can_fail_later_and_by_another_code(stage: Stage) -> None:
    stage.wa.limits.people_a_day, stage.wa.limits.people_code = 1, 131064
    stage.wa.limits.people_by_status = True
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.send(greeting(to=somebody(1)))
        assert stage.send(greeting(to=somebody(2)))[0] == 200
        stage.wa.deliver_due()
        [failed] = [one for one in subscriber.statuses if one["status"] == "failed"]
    assert failed["errors"][0]["code"] == 131064
    assert failed["id"] == stage.wa.accepted[1].id
