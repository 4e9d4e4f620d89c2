"""WhatsApp's webhooks: only what is signed gets in, and what was answered with 200 is on the disk."""

import hmac
import json
import resource
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
import requests
from sending_world import APP_SECRET, VERIFY_TOKEN, World, message, states
from web_signing import post, sign

from agent.config import Settings
from agent.jobs.track import track
from agent.web import intake
from agent.web.intake import signed
from agent.web.signatures import Signer
from models import Reply, SetAside, Webhook

# as Meta writes it: every letter beyond ASCII as \\uXXXX, every slash escaped
ESCAPED = rb'{"entry":[{"text":"Ol\u00e1, n\u00e3o \ud83d\ude00 https:\/\/shop.example\/a@b"}]}'
PLAIN = '{"entry": [{"text": "Olá, não 😀 https://shop.example/a@b"}]}'.encode()


def stored() -> list[bytes]:
    return [bytes(one.body) for one in Webhook.select().order_by(Webhook.id)]


# signatures


@pytest.mark.parametrize("body", [ESCAPED, PLAIN], ids=["as Meta escapes", "plain UTF-8"])
def test_what_is_signed_is_stored_byte_for_byte(url: str, body: bytes, now: datetime) -> None:
    answer = post(url, body)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert stored() == [body]
    [webhook] = Webhook.select()
    assert (webhook.source, webhook.received_at, webhook.done_at) == ("whatsapp", now, None)


STATUSES = '"statuses": [{"id": "wamid.1", "status": "sent"}]'
MESSAGES = '"messages" : [{"type": "text", "text": {"body": "STOP"}}]'


@pytest.mark.parametrize(
    ("value", "urgent"),
    [
        (STATUSES, False),
        (MESSAGES, True),
        (f"{STATUSES}, {MESSAGES}", True),
        (STATUSES.replace("}", ', "errors": [{"code": 131050}]}'), True),
        (STATUSES.replace("}", ', "errors": [{"code": 131049}]}'), False),
        (f'{STATUSES}, "user_preferences": []', True),
        ('"something": "new"', True),
    ],
)
def test_what_may_hold_a_refusal_is_marked_before_anybody_reads_it(
    url: str, value: str, urgent: bool
) -> None:
    body = f'{{"entry":[{{"changes":[{{"value":{{{value}}},"field":"messages"}}]}}]}}'
    json.loads(body)
    post(url, body.encode())
    post(url, body.replace(" ", "").encode())
    assert [one.urgent for one in Webhook.select()] == [urgent, urgent]


def test_the_bytes_count_and_not_what_they_say(url: str) -> None:
    """The same JSON, written otherwise, has another signature."""
    assert json.loads(ESCAPED) == json.loads(PLAIN)
    assert post(url, PLAIN, sign(ESCAPED)).status_code == 403
    assert stored() == []


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        sign(ESCAPED)[:-1],
        sign(ESCAPED)[7:],
        sign(ESCAPED).upper(),
        sign(ESCAPED, "another secret"),
        "sha1=" + hmac.new(APP_SECRET.encode(), ESCAPED, "sha1").hexdigest(),
        sign(ESCAPED) + "00",
        "sha256=é",
    ],
)
def test_what_is_not_signed_rightly_is_turned_away_and_not_kept(
    url: str, signature: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = requests.post(
        url, data=ESCAPED, headers={b"X-Hub-Signature-256": signature.encode()}, timeout=10
    )
    assert answer.status_code == 403
    assert stored() == []
    assert [one.getMessage() for one in caplog.records] == ["webhook.unsigned"]


def test_without_any_signature_nothing_gets_in(url: str) -> None:
    assert requests.post(url, data=ESCAPED, timeout=10).status_code == 403
    assert stored() == []


def test_a_body_that_was_cut_on_the_way_is_turned_away(url: str) -> None:
    assert post(url, ESCAPED[:-1], sign(ESCAPED)).status_code == 403
    assert stored() == []


def test_an_empty_body_can_be_signed_like_any_other() -> None:
    assert signed(b"", sign(b""), APP_SECRET) is Signer.CURRENT
    assert signed(b"", "", APP_SECRET) is Signer.NOBODY


def test_the_secret_of_a_reloaded_config_holds_at_once(
    database: Path, world: World, now: datetime
) -> None:
    current = world.settings()
    client = intake(lambda: current, lambda: now).test_client()
    current = world.settings(whatsapp__app_secret="another")
    for secret, status in ((APP_SECRET, 403), ("another", 200)):
        headers = {"X-Hub-Signature-256": sign(ESCAPED, secret)}
        answer = client.post("/webhooks/whatsapp", data=ESCAPED, headers=headers)
        assert answer.status_code == status


def test_while_the_secret_is_changed_both_count_and_the_old_one_is_told(
    database: Path, world: World, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    current = world.settings(
        whatsapp__app_secret="the-new-one", whatsapp__app_secret_previous=APP_SECRET
    )
    moment = now
    client = intake(lambda: current, lambda: moment).test_client()

    def status(secret: str) -> int:
        headers = {"X-Hub-Signature-256": sign(ESCAPED, secret)}
        return client.post("/webhooks/whatsapp", data=ESCAPED, headers=headers).status_code

    assert status("the-new-one") == 200
    assert caplog.records == []
    for _ in range(3):
        assert status(APP_SECRET) == 200
    assert [one.getMessage() for one in caplog.records] == ["webhook.old_secret"]
    moment += timedelta(hours=1)
    assert status(APP_SECRET) == 200
    assert vars(caplog.records[1])["fields"]["requests"] == 3
    # nothing is signed with a secret that is not set
    assert status("") == 403
    current = world.settings(whatsapp__app_secret="the-new-one")
    assert status(APP_SECRET) == 403
    assert status("") == 403
    assert len(stored()) == 5


# the handshake


def test_the_handshake_gives_the_challenge_back(url: str, world: World) -> None:
    world.whatsapp.subscribe(url)
    assert world.whatsapp.verify_callback()


@pytest.mark.parametrize(
    "question",
    [
        {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "wrong"},
        {"hub.mode": "subscribe", "hub.challenge": "1158201444"},
        {"hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN},
        {},
    ],
)
def test_a_handshake_with_another_word_is_refused(url: str, question: dict[str, str]) -> None:
    answer = requests.get(url, params=question, timeout=10)
    assert answer.status_code == 403
    assert "1158201444" not in answer.text


def test_a_challenge_is_no_page_that_a_browser_would_run(url: str) -> None:
    question = {
        "hub.mode": "subscribe",
        "hub.challenge": "<script>alert(1)</script>",
        "hub.verify_token": VERIFY_TOKEN,
    }
    answer = requests.get(url, params=question, timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain")


# sizes and other requests


def test_what_is_too_large_is_turned_away_before_it_is_read(
    url: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    largest = settings.web.max_body_mb * 1024 * 1024
    assert post(url, b"x" * largest).status_code == 200
    assert post(url, b"x" * (largest + 1)).status_code == 413
    assert [len(body) for body in stored()] == [largest]
    assert [one.getMessage() for one in caplog.records] == ["webhook.too_large"]


def test_a_reloaded_size_holds_at_once(database: Path, world: World, now: datetime) -> None:
    current = world.settings(web__max_body_mb=1)
    client = intake(lambda: current, lambda: now).test_client()
    body = b"x" * 2_000_000
    headers = {"X-Hub-Signature-256": sign(body)}
    assert client.post("/webhooks/whatsapp", data=body, headers=headers).status_code == 413
    current = world.settings(web__max_body_mb=2)
    assert client.post("/webhooks/whatsapp", data=body, headers=headers).status_code == 200


def in_chunks(body: bytes) -> Iterator[bytes]:
    """requests sends an iterator without a Content-Length."""
    yield from (body[start : start + 100_000] for start in range(0, len(body), 100_000))


def test_a_body_in_chunks_is_taken_and_limited_like_any_other(
    url: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    largest = settings.web.max_body_mb * 1024 * 1024
    for size, status in ((largest, 200), (largest + 1, 413)):
        body = b"x" * size
        headers = {"X-Hub-Signature-256": sign(body)}
        answer = requests.post(url, data=in_chunks(body), headers=headers, timeout=10)
        assert answer.status_code == status
    assert [len(body) for body in stored()] == [largest]
    assert [one.getMessage() for one in caplog.records] == ["webhook.too_large"]


def wire(url: str, request: bytes) -> bytes:
    """What comes back for these very bytes, until the other end closes."""
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        with suppress(ConnectionError):  # it may have hung up already
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionError):
            while more := line.recv(65536):
                answer += more
        return answer


def posted(length: str, body: bytes) -> bytes:
    return (
        b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
        b"X-Hub-Signature-256: %s\r\n%s\r\n\r\n%s" % (sign(ESCAPED).encode(), length.encode(), body)
    )


@pytest.mark.parametrize(
    "length",
    [
        f"Content-Length: {len(ESCAPED) - 1}",
        f"Content-Length: {len(ESCAPED) + 1}",
        "Content-Length: 0",
        "Content-Length: -1",
        "Content-Length: 1e3",
        "X-Length: 5",
        "Transfer-Encoding: chunked",
        f"Content-Length: {len(ESCAPED)}\r\nContent-Length: 1",
    ],
)
def test_a_length_that_lies_lets_nothing_in(url: str, length: str) -> None:
    answer = wire(url, posted(length, ESCAPED))
    assert not answer.startswith(b"HTTP/1.1 200")
    assert not answer.startswith(b"HTTP/1.1 5")
    assert stored() == []


def test_chunks_without_end_are_cut_off_and_told(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without this, a stranger could fill the disk with what no one will read."""
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    answer = wire(url, posted("Transfer-Encoding: chunked", chunk * 20))
    assert b" 413 " in answer or answer == b""  # the rest may have closed it before it was read
    assert [one.getMessage() for one in caplog.records] == ["webhook.too_large"]
    assert stored() == []


@pytest.mark.parametrize("path", ["/events", "/webhooks/shop", "/", "/r/abc", "/healthz"])
def test_other_routes_take_no_more_than_they_need(url: str, path: str) -> None:
    answer = requests.post(
        url.replace("/webhooks/whatsapp", path), data=b"x" * 3_000_000, timeout=10
    )
    assert answer.status_code in {404, 405, 413}


def test_what_is_far_too_large_is_not_even_taken_from_the_wire(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without this, a stranger could fill the disk with what no one will read."""
    headers = {"Content-Length": str(10**9), "X-Hub-Signature-256": "sha256=00"}
    request = requests.Request("POST", url, data=b"x", headers=headers).prepare()
    request.headers.update(headers)
    with requests.Session() as session:
        answer = session.send(request, timeout=10)
        answer.close()
    assert (answer.status_code, answer.text) == (413, "too large")
    assert stored() == []
    [told] = caplog.records
    assert told.getMessage() == "webhook.too_large"
    assert vars(told)["fields"]["size"] == 10**9


def test_there_is_a_sign_of_life(url: str) -> None:
    answer = requests.get(url.replace("/webhooks/whatsapp", "/healthz"), timeout=10)
    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("PUT", "/webhooks/whatsapp", 405)]
)
def test_everything_else_is_refused_in_few_words(
    url: str, method: str, path: str, status: int
) -> None:
    answer = requests.request(method, url.replace("/webhooks/whatsapp", path), timeout=10)
    assert answer.status_code == status
    assert len(answer.text) < 40


# storing


def test_a_body_that_is_no_json_is_stored_and_set_aside_by_the_tracking(
    url: str, settings: Settings, now: datetime
) -> None:
    assert post(url, b"<html>hello</html>").status_code == 200
    track(settings, now=now, beat=lambda: None)
    [webhook] = Webhook.select()
    assert bytes(webhook.body) == b"<html>hello</html>"
    assert webhook.done_at == now
    assert SetAside.get().reason.startswith("not JSON")


def test_what_whatsapp_says_comes_through_as_it_happened(
    url: str, world: World, settings: Settings, now: datetime
) -> None:
    """From the sandbox's courier over the wire into the outbox, and a reply with accents too."""
    world.learn_the_shop(settings)
    [uid] = world.queue(state="unsure")
    world.whatsapp.subscribe(url)
    client = world.client(settings)
    text = {"type": "text", "text": "Ana"}
    address = {"type": "text", "text": "https://shop.example"}
    client.send(
        {
            "messaging_product": "whatsapp",
            "to": "+447700900000",
            "type": "template",
            "biz_opaque_callback_data": uid,
            "template": {
                "name": "we_miss_you",
                "language": {"code": "en"},
                "components": [{"type": "body", "parameters": [text, address]}],
            },
        }
    )
    world.whatsapp.customer_says("+447700900000", "Olá! Não 😀 / @")
    assert world.whatsapp.deliver_due() == 3
    track(settings, now=now, beat=lambda: None)
    assert message(uid).state == "delivered"
    assert [reply.text for reply in Reply.select()] == ["Olá! Não 😀 / @"]


def test_while_the_database_is_held_the_answer_is_try_again_and_the_retry_is_stored(
    url: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given somebody who holds the database for longer than WhatsApp would wait
    monkeypatch.setattr(import_module("agent.web.intake"), "PATIENCE", 0.1)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = post(url, ESCAPED)
        assert (answer.status_code, answer.text) == (503, "try again")
        other.execute("ROLLBACK")
    assert stored() == []
    # when WhatsApp comes again, it is taken
    assert post(url, ESCAPED).status_code == 200
    assert stored() == [ESCAPED]


def test_a_disk_that_takes_no_more_is_no_acknowledgement(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = b"x" * 400_000  # goes into the database's log, which may have less than that
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        assert post(url, body).status_code == 503
        assert post(url, ESCAPED).status_code == 200  # what still fits
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert post(url, body).status_code == 200
    assert sorted(map(len, stored())) == [len(ESCAPED), len(body)]
    assert [one.getMessage() for one in caplog.records] == ["webhook.not_stored"]


def test_many_at_once_are_all_stored_while_others_write_too(url: str, world: World) -> None:
    bodies = [f'{{"entry": [{number}]}}'.encode() for number in range(120)]
    with ThreadPoolExecutor(12) as posts:
        answers = posts.map(lambda body: post(url, body).status_code, bodies)
        world.queue(60)
        assert set(answers) == {200}
    assert sorted(stored()) == sorted(bodies)
    assert states() == {"queued": 60}


def test_unsigned_posts_are_counted_and_told_once_a_minute(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        requests.post(url, data=b"{}", timeout=5)
    told = [one for one in caplog.records if one.getMessage() == "webhook.unsigned"]
    assert len(told) == 1
    assert "app_secret" in vars(told[0])["fields"]["fix"]
