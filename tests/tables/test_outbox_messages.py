"""The outbox: every intent once, its place under the caps, and its way to the last state."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from table_rows import NOON, SECOND, a_message, again, an_intent

from agent.rules.states import State
from models import CampaignStanding, Coupon, Epoch, Message, Template
from models.base import database as handle
from models.order_messages import send_again
from models.outbox import ROWS_A_STATEMENT, UNANSWERED, UNCOUNTED

TODAY = date(2026, 3, 2)
MANY = ROWS_A_STATEMENT + 1  # more than one statement takes
STATES = [state.value for state in State]
COUNTED = sorted(set(STATES) - set(UNCOUNTED))


def a_coupon(uid: str, **columns: object) -> dict[str, object]:
    row: dict[str, object] = {
        "code": f"back-{uid}",
        "message_uid": uid,
        "email": "ana@example.com",
        "percent": 15,
        "expires_at": NOON + timedelta(days=10),
    }
    return row | columns


def test_an_intent_is_written_once() -> None:
    first = an_intent(subject="")
    second = an_intent(subject="", reason="decided again")
    assert Message.put([first]) == [first["uid"]]
    assert Message.put([second]) == []
    assert [one.uid for one in Message.select()] == [first["uid"]]
    assert again(first["uid"]).reason == ""


def test_an_intent_that_is_twice_in_one_batch_is_written_once() -> None:
    first, second = an_intent(subject="same"), an_intent(subject="same")
    assert Message.put([first, second]) == [first["uid"]]


def test_an_intent_that_has_ended_is_not_written_again() -> None:
    message = a_message(subject="", state="cancelled")
    assert Message.put([an_intent(subject="")]) == []
    assert again(message.uid).state == "cancelled"


@pytest.mark.parametrize(
    "difference",
    [
        {"contact_id": 2},
        {"campaign": "loyalty_reward"},
        {"subject": "product 17"},
        {"period": "2026-03-03"},
    ],
)
def test_whatever_differs_is_another_intent(difference: dict[str, Any]) -> None:
    Message.put([an_intent(subject="")])
    other = an_intent(**{"subject": ""} | difference)
    assert Message.put([other]) == [other["uid"]]


def test_more_intents_than_fit_a_statement_are_all_written() -> None:
    rows = [an_intent(number) for number in range(MANY)]
    assert Message.put(rows) == [row["uid"] for row in rows]
    assert Message.put([]) == []


@pytest.mark.parametrize("state", COUNTED)
def test_a_message_that_may_have_been_read_counts_for_the_caps(state: str) -> None:
    message = a_message(7, state=state, cap_day="2026-03-01")
    assert Message.cap_days([7], TODAY - timedelta(days=30)) == {7: [(message.id, "2026-03-01")]}


@pytest.mark.parametrize("state", UNCOUNTED)
def test_a_message_that_was_given_back_counts_no_more(state: str) -> None:
    a_message(7, state=state)
    assert Message.cap_days([7], TODAY - timedelta(days=30)) == {}


@pytest.mark.parametrize(
    ("restored_on", "counts"), [("2026-02-28", False), ("2026-03-01", True), ("2026-03-02", True)]
)
def test_the_day_of_a_restore_counts_for_everybody(restored_on: str, counts: bool) -> None:
    message = a_message(7)
    Epoch.put(restored_on=restored_on)
    found = Message.cap_days(iter([7, 8]), date(2026, 3, 1))
    more = [(0, restored_on)] if counts else []
    assert found == {7: [*more, (message.id, "2026-03-02")]} | ({8: more} if counts else {})


def test_what_waits_is_given_up_and_counts_all_the_same() -> None:
    message = a_message(7, state="queued")
    others = [
        a_message(8, state=state, subject=state).id for state in ("claimed", "read", "expired")
    ]
    moment = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert Message.abandon_queued("who knows", moment) == 1
    row = Message.get_by_id(message.id)
    assert (row.state, row.detail, row.ended_at) == ("abandoned", "who knows", moment)
    assert Message.select().where(Message.id.in_(others), Message.state == "abandoned").count() == 0
    assert Message.cap_days([7], TODAY) != {}


def test_messages_of_other_kinds_count_for_no_cap() -> None:
    a_message(7, kind="utility")
    assert Message.cap_days([7], TODAY) == {}


@pytest.mark.parametrize(
    ("day", "counts"), [("2026-02-28", False), ("2026-03-01", True), ("2026-03-02", True)]
)
def test_the_caps_look_back_to_a_day_and_that_day_counts(day: str, counts: bool) -> None:
    a_message(7, cap_day=day)
    assert bool(Message.cap_days([7], date(2026, 3, 1))) is counts


def test_the_caps_are_asked_for_several_people_at_once() -> None:
    one, two = a_message(7), a_message(7, cap_day="2026-02-20")
    other = a_message(8)
    a_message(9)
    found = Message.cap_days(iter([7, 8, 10]), TODAY - timedelta(days=30))
    assert {who: sorted(days) for who, days in found.items()} == {
        7: [(one.id, "2026-03-02"), (two.id, "2026-02-20")],
        8: [(other.id, "2026-03-02")],
    }


@pytest.mark.parametrize(
    ("columns", "due"),
    [
        ({}, True),
        ({"not_before": NOON}, True),
        ({"not_before": NOON + SECOND}, False),
        ({"expires_at": NOON + SECOND}, True),
        ({"expires_at": NOON}, False),
        *(({"state": state}, state == "queued") for state in STATES),
    ],
)
def test_what_may_go_out_now(columns: dict[str, Any], due: bool) -> None:
    message = a_message(**columns)
    assert [one.id for one in Message.due(NOON, 10)] == ([message.id] if due else [])


def test_the_most_urgent_goes_out_first_and_then_the_oldest() -> None:
    late, first, second = a_message(priority=2), a_message(priority=1), a_message(priority=1)
    urgent = a_message(priority=0)
    due = [one.id for one in Message.due(NOON, 10)]
    assert due == [urgent.id, first.id, second.id, late.id]
    assert [one.id for one in Message.due(NOON, 2)] == [urgent.id, first.id]


def test_a_message_waits_for_its_coupon() -> None:
    waiting, ready, without = a_message(), a_message(), a_message()
    Coupon.put([a_coupon(waiting.uid, woo_id=None), a_coupon(ready.uid, woo_id=17)])
    assert [one.id for one in Message.due(NOON, 10)] == [ready.id, without.id]


def test_coupons_are_wanted_for_messages_that_may_go_out() -> None:
    second, first = a_message(priority=1), a_message(priority=0)
    made = a_message()
    later = a_message(not_before=NOON + SECOND)
    expired = a_message(expires_at=NOON)
    cancelled = a_message(state="cancelled")
    Coupon.put([a_coupon(one.uid) for one in (second, first, later, expired, cancelled)])
    Coupon.put([a_coupon(made.uid, woo_id=17)])
    assert [one.message_uid for one in Message.coupons_wanted(NOON, 10)] == [first.uid, second.uid]
    assert [one.message_uid for one in Message.coupons_wanted(NOON, 1)] == [first.uid]
    Coupon.put([])


@pytest.mark.parametrize("state", UNANSWERED)
def test_an_accepted_message_is_accepted(state: str) -> None:
    message = a_message(state=state)
    Message.accepted([(message.id, "wamid.1", "held")], NOON)
    message = again(message.uid)
    assert (message.state, message.wamid, message.accepted_at) == ("held", "wamid.1", NOON)


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed"])
def test_a_status_that_was_faster_than_the_answer_keeps_its_state(state: str) -> None:
    # given a status that settled the message, and stamped its acceptance
    message = a_message(state=state, accepted_at=NOON - SECOND)
    # when the answer to the request comes after it
    Message.accepted([(message.id, "wamid.1", "accepted")], NOON)
    message = again(message.uid)
    assert (message.state, message.wamid) == (state, "wamid.1")
    assert message.accepted_at == NOON - SECOND


def test_only_the_message_that_was_accepted_changes() -> None:
    message, other = a_message(state="claimed"), a_message(state="claimed")
    Message.accepted([(message.id, "wamid.1", "accepted")], NOON)
    assert again(other.uid).state == "claimed"
    assert again(other.uid).wamid is None


def test_messages_move_only_from_where_they_are_expected() -> None:
    queued, claimed, sent = (a_message(state=state) for state in ("queued", "claimed", "sent"))
    left = a_message(state="queued")
    ids = [queued.id, claimed.id, sent.id]
    moved = Message.move(ids, ("queued", "claimed"), "cancelled", detail="why", ended_at=NOON)
    assert moved == 2
    states = [again(one.uid).state for one in (queued, claimed, sent, left)]
    assert states == ["cancelled", "cancelled", "sent", "queued"]
    assert (again(queued.uid).detail, again(queued.uid).ended_at) == ("why", NOON)
    assert again(sent.uid).detail == ""
    assert Message.move([], ("queued",), "cancelled") == 0


@pytest.mark.parametrize(
    ("columns", "expires"),
    [
        ({"expires_at": NOON}, True),
        ({"expires_at": NOON + SECOND}, False),
        *(({"expires_at": NOON, "state": state}, False) for state in STATES if state != "queued"),
    ],
)
def test_what_is_still_queued_past_its_time_expires(columns: dict[str, Any], expires: bool) -> None:
    message = a_message(**columns)
    before = message.state
    assert Message.expire(NOON) == int(expires)
    message = again(message.uid)
    assert message.state == ("expired" if expires else before)
    assert message.ended_at == (NOON if expires else None)


@pytest.mark.parametrize("state", STATES)
def test_only_claims_are_orphaned(state: str) -> None:
    message = a_message(state=state)
    assert Message.orphaned() == int(state == "claimed")
    assert again(message.uid).state == ("unsure" if state == "claimed" else state)


@pytest.mark.parametrize(
    ("columns", "abandons"),
    [
        ({"state": "unsure", "claimed_at": NOON}, True),
        ({"state": "unsure", "claimed_at": NOON + SECOND}, False),
        ({"state": "claimed", "claimed_at": NOON}, False),
        ({"state": "sent", "claimed_at": NOON}, False),
    ],
)
def test_what_was_unsure_for_long_is_abandoned(columns: dict[str, Any], abandons: bool) -> None:
    message = a_message(7, **columns)
    assert Message.abandon(NOON, NOON + timedelta(hours=1)) == int(abandons)
    if abandons:
        assert again(message.uid).state == "abandoned"
        assert again(message.uid).ended_at == NOON + timedelta(hours=1)
    # it may have been sent, so it counts for the caps either way
    assert Message.cap_days([7], TODAY) != {}


def test_messages_are_counted_by_state() -> None:
    assert Message.count_by_state() == {}
    for state in ("queued", "queued", "read"):
        a_message(state=state)
    assert Message.count_by_state() == {"queued": 2, "read": 1}


def test_every_state_that_the_tables_name_is_one_of_the_rules() -> None:
    assert set(UNCOUNTED) | set(UNANSWERED) <= set(STATES)


def test_a_campaigns_standing_is_its_latest() -> None:
    assert CampaignStanding.troubles() == {}
    CampaignStanding.put("we_miss_you", "its template is missing", NOON)
    CampaignStanding.put("loyalty_reward", "", NOON)
    CampaignStanding.put("we_miss_you", "", NOON + SECOND)
    assert CampaignStanding.troubles() == {"we_miss_you": "", "loyalty_reward": ""}
    assert CampaignStanding.get_by_id("we_miss_you").checked_at == NOON + SECOND


def test_nothing_of_a_campaign_in_trouble_is_due_and_it_stays_queued() -> None:
    a_message(campaign="we_miss_you")
    other = a_message(campaign="loyalty_reward")
    CampaignStanding.put("we_miss_you", "the template is PAUSED", NOON)
    CampaignStanding.put("loyalty_reward", "", NOON)
    assert [one.uid for one in Message.due(NOON, 1)] == [other.uid]
    CampaignStanding.put("we_miss_you", "", NOON)
    assert len(Message.due(NOON, 9)) == 2
    assert Message.count_by_state() == {"queued": 2}


def test_news_whose_answer_was_lost_goes_out_once_more_and_marketing_never() -> None:
    news = a_message(state="unsure", kind="news", claimed_at=NOON)
    marketing = a_message(state="unsure", claimed_at=NOON, contact_id=2)
    later = NOON + timedelta(hours=1)
    assert send_again(NOON, later) == 1
    assert again(news.uid).state == "queued"
    Message.update(state="unsure").execute()
    assert send_again(later, later) == 0
    assert again(marketing.uid).state == "unsure"


def test_a_look_at_what_is_due_does_not_read_every_coupon() -> None:
    a_message()
    asked: list[str] = []
    handle.connection().set_trace_callback(asked.append)
    Message.due(NOON, 16)
    handle.connection().set_trace_callback(None)
    [select] = [one for one in asked if "coupon" in one]
    plan = [row[3] for row in handle.execute_sql(f"EXPLAIN QUERY PLAN {select}")]
    assert any("coupon_message_uid" in step for step in plan)
    assert not [step for step in plan if "SCAN" in step and "coupon" in step]


def test_templates_are_replaced_as_a_whole() -> None:
    row = {
        "name": "miss_you", "language": "es", "status": "APPROVED", "category": "MARKETING",
        "body": {"components": []}, "read_at": NOON,
    }  # fmt: skip
    Template.replace_all([row | {"language": f"l{number}"} for number in range(MANY)])
    assert Template.select().count() == MANY
    Template.replace_all([row])
    assert [(one.name, one.language, one.body) for one in Template.select()] == [
        ("miss_you", "es", {"components": []})
    ]
    Template.replace_all([])
    assert Template.select().count() == 0
