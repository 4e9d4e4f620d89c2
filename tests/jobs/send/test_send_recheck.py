"""The last look just before the request: what was right at nine may be wrong at ten."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from send_stage import Office
from sending_world import message, states

from agent.consent import Heard, record
from agent.jobs.settle import settle
from models import Contact, Coupon, Identity, Message, Order, Template
from models.outbox import UNCOUNTED


def _is_cancelled(office: Office, uid: str, because: str) -> None:
    """Nothing left, the reason is kept for the report, and the place under the caps is free again."""
    counts = office.send()
    one = message(uid)
    assert (one.state, one.attempts) == ("cancelled", 0)
    assert because in one.detail
    assert one.ended_at == office.clock.now()
    assert one.state in UNCOUNTED
    assert counts == {"cancelled": 1}
    assert office.taken == {}


def test_a_stop_between_the_decision_and_the_send_stops_the_send(office: Office) -> None:
    [uid] = office.world.queue()
    office.later(minutes=1)
    stop = Heard(
        phone=Contact.get().phone, says="no", source="whatsapp", said_at=office.clock.now()
    )
    record([stop], now=office.clock.now())
    _is_cancelled(office, uid, "consent was withdrawn")


def test_a_stop_while_others_are_being_sent_is_heard_too(office: Office) -> None:
    # given two messages and one worker, and a STOP of the second person while the first is sent
    office.change(whatsapp__workers=1)
    first, second = office.world.queue(2)

    def stop() -> float:
        Contact.update(marketing="no").where(Contact.id == message(second).contact_id).execute()
        return 0.0

    office.whatsapp.latency = stop
    office.send()
    assert (message(first).state, message(second).state) == ("accepted", "cancelled")
    assert office.taken == {first: 1}


def test_somebody_who_never_answered_the_question_is_not_written_to(office: Office) -> None:
    [uid] = office.world.queue()
    Contact.update(marketing="").execute()
    _is_cancelled(office, uid, "consent was withdrawn")


def _heard_before(office: Office, uid: str, *days: int, state: str = "read") -> None:
    """The person of `uid` got messages on these days before today."""
    today = office.clock.now().date()
    for number, back in enumerate(days):
        day = (today - timedelta(days=back)).isoformat()
        office.world.queue(
            contact_id=message(uid).contact_id, campaign="loyalty_reward", subject=str(number),
            period=day, cap_day=day, state=state,
        )  # fmt: skip


@pytest.mark.parametrize("state", ["unsure", "abandoned", "accepted", "read"])
def test_a_cap_that_was_reached_meanwhile_cancels_the_message(office: Office, state: str) -> None:
    [uid] = office.world.queue()
    _heard_before(office, uid, 6, state=state)
    _is_cancelled(office, uid, "heard from the shop meanwhile")


@pytest.mark.parametrize("state", ["cancelled", "expired", "refused", "failed"])
def test_what_never_reached_the_person_does_not_count(office: Office, state: str) -> None:
    [uid] = office.world.queue()
    _heard_before(office, uid, 3, state=state)
    office.send()
    assert message(uid).state == "accepted"


def test_seven_days_after_the_last_message_the_next_may_go(office: Office) -> None:
    [uid] = office.world.queue()
    _heard_before(office, uid, 7)
    office.send()
    assert message(uid).state == "accepted"


def test_four_in_thirty_days_are_enough_whatever_the_week_says(office: Office) -> None:
    near, far = office.world.queue(2)
    _heard_before(office, near, 8, 15, 22, 29)
    _heard_before(office, far, 9, 16, 23, 30)
    office.send()
    assert (message(near).state, message(far).state) == ("cancelled", "accepted")


def test_of_two_messages_to_one_person_in_one_batch_one_goes(office: Office) -> None:
    """The caps were lowered after both had been reserved: the person still gets one of them."""
    [first] = office.world.queue()
    person = message(first).contact_id
    [second] = office.world.queue(contact_id=person, campaign="we_miss_you", subject="again")
    office.send()
    assert sorted((message(first).state, message(second).state)) == ["accepted", "cancelled"]
    assert sum(office.taken.values()) == 1


def test_two_messages_to_one_person_both_go_where_the_caps_allow_it(office: Office) -> None:
    office.change(limits__per_7_days=2)
    [first] = office.world.queue()
    office.world.queue(contact_id=message(first).contact_id, subject="again")
    assert office.send() == {"accepted": 1, "held for having just been written to": 1}
    office.later(seconds=6, microseconds=-1)
    assert office.send() == {}
    office.later(microseconds=1)
    office.send()
    assert states() == {"accepted": 2}


def test_a_message_counts_on_the_day_it_leaves_in_the_shops_zone(office: Office) -> None:
    # given a message reserved on Monday that leaves at half past midnight, London time, in summer
    office.clock.set(datetime(2026, 7, 6, 12, 0, tzinfo=UTC))
    [uid] = office.world.queue()
    office.clock.set(datetime(2026, 7, 6, 23, 30, tzinfo=UTC))
    office.send()
    assert message(uid).cap_day == "2026-07-07"
    assert Message.cap_days([message(uid).contact_id], date(2026, 7, 7)) == {
        message(uid).contact_id: [(message(uid).id, "2026-07-07")]
    }


def test_in_quiet_hours_a_message_waits_for_the_recipients_morning(office: Office) -> None:
    # given half past ten in the evening in London and still afternoon in New York
    office.change(limits__quiet_from="22:00", limits__quiet_until="08:00")
    office.clock.set(datetime(2026, 3, 2, 22, 30, tzinfo=UTC))
    late, early = office.world.queue(2)
    Contact.update(zones="America/New_York").where(
        Contact.id == message(early).contact_id
    ).execute()
    # when we send
    counts = office.send()
    # then only the American gets it now, and the other keeps waiting, and keeps the place
    assert counts == {"held for quiet hours": 1, "accepted": 1}
    assert (message(early).state, message(late).state) == ("accepted", "queued")
    assert message(late).not_before == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    # a second before the morning it is still there, then it goes, on the day that it counts on
    office.clock.set(datetime(2026, 3, 3, 7, 59, 59, tzinfo=UTC))
    assert office.send() == {}
    office.later(seconds=1)
    office.send()
    assert (message(late).state, message(late).cap_day) == ("accepted", "2026-03-03")
    assert set(office.taken.values()) == {1}


def _order(office: Office, **columns: Any) -> None:
    """An order that came in a minute ago."""
    now = office.clock.now()
    row = {
        "woo_id": 77, "status": "processing", "created_at": now - timedelta(minutes=1),
        "read_at": now, "currency": "GBP",
    }  # fmt: skip
    Order.absorb([row | columns])


def _quiet_for_90_days(office: Office) -> str:
    [uid] = office.world.queue(spell_began=office.clock.now() - timedelta(days=90))
    return uid


def test_somebody_who_ordered_meanwhile_is_not_told_that_we_miss_them(office: Office) -> None:
    uid = _quiet_for_90_days(office)
    _order(office, contact_id=message(uid).contact_id)
    _is_cancelled(office, uid, "ordered meanwhile")


@pytest.mark.parametrize(
    ("identity", "columns"),
    [
        (("customer", "31"), {"customer_id": 31}),
        (("email", "ana@shop.example"), {"email": "ana@shop.example"}),
    ],
)
def test_an_order_under_the_account_or_the_email_counts_as_well(
    office: Office, identity: tuple[str, str], columns: dict[str, Any]
) -> None:
    uid = _quiet_for_90_days(office)
    kind, value = identity
    Identity.put(
        [
            {
                "kind": kind,
                "value": value,
                "contact_id": message(uid).contact_id,
                "seen_at": office.clock.now(),
            }
        ]
    )
    _order(office, **columns)
    _is_cancelled(office, uid, "ordered meanwhile")


@pytest.mark.parametrize("status", ["failed", "cancelled", "checkout-draft", "trash"])
def test_an_order_that_came_to_nothing_is_none(office: Office, status: str) -> None:
    uid = _quiet_for_90_days(office)
    _order(office, contact_id=message(uid).contact_id, status=status)
    office.send()
    assert message(uid).state == "accepted"


def test_the_order_that_the_silence_began_with_is_none_meanwhile(office: Office) -> None:
    uid = _quiet_for_90_days(office)
    began = message(uid).spell_began
    _order(office, contact_id=message(uid).contact_id, created_at=began)
    office.send()
    assert message(uid).state == "accepted"


def test_a_campaign_that_was_switched_off_sends_nothing_more(office: Office) -> None:
    [uid] = office.world.queue()
    office.change(campaigns__we_miss_you__enabled=False)
    _is_cancelled(office, uid, "the campaign was switched off")


def test_switching_a_campaign_off_works_in_the_middle_of_a_run(office: Office) -> None:
    # given a long queue, and a reload after the first message
    office.change(whatsapp__workers=1)
    office.world.queue(10)

    def reload() -> float:
        office.settings = off
        return 0.0

    on = office.settings
    off = office.world.settings(whatsapp__workers=1, campaigns__we_miss_you__enabled=False)
    office.settings = on
    office.whatsapp.latency = reload
    office.send()
    # then it holds for all that was not under way
    assert states() == {"accepted": 1, "cancelled": 9}


def test_a_campaign_that_this_version_does_not_know_is_off(office: Office) -> None:
    [uid] = office.world.queue(campaign="birthday")
    _is_cancelled(office, uid, "the campaign was switched off")


def test_another_template_in_the_config_cancels_what_was_worded_for_the_old_one(
    office: Office,
) -> None:
    [uid] = office.world.queue()
    office.change(campaigns__we_miss_you__template="we_miss_you_too")
    _is_cancelled(office, uid, "the campaign's template was changed in the config")


def test_a_template_that_is_gone_cancels_its_messages_and_breaks_nothing(office: Office) -> None:
    [uid] = office.world.queue()
    Template.delete().execute()
    _is_cancelled(office, uid, "WhatsApp has no template 'we_miss_you' any more")


def test_a_message_that_cannot_be_filled_is_cancelled_and_the_others_go(office: Office) -> None:
    # given a message without an address of the shop, which has no fallback, among good ones
    good, bad, fine = (
        *office.world.queue(),
        *office.world.queue(variables={"first_name": "Ana"}),
        *office.world.queue(),
    )
    office.send()
    assert (message(good).state, message(bad).state, message(fine).state) == (
        "accepted",
        "cancelled",
        "accepted",
    )
    assert "shop_url" in message(bad).detail
    assert message(bad).attempts == 0


def test_a_message_whose_time_has_passed_is_not_sent_and_expires(office: Office) -> None:
    [uid] = office.world.queue()
    office.later(hours=72)
    assert office.send() == {}
    assert message(uid).state == "queued"
    assert settle(office.settings, now=office.clock.now()) == {"expired": 1}
    assert message(uid).state == "expired"
    assert office.taken == {}


def test_a_message_waits_for_its_coupon_and_the_others_do_not(office: Office) -> None:
    # given a coupon that the shop does not have yet
    waiting, other = office.world.queue(2)
    Coupon.put(
        [
            {
                "code": "WBEXAMPLE",
                "message_uid": waiting,
                "email": "ana@shop.example",
                "percent": 15,
                "expires_at": office.clock.now() + timedelta(days=7),
            }
        ]
    )
    office.send()
    assert (message(waiting).state, message(other).state) == ("queued", "accepted")
    # when the shop has made it
    Coupon.update(woo_id=5).execute()
    office.send()
    assert message(waiting).state == "accepted"


def test_the_most_urgent_go_first(office: Office) -> None:
    office.change(whatsapp__workers=1)
    last, first, middle = (
        *office.world.queue(priority=4),
        *office.world.queue(priority=0),
        *office.world.queue(priority=2),
    )
    office.send()
    assert [one.callback_data for one in office.whatsapp.accepted] == [first, middle, last]


def test_an_order_under_a_new_number_stops_the_message_to_the_old_one(office: Office) -> None:
    # given somebody whose account has moved on to a newer number, with a newer order
    uid = _quiet_for_90_days(office)
    old = message(uid).contact_id
    _order(office, woo_id=70, contact_id=old, customer_id=31, created_at=message(uid).spell_began)
    newer = [{"kind": "customer", "value": "31", "contact_id": old + 1}]
    Identity.put([one | {"seen_at": office.clock.now()} for one in newer])
    _order(office, woo_id=71, contact_id=old + 1, customer_id=31)
    # then the old number hears nothing
    _is_cancelled(office, uid, "ordered meanwhile")
