"""What holds the queue: a refusal that nobody has read yet, a campaign in trouble, a shut account."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from send_stage import Office
from sending_world import message, states

from agent.jobs.settle import settle
from agent.jobs.templates import judge_campaigns, read_templates
from agent.jobs.track import track
from models import CampaignStanding, Contact, Message, Pause, Webhook


def _post(office: Office, *, urgent: bool = True, **lists: list[Any]) -> None:
    """A webhook that was acknowledged, and that nobody has looked at."""
    body = {"entry": [{"changes": [{"field": "messages", "value": lists}]}]}
    Webhook.insert(
        source="whatsapp",
        received_at=office.clock.now(),
        body=json.dumps(body).encode(),
        urgent=urgent,
    ).execute()


def _stop(office: Office, uid: str) -> None:
    phone = Contact.get_by_id(message(uid).contact_id).phone
    said = {"id": "wamid.in", "from": phone[1:], "type": "text", "text": {"body": "STOP"}}
    _post(office, messages=[said | {"timestamp": str(int(office.clock.now().timestamp()))}])


def _fail(office: Office, code: int) -> None:
    """An accepted message failed, as a status tells and `track` learns."""
    [uid] = office.world.queue(state="accepted", wamid=f"wamid.{code}")
    status = {
        "id": f"wamid.{code}",
        "status": "failed",
        "timestamp": str(int(office.clock.now().timestamp())),
        "biz_opaque_callback_data": uid,
        "errors": [{"code": code, "title": "no luck"}],
    }
    _post(office, urgent=False, statuses=[status])
    _track(office)
    assert message(uid).state == ("queued" if code == 131049 else "failed")


def _track(office: Office) -> None:
    track(office.settings, now=office.clock.now(), beat=lambda: None)


def _read_templates(office: Office) -> None:
    client = office.world.client(office.settings)
    read_templates(client, office.settings, now=office.clock.now())


# a refusal that waits


def test_a_stop_that_was_acknowledged_is_in_force_before_anybody_has_read_it(
    office: Office,
) -> None:
    [uid] = office.world.queue()
    _stop(office, uid)
    # when it has not been read, nothing leaves, and the run ends by itself
    assert office.send() == {}
    assert (message(uid).state, message(uid).attempts) == ("queued", 0)
    # when it has, that person gets nothing
    _track(office)
    office.send()
    assert (message(uid).state, message(uid).detail) == ("cancelled", "consent was withdrawn")
    assert office.taken == {}


def test_it_holds_order_news_as_well(office: Office) -> None:
    news = {"campaign": "order_completed", "kind": "utility", "order_id": 17}
    [uid] = office.world.queue(**news)
    _stop(office, uid)
    assert office.send() == {}
    assert (message(uid).state, message(uid).attempts, office.taken) == ("queued", 0, {})


def test_the_run_goes_on_as_soon_as_it_has_been_read(office: Office) -> None:
    uids = office.world.queue(5)
    _stop(office, uids[0])
    looks = 0

    def pause(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            assert office.taken == {}
            _track(office)

    counts = office.sender(pause=pause).run(lambda: None)
    assert counts == {"accepted": 4, "cancelled": 1}


def test_statuses_that_wait_hold_nothing_up(office: Office) -> None:
    [uid] = office.world.queue()
    _post(office, urgent=False, statuses=[])
    office.send()
    assert office.taken == {uid: 1}


# a campaign in trouble


@pytest.mark.parametrize("code", [132007, 132012, 132015, 134101])
def test_a_template_that_was_refused_holds_the_queue_until_it_can_be_sent_again(
    office: Office, code: int
) -> None:
    # given one worker, so that the others are still queued when the first answer comes
    office.change(whatsapp__workers=1)
    office.world.queue(3)
    office.whatsapp.fail_next(code)
    office.send()
    assert states() == {"refused": 1, "queued": 2}
    assert office.send() == {}
    assert states() == {"refused": 1, "queued": 2}
    # when WhatsApp has it as approved, they go
    _read_templates(office)
    office.send()
    assert states() == {"refused": 1, "accepted": 2}


def test_a_template_that_is_paused_by_now_is_not_sent(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.set_template_status("we_miss_you", "PAUSED")
    _read_templates(office)
    assert office.send() == {}
    assert message(uid).state == "queued"
    office.whatsapp.set_template_status("we_miss_you", "APPROVED")
    _read_templates(office)
    office.send()
    assert office.taken == {uid: 1}


def test_what_is_held_too_long_expires(office: Office) -> None:
    [uid] = office.world.queue()
    CampaignStanding.put("we_miss_you", "the template is PAUSED", office.clock.now())
    office.later(hours=72)
    settle(office.settings, now=office.clock.now())
    assert message(uid).state == "expired"


# what a failed status says of more than its message


@pytest.mark.parametrize("code", [132015, 132016])
def test_a_status_that_blames_the_template_holds_its_campaign(office: Office, code: int) -> None:
    _fail(office, code)
    office.world.queue(2)
    assert office.send() == {}
    assert CampaignStanding.troubles()["we_miss_you"] == f"WhatsApp refused it: {code} no luck"
    assert CampaignStanding.troubles()["loyalty_reward"] != f"WhatsApp refused it: {code} no luck"
    _read_templates(office)
    office.send()
    assert len(office.taken) == 2


@pytest.mark.parametrize(
    ("code", "hours"), [(368, 1), (131031, 1), (131042, 1), (135000, 1), (131048, 24)]
)
def test_a_status_that_blames_the_account_stops_everything_for_its_time(
    office: Office, code: int, hours: int, caplog: pytest.LogCaptureFixture
) -> None:
    # given an account that is stopped, as a status says
    _fail(office, code)
    uids = office.world.queue(2)
    assert office.send() == {}
    [pause] = Pause.in_force(office.clock.now())
    assert pause.reason == f"WhatsApp stopped us: {code} no luck"
    assert "account.stopped" in caplog.text
    # when its time is not over, neither a reload nor good templates let anything go
    office.later(hours=hours, microseconds=-1)
    _read_templates(office)
    judge_campaigns(office.settings, office.clock.now())
    assert office.send() == {}
    assert {message(uid).state for uid in uids} == {"queued"}
    # when it is, they leave
    office.later(microseconds=1)
    office.send()
    assert office.taken == dict.fromkeys(uids, 1)


def test_where_people_call_it_spam_only_marketing_stops(office: Office) -> None:
    _fail(office, 131048)
    [marketing] = office.world.queue()
    [news] = office.world.queue(kind="news")
    office.send()
    assert office.taken == {news: 1}
    assert message(marketing).state == "queued"


@pytest.mark.parametrize("code", [131026, 131000, 131049])
def test_a_status_that_blames_one_message_holds_no_other(office: Office, code: int) -> None:
    _fail(office, code)
    [uid] = office.world.queue()
    office.send()
    assert office.taken == {uid: 1}


def test_a_shorter_stop_does_not_end_a_longer_one(database: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for hours, reason in ((24, "a day"), (1, "an hour")):
        Pause.put("*", "error", reason, now=now, until=now + timedelta(hours=hours))
    [pause] = Pause.in_force(now)
    assert (pause.until, pause.reason) == (now + timedelta(hours=24), "a day")


# what one person's failures say of them


def test_a_number_that_is_not_on_whatsapp_twice_is_written_to_no_more(office: Office) -> None:
    [first] = office.world.queue()
    person = message(first).contact_id
    office.whatsapp.fail_next(131026)
    office.send()
    assert Contact.get_by_id(person).unreachable == ""
    office.later(days=8)
    office.world.queue(contact_id=person, subject="again")
    office.whatsapp.fail_next(131026)
    office.send()
    assert Contact.get_by_id(person).unreachable.startswith("131026")
    [third] = office.world.queue(contact_id=person, subject="and again")
    office.send()
    assert (message(third).state, message(third).detail) == (
        "cancelled", "WhatsApp cannot reach them",
    )  # fmt: skip
    # and whoever writes to us can be reached after all
    said = {"id": "wamid.in", "from": Contact.get_by_id(person).phone[1:], "type": "text"}
    at = str(int(office.clock.now().timestamp()))
    _post(office, messages=[said | {"text": {"body": "Hello?"}, "timestamp": at}])
    _track(office)
    assert Contact.get_by_id(person).unreachable == ""


# a day's rest


def test_who_was_spared_by_a_status_is_written_to_once_more_a_day_later(office: Office) -> None:
    """131049 comes after the acceptance: the same row goes out again, a day later, and only once."""
    _fail(office, 131049)
    one = Message.get()
    assert (one.state, one.deferred, one.ended_at) == ("queued", True, None)
    assert one.not_before == office.clock.now() + timedelta(hours=24)
    office.later(hours=23, minutes=59)
    assert office.send() == {}
    # what comes late of the first try says nothing of the second
    late = {"id": "wamid.131049", "status": "sent", "biz_opaque_callback_data": one.uid}
    at = str(int(office.clock.now().timestamp()))
    _post(office, urgent=False, statuses=[late | {"timestamp": at}])
    _track(office)
    assert message(one.uid).state == "queued"
    office.later(minutes=1)
    office.send()
    assert office.taken == {one.uid: 1}
    again = message(one.uid)
    assert again.state == "accepted"
    assert again.wamid not in {None, "wamid.131049"}
    # and that was the one later try
    failed = late | {"id": again.wamid, "status": "failed", "errors": [{"code": 131049}]}
    _post(office, urgent=False, statuses=[failed | {"timestamp": at}])
    _track(office)
    assert message(one.uid).state == "failed"


def test_what_would_have_expired_by_then_stays_failed(office: Office) -> None:
    [uid] = office.world.queue(
        state="accepted", wamid="wamid.1", expires_at=office.clock.now() + timedelta(hours=24)
    )
    at = str(int(office.clock.now().timestamp()))
    failed = {"id": "wamid.1", "status": "failed", "errors": [{"code": 131049}], "timestamp": at}
    _post(office, urgent=False, statuses=[failed | {"biz_opaque_callback_data": uid}])
    _track(office)
    assert message(uid).state == "failed"


def test_who_has_read_the_first_try_after_all_gets_no_second(office: Office) -> None:
    _fail(office, 131049)
    one = Message.get()
    at = str(int(office.clock.now().timestamp()))
    read = {"id": "wamid.131049", "status": "read", "biz_opaque_callback_data": one.uid}
    _post(office, urgent=False, statuses=[read | {"timestamp": at}])
    _track(office)
    office.later(hours=24)
    assert office.send() == {}
    assert message(one.uid).state == "read"


# order news whose answer was lost


@pytest.mark.parametrize(("allowed", "times"), [(True, 2), (False, 1)])
def test_news_whose_answer_was_lost_is_sent_once_more_only_where_the_owner_wants_it(
    office: Office, allowed: bool, times: int
) -> None:
    office.change(order_news__resend_unsure=allowed)
    [news] = office.world.queue(kind="news")
    [marketing] = office.world.queue()
    office.whatsapp.lose_next_responses(5)
    for _ in range(4):
        office.send()
        office.later(hours=1)
        settle(office.settings, now=office.clock.now())
    assert office.taken == {news: times, marketing: 1}
    assert {message(uid).state for uid in (news, marketing)} == {"abandoned"}
