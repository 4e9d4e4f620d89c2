"""What strangers and signed oddities do to the intake: nothing that holds it up, nothing that fills the log."""

import json
from datetime import datetime, timedelta

import pytest
import requests
from sending_world import World
from web_signing import post

from agent.config import Settings
from agent.jobs.track import track
from models import Message, Reply, SetAside, Statement, Webhook
from models.outbox import Pause


def work_off(settings: Settings, now: datetime) -> None:
    track(settings, now=now, beat=lambda: None)
    assert not Webhook.select().where(Webhook.done_at.is_null()).exists()


def test_refused_handshakes_do_not_fill_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(5):
        asked = {"hub.mode": "subscribe", "hub.verify_token": f"guess {number}"}
        assert requests.get(url, params=asked, timeout=5).status_code == 403
    told = [one for one in caplog.records if one.getMessage() == "webhook.handshake_refused"]
    assert len(told) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b"null", b"[]", b"0", b'"x"', b"{}", b'{"entry":null}', b'{"entry":[null]}',
        b'{"entry":[{"changes":[null]}]}', b'{"entry":[{"changes":[{"field":null,"value":{}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"messages":{}}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[null,1,"x",[]]}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"a\\u0000b",'
        b'"status":"sent","timestamp":"1795300000"}]}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"a",'
        b'"status":"sent","timestamp":1e400}]}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"a","status":"failed",'
        b'"timestamp":"253402300799","errors":[{"code":131049}]}]}}]}]}',
        b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"{" * 100_000, b'{"entry":' + b"9" * 10_000 + b"}",
    ],
)  # fmt: skip
def test_whatever_is_signed_is_kept_and_holds_nothing_up(
    url: str, settings: Settings, now: datetime, body: bytes
) -> None:
    assert post(url, body).status_code == 200
    [kept] = Webhook.select()
    assert bytes(kept.body) == body
    work_off(settings, now)


@pytest.mark.long
def test_a_batch_as_large_as_meta_sends_them(
    url: str, world: World, settings: Settings, now: datetime
) -> None:
    uids = world.queue(1000, state="sent", accepted_at=now)
    at = str(int(now.timestamp()))
    statuses = [
        {
            "id": f"wamid.{uid}", "status": "read", "timestamp": at, "recipient_id": "12025550101",
            "biz_opaque_callback_data": uid, "recipient_user_id": f"US.{number:0>300}",
            "conversation": {"id": "x" * 2_000},
        }
        for number, uid in enumerate(uids)
    ]  # fmt: skip
    contacts = [
        {"wa_id": f"1202555{number:04}", "user_id": f"US.{number}"} for number in range(1000)
    ]
    value = {"statuses": statuses, "contacts": contacts}
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    assert 2_500_000 < len(body) < 3 * 1024 * 1024
    assert post(url, body).status_code == 200
    work_off(settings, now)
    assert Message.select().where(Message.state == "read").count() == 1000
    assert not SetAside.select().exists()


def test_what_was_refused_and_stored_all_the_same_counts_once(
    url: str, world: World, settings: Settings, now: datetime
) -> None:
    contact = world.contact("+12025550101")
    at = str(int(now.timestamp()))
    said = {"from": "12025550101", "id": "wamid.in", "timestamp": at, "type": "text", "text": {"body": "STOP"}}  # fmt: skip
    moved = {
        "from": "12025550101", "id": "wamid.move", "timestamp": at, "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "12025550102", "body": ""},
    }  # fmt: skip
    news = {
        "field": "account_update",
        "value": {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}},
    }
    changes = [{"field": "messages", "value": {"messages": [said, moved]}}, news]
    body = json.dumps({"entry": [{"time": int(now.timestamp()), "changes": changes}]}).encode()

    def kept() -> tuple[int, ...]:
        tables = (Reply, Statement, Pause, SetAside)
        return tuple(table.select().count() for table in tables)

    assert post(url, body).status_code == 200
    work_off(settings, now)
    first = kept()
    for later in (timedelta(seconds=5), timedelta(days=6)):
        assert post(url, body).status_code == 200
        work_off(settings, now + later)
    assert kept() == first
    assert contact
