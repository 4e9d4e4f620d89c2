"""What the sandbox WhatsApp tells its subscriber: form, signature, batches, and trying again."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from whatsapp_stage import ACCOUNT_ID, ANA, START, Stage, Subscriber, autumn_offer, greeting

from agent.sandbox.whatsapp.payloads import CartItem
from agent.sandbox.whatsapp.people import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent.sandbox.whatsapp.messages import Accepted

METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
MARKETING = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}


class Readers:
    """Everybody reads: sent after a second, delivered after a minute, read after an hour."""

    def react(self, message: Accepted) -> Sequence[Reaction]:
        return (
            Reaction(timedelta(seconds=1), "sent"),
            Reaction(timedelta(minutes=1), "delivered"),
            Reaction(timedelta(hours=1), "read"),
        )


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture
def subscriber(stage: Stage) -> Iterator[Subscriber]:
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        yield subscriber


# form


def test_the_way_of_a_message_is_told_step_by_step(stage: Stage, subscriber: Subscriber) -> None:
    # given a message to somebody who reads
    stage.wa.people = Readers()
    _, answer = stage.send(autumn_offer())
    wamid = answer["messages"][0]["id"]
    who = stage.wa.person(ANA)
    # when time passes
    assert stage.wa.deliver_due() == 0
    for step in (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)):
        stage.clock.advance(step)
        assert stage.wa.deliver_due() == 1
    # then three posts came, each in the documented form
    contact = {"profile": {"name": who.name}, "wa_id": "34600111222", "user_id": who.user_id}
    recipient = {"recipient_id": "34600111222", "recipient_user_id": who.user_id}
    at = int(START.timestamp())
    sent, delivered, read = subscriber.bodies
    assert sent == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": ACCOUNT_ID,
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": METADATA,
                            "contacts": [contact],
                            "statuses": [
                                {
                                    "id": wamid,
                                    "status": "sent",
                                    "timestamp": str(at + 1),
                                    **recipient,
                                    "biz_opaque_callback_data": "cmp42:msg:01J9ZK3Q",
                                    "pricing": MARKETING,
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }
    value = delivered["entry"][0]["changes"][0]["value"]
    assert value["contacts"] == [contact]
    assert value["statuses"] == [
        {
            "id": wamid,
            "status": "delivered",
            "timestamp": str(at + 60),
            **recipient,
            "biz_opaque_callback_data": "cmp42:msg:01J9ZK3Q",
            "pricing": MARKETING,
        }
    ]
    assert read["entry"][0]["changes"][0]["value"] == {
        "messaging_product": "whatsapp",
        "metadata": METADATA,
        "statuses": [{"id": wamid, "status": "read", "timestamp": str(at + 3600), **recipient}],
    }


def test_a_failed_message_says_why(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.fail_status(131049, to=ANA)
    _, answer = stage.send(greeting(biz_opaque_callback_data="intent 1"))
    stage.wa.deliver_due()
    title = "This message was not delivered to maintain healthy ecosystem engagement."
    details = (
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."
    )
    [change] = subscriber.changes
    assert "contacts" not in change["value"]
    assert change["value"]["statuses"] == [
        {
            "id": answer["messages"][0]["id"],
            "status": "failed",
            "timestamp": str(int(START.timestamp())),
            "recipient_id": "34600111222",
            "biz_opaque_callback_data": "intent 1",
            "errors": [
                {
                    "code": 131049,
                    "title": title,
                    "message": title,
                    "error_data": {"details": details},
                    "href": "/documentation/business-messaging/whatsapp/support/error-codes",
                }
            ],
        }
    ]


def test_older_webhooks_have_a_conversation(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.webhook_version = 23
    stage.send(greeting())
    stage.wa.deliver_due()
    sent, delivered = subscriber.statuses
    assert sent["conversation"]["origin"] == {"type": "marketing"}
    assert sent["conversation"]["expiration_timestamp"] == str(int(START.timestamp()) + 86400)
    assert "conversation" not in delivered


def test_a_written_answer_arrives(stage: Stage, subscriber: Subscriber) -> None:
    wamid = stage.wa.customer_says("+34 600 111 222", "STOP")
    stage.wa.deliver_due()
    [change] = subscriber.changes
    who = stage.wa.person(ANA)
    assert change == {
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": METADATA,
            "contacts": [
                {"profile": {"name": who.name}, "wa_id": "34600111222", "user_id": who.user_id}
            ],
            "messages": [
                {
                    "from": "34600111222",
                    "from_user_id": who.user_id,
                    "id": wamid,
                    "timestamp": str(int(START.timestamp())),
                    "type": "text",
                    "text": {"body": "STOP"},
                }
            ],
        },
    }


def test_a_question_from_a_products_page_names_the_product(
    stage: Stage, subscriber: Subscriber
) -> None:
    wamid = stage.wa.customer_asks_about(ANA, "di9ozbzfi4")
    stage.wa.deliver_due()
    [message] = subscriber.messages
    assert message.pop("context") == {
        "from": "15550783881",
        "id": f"{wamid}product_inquiry",
        "referred_product": {
            "catalog_id": "194836987003835",
            "product_retailer_id": "di9ozbzfi4",
        },
    }
    assert message == {
        "from": "34600111222",
        "from_user_id": stage.wa.person(ANA).user_id,
        "id": wamid,
        "timestamp": str(int(START.timestamp())),
        "type": "text",
        "text": {"body": "Is this still available?"},
    }


def test_a_cart_has_its_products_with_prices_in_units(stage: Stage, subscriber: Subscriber) -> None:
    wamid = stage.wa.customer_sends_cart(
        ANA, CartItem("di9ozbzfi4", 2, 30), CartItem("nqryix03ez", price=25.5, currency="EUR")
    )
    stage.wa.deliver_due()
    [message] = subscriber.messages
    assert (message["id"], message["type"]) == (wamid, "order")
    assert message["order"] == {
        "catalog_id": "194836987003835",
        "text": "",
        "product_items": [
            {
                "product_retailer_id": "di9ozbzfi4",
                "quantity": 2,
                "item_price": 30,
                "currency": "USD",
            },
            {
                "product_retailer_id": "nqryix03ez",
                "quantity": 1,
                "item_price": 25.5,
                "currency": "EUR",
            },
        ],
    }


def test_who_sends_a_cart_may_be_answered(stage: Stage, subscriber: Subscriber) -> None:
    text = {"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Thanks"}}
    assert stage.send(text)[0] == 400
    stage.wa.customer_sends_cart(ANA, CartItem("di9ozbzfi4"))
    assert stage.send(text)[0] == 200


def test_a_tap_names_the_message_it_answers(stage: Stage, subscriber: Subscriber) -> None:
    _, answer = stage.send(autumn_offer())
    stage.wa.customer_taps(ANA, "OPTOUT_MARKETING", "No más promos")
    stage.wa.deliver_due()
    [message] = subscriber.messages
    assert message["context"] == {"from": "15550783881", "id": answer["messages"][0]["id"]}
    assert message["type"] == "button"
    assert message["button"] == {"payload": "OPTOUT_MARKETING", "text": "No más promos"}


def test_a_tap_on_nothing_we_know_of_has_no_context(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.customer_taps(ANA, "OPTOUT_MARKETING", "No más promos")
    stage.wa.deliver_due()
    assert "context" not in subscriber.messages[0]


def test_stopped_marketing_is_told_and_kept(stage: Stage, subscriber: Subscriber) -> None:
    # given Ana stops our marketing in WhatsApp's own menu
    stage.wa.customer_stops_marketing(ANA)
    stage.wa.deliver_due()
    who = stage.wa.person(ANA)
    [change] = subscriber.changes
    assert change["field"] == "user_preferences"
    assert change["value"]["user_preferences"] == [
        {
            "wa_id": "34600111222",
            "user_id": who.user_id,
            "detail": "User requested to stop marketing messages",
            "category": "marketing_messages",
            "value": "stop",
            "timestamp": int(START.timestamp()),
        }
    ]
    # then marketing fails, and only marketing
    stage.send(greeting())
    stage.wa.deliver_due()
    assert subscriber.statuses[-1]["errors"][0]["code"] == 131050
    # until she resumes
    stage.clock.advance(timedelta(days=1))
    stage.wa.customer_resumes_marketing(ANA)
    stage.send(greeting())
    stage.wa.deliver_due()
    assert subscriber.statuses[-1]["status"] == "delivered"


def test_somebody_with_a_username_is_named_without_a_number(
    stage: Stage, subscriber: Subscriber
) -> None:
    who = stage.wa.person(ANA)
    stage.wa.customer_hides_phone(ANA)
    stage.wa.customer_says(ANA, "BAJA")
    stage.wa.deliver_due()
    [change] = subscriber.changes
    assert "wa_id" not in change["value"]["contacts"][0]
    assert "from" not in change["value"]["messages"][0]
    assert change["value"]["messages"][0]["from_user_id"] == who.user_id


def test_a_paused_template_is_told(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.set_template_status("greeting", "PAUSED", reason="NONE")
    stage.wa.deliver_due()
    [change] = subscriber.changes
    assert change["field"] == "message_template_status_update"
    assert change["value"]["event"] == "PAUSED"
    assert change["value"]["message_template_name"] == "greeting"
    assert change["value"]["message_template_language"] == "en_US"
    assert subscriber.bodies[0]["entry"][0]["time"] == int(START.timestamp())


# held messages


def test_held_messages_wait_for_their_release(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.hold_messages = True
    _, answer = stage.send(greeting())
    assert answer["messages"][0]["message_status"] == "held_for_quality_assessment"
    assert stage.wa.deliver_due() == 0
    assert stage.wa.release_held() == 1
    stage.wa.deliver_due()
    assert [one["status"] for one in subscriber.statuses] == ["sent", "delivered"]
    assert stage.wa.release_held() == 0


@pytest.mark.parametrize("code", [132015, 135000])
def test_held_messages_can_be_dropped(stage: Stage, subscriber: Subscriber, code: int) -> None:
    stage.wa.hold_messages = True
    stage.send(greeting())
    assert stage.wa.drop_held(code) == 1
    stage.wa.deliver_due()
    [status] = subscriber.statuses
    assert (status["status"], status["errors"][0]["code"]) == ("failed", code)


# signature


def test_bodies_are_escaped_and_signed_as_they_are_sent(
    stage: Stage, subscriber: Subscriber
) -> None:
    # given a text with everything that is escaped
    said = "ñandú 🌻 @ana https://shop.example/ <b> 100%"
    stage.wa.customer_says(ANA, said)
    stage.wa.deliver_due()
    # then the wire has lower-case escapes, and nothing beyond ASCII
    [raw] = subscriber.raw
    assert b"\\u00f1and\\u00fa \\ud83c\\udf3b \\u0040ana https:\\/\\/shop.example\\/" in raw
    assert b"\\u003cb> 100\\u0025" in raw
    assert raw.isascii()
    # and the signature is over just those bytes
    assert subscriber.signed == [True]
    assert subscriber.content_types == ["application/json"]
    # and reading it gives back what was said
    assert subscriber.messages[0]["text"]["body"] == said


def test_another_secret_gives_another_signature(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.app_secret = "rotated"
    stage.wa.customer_says(ANA, "Hi")
    stage.wa.deliver_due()
    assert subscriber.signed == [False]


def test_the_handshake_needs_the_right_token(stage: Stage, subscriber: Subscriber) -> None:
    assert stage.wa.verify_callback()
    stage.wa.verify_token = "another"
    assert not stage.wa.verify_callback()


def test_the_handshake_with_nobody_fails(stage: Stage) -> None:
    assert not stage.wa.verify_callback()
    stage.wa.subscribe("http://127.0.0.1:9/webhook")
    assert not stage.wa.verify_callback()


# batches, copies, order, time


def test_a_thousand_updates_share_one_post(stage: Stage, subscriber: Subscriber) -> None:
    # given 600 messages, each with two statuses due
    for number in range(600):
        stage.wa.send(greeting(to=f"+3460011{number:04d}"))
    # when they are delivered
    assert stage.wa.deliver_due() == 1200
    # then no post has more than 1000 updates, and none is lost
    sizes = [
        sum(len(one["value"]["statuses"]) for entry in body["entry"] for one in entry["changes"])
        for body in subscriber.bodies
    ]
    assert sizes == [1000, 200]
    assert len({(one["id"], one["status"]) for one in subscriber.statuses}) == 1200
    # and they are spread over several entries, changes and statuses
    assert len(subscriber.bodies[0]["entry"]) > 1
    assert len(subscriber.bodies[0]["entry"][0]["changes"]) > 1


def test_updates_of_different_kinds_share_a_post(stage: Stage, subscriber: Subscriber) -> None:
    stage.send(greeting())
    stage.wa.customer_says(ANA, "Hi")
    stage.wa.customer_stops_marketing(ANA)
    assert stage.wa.deliver_due() == 4
    [body] = subscriber.bodies
    fields = [change["field"] for entry in body["entry"] for change in entry["changes"]]
    assert fields == ["messages", "messages", "user_preferences"]


def test_updates_can_come_twice(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.duplicate_webhooks = 1.0
    stage.send(greeting())
    assert stage.wa.deliver_due() == 4
    statuses = [one["status"] for one in subscriber.statuses]
    assert sorted(statuses) == ["delivered", "delivered", "sent", "sent"]


def test_updates_can_come_in_any_order(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.reorder_webhooks = True
    for number in range(20):
        stage.send(greeting(to=f"+3460011000{number:02d}"[:12]))
    stage.wa.deliver_due()
    first = {}
    for status in subscriber.statuses:
        first.setdefault(status["id"], status["status"])
    assert set(first.values()) == {"sent", "delivered"}


def test_updates_can_come_late(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.delay_webhooks = timedelta(hours=1)
    for number in range(20):
        stage.wa.send(greeting(to=f"+3460011{number:04d}"))
    stage.clock.advance(timedelta(minutes=30))
    early = stage.wa.deliver_due()
    assert 0 < early < 40
    stage.clock.advance(timedelta(minutes=30))
    assert early + stage.wa.deliver_due() == 40
    # and say when they happened, not when they came
    assert {one["timestamp"] for one in subscriber.statuses} == {str(int(START.timestamp()))}


def test_without_a_subscriber_updates_wait(stage: Stage) -> None:
    stage.send(greeting())
    assert stage.wa.deliver_due() == 0
    assert stage.wa.pending_webhooks == 2
    assert stage.wa.next_webhook_at == START
    with Subscriber() as subscriber:
        stage.wa.subscribe(subscriber.url)
        assert stage.wa.deliver_due() == 2
    assert stage.wa.pending_webhooks == 0
    assert stage.wa.next_webhook_at is None


# trying again


def test_what_is_not_answered_with_200_comes_again_unchanged(
    stage: Stage, subscriber: Subscriber
) -> None:
    # given a subscriber that is broken twice
    subscriber.answers = [500, 202]
    stage.send(greeting())
    # when it is told, told at once again, and told once more after a while
    assert stage.wa.deliver_due() == 0
    assert stage.wa.deliver_due() == 0
    assert stage.wa.deliver_due() == 0  # the next try is not due yet
    stage.clock.advance(timedelta(seconds=5))
    assert stage.wa.deliver_due() == 2
    # then it got the same bytes three times, and never again
    assert len(subscriber.raw) == 3
    assert len(set(subscriber.raw)) == 1
    stage.clock.advance(timedelta(days=1))
    assert stage.wa.deliver_due() == 0


def test_tries_become_rarer(stage: Stage, subscriber: Subscriber) -> None:
    subscriber.answers = [500] * 100
    stage.wa.customer_says(ANA, "Hi")
    tried: list[timedelta] = []
    for _ in range(7):
        due = stage.wa.next_webhook_at
        assert due is not None
        stage.clock.set(due)
        stage.wa.deliver_due()
        tried.append(due - START)
    gaps = [after - before for before, after in pairwise(tried)]
    assert gaps == sorted(gaps)
    assert gaps[0] == timedelta(0)
    assert gaps[-1] == timedelta(hours=1)


def test_a_failed_post_does_not_hold_up_later_updates(stage: Stage, subscriber: Subscriber) -> None:
    subscriber.answers = [500, 500, 500]
    stage.wa.customer_says(ANA, "first")
    for _ in range(2):
        stage.wa.deliver_due()
    stage.clock.advance(timedelta(seconds=5))
    stage.wa.deliver_due()  # the third failure: its next try is half a minute away
    stage.wa.customer_says(ANA, "second")
    assert stage.wa.deliver_due() == 1
    assert subscriber.messages[-1]["text"]["body"] == "second"


def test_a_subscriber_that_is_away_gets_everything_later(stage: Stage) -> None:
    # given nobody listens
    with Subscriber() as gone:
        url = gone.url
    stage.wa.subscribe(url)
    stage.send(greeting())
    assert stage.wa.deliver_due() == 0
    assert stage.wa.pending_webhooks == 2
    # when somebody does
    with Subscriber() as back:
        stage.wa.subscribe(back.url)
        assert stage.wa.deliver_due() == 2
        assert [one["status"] for one in back.statuses] == ["sent", "delivered"]


def test_after_seven_days_an_update_is_gone(stage: Stage, subscriber: Subscriber) -> None:
    subscriber.answers = [500] * 100
    stage.wa.customer_says(ANA, "Hi")
    while (due := stage.wa.next_webhook_at) is not None:
        stage.clock.set(due)
        stage.wa.deliver_due()
    assert timedelta(days=7) <= stage.clock.now() - START < timedelta(days=7, hours=6)
    assert stage.wa.dropped_webhooks == 1


# the thread


def test_a_thread_delivers_on_the_wall_clock(stage: Stage, subscriber: Subscriber) -> None:
    stage.wa.start_delivering()
    with pytest.raises(RuntimeError):
        stage.wa.start_delivering()
    stage.send(greeting())
    until = time.monotonic() + 5
    while len(subscriber.statuses) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    stage.wa.stop_delivering()
    stage.wa.stop_delivering()
    assert len(subscriber.statuses) == 2
    # and none after it was stopped
    stage.send(greeting())
    time.sleep(0.25)
    assert len(subscriber.statuses) == 2
