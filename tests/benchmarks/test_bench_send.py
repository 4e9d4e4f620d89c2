"""Sending at a WhatsApp that takes 250 ms, against a bare pool of threads posting the same bodies."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest
import requests
from parties import Stopwatch, Took, settings_in, show, whatsapp_process

from agent.clients.whatsapp import WhatsApp
from agent.jobs.send import Sender
from agent.jobs.templates import read_templates
from models import Contact, Message, ShopFact
from models.base import close_database, migrate, open_database, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from agent.config import Settings

LATENCY = 0.25  # seconds
TOKEN = "EAAexample"
UNPACED = 1000  # messages a second: more than the workers can


@pytest.mark.bench
def test_eighty_messages_a_second(tmp_path: Path) -> None:
    seconds, rate, workers = 60, 80, 32
    with whatsapp_process(latency=LATENCY) as url:
        compare(tmp_path, url, seconds * rate, rate=rate, workers=workers)


@pytest.mark.bench
@pytest.mark.parametrize(("workers", "messages"), [(32, 800), (128, 2400)])
def test_as_many_as_the_workers_can(tmp_path: Path, workers: int, messages: int) -> None:
    with whatsapp_process(latency=LATENCY) as url:
        compare(tmp_path, url, messages, rate=UNPACED, workers=workers)


def compare(folder: Path, url: str, messages: int, *, rate: int, workers: int) -> None:
    ours = send(settings_in(folder, whatsapp=url, rate=rate, workers=workers), messages)
    bare = post(url, messages, rate=rate, workers=workers)
    pace = "unpaced" if rate == UNPACED else f"{rate} a second"
    show(
        f"{messages} messages, {pace}, {workers} workers, answers after {LATENCY * 1000:.0f} ms",
        [
            ("ours", figures(ours, messages)),
            ("bare pool", figures(bare, messages)),
            ("rate: ours / bare", f"{bare.wall / ours.wall:.2f}"),
            ("CPU: ours / bare", f"{ours.cpu / bare.cpu:.2f}"),
        ],
    )


def figures(took: Took, messages: int) -> str:
    return (
        f"{messages / took.wall:.1f} messages/s, {took.busy:.1%} of a core, "
        f"{1000 * took.cpu / messages:.2f} ms CPU a message"
    )


def send(settings: Settings, messages: int) -> Took:
    """The whole job: claimed on the disk before each request, outcomes written."""
    client = WhatsApp(
        base_url=settings.whatsapp.base_url,
        api_version=settings.whatsapp.api_version,
        phone_number_id=settings.whatsapp.phone_number_id,
        business_account_id=settings.whatsapp.business_account_id,
        token=TOKEN,
        pool=settings.whatsapp.workers,
        sleep=time.sleep,
    )
    open_database(settings.database.path)
    try:
        migrate()
        fill_outbox(messages)
        read_templates(client, settings, now=datetime.now(UTC))
        sender = Sender(
            client,
            lambda: settings,
            now=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            pause=time.sleep,
        )
        with Stopwatch() as watch:
            tally = sender.run(lambda: None)
        assert tally == {"accepted": messages}
        assert Counter(one.state for one in Message.select()) == {"accepted": messages}
    finally:
        close_database()
        client.close()
    return watch.took


def fill_outbox(messages: int) -> None:
    """Somebody agreed for each message, none of which has gone out."""
    now = datetime.now(UTC)
    with transaction():
        ShopFact.put({"zone": "America/Sao_Paulo"})
        ids = Contact.put(
            {
                "phone": phone(number),
                "region": "BR",
                "zones": "America/Sao_Paulo",
                "first_name": "Ana",
                "marketing": "yes",
                "marketing_at": now,
                "created_at": now,
            }
            for number in range(messages)
        )
        Message.put(
            [
                {
                    "uid": uid(number),
                    "contact_id": contact,
                    "campaign": "we_miss_you",
                    "period": now.date().isoformat(),
                    "template": "we_miss_you",
                    "language": "en",
                    "variables": {"first_name": "Ana", "shop_url": "https://shop.example"},
                    "cap_day": now.date().isoformat(),
                    "created_at": now,
                    "not_before": now,
                    "expires_at": now + timedelta(days=1),
                }
                for number, contact in enumerate(ids.values())
            ]
        )


def post(url: str, messages: int, *, rate: int, workers: int) -> Took:
    """A session, threads, and a clock that hands out the bodies; nothing is remembered."""
    address = f"{url}/v26.0/106540352242922/messages"
    bodies: SimpleQueue[bytes | None] = SimpleQueue()
    taken: SimpleQueue[int] = SimpleQueue()
    session = requests.Session()
    session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=workers))
    session.headers.update({"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})

    def work() -> None:
        while (body := bodies.get()) is not None:
            answer = session.post(address, data=body, timeout=30)
            taken.put(len(answer.json()["messages"]))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    with session, Stopwatch() as watch:
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        for number in range(messages):
            due = begun + number / rate
            if rate != UNPACED and (left := due - time.monotonic()) > 0:
                time.sleep(left)
            bodies.put(body(number))
        for _ in threads:
            bodies.put(None)
        for thread in threads:
            thread.join()
    assert sum(taken.get_nowait() for _ in range(taken.qsize())) == messages
    return watch.took


def body(number: int) -> bytes:
    """What the sender makes of a message of `fill_outbox`."""
    parameters = [{"type": "text", "text": text} for text in ("Ana", "https://shop.example")]
    return json.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": phone(number),
            "type": "template",
            "biz_opaque_callback_data": uid(number),
            "template": {
                "name": "we_miss_you",
                "language": {"policy": "deterministic", "code": "en"},
                "components": [{"type": "body", "parameters": parameters}],
            },
        }
    ).encode()


def phone(number: int) -> str:
    return f"+551190000{number:04d}"


def uid(number: int) -> str:
    return f"bench-{number}"
