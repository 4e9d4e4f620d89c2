"""Replies go to the shop's own address: signed, in order, at least once, and in nobody's way."""

import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from jobs_stage import Killed, add_contact, add_message, dying_after, nothing
from test_track import ANA, ANA_ID, WAMID, keep, tap, text

from agent.config import Settings
from agent.jobs.forward import forward_replies
from agent.jobs.track import track
from models import Contact, Forward, Reply

URL = "https://desk.shop.example/replies"
SECRET = "a-secret-of-the-shops"
CONFIG = f"""
[conversations]
forward_url = "{URL}"
forward_secret = "{SECRET}"
"""
BRUNO = "+12025550102"
HOUR = timedelta(hours=1)


class Line:
    """People write, and the shop's address hears of it. `now` is moved by hand."""

    def __init__(self, settings: Settings, now: datetime, wire: responses.RequestsMock) -> None:
        self.settings, self.now, self.wire = settings, now, wire
        self._count = 0

    def says(self, words: str, phone: str = ANA, **more: Any) -> None:
        self._count += 1
        named = {"id": f"wamid.in{self._count}", "from": phone[1:]} | more
        keep(self.now, messages=[text(words, self.now, **named)])
        track(self.settings, now=self.now, beat=nothing)

    def answers(self, *statuses: int | Exception) -> None:
        """One after the other, and the last for ever."""
        self.wire.reset()
        for one in statuses:
            if isinstance(one, int):
                self.wire.post(URL, status=one)
            else:
                self.wire.post(URL, body=one)

    def bring(self, beat: Callable[[], None] = nothing) -> dict[str, int]:
        return forward_replies(self.settings, now=lambda: self.now, beat=beat)

    def told(self) -> list[Any]:
        return [json.loads(call.request.body or "") for call in self.wire.calls]

    def words(self) -> list[str]:
        return [one["text"] for one in self.told()]


@pytest.fixture
def line(database: Path, now: datetime, write_settings: Callable[..., Settings]) -> Iterator[Line]:
    add_contact(ANA, now)
    add_contact(BRUNO, now)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        made = Line(write_settings(CONFIG), now, wire)
        made.answers(200)
        yield made


def test_a_reply_is_told_with_what_it_answers_and_until_when_it_can_be_answered(
    line: Line, now: datetime
) -> None:
    Contact.update(first_name="Ana", last_name="Example").where(Contact.phone == ANA).execute()
    contact = Contact.get(Contact.phone == ANA).id
    add_message(contact, now - HOUR, state="read", wamid=WAMID, sent_at=now - HOUR)
    line.says("How much is it?", context={"id": WAMID})
    assert line.bring() == {"taken": 1}
    [told] = line.told()
    assert told == {
        "event": "reply",
        "id": "wamid.in1",
        "at": now.isoformat(),
        "phone": ANA,
        "user_id": None,
        "name": "Ana Example",
        "text": "How much is it?",
        "kind": "text",
        "payload": None,
        "in_reply_to": {
            "campaign": "we_miss_you", "template": "we_miss_you",
            "sent_at": (now - HOUR).isoformat(),
        },
        "window_open_until": (now + 24 * HOUR).isoformat(),
        "is_stop": False,
    }  # fmt: skip
    assert Forward.select().count() == 0


def test_it_is_signed_over_the_bytes_that_are_sent(line: Line) -> None:
    line.says("¿Cuánto? 🙂")
    line.bring()
    request = line.wire.calls[0].request
    raw = request.body or b""
    assert isinstance(raw, bytes)
    assert "¿Cuánto? 🙂".encode() in raw
    signed = hmac.new(SECRET.encode(), raw, sha256).hexdigest()
    assert request.headers["X-Winback-Signature"] == f"sha256={signed}"
    assert request.headers["Content-Type"] == "application/json"


def test_a_stop_is_told_as_one_and_so_is_a_button(line: Line) -> None:
    line.says("STOP")
    keep(line.now, messages=[tap("OPTOUT_MARKETING", "No more", line.now, id="wamid.tap")])
    track(line.settings, now=line.now, beat=nothing)
    line.bring()
    assert [(one["is_stop"], one["payload"]) for one in line.told()] == [
        (True, None), (True, "OPTOUT_MARKETING"),
    ]  # fmt: skip


def test_somebody_whom_we_do_not_know_is_told_of_too(line: Line) -> None:
    line.says("hello", "+12025550109")
    keep(line.now, messages=[text("hello", line.now, id="wamid.x", from_user_id="US.7")])
    track(line.settings, now=line.now, beat=nothing)
    line.bring()
    assert [(one["phone"], one["user_id"], one["name"]) for one in line.told()] == [
        ("+12025550109", None, None), (None, "US.7", None),
    ]  # fmt: skip


def test_a_doubled_webhook_is_told_once(line: Line) -> None:
    line.says("hello")
    line.bring()
    line.says("hello", id="wamid.in1")
    assert (line.bring(), line.words()) == ({}, ["hello"])


def test_nothing_is_kept_where_nobody_wants_to_be_told(
    line: Line, write_settings: Callable[..., Settings]
) -> None:
    line.settings = write_settings("")
    line.says("hello")
    assert (Forward.select().count(), Reply.select().count()) == (0, 1)


def test_what_waits_when_the_address_is_taken_away_is_dropped(
    line: Line, write_settings: Callable[..., Settings]
) -> None:
    line.says("hello")
    line.settings = write_settings("")
    assert (line.bring(), Forward.select().count()) == ({"dropped": 1}, 0)


def test_while_the_receiver_is_down_all_wait_and_it_is_told_once(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.answers(503)
    for words in ("one", "two", "three"):
        line.says(words)
    line.says("four", BRUNO)
    assert line.bring() == {"put off": 1}
    for _ in range(20):
        line.now += timedelta(minutes=1)
        line.bring()
    # with growing pauses, and one request for all of them; at times another: is it this one alone?
    assert 3 < len(line.wire.calls) < 11
    assert [one.message for one in caplog.records].count("forward.failed") == 1
    line.answers(200)
    line.now += timedelta(minutes=20)
    assert line.bring() == {"taken": 4}
    assert [one for one in line.words() if one != "four"] == ["one", "two", "three"]
    line.says("five")
    line.answers(503)
    line.bring()
    assert [one.message for one in caplog.records].count("forward.failed") == 2


def test_that_the_receiver_works_again_is_told_once_also_of_the_last_that_waited(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for several in ((ANA, BRUNO, "+12025550109"), (ANA,)):  # of each person one is due at a time
        caplog.clear()
        line.answers(503)
        for phone in several:
            line.says("hello", phone)
        line.bring()
        line.answers(200)
        line.now += HOUR
        assert line.bring() == {"taken": len(several)}
        told = {one.message: one.__dict__["fields"] for one in caplog.records}
        assert [one.message for one in caplog.records].count("forward.works") == 1
        assert told["forward.works"] == {"waiting": len(several) - 1}
        assert told["forward.failed"]["asked_again_for"] == "24h"


@pytest.mark.parametrize(
    "trouble", [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError(), 429]
)
def test_an_answer_that_does_not_come_is_asked_for_again(
    line: Line, trouble: int | Exception
) -> None:
    line.answers(trouble, 200)
    line.says("hello")
    assert line.bring() == {"put off": 1}
    assert line.bring() == {}
    line.now += timedelta(seconds=10)
    assert line.bring() == {"taken": 1}
    assert [one["id"] for one in line.told()] == ["wamid.in1", "wamid.in1"]  # to drop the double


def test_one_that_the_receiver_does_not_like_holds_up_its_own_person_alone(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.answers(400, 200)
    line.says("strange")
    line.says("after it")
    line.says("other", BRUNO)
    assert line.bring() == {"put off": 1, "taken": 1}
    assert line.words() == ["strange", "other"]
    line.now += timedelta(seconds=10)
    assert line.bring() == {"taken": 2}
    assert line.words()[2:] == ["strange", "after it"]
    assert [one.message for one in caplog.records].count("forward.refused") == 1


@pytest.mark.parametrize("trouble", [500, requests.ReadTimeout()])
def test_one_that_breaks_the_receiver_holds_up_its_own_person_alone(
    line: Line, trouble: int | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if "strange" not in str(request.body):
            return 200, {}, ""
        if isinstance(trouble, Exception):
            raise trouble
        return trouble, {}, ""

    line.wire.reset()
    line.wire.add_callback("POST", URL, answer)
    line.says("strange")
    line.says("after it")
    line.says("other", BRUNO)
    for _ in range(10):
        line.bring()
        line.now += timedelta(minutes=1)
    assert line.words().count("other") == 1
    line.says("another", BRUNO)
    assert line.bring() == {"taken": 1}
    assert Forward.select().count() == 2
    assert [one.message for one in caplog.records].count("forward.refused") == 1
    line.now += HOUR
    line.says("a third", BRUNO)
    line.bring()  # the strange one is tried again
    line.now += timedelta(minutes=1)
    line.bring()
    assert line.words()[-1] == "a third"
    line.now += 24 * HOUR
    assert line.bring() == {"given up": 1, "taken": 1}
    assert line.words()[-1] == "after it"


def test_a_redirect_is_not_followed(line: Line) -> None:
    line.wire.reset()
    line.wire.post(URL, status=302, headers={"Location": "https://elsewhere.example/"})
    line.says("hello")
    assert (line.bring(), Forward.select().count()) == ({"put off": 1}, 1)


def test_410_is_the_end_of_it(line: Line) -> None:
    line.answers(410, 200)
    line.says("one")
    line.says("two")
    assert (line.bring(), line.words()) == ({"given up": 1, "taken": 1}, ["one", "two"])


def test_after_a_day_it_is_given_up(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.answers(500)
    line.says("one")
    line.says("two", BRUNO)
    line.bring()
    line.now += timedelta(hours=24)
    assert (line.bring(), Forward.select().count()) == ({"given up": 2}, 0)
    assert "forward.given_up" in [one.message for one in caplog.records]


def test_what_waited_while_we_were_off_is_tried_all_the_same(line: Line) -> None:
    line.says("hello")
    line.now += timedelta(hours=30)
    assert line.bring() == {"taken": 1}


def test_a_process_that_ends_in_between_goes_on_where_it_was(line: Line) -> None:
    for words in ("one", "two", "three"):
        line.says(words)
    with pytest.raises(Killed):
        line.bring(dying_after(1))
    assert line.words() == ["one"]
    assert line.bring() == {"taken": 2}
    assert line.words() == ["one", "two", "three"]


def test_an_older_message_that_comes_late_does_not_close_the_conversation(
    line: Line, now: datetime
) -> None:
    line.says("later")
    keep(now, messages=[text("earlier", now - 5 * HOUR, id="wamid.e", **{"from": ANA_ID})])
    track(line.settings, now=now, beat=nothing)
    line.bring()
    open_until = (now + 24 * HOUR).isoformat()
    assert [one["window_open_until"] for one in line.told()] == [open_until, open_until]
