"""inbox -> outbox: statuses move messages upward, whatever way they come; a STOP is in force at once."""

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import peewee
import pytest
from jobs_stage import (
    DAY,
    Killed,
    add_contact,
    add_message,
    dying_after,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import Heard, record
from agent.jobs.track import file_orphans, track
from models import Contact, Identity, Message, Reply, SetAside, Statement, Status, Webhook
from models.base import close_database

ANA = "+12025550101"
ANA_ID = "12025550101"
WAMID = "wamid.A"
Post = Callable[..., None]


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    return add_contact(ANA, now - 9 * DAY)


@pytest.fixture
def post(database: Path, settings: Settings, now: datetime) -> Post:
    """Store a webhook of these elements, and let the job work off what is waiting."""

    def stored(**lists: list[Any]) -> None:
        keep(now, **lists)
        track(settings, now=now, beat=nothing)

    return stored


def keep(now: datetime, raw: bytes = b"", **lists: list[Any]) -> None:
    field = "user_preferences" if "user_preferences" in lists else "messages"
    value = {"messaging_product": "whatsapp"} | lists
    body = {"entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]}
    Webhook.insert(
        source="whatsapp", received_at=now, body=raw or json.dumps(body).encode()
    ).execute()


def status(name: str, at: datetime, *, uid: str = "", wamid: str = WAMID, **more: Any) -> Any:
    one = {"id": wamid, "status": name, "timestamp": str(int(at.timestamp()))} | more
    return one | ({"biz_opaque_callback_data": uid} if uid else {})


def failed(code: int, at: datetime, **more: Any) -> Any:
    error = {"code": code, "title": "Failed", "error_data": {"details": "no luck"}}
    return status("failed", at, errors=[error], **more)


def text(words: str, at: datetime, **more: Any) -> Any:
    sender = {"from": ANA_ID} if "from" not in more and "from_user_id" not in more else {}
    return (
        {"id": "wamid.in", "type": "text", "timestamp": str(int(at.timestamp()))}
        | {"text": {"body": words}} | sender | more
    )  # fmt: skip


def tap(payload: str, label: str, at: datetime, **more: Any) -> Any:
    button = {"type": "button", "button": {"payload": payload, "text": label}}
    return text("", at, **(button | more))


def again(message: Message) -> Message:
    found: Message = Message.get_by_id(message.id)
    return found


def standing(phone: str = ANA) -> str:
    return str(Contact.get(Contact.phone == phone).marketing)


# statuses


def test_statuses_move_a_message_up_and_stamp_it(ana: int, now: datetime, post: Post) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    moments = [now + timedelta(minutes=n) for n in (1, 2, 3)]
    for name, at in zip(("sent", "delivered", "read"), moments, strict=True):
        post(statuses=[status(name, at, uid=message.uid)])
        assert again(message).state == name
    one = again(message)
    assert [one.sent_at, one.delivered_at, one.read_at] == moments
    assert one.accepted_at == now


@pytest.mark.parametrize("with_id", [True, False])
def test_the_order_of_arrival_makes_no_difference(
    ana: int, now: datetime, post: Post, with_id: bool
) -> None:
    names = ("sent", "delivered", "read")
    for number, order in enumerate(permutations(names)):
        wamid = f"wamid.{number}"
        message = add_message(
            ana, now, state="accepted", wamid=wamid, accepted_at=now, campaign=f"c{number}"
        )
        for name in order:
            at = now + timedelta(minutes=names.index(name))
            uid = message.uid if with_id else ""
            one = status(name, at, uid=uid, wamid=wamid)
            post(statuses=[one, one])  # each doubled, too
        one = again(message)
        assert one.state == "read"
        assert [one.sent_at, one.delivered_at, one.read_at] == [
            now, now + timedelta(minutes=1), now + timedelta(minutes=2),
        ]  # fmt: skip
    assert Status.select().count() == 18


def test_all_of_them_in_one_webhook(ana: int, now: datetime, post: Post) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    names = ("read", "sent", "delivered", "sent")
    post(statuses=[status(name, now, uid=message.uid) for name in names])
    assert again(message).state == "read"


def test_read_without_delivered_is_read(ana: int, now: datetime, post: Post) -> None:
    message = add_message(ana, now, state="sent", wamid=WAMID, accepted_at=now)
    post(statuses=[status("read", now)])
    assert again(message).state == "read"


def test_a_delivered_message_was_delivered_whatever_failed_says(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    post(statuses=[failed(131026, now)])
    assert again(message).state == "failed"
    post(statuses=[status("delivered", now)])
    assert again(message).state == "delivered"
    assert (again(message).code, again(message).detail) == (None, "")

    post(statuses=[failed(131026, now)])
    assert again(message).state == "delivered"


def test_a_failure_is_kept_with_its_code_and_gives_the_place_back(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    post(statuses=[failed(131026, now, uid=message.uid)])
    one = again(message)
    assert (one.state, one.code, one.detail, one.ended_at) == ("failed", 131026, "no luck", now)
    assert Message.cap_days([ana], now.date()) == {}
    assert standing() == "yes"


def test_a_failure_because_of_the_persons_own_choice_is_a_refusal(
    ana: int, now: datetime, post: Post
) -> None:
    add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    post(statuses=[failed(131050, now)])
    assert standing() == "no"


def test_a_status_settles_a_message_whose_answer_was_lost(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="unsure", claimed_at=now - timedelta(minutes=1))
    post(statuses=[status("sent", now, uid=message.uid)])
    one = again(message)
    assert (one.state, one.wamid, one.accepted_at) == ("sent", WAMID, now)


def test_a_late_status_settles_even_an_abandoned_message(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="abandoned", ended_at=now)
    post(statuses=[status("delivered", now, uid=message.uid)])
    assert again(message).state == "delivered"


def test_a_status_that_is_faster_than_the_answer_keeps_its_state(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="claimed", claimed_at=now)
    post(statuses=[status("delivered", now, uid=message.uid)])
    Message.accepted([(message.id, WAMID, "accepted")], now + timedelta(seconds=1))
    assert again(message).state == "delivered"
    assert again(message).accepted_at == now


def test_a_read_without_our_id_waits_until_its_wamid_is_known(
    ana: int, now: datetime, post: Post
) -> None:
    # given a message whose answer was lost, and its read comes first
    message = add_message(ana, now, state="unsure", claimed_at=now)
    post(statuses=[status("read", now)])
    assert again(message).state == "unsure"
    assert Status.get().message_id is None

    # when another status names both
    post(statuses=[status("delivered", now, uid=message.uid)])
    assert again(message).state == "read"
    assert {one.message_id for one in Status.select()} == {message.id}


def test_a_read_without_our_id_finds_its_message_once_the_answer_is_in(
    ana: int, now: datetime, post: Post, settings: Settings
) -> None:
    message = add_message(ana, now, state="claimed", claimed_at=now)
    post(statuses=[status("read", now)])
    Message.accepted([(message.id, WAMID, "accepted")], now)
    assert file_orphans(settings, now=now) == 1
    assert again(message).state == "read"
    assert file_orphans(settings, now=now) == 0


def test_what_another_thread_writes_meanwhile_is_not_undone_by_an_orphan(
    ana: int, now: datetime, database: Path, settings: Settings
) -> None:
    # given an orphan `sent`, and a delivery that another thread is just writing down
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    Status.insert(wamid=WAMID, status="sent", at=now).execute()
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE message SET state = 'delivered'")

    def work() -> None:
        file_orphans(settings, now=now)
        close_database()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)  # long enough to read the message as it was
    other.execute("COMMIT")
    other.close()
    thread.join()

    assert again(message).state == "delivered"


def test_statuses_of_messages_that_are_not_ours_move_nothing(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    post(statuses=[status("read", now, uid="somebody-else", wamid="wamid.other")])
    assert again(message).state == "accepted"
    assert Status.get().message_id is None


def test_a_status_that_nobody_knows_yet_is_kept_and_moves_nothing(
    ana: int, now: datetime, post: Post
) -> None:
    message = add_message(ana, now, state="sent", wamid=WAMID, accepted_at=now)
    post(statuses=[status("warming_up", now)])
    assert again(message).state == "sent"
    assert Status.get().status == "warming_up"


# what cannot be understood


@pytest.mark.parametrize(
    "poison",
    [
        {},
        {"id": WAMID, "status": "read"},
        {"id": WAMID, "status": "read", "timestamp": "soon"},
        {"id": WAMID, "status": "read", "timestamp": "9" * 30},
        {"id": None, "status": "read", "timestamp": "1"},
        {"id": "w", "status": "failed", "timestamp": "1", "errors": [{"code": 10**30}]},
        "read",
        None,
        [[]],
    ],
)
def test_a_poisonous_status_takes_no_other_with_it(
    ana: int, now: datetime, post: Post, poison: object
) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    post(statuses=[poison, status("delivered", now)])
    assert again(message).state == "delivered"
    webhook = Webhook.get()
    assert webhook.done_at == now
    [aside] = SetAside.select()
    assert (aside.webhook_id, aside.place, aside.tries) == (webhook.id, "0/0/statuses/0", 1)
    assert aside.reason.startswith("status: ")


@pytest.mark.parametrize(
    "raw",
    [b"<html>", b"", b"\xff\xfe", b"null", b"[1]", b'{"entry": 7}', b"[" * 100_000],
)
def test_a_body_that_makes_no_sense_is_set_aside(
    database: Path, settings: Settings, now: datetime, raw: bytes
) -> None:
    keep(now, raw or b" ")
    add_message(add_contact(ANA, now), now, state="accepted", wamid=WAMID, accepted_at=now)
    keep(now, statuses=[status("delivered", now)])
    track(settings, now=now, beat=nothing)
    assert Message.get().state == "delivered"
    assert Webhook.select().where(Webhook.done_at.is_null()).count() == 0
    [aside] = SetAside.select()
    assert (aside.webhook_id, aside.place) == (1, "")
    assert aside.reason


def test_a_webhook_that_breaks_us_is_set_aside_and_the_rest_is_heard(
    ana: int, now: datetime, settings: Settings
) -> None:
    # given a status that gives one message's id to another, which no table holds
    add_message(ana, now, state="read", wamid=WAMID, accepted_at=now)
    other = add_message(ana, now, state="unsure", campaign="loyalty_reward")
    fine = add_message(ana, now, state="accepted", wamid="wamid.fine", campaign="third")
    poison = status("sent", now, uid=other.uid)
    keep(now, statuses=[poison], messages=[text("STOP", now)])
    keep(now, statuses=[status("delivered", now, wamid="wamid.fine")])
    # when they are worked off
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    tally = track(settings, now=now, beat=beat)
    # then only that one status is without effect, and its trouble is kept for a person to see
    assert tally == {"StatusUpdate": 2, "Inbound": 1}
    assert standing() == "no"
    assert again(fine).state == "delivered"
    assert again(other).state == "unsure"
    first, second = Webhook.select().order_by(Webhook.id)
    assert (first.done_at, second.done_at) == (now, now)
    [aside] = SetAside.select()
    assert (aside.webhook_id, aside.place) == (first.id, "0/0/statuses/0")
    assert "IntegrityError" in aside.reason
    assert beats == 4  # before each look, and before each of the two


def test_a_database_in_trouble_sets_nothing_aside(
    database: Path, ana: int, now: datetime, settings: Settings
) -> None:
    # given a database that refuses to be written, as on a full disk
    keep(now, messages=[text("STOP", now)])
    handle = Webhook._meta.database
    handle.execute_sql("PRAGMA query_only = 1")
    with pytest.raises(peewee.OperationalError):
        track(settings, now=now, beat=nothing)
    handle.execute_sql("PRAGMA query_only = 0")
    assert Webhook.get().done_at is None
    # when it is well again
    track(settings, now=now, beat=nothing)
    assert standing() == "no"


def test_half_an_emoji_is_no_poison(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("oi \ud83d", now), text("STOP", now, id="wamid.in2")])
    assert standing() == "no"
    assert Reply.get_by_id("wamid.in").text == "oi ?"


def test_webhooks_are_worked_off_oldest_first_and_each_once(
    ana: int, now: datetime, settings: Settings
) -> None:
    message = add_message(ana, now, state="accepted", wamid=WAMID, accepted_at=now)
    for _ in range(3):
        keep(now, statuses=[status("sent", now, uid=message.uid)])
    assert track(settings, now=now, beat=nothing) == {"StatusUpdate": 3}
    assert track(settings, now=now, beat=nothing) == {}


def test_a_batch_cut_short_is_worked_off_later(
    ana: int, now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["agent.jobs.track.track"], "WEBHOOKS_A_BATCH", 2)
    messages = [
        add_message(ana, now, state="accepted", wamid=f"w{n}", campaign=f"c{n}") for n in range(5)
    ]
    for n in range(5):
        keep(now, statuses=[status("delivered", now, wamid=f"w{n}")])
    with pytest.raises(Killed):
        track(settings, now=now, beat=dying_after(1))
    assert [again(one).state for one in messages].count("delivered") == 2
    track(settings, now=now, beat=nothing)
    assert [again(one).state for one in messages].count("delivered") == 5


# replies and refusals


@pytest.mark.parametrize(
    "said",
    [
        "STOP",
        "stop.",
        "  Parar!! ",
        "não quero",
        "BAJA",
        "stop stop",
        "\uff33\uff34\uff2f\uff30",
        "🛑 stop 🛑",
    ],
)
def test_a_stop_takes_the_consent_back(ana: int, now: datetime, post: Post, said: str) -> None:
    post(messages=[text(said, now - timedelta(seconds=30))])
    assert standing() == "no"
    statement = Statement.get()
    assert (statement.says, statement.source, statement.words) == ("no", "whatsapp", said)
    assert statement.said_at == now - timedelta(seconds=30)


@pytest.mark.parametrize(
    "said", ["don't stop", "Vou sair e passo na loja", "stopwatch?", "?", "👍"]
)
def test_a_sentence_with_the_word_in_it_is_no_stop(
    ana: int, now: datetime, post: Post, said: str
) -> None:
    post(messages=[text(said, now)])
    assert standing() == "yes"
    assert Reply.get().text == said


def test_the_opt_out_button_is_a_stop_by_its_payload(ana: int, now: datetime, post: Post) -> None:
    post(messages=[tap("SOMETHING", "Ver ofertas", now, id="wamid.in1")])
    assert standing() == "yes"
    post(messages=[tap("OPTOUT_MARKETING", "Não quero ofertas", now)])
    assert standing() == "no"


def test_a_button_that_says_stop_is_one_whatever_its_payload(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[tap("btn-2", "Stop", now)])
    assert standing() == "no"


def test_an_interactive_answer_can_be_a_stop_too(ana: int, now: datetime, post: Post) -> None:
    reply = {"button_reply": {"id": "OPTOUT_MARKETING", "title": "No more"}}
    post(messages=[text("", now, type="interactive", interactive=reply)])
    assert standing() == "no"


def preference(value: str, at: datetime, **who: str) -> Any:
    return {
        "value": value,
        "category": "marketing_messages",
        "timestamp": int(at.timestamp()),
    } | who


def test_whatsapps_own_switch_is_a_stop(ana: int, now: datetime, post: Post) -> None:
    record([Heard(phone=ANA, says="yes", source="order 9", said_at=now - DAY)], now=now)
    post(user_preferences=[preference("resume", now, wa_id=ANA_ID)])
    assert standing() == "yes"
    post(user_preferences=[preference("stop", now, wa_id=ANA_ID)])
    assert standing() == "no"


def test_switching_it_on_again_is_no_consent(ana: int, now: datetime, post: Post) -> None:
    """It says that WhatsApp may bring such messages, not that this shop may write them."""
    post(user_preferences=[preference("stop", now - timedelta(hours=1), wa_id=ANA_ID)])
    post(user_preferences=[preference("resume", now, wa_id=ANA_ID)])
    assert standing() == ""


def test_a_stop_that_comes_twice_is_one_statement(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("STOP", now)])
    post(messages=[text("STOP", now)])
    assert sorted(one.purpose for one in Statement.select()) == ["marketing", "order_news"]
    assert Reply.select().count() == 1


def test_an_old_stop_that_comes_late_does_not_undo_a_later_consent(
    ana: int, now: datetime, post: Post
) -> None:
    record([Heard(phone=ANA, says="yes", source="order 9", said_at=now - DAY)], now=now)
    post(messages=[text("STOP", now - 2 * DAY)])
    assert standing() == "yes"
    post(messages=[text("STOP", now, id="wamid.in2")])
    assert standing() == "no"


# who it was


def test_a_brazilian_id_without_its_nine_finds_the_person(now: datetime, post: Post) -> None:
    add_contact("+5511955550101", now - DAY)
    post(messages=[text("PARAR", now, **{"from": "551155550101"})])
    assert standing("+5511955550101") == "yes"  # a landline's id: another person
    post(messages=[text("PARAR", now, id="wamid.in2", **{"from": "5511955550101"})])
    assert standing("+5511955550101") == "no"

    add_contact("+5511977770101", now - DAY)
    post(messages=[text("PARAR", now, id="wamid.in3", **{"from": "551177770101"})])
    assert standing("+5511977770101") == "no"


def test_the_id_that_whatsapp_gave_beats_the_number(now: datetime, post: Post) -> None:
    ana = add_contact(ANA, now - DAY)
    bruno = add_contact("+12025550102", now - DAY)
    Identity.put(
        [{"kind": "wa_id", "value": "12025550102", "contact_id": ana, "seen_at": now - DAY}]
    )
    post(messages=[text("STOP", now, **{"from": "12025550102"})])
    assert Reply.get().contact_id == ana
    assert standing() == "no"
    # what is sent to the number that they write from would reach them too
    assert Contact.get_by_id(bruno).marketing == "no"


def test_somebody_who_hides_the_number_is_found_by_the_message_they_answer(
    ana: int, now: datetime, post: Post
) -> None:
    add_message(ana, now, state="delivered", wamid=WAMID)
    hidden = {"from_user_id": "US.123", "context": {"id": WAMID}}
    post(messages=[tap("OPTOUT_MARKETING", "Stop", now, **hidden)])
    assert standing() == "no"


def test_a_user_id_once_seen_is_known_ever_after(ana: int, now: datetime, post: Post) -> None:
    hello = text("hello", now - timedelta(hours=1), **{"from": ANA_ID, "from_user_id": "US.123"})
    post(messages=[hello])
    post(messages=[text("STOP", now, id="wamid.in2", from_user_id="US.123")])
    assert standing() == "no"


def test_the_switch_of_somebody_without_a_number_is_found_by_the_user_id(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[text("hello", now, **{"from": ANA_ID, "from_user_id": "US.123"})])
    post(user_preferences=[preference("stop", now, user_id="US.123")])
    assert standing() == "no"


def test_a_stop_in_answer_to_a_message_whose_answer_was_lost_finds_its_person(
    ana: int, now: datetime, settings: Settings
) -> None:
    # given a message of which we know no wamid; its statuses and the stop are brought together
    message = add_message(ana, now, state="unsure", claimed_at=now)
    hidden = {"from_user_id": "US.123", "context": {"id": WAMID}}
    keep(
        now,
        statuses=[status("delivered", now, uid=message.uid)],
        messages=[text("STOP", now, **hidden)],
    )
    track(settings, now=now, beat=nothing)
    assert standing() == "no"
    assert Reply.get().contact_id == ana


def test_the_stop_of_a_number_that_we_do_not_know_yet_holds_when_its_order_comes(
    now: datetime, settings: Settings, post: Post
) -> None:
    """They ordered, agreed, and thought better of it before the next poll."""
    open_shop(country="US", zone="America/New_York")
    post(messages=[text("STOP", now)])
    file_orders(
        settings, now,
        order_json(10, now - timedelta(minutes=1), "202-555-0101", consent="yes"),
    )  # fmt: skip
    assert standing() == "no"


def test_a_stop_of_nobody_we_can_name_is_kept_for_a_person_to_see(
    now: datetime, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post(messages=[text("STOP", now, from_user_id="US.999")])
    assert Reply.get().contact_id is None
    assert {one.phone for one in Statement.select()} == {"US.999"}  # until a number comes with it
    assert "stop.unknown" in [one.message for one in caplog.records]


def test_a_reply_is_kept_with_what_it_answers(ana: int, now: datetime, post: Post) -> None:
    add_message(ana, now, state="delivered", wamid=WAMID)
    post(messages=[text("Obrigada! ❤️", now, context={"id": WAMID})])
    reply = Reply.get()
    assert (reply.contact_id, reply.in_reply_to, reply.text) == (ana, WAMID, "Obrigada! ❤️")
    assert Identity.holders("wa_id", [ANA_ID]) == {ANA_ID: ana}


def test_pictures_and_other_kinds_are_replies_too(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("", now, type="image", image={"id": "1"})])
    assert (Reply.get().kind, Reply.get().contact_id) == ("image", ana)
