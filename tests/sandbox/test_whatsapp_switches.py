"""What can be made to go wrong with the sandbox WhatsApp: lost answers, refusals, slowness."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests
from whatsapp_stage import ANA, GOOD, NUMBER_ID, Stage, Subscriber, greeting

from agent.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

BEATRIZ = "+34600111333"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture
def url(stage: Stage) -> Iterator[str]:
    """Where messages go, over a real socket."""
    with Server(stage.app) as base:
        yield f"{base}/v26.0/{NUMBER_ID}/messages"


def post(url: str, to: str = ANA, intent: str = "intent 1") -> requests.Response:
    body = greeting(to=to, biz_opaque_callback_data=intent)
    return requests.post(url, json=body, headers=GOOD, timeout=10)


# lost


def test_a_lost_answer_was_accepted_all_the_same(stage: Stage, url: str) -> None:
    stage.wa.lose_next_responses()
    # when the answer is lost
    with pytest.raises(requests.ConnectionError):
        post(url)
    # then the message is out, and its webhooks come with our id
    assert stage.wa.accepted_by_intent == {"intent 1": 1}
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.wa.deliver_due()
        assert {one["biz_opaque_callback_data"] for one in subscriber.statuses} == {"intent 1"}
    # and the next answer comes
    assert post(url).status_code == 200


def test_another_try_of_a_message_that_failed_comes_once(stage: Stage, url: str) -> None:
    stage.wa.fail_status(131049, to=ANA, times=1)
    post(url)
    assert (stage.wa.accepted_by_intent["intent 1"], stage.wa.come_by_intent["intent 1"]) == (1, 0)
    post(url)
    assert (stage.wa.accepted_by_intent["intent 1"], stage.wa.come_by_intent["intent 1"]) == (2, 1)
    post(url)
    assert stage.wa.come_by_intent["intent 1"] == 2


def test_a_dropped_request_was_not_accepted(stage: Stage, url: str) -> None:
    stage.wa.drop_next_requests()
    with pytest.raises(requests.ConnectionError):
        post(url)
    assert not stage.wa.accepted
    assert post(url).status_code == 200


def test_a_share_of_the_answers_is_lost(stage: Stage, url: str) -> None:
    stage.wa.lose_responses = 0.5
    lost = 0
    for number in range(40):
        try:
            post(url, intent=f"intent {number}")
        except requests.ConnectionError:
            lost += 1
    assert 8 < lost < 32
    assert len(stage.wa.accepted) == 40
    assert max(stage.wa.accepted_by_intent.values()) == 1


def test_a_refusal_is_never_lost(stage: Stage, url: str) -> None:
    stage.wa.lose_next_responses()
    assert post(url, to="+34").status_code == 400
    with pytest.raises(requests.ConnectionError):
        post(url)


# planned failures


def test_the_next_sends_fail_as_planned_and_then_no_more(stage: Stage) -> None:
    stage.wa.fail_next(131056, times=2)
    for _ in range(2):
        status, answer = stage.send(greeting())
        assert (status, answer["error"]["code"]) == (400, 131056)
        assert answer["error"]["message"] == (
            "(#131056) (Business Account, Consumer Account) pair rate limit hit"
        )
    assert stage.send(greeting())[0] == 200
    assert len(stage.wa.accepted) == 1


def test_the_http_status_of_a_failure_can_be_chosen(stage: Stage) -> None:
    stage.wa.fail_next(130429, http_status=429)
    assert stage.send(greeting())[0] == 429


def test_failures_can_be_for_one_number(stage: Stage) -> None:
    stage.wa.fail_next(130429, to="+34 600 111 333", times=None)
    assert stage.send(greeting())[0] == 200
    for _ in range(3):
        assert stage.refusal(greeting(to=BEATRIZ))[0] == 130429
    stage.wa.heal()
    assert stage.send(greeting(to=BEATRIZ))[0] == 200


def test_a_share_of_the_sends_fails(stage: Stage) -> None:
    stage.wa.fail_rate(131000, 0.3)
    answers = [stage.send(greeting())[0] for _ in range(100)]
    assert set(answers) == {200, 500}
    assert 15 < answers.count(500) < 45


def test_a_proxy_can_answer_in_html(stage: Stage) -> None:
    stage.wa.fail_next(2, http_status=502, html=True)
    answer = stage.client.post(f"/v26.0/{NUMBER_ID}/messages", json=greeting(), headers=GOOD)
    assert answer.status_code == 502
    assert answer.mimetype == "text/html"
    assert answer.get_json(silent=True) is None
    assert not stage.wa.accepted


def test_accepted_messages_can_fail_later_by_number_and_by_share(stage: Stage) -> None:
    stage.wa.fail_status(131026, to=BEATRIZ)
    stage.wa.fail_status(131049, rate=0.5)
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        stage.send(greeting(to=BEATRIZ))
        stage.wa.deliver_due()
        assert [one["errors"][0]["code"] for one in subscriber.statuses] == [131026]
        for _ in range(40):
            stage.send(greeting())
        stage.wa.deliver_due()
        failed = [one for one in subscriber.statuses if one["status"] == "failed"][1:]
        assert 8 < len(failed) < 32
        assert {one["errors"][0]["code"] for one in failed} == {131049}


# slowness


def test_slow_answers_overlap(stage: Stage, url: str) -> None:
    stage.wa.latency = 0.3
    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda number: post(url, intent=str(number)), range(40)))
    assert {answer.status_code for answer in answers} == {200}
    # one after the other would take twelve seconds
    assert 0.3 <= time.monotonic() - began < 4
    assert len(stage.wa.accepted_by_intent) == 40


def test_webhooks_may_come_before_the_answer(stage: Stage, url: str) -> None:
    waiting = threading.Event()

    def latency() -> float:
        waiting.set()
        return 0.5

    stage.wa.latency = latency
    with Subscriber() as subscriber, ThreadPoolExecutor(1) as pool:
        stage.wa.subscribe(subscriber.url)
        answer = pool.submit(post, url)
        assert waiting.wait(5)
        assert stage.wa.deliver_due() == 2
        assert not answer.done()
        assert answer.result().status_code == 200


def test_many_threads_lose_nothing(stage: Stage) -> None:
    def send(number: int) -> str:
        return stage.wa.send(greeting(biz_opaque_callback_data=str(number))).id

    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(send, range(400)))
    assert len(set(names)) == len(stage.wa.accepted) == 400
    assert set(stage.wa.accepted_by_intent.values()) == {1}
    assert stage.wa.pending_webhooks == 800
