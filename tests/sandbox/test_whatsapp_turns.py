"""Scripts: what becomes of one send after the other; and every code that Meta documents."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from whatsapp_stage import ANA, GOOD, NUMBER_ID, Stage, Subscriber, greeting

from agent.sandbox.server import Server
from agent.sandbox.whatsapp.errors import CATALOGUE
from agent.sandbox.whatsapp.turns import DROPPED, GARBLED, HELD, LOST, TAKEN, failed, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

BEATRIZ = "+34600111333"
# Meta, "Error codes" of the WhatsApp Business Platform, as of September 2026
DOCUMENTED = (
    *(0, 1, 2, 3, 4, 10, 33, 100, 104, 190, *range(200, 300), 368, 80007),
    *(130403, 130429, 130472, 130497),
    *(131000, 131005, 131008, 131009, 131016, 131021, 131026, 131030, 131031, 131037, 131042, 131045),
    *(131047, 131048, 131049, 131050, 131051, 131052, 131053, 131056, 131057, 131062, 131063, 131064),
    *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 132069),
    *(133000, 133004, 133005, 133006, 133008, 133009, 133010, 133015, 133016),
    *(134011, 134100, 134101, 134102, 135000, 137000, 139100, 139101, 139102, 139103),
    *(2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
)  # fmt: skip


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture
def url(stage: Stage) -> Iterator[str]:
    with Server(stage.app) as base:
        yield f"{base}/v26.0/{NUMBER_ID}/messages"


def post(url: str, to: str = ANA) -> object:
    """What the sender sees: the id, the code, the HTTP status of a strange answer, or "nothing"."""
    try:
        answer = requests.post(url, json=greeting(to=to), headers=GOOD, timeout=10)
    except requests.ConnectionError:
        return "nothing"
    if not answer.headers["Content-Type"].startswith("application/json"):
        return answer.status_code
    told = answer.json()
    return told["error"]["code"] if "error" in told else told["messages"][0]["message_status"]


def test_a_script_is_played_once_and_in_its_order(stage: Stage, url: str) -> None:
    stage.wa.play(TAKEN, refused(131016), LOST, DROPPED, GARBLED, HELD, failed(131026))
    seen = [post(url) for _ in range(8)]
    held = "held_for_quality_assessment"
    assert seen == ["accepted", 131016, "nothing", "nothing", 502, held, "accepted", "accepted"]
    # refused and dropped ones never arrived
    assert len(stage.wa.accepted) == 6


def test_what_was_lost_or_garbled_is_told_by_statuses_like_any_other(
    stage: Stage, url: str
) -> None:
    stage.wa.play(LOST, GARBLED, failed(131026), HELD)
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        for _ in range(4):
            post(url)
        stage.wa.deliver_due()
        told = {(one["id"], one["status"]) for one in subscriber.statuses}
    lost, garbled, broken, _ = (one.id for one in stage.wa.accepted)
    assert told == {
        *((one, status) for one in (lost, garbled) for status in ("sent", "delivered")),
        (broken, "failed"),
    }


def test_scripts_can_be_for_one_number_and_go_before_all_else(stage: Stage, url: str) -> None:
    stage.wa.fail_next(131000, times=None)
    stage.wa.lose_responses = 1.0
    stage.wa.play(TAKEN, refused(131056), to=BEATRIZ)
    stage.wa.play(TAKEN, to="+34 600 111 333")
    assert post(url) == 131000
    assert [post(url, BEATRIZ) for _ in range(4)] == ["accepted", 131056, "accepted", 131000]


def test_healing_ends_scripts_and_shares(stage: Stage, url: str) -> None:
    stage.wa.play(DROPPED, DROPPED)
    stage.wa.garble_responses = stage.wa.drop_requests = 1.0
    assert post(url) == "nothing"
    stage.wa.heal()
    assert post(url) == "accepted"


def test_shares_of_the_requests_are_dropped_and_of_the_answers_garbled(
    stage: Stage, url: str
) -> None:
    stage.wa.drop_requests, stage.wa.garble_responses = 0.3, 0.3
    seen = [post(url) for _ in range(60)]
    assert 6 < seen.count("nothing") < 32
    assert 4 < seen.count(502) < 28
    # only the dropped ones never arrived
    assert len(stage.wa.accepted) == 60 - seen.count("nothing")


@pytest.mark.parametrize("code", [code for code in DOCUMENTED if not 200 < code < 300])
def test_every_documented_code_can_be_an_answer_and_a_status(stage: Stage, code: int) -> None:
    assert code in CATALOGUE
    stage.wa.play(refused(code), failed(code))
    assert stage.refusal(greeting())[0] == code
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        assert stage.send(greeting())[0] == 200
        stage.wa.deliver_due()
        [status] = subscriber.statuses
    assert (status["status"], status["errors"][0]["code"]) == ("failed", code)
    assert status["errors"][0]["title"] == CATALOGUE[code][1]


def test_nothing_that_is_documented_is_missing() -> None:
    assert set(DOCUMENTED) <= set(CATALOGUE)


def test_a_failure_may_come_long_after_the_message_was_sent(stage: Stage) -> None:
    stage.wa.fail_status(131026, after=timedelta(hours=2))
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.send(greeting())
        stage.wa.deliver_due()
        assert [one["status"] for one in subscriber.statuses] == ["sent"]
        stage.clock.advance(timedelta(hours=2))
        stage.wa.deliver_due()
        assert [one["status"] for one in subscriber.statuses] == ["sent", "failed"]


# held


def test_a_share_is_held_and_judged_by_itself(stage: Stage) -> None:
    stage.wa.hold_messages, stage.wa.drop_held_share = 0.5, 0.5
    stage.wa.judge_held_after, stage.wa.drop_held_code = timedelta(hours=1), 135000
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        for _ in range(60):
            stage.send(greeting())
        stage.wa.deliver_due()
        held = [one.id for one in stage.wa.accepted if one.held]
        assert 15 < len(held) < 45
        assert not {one["id"] for one in subscriber.statuses} & set(held)
        stage.clock.advance(timedelta(hours=1))
        stage.wa.deliver_due()
    ended = {one["id"]: one for one in subscriber.statuses if one["status"] != "sent"}
    assert set(ended) == {one.id for one in stage.wa.accepted}
    dropped = [one for one in held if ended[one]["status"] == "failed"]
    assert 4 < len(dropped) < len(held) - 4
    assert {ended[one]["errors"][0]["code"] for one in dropped} == {135000}


@pytest.mark.parametrize(("status", "code"), [("PAUSED", 132015), ("DISABLED", 132016)])
def test_what_is_held_of_a_template_that_is_stopped_is_dropped(
    stage: Stage, status: str, code: int
) -> None:
    stage.wa.add_template("other", "en_US", body="Hello {{1}}, there is something new for you.")
    stage.wa.hold_messages = True
    other = greeting()
    other["template"]["name"] = "other"
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.send(greeting())
        stage.send(other)
        stage.wa.set_template_status("greeting", status)
        stage.wa.deliver_due()
        [failed_one] = subscriber.statuses
    assert failed_one["id"] == stage.wa.accepted[0].id
    assert failed_one["errors"][0]["code"] == code
    assert stage.refusal(greeting())[0] == code
    assert stage.wa.release_held("greeting") == 0
    assert stage.wa.release_held("other") == 1


# webhooks


def test_a_share_of_the_updates_never_comes(stage: Stage) -> None:
    stage.wa.lose_webhooks = 0.5
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        for _ in range(40):
            stage.send(greeting())
        stage.wa.deliver_due()
    assert 20 < len(subscriber.statuses) < 60
    assert stage.wa.pending_webhooks == 0


def test_a_slow_webhook_comes_whole_and_signed(stage: Stage) -> None:
    stage.wa.slow_webhooks = 0.2
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.send(greeting())
        assert stage.wa.deliver_due() == 2
    assert (subscriber.signed, len(subscriber.statuses)) == ([True], 2)
