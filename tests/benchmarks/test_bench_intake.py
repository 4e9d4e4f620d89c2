"""Webhooks of WhatsApp: how many single posts a second are stored before they are acknowledged, beside a
commit for each; and how many statuses a second are taken in and become states of messages.

Posts come from this process over 64 connections that stay open, to a server in another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import multiprocessing
import selectors
import socket
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import peewee
import pytest
from parties import settings_in, show

from agent.jobs.track import track
from agent.web import Listener, intake
from agent.web.writer import NotStored
from models import Contact, Message, Status, Webhook
from models.base import close_database, migrate, open_database, wait_for_writers
from models.base import database as handle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from agent.web.writer import Row

CONNECTIONS = 64
POSTS = 6_000
ROUNDS = 3
MESSAGES = 20_000
AN_ENTRY = 1_000  # updates, the most that Meta sends at once
KINDS = ("sent", "delivered", "read")
SECRET = "example-app-secret"
AT = datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
ENDS = (b"\r\n\r\nok", b"\r\n\r\ntry again")


class CommitEach:
    """What the writer does better: each request commits its own row."""

    def __init__(self, _: object) -> None:
        pass

    def keep(self, row: Row, patience: float) -> None:
        wait_for_writers(patience)
        try:
            Webhook.insert(row).execute()
        except peewee.OperationalError as error:  # others were luckier for all of its patience
            raise NotStored(str(error)) from error


@pytest.mark.bench
def test_single_posts(tmp_path: Path) -> None:
    ways = ("each, FULL", "group, FULL", "group, NORMAL")
    took: dict[str, list[Run]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way in ways:
            folder = tmp_path / f"{number} {way}"
            folder.mkdir()
            took[way].append(posted(folder, way))
    rows: list[tuple[str, str]] = [
        ("posts", f"{POSTS:,} over {CONNECTIONS} connections, {ROUNDS} rounds, median"),
        ("stored when they were answered", "all"),
    ]
    rate = {way: statistics.median(run.rate for run in took[way]) for way in ways}
    for way in ways:
        p50, p99 = (
            statistics.median(run.quantile(share) for run in took[way]) for share in (0.5, 0.99)
        )
        refused = sum(run.refused for run in took[way])
        told = f"{rate[way]:,.0f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        rows.append((way, f"{told}, {refused:,} answered with 503"))
    rows += [
        ("group / each, FULL", f"{rate['group, FULL'] / rate['each, FULL']:.2f}"),
        ("group FULL / group NORMAL", f"{rate['group, FULL'] / rate['group, NORMAL']:.2f}"),
    ]
    show("single posts of WhatsApp, durable before the 200", rows)


@pytest.mark.bench
def test_statuses_in_batches(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_database(settings.database.path)
    migrate()
    try:
        filled()
        bodies = batches()
        client = intake(lambda: settings, lambda: AT).test_client()
        begun = time.perf_counter()
        for body in bodies:
            headers = {"X-Hub-Signature-256": signature(body)}
            assert client.post("/webhooks/whatsapp", data=body, headers=headers).text == "ok"
        taken = time.perf_counter()
        track(settings, now=AT + timedelta(hours=1), beat=lambda: None)
        ended = time.perf_counter()
        count = MESSAGES * len(KINDS)
        assert Status.select().count() == count
        assert Message.count_by_state() == {"read": MESSAGES}
    finally:
        close_database()
    show(
        f"statuses in batches of {AN_ENTRY:,}, of {MESSAGES:,} messages",
        [
            ("statuses", f"{count:,}, {sum(map(len, bodies)) / count:.0f} bytes each"),
            ("taken in", f"{count / (taken - begun):,.0f}/s"),
            ("worked off into messages", f"{count / (ended - taken):,.0f}/s"),
            ("both", f"{count / (ended - begun):,.0f}/s"),
            ("both / 3,000 a second", f"{count / (ended - begun) / 3000:.2f}"),
        ],
    )


# single posts


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    waits: Sequence[float]  # of each post that was taken, in seconds, sorted
    refused: int  # 503

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    def quantile(self, share: float) -> float:
        """In milliseconds."""
        return self.waits[min(int(len(self.waits) * share), len(self.waits) - 1)] * 1000


def posted(folder: Path, way: str) -> Run:
    settings = settings_in(folder)
    posts = [request(status(number, "delivered")) for number in range(POSTS)]
    with serving(folder, way) as port:
        run = Crowd(port, posts).run()
    open_database(settings.database.path)
    try:
        assert Webhook.select().count() == POSTS
    finally:
        close_database()
    return run


@contextmanager
def serving(folder: Path, way: str) -> Iterator[int]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, folder, way), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()  # what was answered is there all the same
        process.join()


def _serve(line: Connection, folder: Path, way: str) -> None:
    settings = settings_in(folder)
    open_database(settings.database.path)
    migrate()
    if way.startswith("each"):
        import_module("agent.web.intake").Writer = CommitEach  # type: ignore[attr-defined]
    if way.endswith("NORMAL"):
        handle.obj.pragma("synchronous", "normal", permanent=True)
    app = intake(lambda: settings, lambda: AT)
    listener = Listener(app, host="127.0.0.1", port=0, threads=settings.web.threads)
    line.send(listener.port)
    line.recv()  # until we are killed


class Crowd:
    """Posts over many connections, the next on each when the answer is in."""

    def __init__(self, port: int, posts: list[bytes]) -> None:
        self._posts = posts
        self._selector = selectors.DefaultSelector()
        self._began: dict[socket.socket, float] = {}
        self._heard: dict[socket.socket, bytes] = {}
        self._sent: dict[socket.socket, bytes] = {}
        self._waits: list[float] = []
        self._refused = 0
        self._lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]

    def run(self) -> Run:
        begun = time.perf_counter()
        for line in self._lines:
            self._selector.register(line, selectors.EVENT_READ)
            self._next(line)
        while self._began:
            for key, _ in self._selector.select():
                self._hear(key.fileobj)
        seconds = time.perf_counter() - begun
        for line in self._lines:
            line.close()
        self._selector.close()
        return Run(seconds, sorted(self._waits), self._refused)

    def _hear(self, line: Any) -> None:
        piece = line.recv(4096)
        assert piece, "the server closed a connection"
        self._heard[line] += piece
        if not self._heard[line].endswith(ENDS):
            return
        if self._heard[line].startswith(b"HTTP/1.1 200"):
            self._waits.append(time.perf_counter() - self._began.pop(line))
        else:  # as Meta does: once more
            self._refused += 1
            self._posts.append(self._sent[line])
        self._next(line)

    def _next(self, line: socket.socket) -> None:
        if not self._posts:
            self._began.pop(line, None)
            self._selector.unregister(line)
            return
        self._sent[line], self._heard[line] = self._posts.pop(), b""
        self._began[line] = time.perf_counter()
        line.sendall(self._sent[line])


def request(one: dict[str, Any]) -> bytes:
    body = webhook([one])
    return (
        b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: facebookexternalua\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\nX-Hub-Signature-256: %s\r\n\r\n%s"
        % (len(body), signature(body).encode(), body)
    )


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def webhook(statuses: list[dict[str, Any]]) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "12025550100", "phone_number_id": "106540352242922"},
        "statuses": statuses,
    }
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def status(number: int, kind: str) -> dict[str, Any]:
    """With all fields, as Meta writes it; `read` comes without our id, as it often does."""
    one = {
        "id": wamid(number),
        "status": kind,
        "timestamp": str(int(AT.timestamp()) + KINDS.index(kind)),
        "recipient_id": "12025550101",
        "recipient_user_id": "US.13491208655302741918",
    }
    if kind == "read":
        return one
    priced = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    return one | {"biz_opaque_callback_data": uid(number), "pricing": priced}


# statuses in batches


def batches() -> list[bytes]:
    """First all that were sent, then delivered, then read."""
    every = [status(number, kind) for kind in KINDS for number in range(MESSAGES)]
    return [webhook(every[start : start + AN_ENTRY]) for start in range(0, len(every), AN_ENTRY)]


def filled() -> None:
    """People, and a message for each that WhatsApp has taken."""
    Contact.write_each(
        (
            {"phone": f"+1202555{number:06}", "region": "US", "created_at": AT}
            for number in range(MESSAGES)
        ),
        lambda insert: insert,
    )
    Message.write_each(
        (
            {
                "uid": uid(number), "contact_id": number + 1, "campaign": "we_miss_you",
                "period": "2026-11-21", "template": "we_miss_you", "language": "en",
                "variables": {"name": "Ana"}, "cap_day": "2026-11-21", "created_at": AT,
                "not_before": AT, "expires_at": AT + timedelta(days=3), "claimed_at": AT,
                "accepted_at": AT, "state": "accepted", "wamid": wamid(number), "country": "US",
            }
            for number in range(MESSAGES)
        ),
        lambda insert: insert,
    )  # fmt: skip


def uid(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def wamid(number: int) -> str:
    return f"wamid.HBgLMTIwMjU1NTAxMDEVAgARGBI{uid(number)[:20].upper()}A="
