"""What the crash tests play: a daemon that is killed again and again, and a WhatsApp that misbehaves.

The outbox is filled a little before each life, also with second messages to people who got one: those
must never leave. What must hold is looked at after each death, and exactly at the end.
"""

import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from daemon_process import DaemonProcess
from sending_world import World, states, wait_until

from agent.jobs.settle import settle
from agent.rules.states import FINAL
from agent.sandbox.clock import WallClock
from agent.sandbox.whatsapp.chance import chance
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.people import Reaction
from models import Message, Webhook
from models.base import transaction

NOTHING_CAME = {"accepted", "held", "abandoned"}  # what is left where no status ever comes
NEVER_TAKEN = {"refused", "abandoned", "cancelled", "expired"}
LAG = timedelta(milliseconds=1200)  # what becomes of a message is told within
BETWEEN_TWO = 6.0  # seconds that nobody is written to again
SPARED = 131049  # WhatsApp puts such a message off for a day; it is tried once more then


class HastyPeople:
    """All that can become of a message, each fixed by who it is for."""

    def fate(self, key: str) -> str:
        """The last state that statuses lead to; "" where none comes."""
        draw = chance("crash", key)
        fates = (
            (0.03, ""),
            (0.06, "sent"),
            (0.1, "failed"),
            (0.12, "spared"),
            (0.5, "delivered"),
        )
        return next((fate for share, fate in fates if draw < share), "read")

    def react(self, message: Accepted) -> Sequence[Reaction]:
        draw = chance("how soon", message.person.key)
        sent, arrived = Reaction(LAG * draw / 3, "sent"), Reaction(LAG * draw, "delivered")
        match self.fate(message.person.key):
            case "spared" if message.category != "marketing":  # Meta puts off nothing else
                return (sent, arrived)
            case "":
                return ()
            case "sent":
                return (sent,)
            case "failed":
                return (sent, Reaction(LAG * draw, "failed", code=131026))
            case "spared":
                return (Reaction(LAG * draw, "failed", code=SPARED),)
            case "delivered":
                return (sent, arrived)
        if draw < 0.1:  # so soon that only `read` is told
            return (sent, Reaction(LAG, "read"))
        return (sent, arrived, Reaction(LAG, "read"))


class CrashStage:
    """The world of one crash test, and how often what was seen in it."""

    def __init__(self, folder: Path, seed: int | None = None, **config: object) -> None:
        self.seed = random.SystemRandom().randrange(10**6) if seed is None else seed
        print(f"seed {self.seed}")  # noqa: T201 - to play a failure again
        self.chosen = random.Random(self.seed)
        self.seen: Counter[str] = Counter()
        self.people = HastyPeople()
        self.world = self.make_world(folder)
        self.whatsapp = self.world.whatsapp
        self.uids: list[str] = []
        self._people: list[int] = []
        self._looked_at = 0
        self._open: Counter[str] = Counter()  # person -> accepted messages that do not fail
        self._misbehave()
        port = _free_port()
        self.world.write_config(
            web__listen=f"127.0.0.1:{port}", whatsapp__messages_per_second=400,
            whatsapp__workers=32, whatsapp__canary=[], **({"timetable__poll": "10m"} | config),
        )  # fmt: skip
        self.open()
        self.whatsapp.subscribe(f"http://127.0.0.1:{port}/webhooks/whatsapp")
        self.whatsapp.start_delivering()

    def make_world(self, folder: Path) -> World:
        return World(folder, WallClock(), self.people)

    def open(self) -> None:
        """All that the agent knows before its first life."""
        self.world.learn_the_shop(self.world.settings_as_written())

    def _misbehave(self) -> None:
        """Loss, delay, doubling, reordering and errors, all at once."""
        whatsapp, slow = self.whatsapp, random.Random(self.seed + 1)
        whatsapp.seed = self.seed
        whatsapp.number["throughput"] = {"level": "HIGH"}
        whatsapp.number["whatsapp_business_manager_messaging_limit"] = "TIER_UNLIMITED"
        whatsapp.latency = lambda: slow.uniform(0.02, 0.3)
        whatsapp.lose_responses, whatsapp.garble_responses = 0.04, 0.01
        whatsapp.drop_requests = 0.01
        whatsapp.duplicate_webhooks, whatsapp.reorder_webhooks = 0.3, True
        whatsapp.delay_webhooks = timedelta(seconds=0.5)
        whatsapp.hold_messages, whatsapp.judge_held_after = 0.03, timedelta(seconds=0.5)
        for code in (1, 2, 131000, 131016, 131056):  # these pass
            whatsapp.fail_rate(code, 0.006)
        whatsapp.fail_rate(2, 0.003, 502, html=True)  # a page of a proxy: who knows
        whatsapp.fail_rate(131009, 0.02)  # these do not
        whatsapp.fail_rate(132005, 0.01)

    # the outbox

    def feed(self, count: int) -> None:
        """Messages to new people, and one in ten to somebody who has one already."""
        with transaction():
            for _ in range(count):
                if self._people and self.chosen.random() < 0.1:
                    contact = self.chosen.choice(self._people)
                    again = {"contact_id": contact, "subject": f"again {len(self.uids)}"}
                    self.uids += self.world.queue(**again)
                else:
                    self.uids += self.world.queue()
                    self._people.append(Message.get(Message.uid == self.uids[-1]).contact_id)

    def let_time_pass(self) -> None:
        """Whatever waits after an error may leave, except for what WhatsApp wants put off for a day."""
        waits = (Message.state == "queued") & ~Message.deferred
        Message.update(not_before=self.world.clock.now()).where(waits).execute()

    def hurry(self) -> None:
        """What a test may do to let it take less time; asked for again and again."""

    # lives

    def live(self, first: str = "") -> None:
        """A life that ends anywhere: most in the middle of sending, some while it starts."""
        with DaemonProcess(self.world.config, first) as daemon:
            if self.chosen.random() < 0.15:
                time.sleep(self.chosen.uniform(0, 0.7))
            else:
                self.wait_for_some()
                time.sleep(self.chosen.uniform(0, 0.6))
            daemon.kill()
            self._look_after(daemon)

    def wait_for_some(self) -> None:
        """Until messages leave."""
        before = len(self.whatsapp.accepted)
        wait_until(lambda: len(self.whatsapp.accepted) > before or not _due(self.world))

    def is_idle(self) -> bool:
        """Is there nothing more to send?"""
        return not _due(self.world)

    def live_until(self, point: str, nth: int, first: str = "") -> None:
        """A life that ends at exactly this place in the code."""
        chosen = {"WINBACK_TEST_KILL_AT": f"{point}:{nth}"}
        with DaemonProcess(self.world.config, first, **chosen) as daemon:
            wait_until(
                lambda: self.hurry() or daemon.process.poll() is not None,
                within=25,
                what=lambda: daemon.log[-2000:],
            )
            assert daemon.wait() == -signal.SIGKILL, (
                f"not killed at {point!r}:\n{daemon.log[-2000:]}"
            )
            self._look_after(daemon)

    def live_in_peace(self, first: str = "") -> None:
        """Until nothing is due, nothing under way, and every webhook worked off."""
        with DaemonProcess(self.world.config, first) as daemon:
            daemon.ready()
            wait_until(lambda: self.hurry() or self.is_idle(), within=240)
            wait_until(lambda: not states()["claimed"])
            wait_until(lambda: not self.whatsapp.pending_webhooks, within=60)
            wait_until(lambda: not _unread())
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log

    def send_the_rest(self, first: str = "") -> None:
        """One life without a death; then everything heals, and time passes, at last also for what was
        put off for a day."""
        self.let_time_pass()
        self.live_in_peace(first)
        self.look()
        self.whatsapp.heal()
        time.sleep(BETWEEN_TWO)
        self.let_time_pass()
        self.live_in_peace(first)
        self.look()
        time.sleep(BETWEEN_TWO)
        Message.update(not_before=self.world.clock.now()).where(Message.state == "queued").execute()
        self.live_in_peace(first)
        settle(self.world.settings_as_written(), now=self.world.clock.now() + timedelta(hours=2))

    def _look_after(self, daemon: DaemonProcess) -> None:
        assert "Traceback" not in daemon.log
        self.seen["kills"] += 1
        under_way = Message.select().where(Message.state == "claimed").count()
        self.seen["kills with messages under way"] += under_way > 0
        self.seen["messages under way"] += under_way
        self.look()

    # what must hold

    def look(self) -> None:
        """At any moment: all messages are there, nobody got any twice or above the caps, and what arrived
        is not queued."""
        campaigns = Message.select().where(Message.order_id.is_null())
        assert campaigns.count() == len(self.uids), "a message vanished"
        accepted = list(self.whatsapp.accepted)
        fresh, self._looked_at = accepted[self._looked_at :], len(accepted)
        for one in fresh:
            if one.category != "marketing":
                continue
            fate = self.people.fate(one.person.key)
            assert self.whatsapp.accepted_by_intent[_uid(one)] == 1, f"{_uid(one)} arrived twice"
            if fate not in {"failed", "spared"}:  # those give their place back
                self._open[one.person.key] += 1
                assert self._open[one.person.key] == 1, f"{one.to} is above the caps"
        arrived = self.whatsapp.accepted_by_intent
        for one in campaigns.where(Message.state == "queued"):
            assert not arrived[one.uid] or one.deferred, f"{one.uid} would arrive twice"

    def check(self) -> None:
        """At the end: each message is what became of it, exactly."""
        campaigns = [one for one in self.whatsapp.accepted if one.category == "marketing"]
        arrived = Counter(map(_uid, campaigns))
        assert set(arrived) <= set(self.uids)
        fates = {_uid(one): self.people.fate(one.person.key) for one in campaigns}
        rows = list(Message.select().where(Message.order_id.is_null()))
        assert {one.uid for one in rows} == set(self.uids)
        for one in rows:
            self.seen[one.state] += 1
            times, fate = arrived[one.uid], fates.get(one.uid)
            told = f"{one.uid} is {one.state} ({one.code} {one.detail}) and arrived {times} times: {fate}"
            if fate is None:
                assert one.state in NEVER_TAKEN, told
            elif fate == "":
                assert (one.state in NOTHING_CAME, times) == (True, 1), told
            elif fate == "spared":  # once more after a day, if nobody else wrote meanwhile
                assert one.state in {"failed", "cancelled"}, told
                assert times <= 2, told
            else:
                assert (one.state, times) == (fate, 1), told
            assert one.state in FINAL or fate in {"", "sent"}, told
        wamids = {_uid(one): one.id for one in campaigns}
        unlike = [one.uid for one in rows if fates.get(one.uid) and one.wamid != wamids[one.uid]]
        assert not [uid for uid in unlike if fates[uid] != "spared"]
        self._tell()

    def _tell(self) -> None:
        counted = Counter(self.whatsapp.accepted_by_intent.values())
        self.seen["arrived once"], self.seen["arrived again after a day"] = counted[1], counted[2]
        for what, count in self.seen.items():
            print(f"{count:6}  {what}")  # noqa: T201 - what the test has seen

    def close(self) -> None:
        self.world.close()


def _uid(accepted: Accepted) -> str:
    return accepted.callback_data or ""


def _due(world: World) -> bool:
    return bool(Message.due(world.clock.now(), 1))


def _unread() -> int:
    return Webhook.select().where(Webhook.done_at.is_null()).count()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked_for(name: str, usual: int) -> int:
    """How much of it: as much as the environment says."""
    return int(os.environ.get(name, usual))
