"""The real daemon, killed at any moment: every body that was answered with 200 is there, and only once
worked off."""

import hashlib
import json
import signal
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import requests
from daemon_process import DaemonProcess
from sending_world import World, wait_until
from web_signing import sign

from agent.database import owned
from models import Message, Reply, Webhook

SENDERS = 8


class Meta:
    """Posts from many connections until it is told to stop, and knows what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[bytes] = set()
        self.refused = Counter[int]()
        self._lock = threading.Lock()
        self._numbers = 0
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, url: str) -> None:
        self._over.clear()
        self._threads = [
            threading.Thread(target=self._post_on, args=(url,)) for _ in range(SENDERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _post_on(self, url: str) -> None:
        with requests.Session() as line:
            while not self._over.is_set():
                body = self._next()
                headers = {"X-Hub-Signature-256": sign(body)}
                try:
                    answer = line.post(url, data=body, headers=headers, timeout=5)
                except requests.RequestException:
                    return  # it is dead
                with self._lock:
                    if answer.status_code == 200:
                        self.acknowledged.add(hashlib.sha256(body).digest())
                    else:
                        self.refused[answer.status_code] += 1

    def _next(self) -> bytes:
        """Another message from somebody, each with an id of its own."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
        one = {
            "from": "12025550101", "id": f"wamid.{number}", "timestamp": "1795301000",
            "type": "text", "text": {"body": f"Hello {number}"},
        }  # fmt: skip
        change = {"field": "messages", "value": {"messages": [one]}}
        return json.dumps({"entry": [{"id": "1", "changes": [change]}]}).encode()


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_what_was_answered_with_200_is_there_after_the_daemon_has_ended(
    world: World, how: signal.Signals
) -> None:
    config, meta, random = world.write_config(), Meta(), Random(7)
    for _ in range(4):
        with DaemonProcess(config) as daemon:
            meta.start(f"{daemon.ready().url}/webhooks/whatsapp")
            enough = len(meta.acknowledged) + random.randrange(40, 200)
            wait_until(lambda wanted=enough: len(meta.acknowledged) >= wanted, within=30)
            daemon.process.send_signal(how)
            daemon.process.wait(30)
            meta.stop()
    with owned(world.folder / "winback.db"):
        kept = Counter(hashlib.sha256(bytes(one.body)).digest() for one in Webhook.select())
    assert len(meta.acknowledged) > 160
    assert meta.acknowledged <= set(kept)
    assert not meta.refused
    # and the next life works them off, each once
    with DaemonProcess(config) as daemon:
        daemon.ready()
        wait_until(lambda: _all_done(world.folder / "winback.db"), within=60)
    with owned(world.folder / "winback.db"):
        assert Reply.select().count() == len(kept)
        assert not Message.select().exists()


def _all_done(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as line:
        [(waiting,)] = line.execute("SELECT COUNT(*) FROM webhook WHERE done_at IS NULL")
        return not waiting
