"""Attacks on the delivery: what would write to somebody twice, lose a message, or hold the others up."""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import responses
from send_stage import Office
from sending_world import message, states

from agent.clients.outcomes import Accepted, Declined, Lost
from agent.database import trouble
from agent.epoch import treat_as_restored
from agent.guard import Guard
from agent.jobs.housekeeping import keep_house
from agent.jobs.send import Sender, sender
from agent.jobs.send.outcomes import write_outcomes
from agent.jobs.settle import settle
from agent.jobs.track import file_orphans, track
from agent.room import THROUGHPUT
from agent.rules.pace import Pace
from agent.service import Service
from agent.timetable import Timetable, Tools
from models import Heartbeat, Message, Pause, ShopFact, Template, Webhook
from models.base import database, transaction
from models.order_messages import send_again


def _tell(
    office: Office,
    uid: str,
    wamid: str,
    status: str,
    *,
    code: int | None = None,
    ahead: timedelta = timedelta(0),
) -> None:
    """A status that was acknowledged, and that nobody has looked at."""
    at = str(int((office.clock.now() + ahead).timestamp()))
    one: dict[str, Any] = {"id": wamid, "status": status, "timestamp": at}
    one["biz_opaque_callback_data"] = uid
    if code is not None:
        one["errors"] = [{"code": code, "title": "no luck"}]
    body = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [one]}}]}]}
    Webhook.insert(
        source="whatsapp",
        received_at=office.clock.now(),
        body=json.dumps(body).encode(),
        urgent=False,
    ).execute()


def _track(office: Office) -> None:
    track(office.settings, now=office.clock.now(), beat=lambda: None)


# a database that was put back


@pytest.mark.parametrize("state", ["claimed", "unsure"])
def test_news_that_may_have_had_its_second_try_gets_none_after_a_restore(
    office: Office, state: str
) -> None:
    office.change(order_news__resend_unsure=True)
    [news] = office.world.queue(kind="news", state=state, claimed_at=office.clock.now())
    office.later(minutes=30)
    treat_as_restored(office.clock.now())
    for _ in range(3):
        office.send()
        office.later(hours=1)
        settle(office.settings, now=office.clock.now())
    assert office.taken == {}
    assert message(news).state == "abandoned"


def test_who_was_spared_for_a_day_in_a_lost_life_gets_no_other_try_after_a_restore(
    office: Office,
) -> None:
    """The copy holds a webhook that nobody had read when it was made; since then it was, and the later
    try was made."""
    [uid] = office.world.queue(kind="news", state="accepted", wamid="wamid.1")
    _tell(office, uid, "wamid.1", "failed", code=131049)
    office.later(hours=25)
    treat_as_restored(office.clock.now())
    _track(office)
    office.send()
    assert office.taken == {}
    assert message(uid).state == "failed"


# many messages


def _plan(work: Callable[[], object]) -> str:
    """How SQLite does what `work` asks of `message`."""
    asked: list[str] = []
    connection = database.obj.connection()
    connection.set_trace_callback(asked.append)
    work()
    connection.set_trace_callback(None)
    steps = [
        row[3]
        for one in asked
        if one.startswith(("SELECT", "UPDATE")) and '"message"' in one
        for row in database.execute_sql(f"EXPLAIN QUERY PLAN {one}").fetchall()
    ]
    assert steps
    return "; ".join(steps)


@pytest.mark.parametrize("name", ["orphaned", "abandon", "news", "orphans of statuses"])
def test_what_is_asked_all_the_time_reads_no_message_that_was_answered(
    office: Office, name: str
) -> None:
    now = office.clock.now()
    office.world.queue(state="claimed", claimed_at=now)
    works: dict[str, Callable[[], object]] = {
        "orphaned": Message.orphaned,
        "abandon": lambda: Message.abandon(now, now),
        "news": lambda: send_again(now, now),
        "orphans of statuses": lambda: file_orphans(office.settings, now=now),
    }
    plan = _plan(works[name])
    if name == "orphans of statuses":
        assert "message_wamid (wamid=?)" in plan
    else:
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")
        assert "message_unanswered" in plan


def test_a_long_queue_that_waits_for_the_morning_is_passed_over_in_the_index(
    office: Office,
) -> None:
    """Whether a message may leave by now stands in the index: with 100,000 that may not, reading each
    row for it took 150 ms of every look."""
    plan = _plan(lambda: Message.due(office.clock.now(), 20))
    assert "message_queued" in plan
    columns = database.execute_sql("PRAGMA index_info(message_queued)").fetchall()
    assert [name for _, _, name in columns] == ["priority", "id", "not_before", "expires_at"]


# statuses that are faster than the answer, or slower than the next try


def _answer_after(
    office: Office, monkeypatch: pytest.MonkeyPatch, said: Callable[[], None]
) -> None:
    """What comes back is written down only after `said`, as where a webhook overtakes the answer."""
    write = sender.write_outcomes

    def late(outcomes: Any, *given: Any, **named: Any) -> Any:
        if outcomes:
            said()
        return write(outcomes, *given, **named)

    monkeypatch.setattr(sender, "write_outcomes", late)


def test_the_first_tries_id_is_not_kept_where_its_failure_was_faster_than_its_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    [uid] = office.world.queue()

    def fails() -> None:
        [one] = office.whatsapp.accepted
        _tell(office, uid, one.id, "failed", code=131049)
        _track(office)
        assert message(uid).state == "queued"

    _answer_after(office, monkeypatch, fails)
    office.send()
    one = message(uid)
    assert (one.state, one.deferred) == ("queued", True)
    assert (one.wamid, one.accepted_at) == (None, None)


def test_a_late_failure_of_the_first_try_does_not_send_the_news_a_third_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order news: the answer was lost, it is sent once more, and only then a status says that the first
    try was put off by 131049. The second is under way, or has arrived."""
    office.change(order_news__resend_unsure=True)
    [uid] = office.world.queue(kind="news")
    office.whatsapp.lose_next_responses(1)
    office.send()
    office.later(hours=1)
    settle(office.settings, now=office.clock.now())
    office.send()
    assert message(uid).state == "accepted"
    first = office.whatsapp.accepted[0].id
    _tell(office, uid, first, "failed", code=131049)
    _track(office)
    assert message(uid).state == "accepted"
    office.later(hours=25)
    office.send()
    assert office.taken == {uid: 2}


def test_the_same_while_the_second_try_is_in_flight(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.change(order_news__resend_unsure=True)
    [uid] = office.world.queue(kind="news")
    office.whatsapp.lose_next_responses(1)
    office.send()
    office.later(hours=1)
    settle(office.settings, now=office.clock.now())
    told = []

    def fails() -> None:
        if not told:
            told.append(office.whatsapp.accepted[0].id)
            _tell(office, uid, told[0], "failed", code=131049)
            _track(office)

    _answer_after(office, monkeypatch, fails)
    office.send()
    assert message(uid).state == "accepted"
    office.later(hours=25)
    office.send()
    assert office.taken == {uid: 2}


# news whose answer was lost


def test_news_is_not_sent_again_while_its_status_waits_to_be_read(office: Office) -> None:
    """The process was killed before it had worked off its webhooks, and begins again an hour later."""
    office.change(order_news__resend_unsure=True)
    [uid] = office.world.queue(kind="news", state="unsure", claimed_at=office.clock.now())
    _tell(office, uid, "wamid.1", "delivered")
    office.later(hours=2)
    settle(office.settings, now=office.clock.now())
    office.send()
    assert office.taken == {}
    _track(office)
    assert message(uid).state == "delivered"


def test_news_is_not_sent_again_before_we_have_listened_for_so_long(office: Office) -> None:
    """While nobody listened no status could come: Meta brings it again, in growing pauses."""
    office.change(order_news__resend_unsure=True)
    [uid] = office.world.queue(kind="news", state="unsure", claimed_at=office.clock.now())
    office.later(hours=2)
    now = office.clock.now()
    Heartbeat.beat(pid=1, version="0.1.0", started_at=now, beat_at=now, stopped_at=None)
    settle(office.settings, now=now + timedelta(minutes=59))
    assert message(uid).state == "unsure"
    assert settle(office.settings, now=now + timedelta(hours=1)) == {"news sent again": 1}


def test_news_is_not_sent_again_because_the_clock_was_set_forward(office: Office) -> None:
    """By an hour and more, a minute after it was sent: its status may be on its way."""
    office.change(order_news__resend_unsure=True)
    [uid] = office.world.queue(kind="news", state="unsure", claimed_at=office.clock.now())

    class Clock:
        seconds = 0.0

        def now(self) -> datetime:
            return office.clock.now()

        def monotonic(self) -> float:
            return self.seconds

    clock = Clock()
    service = Service(clock)
    guard = Guard(service, explain=lambda error: trouble(error, office.world.folder))
    tools = Tools(office.settings, None, office.world.client(office.settings))  # type: ignore[arg-type]
    timetable = Timetable(service, guard, tools)
    [job] = [one for one in timetable.jobs() if one.name == "settle"]
    assert job.work(lambda: None) == {}
    office.later(hours=1, minutes=1)
    clock.seconds += 60
    assert job.work(lambda: None) == {}
    assert message(uid).state == "unsure"
    # an hour later an hour has passed
    office.later(hours=1)
    clock.seconds += 3600
    assert job.work(lambda: None) == {"news sent again": 1}


# a run that is long


def test_a_run_ends_when_another_client_is_configured(office: Office) -> None:
    """Else the old one, with a token that was withdrawn perhaps, goes on being used until the queue is empty, or until Meta refuses it."""
    office.change(whatsapp__workers=1)
    office.world.queue(5)
    looks = 0

    def beat() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            office.change(whatsapp__timeout="6s", whatsapp__workers=1)

    office.sender().run(beat)
    before = sum(office.taken.values())
    assert before < 5
    assert states() == {"accepted": before, "queued": 5 - before}
    office.send()
    assert set(office.taken.values()) == {1}
    assert len(office.taken) == 5


def test_a_template_that_was_changed_in_the_middle_of_a_run_is_sent_as_it_is_now(
    office: Office,
) -> None:
    office.change(whatsapp__workers=1)
    office.world.queue(4)
    looks = 0

    def beat() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            Template.delete().execute()

    office.sender().run(beat)
    assert states()["cancelled"] > 0


def test_the_numbers_messages_a_second_may_fall_in_the_middle_of_a_run(office: Office) -> None:
    office.change(whatsapp__workers=1)
    office.world.queue(6)
    pace, looks = Pace(1.0), 0

    def beat() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            ShopFact.put({THROUGHPUT: "20"})

    office.sender(pace=pace).run(beat)
    assert pace.rate == 20


def test_a_claim_that_took_long_is_not_made_up_for_in_a_burst(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was locked for some seconds: the moments that were given out before are over."""
    office.change(whatsapp__messages_per_second=40, whatsapp__workers=64)
    office.world.queue(30)
    seconds, claims = 0.0, 0

    def pause(wait: float) -> None:
        nonlocal seconds
        time.sleep(0.004)
        if threading.current_thread() is threading.main_thread():
            seconds += min(wait, 0.02)

    def now() -> datetime:
        nonlocal seconds, claims
        claims += 1
        seconds += 5 if claims == 6 else 0
        return office.clock.now()

    one = Sender(
        office.world.client(office.settings),
        lambda: office.settings,
        now=now,
        monotonic=lambda: seconds,
        pause=pause,
    )
    given: list[tuple[float, float]] = []  # when a message was given to a worker, when it leaves
    send = one._send

    def watched(errand: sender.Errand) -> Any:
        given.append((seconds, errand.leaves_at))
        return send(errand)

    monkeypatch.setattr(one, "_send", watched)
    one.run(lambda: None)
    assert len(office.taken) == 30
    leave = sorted(max(at, leaves_at) for at, leaves_at in given)
    assert leave[-1] > 5
    apart = [after - before for before, after in itertools.pairwise(leave)]
    assert min(apart) == pytest.approx(1 / 40)


# answers that no table holds


@pytest.mark.parametrize(
    "error",
    [
        {"code": 131047, "message": "cut off \ud83d"},
        {"code": 10**30, "message": "who knows"},
        {"code": "9" * 5000, "message": "who knows"},
        {"code": "--5", "message": "who knows"},
        {"code": 131047, "message": "x", "fbtrace_id": "\udc00"},
    ],
)
def test_an_answer_that_no_table_holds_takes_no_other_with_it(
    office: Office, error: dict[str, Any]
) -> None:
    office.change(whatsapp__workers=2)
    uids = office.world.queue(2)
    client = office.world.client(office.settings)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as meta:
        url = f"{office.world.whatsapp_url}/{office.settings.whatsapp.api_version}"
        address = f"{url}/{office.whatsapp.phone_number_id}/messages"
        meta.post(address, body=json.dumps({"error": error}), status=400)
        outcome = client.send({"to": "+447700900000"})
    assert isinstance(outcome, (Declined, Lost))
    tally = Counter[str]()
    good = Accepted("wamid.good", held=False, wa_id="")
    Message.update(state="claimed").execute()
    with transaction():
        write_outcomes(
            [(message(uids[0]), outcome), (message(uids[1]), good)],
            office.settings,
            now=office.clock.now(),
            tally=tally,
        )
    assert message(uids[0]).state in {"refused", "unsure"}
    assert message(uids[1]).state == "accepted"


# what is told late, from a clock that is not ours, or never


def test_a_status_from_the_future_stops_nothing_for_longer_than_its_time(office: Office) -> None:
    """Our clock was set back by a day, or Meta's was ahead."""
    [uid] = office.world.queue(state="accepted", wamid="wamid.1")
    _tell(office, uid, "wamid.1", "failed", code=131031, ahead=timedelta(days=1))
    _track(office)
    office.world.queue()
    assert office.send() == {}
    [pause] = Pause.in_force(office.clock.now())
    assert pause.until == office.clock.now() + timedelta(hours=1)


def test_a_status_of_days_ago_stops_nothing_and_tells_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    [uid] = office.world.queue(state="accepted", wamid="wamid.1")
    _tell(office, uid, "wamid.1", "failed", code=131031)
    office.later(days=3)
    _track(office)
    assert message(uid).state == "failed"
    assert "account.stopped" not in caplog.text


@pytest.mark.parametrize("state", ["held", "sent"])
def test_what_never_arrives_ends_when_whatsapp_gives_it_up(office: Office, state: str) -> None:
    [uid] = office.world.queue(state=state, accepted_at=office.clock.now(), wamid="wamid.1")
    office.later(days=30)
    keep_house(office.settings, now=office.clock.now(), beat=lambda: None)
    assert message(uid).state == state
    office.later(days=1)
    keep_house(office.settings, now=office.clock.now(), beat=lambda: None)
    assert message(uid).state == "undelivered"
    assert message(uid).ended_at == office.clock.now()
    # a word that was under way for so long is true all the same
    _tell(office, uid, "wamid.1", "delivered")
    _track(office)
    assert message(uid).state == "delivered"


# a machine without threads


@pytest.mark.parametrize("allowed", [0, 1])
def test_where_no_thread_can_be_started_nothing_that_did_not_leave_is_unsure(
    office: Office, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    office.world.queue(5)
    start, started = threading.Thread.start, [0]

    def limited(thread: threading.Thread) -> None:
        if thread.name == "pool":
            started[0] += 1
            if started[0] > allowed:
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    office.send()
    assert states() == ({"accepted": 5} if allowed else {"queued": 5})
    monkeypatch.undo()
    office.later(hours=1)
    office.send()
    assert states() == {"accepted": 5}
    assert set(office.taken.values()) == {1}
