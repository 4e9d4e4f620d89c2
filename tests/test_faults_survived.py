"""Power, disk, clock, network and token: what goes wrong around us doubles and loses no message."""

import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from daemon_process import DaemonProcess, run_winback
from sending_world import World, message, states, wait_until

from agent.jobs.send import Sender
from agent.jobs.settle import settle
from agent.sandbox.clock import WallClock
from models import Message, Pause
from models.base import database as handle
from models.delivery import EVERYTHING

HOUR = timedelta(hours=1)
ROOM = 32_768  # bytes that a file may have on the full disk: the database's log is larger by then


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        world.learn_the_shop(world.settings())
        yield world


class Wrong:
    """The machine's clock, which somebody sets; waits and rates go by another, as in life."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


def sender(world: World, clock: Wrong, *, pause: Callable[[float], None] = time.sleep) -> Sender:
    settings = world.settings_as_written()
    return Sender(
        world.client(settings), lambda: settings,
        now=clock.now, monotonic=time.monotonic, pause=pause,
    )  # fmt: skip


def nothing() -> None:
    """A beat that never stops."""


# power


def test_the_thread_that_claims_writes_through_to_the_disk(world: World) -> None:
    """SQLite's FULL in WAL mode: a commit returns when its log is on the disk."""
    world.queue(3)
    asked: list[tuple[int, str]] = []

    def ask(_: float) -> None:
        [(level,)] = handle.execute_sql("PRAGMA synchronous").fetchall()
        [(mode,)] = handle.execute_sql("PRAGMA journal_mode").fetchall()
        asked.append((level, mode))

    sender(world, Wrong(), pause=ask).run(nothing)
    assert states() == {"accepted": 3}
    assert set(asked) == {(2, "wal")}


# the disk


@pytest.mark.long
def test_a_disk_that_is_full_sends_nothing_and_when_there_is_room_all_of_it_once(
    world: World,
) -> None:
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        wal = world.folder / "winback.db-wal"
        wait_until(lambda: wal.stat().st_size > 2 * ROOM)
        _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (ROOM, most))
        uids = world.queue(30)
        daemon.wait_for("job.failed")
        assert world.whatsapp.accepted == []
        assert states() == {"queued": 30}
        assert daemon.process.poll() is None
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, most))
        wait_until(lambda: states()["accepted"] == 30, within=30)
        assert daemon.stop() == 0
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    assert "Traceback" not in daemon.log


@pytest.mark.long
def test_a_database_that_is_held_for_over_a_minute_doubles_and_loses_nothing(world: World) -> None:
    """Longer than any thread waits for it, while answers are on their way."""
    world.whatsapp.latency = 0.5
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        uids = world.queue(30)
        wait_until(lambda: world.whatsapp.accepted)
        with closing(sqlite3.connect(world.folder / "winback.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(70)
            other.execute("ROLLBACK")
        wait_until(lambda: not {"queued", "claimed"} & states().keys(), within=60)
        assert daemon.stop() == 0
    arrived = world.whatsapp.accepted_by_intent
    assert set(arrived) <= set(uids)
    assert set(arrived.values()) == {1}
    for uid in uids:  # what was under way may be unsure; nothing that never left is called sent
        assert message(uid).state in {"accepted", "unsure"}
        assert message(uid).state == "unsure" or arrived[uid] == 1
    assert "Traceback" not in daemon.log


# the clock


@pytest.mark.long
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_jumps_in_the_middle_neither_doubles_nor_hurries(
    world: World, jump: timedelta
) -> None:
    rate = 20
    world.write_config(whatsapp__messages_per_second=rate)
    clock = Wrong()
    uids = world.queue(40)
    moments: list[float] = []

    def pause(seconds: float) -> None:
        arrived = len(world.whatsapp.accepted)
        moments.extend([time.monotonic()] * (arrived - len(moments)))
        clock.off = jump if 10 < arrived < 30 else timedelta(0)
        time.sleep(seconds)

    sender(world, clock, pause=pause).run(nothing)
    clock.off = timedelta(0)  # what was not due by the wrong clock is so by the right one
    sender(world, clock).run(nothing)
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    assert states() == {"accepted": 40}
    begun = moments[0]
    in_a_second = sum(moment - begun < 1 for moment in moments)
    assert in_a_second <= rate + rate // 5 + 8  # a burst, and what was under way at the first look


@pytest.mark.long
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_jumps_over_midnight_lets_nobody_hear_twice(
    world: World, jump: timedelta
) -> None:
    """One message left by the wrong date; the next waits for the whole of its week all the same."""
    clock = Wrong()
    clock.off = jump
    [first] = world.queue()
    Message.update(not_before=clock.now()).execute()
    sender(world, clock).run(nothing)
    assert message(first).state == "accepted"
    for days in range(-1, 8):
        clock.off = timedelta(days=days)
        today = clock.now().astimezone(ZoneInfo("Europe/London")).date()
        [again] = world.queue(
            contact_id=message(first).contact_id, subject=str(days), period=str(days),
            not_before=clock.now(), expires_at=clock.now() + HOUR, cap_day=today.isoformat(),
        )  # fmt: skip
        sender(world, clock).run(nothing)
        apart = abs((today - datetime.fromisoformat(message(first).cap_day).date()).days)
        assert message(again).state == ("cancelled" if apart < 7 else "accepted")
        if apart >= 7:
            return  # the next week has begun: it is that message which counts from here
    pytest.fail("the week never ended")


def test_a_clock_that_jumps_into_the_quiet_hours_and_back_wakes_nobody(world: World) -> None:
    """An hour forward it is night: the message waits for the morning, by either clock."""
    local = datetime.now(UTC).astimezone(ZoneInfo("Europe/London"))
    night, morning = local + timedelta(minutes=30), local + timedelta(hours=10)
    world.write_config(limits__quiet_from=f"{night:%H:%M}", limits__quiet_until=f"{morning:%H:%M}")
    clock = Wrong()
    clock.off = HOUR
    [uid] = world.queue()
    sender(world, clock).run(nothing)
    assert message(uid).state == "queued"
    waits = message(uid).not_before
    assert waits > datetime.now(UTC) + 9 * HOUR
    clock.off = timedelta(0)
    sender(world, clock).run(nothing)
    assert message(uid).not_before == waits
    assert world.whatsapp.accepted == []


# the network


@pytest.mark.long
def test_after_a_day_without_a_network_nothing_stale_leaves_and_the_rest_keeps_the_pace(
    world: World,
) -> None:
    rate = 20
    world.write_config(whatsapp__messages_per_second=rate)
    clock = Wrong()
    stale = world.queue(20, expires_at=clock.now() + 20 * HOUR)
    fresh = world.queue(40)
    world.stop_whatsapp()
    settings = world.settings_as_written()
    client = world.client(settings, sleep=lambda _: None)
    for hours in range(0, 24, 4):
        clock.off = hours * HOUR
        Sender(
            client, lambda: settings,
            now=clock.now, monotonic=time.monotonic, pause=lambda _: time.sleep(0.01),
        ).run(nothing)  # fmt: skip
        settle(settings, now=clock.now())
    assert states() == {"expired": 20, "queued": 40}
    # when it is back, so is the pace
    world.start_whatsapp()
    clock.off = 25 * HOUR
    begun = time.monotonic()
    sender(world, clock).run(nothing)
    assert time.monotonic() - begun > (40 - rate // 5) / rate - 0.2
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(fresh, 1)
    assert not set(stale) & set(world.whatsapp.accepted_by_intent)


# the token


@pytest.mark.long
def test_a_token_that_was_revoked_stops_everything_and_a_new_one_by_reload_goes_on(
    world: World,
) -> None:
    with DaemonProcess(world.config) as daemon:
        daemon.ready()
        old, world.whatsapp.token = world.whatsapp.token, "EAAanother"
        uids = world.queue(20)
        told = daemon.wait_for("account.stopped")
        assert "level=error" in told
        assert "generate a token" in told
        wait_until(lambda: not states()["claimed"])
        assert states() == {"queued": 20}
        assert Pause.scopes(world.clock.now()) == {EVERYTHING}
        ended = run_winback("status", "--config", str(world.config))
        assert "WhatsApp stopped us: 190" in " ".join(ended.stdout.split())
        # no message is tried while it stands
        asked = max(message(uid).attempts for uid in uids)
        time.sleep(3)
        assert max(message(uid).attempts for uid in uids) == asked
        # when the owner gives a new one
        world.write_config(whatsapp__token="EAAanother")
        Message.update(not_before=world.clock.now()).execute()  # the hour that they wait is over
        daemon.send_signal(signal.SIGHUP)
        daemon.wait_for("config.reloaded")
        wait_until(lambda: states()["accepted"] == 20, within=30)
        assert daemon.stop() == 0
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    assert old not in daemon.log
    assert "EAAanother" not in daemon.log


@pytest.mark.long
def test_a_wrong_token_in_a_reload_is_told_at_once(world: World) -> None:
    """Not at the next message, nor within the hour in which the account is read anyway."""
    with DaemonProcess(world.config) as daemon:

        def told(event: str) -> list[str]:
            return [line for line in daemon.events(event) if "job=account" in line]

        wait_until(lambda: told("job.done"))
        world.write_config(whatsapp__token="EAAwrong")
        daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: told("job.failed"), within=30)
        assert "190" in told("job.failed")[0]
        assert "EAAwrong" not in daemon.log
