"""A message leaves in its own language, filled with what that language says."""

import pytest
from send_stage import Office
from sending_world import message, states

from agent.jobs.canary import watch_canaries
from models import CampaignStanding, Contact

TRANSLATED = {
    "campaigns__we_miss_you__translations__pt_BR__body": ["{first_name|tudo bem}", "{shop_url}"]
}


@pytest.fixture
def office(office: Office) -> Office:
    """The template is there in Portuguese too, and the config translates its fallback."""
    office.whatsapp.add_template("we_miss_you", "pt_BR", body="Oi {{1}}! Veja em {{2}} o que há.")
    office.change(**TRANSLATED)
    office.world.learn_the_shop(office.settings)
    return office


def nameless(office: Office, **columns: object) -> str:
    (uid,) = office.world.queue(variables={"shop_url": "https://shop.example"}, **columns)
    return uid


def test_every_message_is_a_template_in_its_language(office: Office) -> None:
    """Fault 3: never free text. Fault 19: as many parameters as the template has. Fault 21."""
    nameless(office)
    nameless(office, language="pt_BR")
    assert office.send() == {"accepted": 2}
    sent = office.whatsapp.accepted
    assert {one.kind for one in sent} == {"template"}
    assert {one.language: one.parameters["body"] for one in sent} == {
        "en": ("there", "https://shop.example"),
        "pt_BR": ("tudo bem", "https://shop.example"),
    }


def test_a_translation_that_is_paused_waits_while_the_others_leave(office: Office) -> None:
    office.whatsapp.set_template_status("we_miss_you", "PAUSED", language="pt_BR")
    office.world.learn_the_shop(office.settings)
    nameless(office)
    uid = nameless(office, language="pt_BR")
    assert office.send() == {"accepted": 1, "held for their template": 1}
    assert message(uid).not_before == office.clock.now() + office.settings.timetable.templates
    assert office.send() == {}
    # when it is approved again, it leaves
    office.whatsapp.set_template_status("we_miss_you", "APPROVED", language="pt_BR")
    office.world.learn_the_shop(office.settings)
    office.later(hours=1)
    assert office.send() == {"accepted": 1}
    assert states() == {"accepted": 2}


def test_a_language_whose_template_is_gone_sends_nothing(office: Office) -> None:
    uid = nameless(office, language="es")
    assert office.send() == {"cancelled": 1}
    assert message(uid).state == "cancelled"
    assert not office.taken


def test_what_the_config_says_by_now_is_what_leaves(office: Office) -> None:
    """A reload between the decision and the request: no parameter too few or too many (fault 19)."""
    office.change(**TRANSLATED, campaigns__we_miss_you__body=["{shop_url}"])
    nameless(office)
    nameless(office, language="pt_BR")
    assert office.send() == {"accepted": 1, "held for their template": 1}


def test_a_translation_that_is_refused_stops_alone(office: Office) -> None:
    """Only messages in that language wait: the campaign goes on in the others."""
    office.change(whatsapp__workers=1, **TRANSLATED)
    refused, waiting = (nameless(office, language="pt_BR") for _ in range(2))
    phone = Contact.get_by_id(message(refused).contact_id).phone
    office.whatsapp.fail_next(132012, to=phone)
    english = nameless(office)
    office.send()
    assert [message(uid).state for uid in (refused, waiting, english)] == [
        "refused", "queued", "accepted",
    ]  # fmt: skip
    assert CampaignStanding.troubles()["we_miss_you"] == ""
    # when the templates have been read again, it leaves
    office.world.learn_the_shop(office.settings)
    office.send()
    assert message(waiting).state == "accepted"


def test_a_new_template_leaves_in_batches_each_of_which_is_watched(office: Office) -> None:
    office.change(whatsapp__canary=[3, 5], whatsapp__canary_wait="1h", **TRANSLATED)
    for _ in range(12):
        nameless(office)
    assert office.send() == {"accepted": 3}
    assert office.send() == {}
    for minutes, leave in ((59, {}), (1, {"accepted": 5}), (59, {}), (1, {"accepted": 4})):
        office.later(minutes=minutes)
        for _ in range(2):  # which come each minute: one sees that a batch is full, one judges it
            watch_canaries(office.settings, now=office.clock.now())
        assert office.send() == leave
