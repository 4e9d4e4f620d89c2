"""The sending loop: its pace, its workers, how it stops, and what a database in trouble does to it."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import peewee
import pytest
from send_stage import Office
from sending_world import message, states, wait_until

from agent.jobs.send import Sender
from agent.room import THROUGHPUT
from agent.rules.pace import Pace
from agent.sandbox.server import Server
from agent.service import Stopping
from models import Message, ShopFact
from models.base import wait_for_writers


class StopAfter:
    """A beat that lets `looks` looks pass, then says that we must stop."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopping


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's program holds the database for writing."""
    other = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()  # which gives the lock back


# pace


@pytest.mark.long
@pytest.mark.parametrize(("rate", "count"), [(5, 12), (40, 100)])
def test_the_pace_is_kept_over_any_second_and_used(office: Office, rate: int, count: int) -> None:
    # given time that passes only where somebody waits, and a WhatsApp that answers at once
    office.change(whatsapp__messages_per_second=rate, whatsapp__workers=64)
    office.world.queue(count)
    seconds, turn = 0.0, threading.Lock()
    left_at: list[float] = []

    def pause(wait: float) -> None:
        """Only the loop moves time; the workers look at it again and again."""
        nonlocal seconds
        time.sleep(0.004)
        if threading.current_thread() is threading.main_thread():
            with turn:
                seconds += min(wait, 0.02)
                left_at.extend([seconds] * (len(office.whatsapp.accepted) - len(left_at)))

    Sender(
        office.world.client(office.settings),
        lambda: office.settings,
        now=office.clock.now,
        monotonic=lambda: seconds,
        pause=pause,
    ).run(lambda: None)
    # then no second has more than its share, but for how late they are seen
    assert len(left_at) == count
    most = max(sum(start <= one < start + 0.9 for one in left_at) for start in left_at)
    assert most <= rate
    # and the whole takes as long as it must, not longer
    assert left_at[-1] == pytest.approx(count / rate, rel=0.1, abs=0.4)


@pytest.mark.long
def test_on_the_real_clock_the_pace_is_kept_within_a_tenth(office: Office) -> None:
    office.change(whatsapp__messages_per_second=60, whatsapp__workers=64)
    office.whatsapp.latency = 0.1
    office.world.queue(90)
    begun = time.monotonic()
    office.sender(pause=time.sleep).run(lambda: None)
    took = time.monotonic() - begun
    assert took > 0.9 * 89 / 60
    assert len(office.taken) == 90


@pytest.mark.long
def test_the_pace_goes_on_from_one_run_to_the_next(office: Office) -> None:
    """Each run is a sender of its own: a trickle of single messages must not leave faster."""
    office.change(whatsapp__messages_per_second=20)
    pace, begun = Pace(20.0), time.monotonic()
    for _ in range(20):
        office.world.queue(1)
        office.sender(pace=pace).run(lambda: None)
    assert time.monotonic() - begun > 0.9 * 19 / 20


def test_a_number_that_may_send_less_than_we_want_sends_less(office: Office) -> None:
    office.change(whatsapp__messages_per_second=1000)
    ShopFact.put({THROUGHPUT: "20"})
    office.world.queue(10)
    begun = time.monotonic()
    office.send()
    assert time.monotonic() - begun > 0.9 * 9 / 20


# workers


def test_no_more_messages_are_claimed_than_there_are_workers(office: Office) -> None:
    office.change(whatsapp__workers=3)
    office.world.queue(20)
    office.whatsapp.latency = 0.02
    claimed: list[int] = []

    def pause(_: float) -> None:
        claimed.append(Message.select().where(Message.state == "claimed").count())
        time.sleep(0.005)

    office.sender(pause=pause).run(lambda: None)
    assert max(claimed) == 3
    assert states() == {"accepted": 20}


def test_a_claim_is_on_the_disk_before_its_request_leaves(office: Office, database: Path) -> None:
    # given a WhatsApp that looks into our file, with eyes of its own, at each request
    seen: list[str] = []

    def look() -> float:
        with sqlite3.connect(database) as eyes:
            uid = office.whatsapp.accepted[-1].callback_data
            row = eyes.execute("SELECT state FROM message WHERE uid = ?", (uid,)).fetchone()
            seen.extend(row)
        eyes.close()
        return 0.0

    office.change(whatsapp__workers=1)
    office.world.queue(5)
    office.whatsapp.latency = look
    office.send()
    assert seen == ["claimed"] * 5


def test_many_messages_leave_over_few_connections(office: Office) -> None:
    office.change(whatsapp__workers=4)
    office.world.queue(40)
    office.whatsapp.latency = 0.01
    senders = set()

    def app(environ: dict[str, object], start: object) -> object:
        senders.add(threading.current_thread())  # the server has one for each connection
        return inner(environ, start)

    server = office.world._servers[0]
    assert isinstance(server, Server)
    assert server._listener is not None
    inner, server._listener.app = server._listener.app, app
    office.send()
    assert len(office.taken) == 40
    assert len(senders) <= 4


def test_two_senders_at_once_send_each_message_once(office: Office) -> None:
    """Not that the daemon ever does that; but a claim is a claim."""
    office.change(whatsapp__workers=2)
    office.world.queue(40)
    office.whatsapp.latency = 0.01
    with ThreadPoolExecutor(2) as loops:
        for run in [loops.submit(office.send) for _ in range(2)]:
            run.result()
    assert set(office.taken.values()) == {1}
    assert len(office.taken) == 40


# stopping


def test_told_to_stop_it_waits_for_what_is_under_way_and_leaves_the_rest(office: Office) -> None:
    # given answers that take a while, and a stop after two looks
    office.change(whatsapp__workers=4)
    office.world.queue(20)
    office.whatsapp.latency = 0.3
    with pytest.raises(Stopping):
        office.sender().run(StopAfter(2))
    # then those that had left are written down, and nothing of the others has left
    assert states() == {"accepted": 4, "queued": 16}
    assert len(office.taken) == 4
    # and the next start goes on
    office.whatsapp.latency = 0.0
    office.send()
    assert states() == {"accepted": 20}
    assert set(office.taken.values()) == {1}


def test_told_to_stop_in_its_sleep_it_does_the_same(office: Office) -> None:
    office.world.queue(3)
    office.whatsapp.latency = 0.1

    def pause(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            raise Stopping
        time.sleep(seconds)  # a worker, until the moment of its message

    with pytest.raises(Stopping):
        office.sender(pause=pause).run(lambda: None)
    assert states() == {"accepted": 3}


def test_told_to_stop_before_it_began_it_claims_nothing(office: Office) -> None:
    office.world.queue(3)
    with pytest.raises(Stopping):
        office.sender().run(StopAfter(0))
    assert states() == {"queued": 3}
    assert office.taken == {}


def test_what_is_under_way_longer_than_our_patience_is_unsure_and_never_sent_again(
    office: Office,
) -> None:
    # given an answer that comes long after our patience has ended
    gate = threading.Event()
    office.whatsapp.latency = lambda: float(not gate.wait(10))
    [uid] = office.world.queue()
    with pytest.raises(Stopping):
        office.sender(patience=0.2).run(StopAfter(2))
    # then it is still a claim: the process may go on for a moment, or end
    assert message(uid).state == "claimed"
    # and the next run knows that it cannot know
    gate.set()
    assert office.send() == {"unsure": 1}
    assert message(uid).state == "unsure"
    office.later(hours=1)
    office.send()
    assert office.taken == {uid: 1}


def test_a_wait_between_two_tries_that_is_cut_short_sent_nothing(office: Office) -> None:
    # given no connection, and a stop while the client waits to try again
    [uid] = office.world.queue()
    office.world.stop_whatsapp()

    def sleep(_: float) -> None:
        raise Stopping

    sender = Sender(
        office.world.client(office.settings, sleep=sleep),
        lambda: office.settings,
        now=office.clock.now,
        monotonic=time.monotonic,
        pause=lambda _: time.sleep(0.005),
    )
    sender.run(lambda: None)
    one = message(uid)
    assert (one.state, one.detail) == ("queued", "winback was stopped")


# a database in trouble


@pytest.mark.long
def test_answers_are_not_lost_while_somebody_else_holds_the_database(
    office: Office, database: Path
) -> None:
    # given three messages under way, and another program that takes the database meanwhile
    office.world.queue(3)
    office.whatsapp.latency = 0.2
    wait_for_writers(0.05)
    with _writing(database) as other:
        other.execute("COMMIT")

        def take() -> None:
            wait_until(lambda: len(office.taken) == 3)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(0.8)
            other.execute("COMMIT")

        taker = threading.Thread(target=take)
        taker.start()
        # when the answers cannot be written, the job fails, and the guard will tell
        with pytest.raises(peewee.OperationalError, match="locked"):
            office.sender().run(lambda: None)
        taker.join()
    # then they are written all the same, as soon as that is possible
    assert states() == {"accepted": 3}
    assert all(one.wamid for one in Message.select())


def test_an_answer_that_cannot_be_written_down_for_long_leaves_us_unsure(
    office: Office, database: Path
) -> None:
    [uid] = office.world.queue()
    office.whatsapp.latency = 0.2
    wait_for_writers(0.02)
    with _writing(database) as other:
        other.execute("COMMIT")

        def take() -> None:
            wait_until(lambda: office.taken)
            other.execute("BEGIN IMMEDIATE")

        taker = threading.Thread(target=take)
        taker.start()
        with pytest.raises(peewee.OperationalError, match="locked"):
            office.sender(patience=0.3).run(lambda: None)
        taker.join()
    assert message(uid).state == "claimed"
    assert office.send() == {"unsure": 1}
    assert office.taken == {uid: 1}


def test_nothing_is_sent_whose_claim_cannot_be_written(office: Office, database: Path) -> None:
    office.world.queue(3)
    wait_for_writers(0.02)
    with _writing(database), pytest.raises(peewee.OperationalError, match="locked"):
        office.send()
    assert states() == {"queued": 3}
    assert office.taken == {}
    office.send()
    assert set(office.taken.values()) == {1}


@pytest.mark.long
def test_a_full_disk_sends_nothing_and_loses_nothing(office: Office) -> None:
    # given a file that may not grow by a single page: SQLite's own words for a full disk
    office.world.queue(200, detail="x" * 200)
    database = Message._meta.database
    (pages,) = database.execute_sql("PRAGMA page_count").fetchone()
    database.execute_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(peewee.OperationalError, match="full"):
        office.send()
    before = Counter(states())
    assert before["claimed"] <= 8
    # when there is room again
    database.execute_sql("PRAGMA max_page_count = 1000000")
    office.send()
    # then every message that had not left leaves, and none a second time
    assert set(office.taken.values()) == {1}
    assert states()["queued"] == 0
    assert sum(states().values()) == 200


def test_a_long_queue_is_not_asked_all_at_once(office: Office) -> None:
    """A day's claims are no more than what leaves: the rest can still be cancelled."""
    office.change(whatsapp__messages_per_second=10, whatsapp__workers=8)
    office.world.queue(30)
    with pytest.raises(Stopping):
        office.sender().run(StopAfter(3))
    assert states()["queued"] >= 25


def test_a_message_that_becomes_due_during_a_run_goes_with_it(office: Office) -> None:
    first = office.world.queue(1)
    late = office.world.queue(1, not_before=office.clock.now() + timedelta(seconds=5))
    office.change(whatsapp__workers=1)

    def wind() -> float:
        if len(office.taken) == 1:
            office.later(seconds=5)
        return 0.0

    office.whatsapp.latency = wind
    office.send()
    assert list(office.taken) == [*first, *late]
