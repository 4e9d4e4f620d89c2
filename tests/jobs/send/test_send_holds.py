"""What holds the queue: a refusal that nobody has read yet, a campaign in trouble, a shut account."""

import json
from datetime import timedelta
from typing import Any

import pytest
from send_stage import Office
from sending_world import message, states

from agent.jobs.settle import settle
from agent.jobs.templates import judge_campaigns, read_templates
from agent.jobs.track import track
from models import CampaignStanding, Contact, Message, Webhook


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
    assert message(uid).state == "failed"


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
    assert counts == {"accepted": 4, "cancelled, consent was withdrawn": 1}


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
def test_a_status_that_blames_the_account_holds_everything_for_its_time(
    office: Office, code: int, hours: int
) -> None:
    # given an account that is stopped, as a status says
    _fail(office, code)
    uids = office.world.queue(2)
    assert office.send() == {}
    assert set(CampaignStanding.troubles().values()) == {f"WhatsApp stopped us: {code} no luck"}
    # when its time is not over, neither a reload nor good templates let anything go
    office.later(hours=hours, microseconds=-1)
    _read_templates(office)
    judge_campaigns(office.settings, office.clock.now())
    assert office.send() == {}
    assert {message(uid).state for uid in uids} == {"queued"}
    # when it is, the next reading of the templates does
    office.later(microseconds=1)
    _read_templates(office)
    office.send()
    assert office.taken == dict.fromkeys(uids, 1)


@pytest.mark.parametrize("code", [131026, 131000, 131049])
def test_a_status_that_blames_one_message_holds_no_other(office: Office, code: int) -> None:
    _fail(office, code)
    [uid] = office.world.queue()
    office.send()
    assert office.taken == {uid: 1}


def test_a_shorter_hold_does_not_end_a_longer_one(office: Office) -> None:
    _fail(office, 131048)
    _fail(office, 131031)
    standing = CampaignStanding.get_by_id("we_miss_you")
    assert standing.held_until == office.clock.now() + timedelta(hours=24)
    assert "131048" in standing.trouble


def test_a_campaign_that_is_held_is_not_called_usable(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    _fail(office, 131048)
    caplog.clear()
    assert "we_miss_you" in judge_campaigns(office.settings, office.clock.now())
    assert "campaign.usable" not in [record.getMessage() for record in caplog.records]
    assert Message.due(office.clock.now(), 1) == []
