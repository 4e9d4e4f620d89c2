"""The daemon as a process: how it starts, reloads, bears trouble, and ends."""

import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from daemon_process import DaemonProcess
from sending_world import World, message, states, wait_until
from web_signing import post

from agent.sandbox.clock import WallClock
from models import Heartbeat, JobRun, Message, Template, Webhook

Start = Callable[..., DaemonProcess]


@pytest.fixture
def world(database: Path, tmp_path: Path) -> Iterator[World]:
    """Servers on the wall clock, a config, and a database that knows the shop and the templates."""
    with World(tmp_path, WallClock()) as world:
        world.learn_the_shop(world.settings())
        yield world


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    """Start the daemon on the world's config; ended with the test."""
    processes: list[DaemonProcess] = []

    def begin(**more: str) -> DaemonProcess:
        processes.append(DaemonProcess(world.config, **more))
        return processes[-1]

    yield begin
    for process in processes:
        with process:
            pass


# its life


def test_it_sends_what_is_due_says_so_and_ends_in_peace(world: World, start: Start) -> None:
    uids = world.queue(5)
    daemon = start().ready()
    wait_until(lambda: len(world.whatsapp.accepted) == 5)
    assert daemon.stop() == 0
    assert states() == {"accepted": 5}
    assert world.whatsapp.accepted_by_intent == dict.fromkeys(uids, 1)
    # it told its life in one line each, and nothing else went wrong
    assert "campaigns=we_miss_you order_news=none" in daemon.wait_for("daemon.ready")
    assert daemon.wait_for("daemon.stopped").endswith("unsure=0")
    assert "Traceback" not in daemon.log
    assert "level=error" not in daemon.log
    [beat] = Heartbeat.select()
    assert beat.stopped_at is not None


def test_what_whatsapp_tells_it_becomes_states(world: World, start: Start) -> None:
    [uid] = world.queue()
    daemon = start().ready()
    world.whatsapp.subscribe(f"{daemon.url}/webhooks/whatsapp")
    wait_until(lambda: world.whatsapp.accepted)
    wait_until(lambda: world.whatsapp.deliver_due() == 2)
    wait_until(lambda: message(uid).state == "delivered")
    assert daemon.stop() == 0


def test_systemd_hears_that_it_is_ready_alive_how_it_is_and_that_it_ends(
    start: Start, tmp_path: Path
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.settimeout(15)
        daemon = start(NOTIFY_SOCKET=address)
        heard: list[str] = []
        while not {"WATCHDOG=1", "READY=1"} <= set(heard) or not any(
            "shop_read=" in s for s in heard
        ):
            heard += line.recv(4096).decode().split("\n")
        daemon.process.terminate()
        while "STOPPING=1" not in heard:
            heard += line.recv(4096).decode().split("\n")
        assert daemon.wait() == 0
    assert heard[:2] == ["READY=1", "STATUS=ready"]
    assert any("queued=0" in state for state in heard if state.startswith("STATUS="))


def test_what_was_under_way_when_the_last_process_was_killed_is_unsure(
    world: World, start: Start
) -> None:
    uids = world.queue(3)
    Message.update(state="claimed").execute()
    daemon = start().ready()
    assert "messages=3" in daemon.wait_for("send.unsure")
    assert states() == {"unsure": 3}
    assert daemon.stop() == 0
    assert not set(uids) & set(world.whatsapp.accepted_by_intent)


def test_a_webhook_that_was_answered_with_200_survives_a_kill(world: World, start: Start) -> None:
    """The next instruction after the answer may be the last."""
    for number in range(3):
        daemon = start().ready()
        body = f'{{"entry": [{number}]}}'.encode()
        assert post(f"{daemon.url}/webhooks/whatsapp", body).status_code == 200
        daemon.kill()
        assert bytes(Webhook.select().order_by(Webhook.id.desc()).get().body) == body


# the end


@pytest.mark.long
def test_a_slow_answer_under_way_is_given_up_in_time_and_is_unsure(
    world: World, start: Start
) -> None:
    # given an answer that takes longer than systemd would wait for us
    world.write_config(whatsapp__timeout="60s")
    world.whatsapp.latency = 30.0
    [uid] = world.queue()
    daemon = start().ready()
    wait_until(lambda: world.whatsapp.accepted)
    begun = time.monotonic()
    assert daemon.stop(within=20) == 0
    assert time.monotonic() - begun < 20
    assert message(uid).state == "unsure"
    assert daemon.wait_for("daemon.stopped").endswith("unsure=1")


def test_told_twice_it_ends_at_once(world: World, start: Start) -> None:
    world.whatsapp.latency = 30.0
    world.queue()
    daemon = start().ready()
    wait_until(lambda: world.whatsapp.accepted)
    daemon.process.terminate()
    daemon.wait_for("daemon.stopping")
    assert daemon.stop(within=5) == 128 + signal.SIGTERM


# the config


def test_a_hangup_brings_the_new_config_into_force(world: World, start: Start) -> None:
    daemon = start().ready()
    world.write_config(
        campaigns__we_miss_you__enabled=False, order_news__order_completed__enabled=True
    )
    daemon.send_signal(signal.SIGHUP)
    reloaded = daemon.wait_for("config.reloaded")
    assert "campaigns=none order_news=order_completed" in reloaded
    named = "campaigns.we_miss_you.enabled,order_news.order_completed.enabled"
    assert f" changed={named} " in reloaded
    [uid] = world.queue()
    wait_until(lambda: message(uid).state == "cancelled")
    assert message(uid).detail == "the campaign was switched off"
    assert daemon.stop() == 0


@pytest.mark.long
def test_a_text_submitted_since_is_known_when_its_campaign_is_switched_on(
    world: World, start: Start
) -> None:
    world.write_config(campaigns__we_miss_you__enabled=False)
    daemon = start().ready()
    wait_until(lambda: "templates" in JobRun.last_succeeded())
    world.whatsapp.add_template("price_drop", "en", body="{{1}} is {{2}} now.", status="PENDING")
    world.write_config(campaigns__price_drop__enabled=True)
    daemon.send_signal(signal.SIGHUP)
    wait_until(
        lambda: Template.get_or_none(name="price_drop", status="PENDING"), what=lambda: daemon.log
    )
    assert daemon.stop() == 0


def test_a_mistake_in_the_new_config_is_named_and_changes_nothing(
    world: World, start: Start
) -> None:
    daemon = start().ready()
    path = world.write_config(whatsapp__workers=-3, limits__per_7_dayz=1)
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_for("config.kept")
    # each complaint on a line of its own, with file, line and key
    lines = path.read_text().splitlines()
    said = "\n".join(daemon.events("config.mistake"))
    for section, key in (("whatsapp", "workers"), ("limits", "per_7_dayz")):
        number = next(n for n, line in enumerate(lines, 1) if line.startswith(f"{key} ="))
        assert f"{path}:{number}: [{section}] {key}" in said
    assert len(daemon.events("config.mistake")) == 2
    # and messages go on as before
    world.queue()
    wait_until(lambda: world.whatsapp.accepted)
    # when it is corrected, it is taken
    world.write_config()
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_for("config.reloaded")
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def test_what_only_a_restart_can_change_is_told(world: World, start: Start) -> None:
    daemon = start().ready()
    world.write_config(web__threads=2)
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_for("config.reloaded")
    assert "section=web" in daemon.wait_for("config.needs_restart")
    assert daemon.stop() == 0


def test_a_bad_config_is_told_whole_and_without_a_traceback(world: World, start: Start) -> None:
    world.write_config(whatsapp__workers=-3, shop__key="nonsense", log__level="loud")
    daemon = start()
    assert daemon.wait() == 78
    for key in ("workers", "key", "level"):
        assert key in daemon.log
    assert daemon.log.count(str(world.config)) == 3
    assert "Traceback" not in daemon.log


def test_without_a_config_it_says_where_it_looked(world: World, start: Start) -> None:
    world.config.unlink()
    daemon = start()
    assert daemon.wait() == 78
    assert str(world.config) in daemon.log
    assert "Traceback" not in daemon.log


# what it cannot have


def test_a_second_daemon_on_the_same_database_is_refused_and_the_first_goes_on(
    world: World, start: Start
) -> None:
    first = start().ready()
    second = DaemonProcess(world.config)
    with second:
        assert second.wait() == 75
        assert f"process {first.process.pid}" in second.log
        assert "Traceback" not in second.log
    world.queue()
    wait_until(lambda: world.whatsapp.accepted)
    assert first.stop() == 0
    # and once it has ended, however that was, the next may start
    killed = start().ready()
    killed.kill()
    assert start().ready().stop() == 0


def test_a_port_in_use_is_told_with_its_remedy(world: World, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        world.write_config(web__listen=f"127.0.0.1:{port}")
        daemon = start()
        assert daemon.wait() == 71
    assert f"127.0.0.1:{port}" in daemon.log
    assert "[web] listen" in daemon.log
    assert "Traceback" not in daemon.log


def _make_no_database(path: Path) -> None:
    path.write_bytes(b"This is a letter to my aunt. " * 200)


def _make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030')")
        other.commit()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing/winback.db", "does not exist"),
        # a folder in which not even root can make a file
        ("/sys/winback.db", "let the user that winback runs as write to this folder"),
    ],
)
def test_a_database_that_cannot_be_made_is_told_with_its_remedy(
    world: World, start: Start, path: str, words: str
) -> None:
    world.write_config(database__path=path)
    daemon = start()
    assert daemon.wait() == 74
    assert words in daemon.log
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_make_no_database, "another kind of file"),
        (_make_newer, "newer winback (it has 9999_later)"),
    ],
)
def test_a_file_that_is_not_for_this_winback_is_left_alone(
    world: World, start: Start, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "other.db"
    with (
        closing(sqlite3.connect(tmp_path / "winback.db")) as good,
        closing(sqlite3.connect(path)) as copy,
    ):
        good.backup(copy)
    spoil(path)
    before = path.read_bytes()
    world.write_config(database__path=str(path))
    daemon = start()
    assert daemon.wait() == 74
    assert words in daemon.log
    assert "Traceback" not in daemon.log
    assert path.read_bytes() == before


# trouble that passes


@pytest.mark.long
def test_while_another_program_holds_the_database_it_waits_and_then_goes_on(
    world: World, start: Start, tmp_path: Path
) -> None:
    # given messages that become due in the transaction of a program that takes its time
    daemon = start().ready()
    world.queue(5, not_before=world.clock.now() + timedelta(days=1))
    with closing(sqlite3.connect(tmp_path / "winback.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE message SET not_before = created_at")
        # then a webhook is turned away, for WhatsApp to bring it again
        assert post(f"{daemon.url}/webhooks/whatsapp", b"{}").status_code == 503
        # and signals are answered
        daemon.send_signal(signal.SIGHUP)
        daemon.wait_for("config.reloaded")
        assert "close any sqlite3 shell" in daemon.wait_for("database.trouble")
        assert world.whatsapp.accepted == []
        other.execute("COMMIT")
    # when the program is done, all goes on
    wait_until(lambda: len(world.whatsapp.accepted) == 5)
    assert post(f"{daemon.url}/webhooks/whatsapp", b"{}").status_code == 200
    assert daemon.stop() == 0
    assert states() == {"accepted": 5}
    assert set(world.whatsapp.accepted_by_intent.values()) == {1}
    assert "Traceback" not in daemon.log


@pytest.mark.long
def test_it_ends_in_time_while_another_program_holds_the_database(
    world: World, start: Start, tmp_path: Path
) -> None:
    # given a message under way, whose answer cannot be written down
    world.whatsapp.latency = 0.5
    daemon = start().ready()
    [uid] = world.queue()
    wait_until(lambda: world.whatsapp.accepted)
    with closing(sqlite3.connect(tmp_path / "winback.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        assert daemon.stop(within=25) == 0
        assert time.monotonic() - begun < 22  # the 20 s that it promises, and a busy machine
        other.execute("ROLLBACK")
    assert "Traceback" not in daemon.log
    assert message(uid).state == "claimed"
    # the next start knows what that means
    assert start().ready().stop() == 0
    assert message(uid).state == "unsure"
    assert world.whatsapp.accepted_by_intent[uid] == 1


def test_a_wrong_key_is_told_with_its_remedy_and_the_daemon_lives_on(
    world: World, start: Start
) -> None:
    world.write_config(shop__key="ck_of_another_shop")
    daemon = start().ready()
    assert "fix=" in daemon.wait_for("job.failed")
    world.queue()
    wait_until(lambda: world.whatsapp.accepted)
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def test_a_shop_that_is_down_holds_up_neither_messages_nor_webhooks(
    world: World, start: Start
) -> None:
    world.write_config(shop__url="http://127.0.0.1:9", shop__timeout="5s")
    world.queue(3)
    daemon = start().ready()
    wait_until(lambda: len(world.whatsapp.accepted) == 3)
    assert post(f"{daemon.url}/webhooks/whatsapp", b"{}").status_code == 200
    assert requests.get(f"{daemon.url}/healthz", timeout=5).status_code == 200
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def test_a_database_that_is_taken_away_ends_it_for_good(world: World, start: Start) -> None:
    # given a daemon whose database somebody deletes
    daemon = start().ready()
    for file in world.folder.glob("winback.db*"):
        file.unlink()
    # then it ends with the code that systemd does not start again after, and makes no new one
    assert daemon.wait() == 78
    assert "was taken away or replaced" in daemon.log
    assert "put it back before the next start" in daemon.log
    assert "Traceback" not in daemon.log
    assert not (world.folder / "winback.db").exists()
