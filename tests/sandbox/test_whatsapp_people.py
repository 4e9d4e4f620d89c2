"""How the people behind the sandbox WhatsApp behave, and which ids they have."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from whatsapp_stage import START, Stage, autumn_offer, greeting

from agent.sandbox.whatsapp.errors import GraphError
from agent.sandbox.whatsapp.messages import Accepted, outgoing_id
from agent.sandbox.whatsapp.people import QuietPeople, Reaction, TypicalPeople
from agent.sandbox.whatsapp.phones import calling_code, person_at, read_phone

CROWD = 4000
HOUR = timedelta(hours=1)


def message(number: int, **changed: object) -> Accepted:
    """A marketing message to one of many people."""
    phone = f"+346{number:08d}"
    sample = Accepted(
        id=outgoing_id(phone[1:], 1, 0),
        to=phone,
        input=phone,
        person=person_at(phone, 0),
        at=START,
        template="greeting",
        language="en_US",
        category="marketing",
    )
    return replace(sample, **changed)  # type: ignore[arg-type] - the fields of a message


def crowd(seed: int = 0, **changed: object) -> list[list[Reaction]]:
    people = TypicalPeople(seed)
    return [list(people.react(message(number, **changed))) for number in range(CROWD)]


def shares(lives: list[list[Reaction]]) -> dict[str, float]:
    counted = Counter(kind for life in lives for kind in {reaction.kind for reaction in life})
    return {kind: count / len(lives) for kind, count in counted.items()}


def test_the_shares_are_those_of_a_believable_crowd() -> None:
    lives = crowd()
    share = shares(lives)
    arrived = sum(any(one.kind in {"delivered", "read"} for one in life) for life in lives) / CROWD
    assert 0.94 < arrived < 0.97
    assert 0.60 < share["read"] / arrived < 0.70
    assert 0.01 < share["failed"] < 0.025
    codes = Counter(one.code for life in lives for one in life if one.kind == "failed")
    assert codes[131026] > codes[131049] > 0
    stops = sum(
        one.kind == "stops_marketing"
        or (one.kind == "says" and one.text.strip(".").upper() == "STOP")
        for life in lives
        for one in life
    )
    assert 0.008 < stops / CROWD < 0.022


def test_a_life_is_told_in_the_order_of_time() -> None:
    for life in crowd():
        moments = [reaction.after for reaction in life]
        assert moments == sorted(moments)
        assert life[0].kind in {"sent", "failed"}
        kinds = [reaction.kind for reaction in life]
        assert len(kinds) == len(set(kinds))


def test_the_same_seed_gives_the_same_lives() -> None:
    assert crowd(seed=3) == crowd(seed=3)
    assert crowd(seed=3) != crowd(seed=4)


def test_a_number_that_is_not_on_whatsapp_stays_so() -> None:
    people = TypicalPeople()
    unreachable = [
        number
        for number in range(1000)
        if any(reaction.code == 131026 for reaction in people.react(message(number)))
    ]
    assert unreachable
    for number in unreachable:
        for nth in range(2, 10):
            again = message(number, id=outgoing_id(f"346{number:08d}", nth, 0))
            assert [one.code for one in people.react(again)] == [131026]


def test_only_marketing_is_stopped_or_held_back() -> None:
    kinds = {
        (reaction.kind, reaction.code)
        for life in crowd(category="utility", quick_replies=(("STOP", "Stop"),))
        for reaction in life
    }
    assert ("stops_marketing", 0) not in kinds
    assert ("taps", 0) not in kinds
    assert ("failed", 131049) not in kinds


@pytest.mark.parametrize(
    ("language", "words"), [("es_ES", {"BAJA", "STOP"}), ("pt_BR", {"SAIR", "PARAR"})]
)
def test_stops_are_written_in_the_language_of_the_message(language: str, words: set[str]) -> None:
    said = {
        one.text.upper() for life in crowd(language=language) for one in life if one.kind == "says"
    }
    assert said & words == words


def test_where_a_button_says_no_it_is_tapped() -> None:
    replies = (("YES", "¡Quiero!"), ("OPTOUT_MARKETING", "No más promos"))
    lives = crowd(language="es_ES", quick_replies=replies)
    taps = [one for life in lives for one in life if one.kind == "taps"]
    assert len(taps) > 10
    assert {(tap.payload, tap.text) for tap in taps} == {("OPTOUT_MARKETING", "No más promos")}


def test_quiet_people_get_everything_at_once_and_say_nothing() -> None:
    kinds = [(one.kind, one.after.total_seconds()) for one in QuietPeople().react(message(1))]
    assert kinds == [("sent", 0), ("delivered", 0)]


def test_two_runs_with_one_seed_are_equal_whatever_the_order() -> None:
    def play(order: range) -> dict[str, list[Reaction]]:
        with Stage(TypicalPeople(5), seed=5) as stage:
            for number in order:
                stage.wa.send(greeting(to=f"+3460011{number:04d}"))
            return {one.id: list(stage.wa.people.react(one)) for one in stage.wa.accepted}

    assert play(range(50)) == play(range(49, -1, -1))


def test_answers_open_the_window_when_they_come_and_not_before() -> None:
    class Talkers(QuietPeople):
        def react(self, message: Accepted) -> tuple[Reaction, ...]:
            return (Reaction(HOUR, "says", text="Hi"),)

    text = {
        "messaging_product": "whatsapp",
        "to": "+34600111222",
        "type": "text",
        "text": {"body": "Hi"},
    }
    with Stage(Talkers()) as stage:
        stage.send(autumn_offer())
        assert stage.refusal(text)[0] == 131047
        stage.clock.advance(HOUR)
        assert stage.send(text)[0] == 200


# ids and numbers


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+34 600 111 222", "+34600111222"),
        ("+1 (202) 555-0143", "+12025550143"),
        ("1 202 555 0143", "+12025550143"),  # already a number of the sender's country
        ("202-555-0143", "+12025550143"),
        ("+44 7700 900123", "+447700900123"),
    ],
)
def test_numbers_are_read_as_people_write_them(written: str, read: str) -> None:
    assert read_phone(written, 1) == read


def test_without_a_plus_the_senders_country_comes_in_front() -> None:
    assert read_phone("44 7700 9001", 55) == "+554477009001"


@pytest.mark.parametrize("written", ["", "+", "++34600111222", "+34.600.111.222", "abc", "+999123"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(GraphError) as refused:
        read_phone(written, 1)
    assert refused.value.code == 131009


def test_a_sender_without_a_country_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="plus"):
        calling_code("555-0100")


def ids(pattern: str) -> set[int]:
    """How long the WhatsApp ids of a hundred such numbers are."""
    return {len(person_at(pattern.format(number), 0).wa_id or "") for number in range(10, 99)}


def test_some_brazilians_lack_the_ninth_digit() -> None:
    assert ids("+55119{}000001") == {12, 13}


def test_both_spellings_of_a_brazilian_mobile_are_one_person() -> None:
    for number in range(10, 99):
        with_the_nine = person_at(f"+551199{number}00001", 0)
        assert person_at(f"+55119{number}00001", 0) == with_the_nine


def test_a_brazilian_landline_gets_no_nine() -> None:
    for first in (2, 3, 4, 5):
        assert person_at(f"+5511{first}0000001", 0).wa_id == f"5511{first}0000001"


def test_some_mexicans_have_a_one() -> None:
    assert ids("+5255{}000001") == {12, 13}
    for number in range(10, 99):
        assert person_at(f"+5255{number}000001", 0) == person_at(f"+52155{number}000001", 0)


def test_some_argentines_lack_the_nine_but_keep_their_own_number() -> None:
    assert ids("+54911{}000001") == {12, 13}
    # a landline that looks like somebody's mobile without the nine is somebody else
    assert person_at("+541110000001", 0).wa_id == "541110000001"


def test_the_answer_tells_the_id_and_what_was_asked() -> None:
    with Stage() as stage:
        written = "+52 55 1000 0001"
        answer = stage.send(greeting(to=written))[1]
        who = stage.wa.person(written)
        assert answer["contacts"] == [{"input": written, "wa_id": who.wa_id}]
