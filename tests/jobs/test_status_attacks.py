"""What WhatsApp tells of messages, as it should not be told: doubles that differ, clocks that are wrong,
webhooks that are too deep."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, nothing
from status_bodies import body, failed, priced, status

from agent.config import Settings
from agent.jobs.track import track, try_again
from models import Message, Received, SetAside, Webhook

ANA = "+12025550101"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
Hear = Callable[..., None]


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    return add_contact(ANA, now - 9 * DAY)


@pytest.fixture
def hear(database: Path, settings: Settings, now: datetime) -> Hear:
    """Webhooks of these bodies come in, and are worked off: each by itself."""

    def work(*bodies: bytes, at: datetime = now) -> None:
        for one in bodies:
            Webhook.insert(source="whatsapp", received_at=at, body=one).execute()
            track(settings, now=at, beat=nothing)

    return work


def again(message: Message) -> Message:
    found: Message = Message.get_by_id(message.id)
    return found


# doubles that are not alike


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_of_two_copies_of_a_status_the_one_that_names_the_message_counts(
    ana: int, now: datetime, hear: Hear, turned: bool, together: bool
) -> None:
    message = add_message(ana, now, state="unsure", uid="ours", claimed_at=now)
    copies = [status("sent", now, wamid="w"), status("sent", now, wamid="w", uid="ours")]
    copies = copies[::-1] if turned else copies
    hear(*([body(statuses=copies)] if together else [body(statuses=[one]) for one in copies]))
    assert (again(message).state, again(message).wamid) == ("sent", "w")


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_copies_of_a_status_the_one_that_tells_the_price_counts(
    ana: int, now: datetime, hear: Hear, turned: bool
) -> None:
    message = add_message(ana, now, state="accepted", accepted_at=now, wamid="w")
    told = status("delivered", now, wamid="w")
    copies = [told, told | priced("regular", "marketing")]
    copies = copies[::-1] if turned else copies
    hear(body(statuses=copies))
    assert (again(message).state, again(message).charged) == ("delivered", "marketing")


# when it was taken


def test_when_a_message_was_taken_does_not_depend_on_which_status_came_first(
    ana: int, now: datetime, hear: Hear
) -> None:
    names = ("sent", "delivered", "read")
    taken = set()
    for number, order in enumerate(permutations(range(3))):
        uid = f"m{number}"
        message = add_message(
            ana, now, state="unsure", uid=uid, subject=uid, claimed_at=now, expires_at=now + DAY
        )
        told = [status(name, now + n * DAY, wamid=uid, uid=uid) for n, name in enumerate(names)]
        hear(*(body(statuses=[told[n]]) for n in order), at=now + 3 * DAY)
        taken.add(again(message).accepted_at)
    assert taken == {now}


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), None])
def test_a_status_with_a_wrong_clock_does_not_move_when_the_message_was_taken_out_of_its_time(
    ana: int, now: datetime, hear: Hear, wrong: datetime | None
) -> None:
    message = add_message(ana, now, state="unsure", uid="ours", claimed_at=now)
    at = wrong or now + 400 * DAY
    hear(body(statuses=[status("sent", at, wamid="w", uid="ours")]), at=now + MINUTE)
    taken = again(message).accepted_at
    assert taken is not None
    assert now <= taken <= now + MINUTE


# too deep, too large


@pytest.mark.parametrize("depth", [100, 900, 960, 5_000])
def test_a_webhook_that_is_deeply_nested_holds_nothing_up(
    ana: int, now: datetime, hear: Hear, depth: int
) -> None:
    message = add_message(ana, now, state="accepted", accepted_at=now, wamid="w")
    deep = "[" * depth + "]" * depth
    texts = (
        f'{{"entry":[{{"changes":[{{"field":"messages","value":{{"statuses":[{{"id":{deep}}}]}}}}]}}]}}',
        '{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"w2","status":"failed",'
        f'"timestamp":"1","errors":[{{"code":1,"error_data":{{"details":{deep}}}}}]}}]}}}}]}}]}}',
        f'{{"entry":[{{"changes":[{{"field":"new","value":{{"x":{deep}}}}}]}}]}}',
        f'{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{{"id":"i","type":"button",'
        f'"timestamp":"1","button":{{"text":{deep}}}}}]}}}}]}}]}}',
    )
    for one in texts:
        Webhook.insert(source="whatsapp", received_at=now, body=one.encode()).execute()
    hear(body(statuses=[status("read", now, wamid="w")]))
    assert again(message).state == "read"
    assert not Webhook.select().where(Webhook.done_at.is_null()).exists()


@pytest.mark.long
def test_a_thousand_that_are_put_off_at_once(database: Path, now: datetime, hear: Hear) -> None:
    later = now + 5 * DAY
    people = [add_contact(f"+1202{5550000 + n}", now) for n in range(1_000)]
    rows = [
        add_message(one, now, state="sent", accepted_at=now, wamid=f"w{one}", expires_at=later)
        for one in people
    ]
    told = [failed(131049, now, wamid=f"w{one}") for one in people]
    hear(body(statuses=told), body(statuses=told))
    assert Message.select().where(Message.state == "queued", Message.deferred).count() == 1_000
    assert {again(rows[0]).not_before, again(rows[-1]).not_before} == {now + DAY}


def test_who_has_read_a_message_that_was_put_off_does_not_get_it_again(
    ana: int, now: datetime, hear: Hear
) -> None:
    message = add_message(
        ana, now, state="sent", accepted_at=now, wamid="w", expires_at=now + 5 * DAY
    )
    hear(body(statuses=[failed(131049, now, wamid="w", uid=message.uid)]))
    assert again(message).state == "queued"
    hear(body(statuses=[status("read", now + MINUTE, wamid="w")]))  # read has no id of ours
    assert (again(message).state, again(message).wamid) == ("read", "w")


# set aside, and worked off after months


def test_what_is_worked_off_after_months_undoes_nothing_newer(
    ana: int, now: datetime, settings: Settings, hear: Hear
) -> None:
    message = add_message(ana, now, state="sent", accepted_at=now, wamid="w")
    hear(body(statuses=[failed(131049, now, wamid="w"), status("delivered", now, wamid="x")]))
    webhook = Webhook.get()
    hear(body(statuses=[status("read", now + MINUTE, wamid="w")]))
    SetAside.put(webhook.id, [("0/0/statuses/0", "broke"), ("0/0/statuses/1", "broke")], now)
    ids = [one.id for one in SetAside.select()]
    assert try_again(settings, ids, now=now + 200 * DAY) == (2, 0)
    assert again(message).state == "read"
    assert not SetAside.select().exists()


def test_kinds_that_somebody_made_up_are_cut_and_counted(now: datetime, hear: Hear) -> None:
    names: list[Any] = ["x" * 5_000, 'a"b\\c\nd', "\x00", "é" * 100, {"a": 1}, None]
    changes = [{"field": name, "value": {}} for name in names]
    hear(json.dumps({"entry": [{"id": "1", "changes": changes}]}).encode())
    assert sum(Received.totals().values()) == len(names)
    assert max(len(kind) for kind in Received.totals()) <= 60
