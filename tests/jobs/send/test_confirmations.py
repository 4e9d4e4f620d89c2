"""A STOP counts at once and is confirmed once: whatever comes twice, breaks off, or is late."""

import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from jobs_stage import Killed, nothing
from send_stage import Office
from sending_world import fictional_phone

from agent.consent import Heard, record
from agent.faults import OF_CONFIRMATIONS
from agent.jobs.confirm import confirm_stops
from agent.pauses import pause, resume
from models import Confirmation, Contact, Identity, Message, Pause, Statement, Webhook
from models.base import close_database, open_database

ANA = fictional_phone(0)
HOUR = timedelta(hours=1)
OFFERS = "You are unsubscribed: Example Shop will send you no more offers here."
EVERYTHING = "You are unsubscribed: Example Shop will send you no more messages here."


class Desk:
    """Somebody got an offer, and the answers to what she says leave from here."""

    def __init__(self, office: Office) -> None:
        self.office = office
        [self.offer] = office.world.queue()
        agree(ANA, office.clock.now() - timedelta(days=9))
        office.send()
        office.later(minutes=5)

    @property
    def now(self) -> datetime:
        return self.office.clock.now()

    def says(self, words: str = "STOP") -> str:
        wamid = self.office.whatsapp.customer_says(ANA, words)
        self.office.hear()
        return wamid

    def confirm(self) -> dict[str, int]:
        client = self.office.world.client(self.office.settings, sleep=lambda _: None)
        clock = self.office.clock.now
        return confirm_stops(client, self.office.settings, now=clock, beat=nothing)

    @property
    def got(self) -> list[str]:
        """What was sent to people in our own words."""
        return [one.kind for one in self.office.whatsapp.accepted if one.kind != "template"]


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def agree(phone: str, at: datetime, source: str = "order 9") -> None:
    record([Heard(phone=phone, says="yes", source=source, said_at=at)], now=at)


def states() -> list[str]:
    return [one.state for one in Confirmation.select().order_by(Confirmation.said_at)]


def test_a_stop_is_confirmed_once_in_the_persons_own_window(desk: Desk) -> None:
    desk.says()
    assert Contact.get().marketing == "no"  # before anything is sent
    assert desk.got == []
    assert desk.confirm() == {"sent": 1}
    assert desk.confirm() == {}
    assert (desk.got, states()) == (["text"], ["sent"])
    one = Confirmation.get()
    assert (one.text, one.language, one.recipient) == (OFFERS, "en", ANA)
    assert one.sent_as.startswith("wamid.")
    assert Message.select().count() == 1  # it is no message of a campaign, and counts for no cap


def test_fault_8_a_stop_between_the_decision_and_the_send_stops_the_send(office: Office) -> None:
    [uid] = office.world.queue()
    agree(ANA, office.clock.now() - timedelta(days=9))
    office.whatsapp.customer_says(ANA, "parar")
    office.hear()
    office.send()
    assert Message.get(Message.uid == uid).state == "cancelled"
    assert office.taken == {}


def test_a_sentence_with_a_stop_word_in_it_is_neither_heeded_nor_confirmed(desk: Desk) -> None:
    desk.says("please stop by my shop")
    assert (Contact.get().marketing, desk.confirm(), desk.got) == ("yes", {}, [])


def test_a_doubled_webhook_is_no_second_stop(desk: Desk) -> None:
    desk.says()
    first = Webhook.select().order_by(Webhook.id.desc()).first()
    assert first is not None
    Webhook.insert(source="whatsapp", received_at=desk.now, body=first.body).execute()
    desk.confirm()
    desk.office.hear()
    assert (desk.confirm(), desk.got) == ({}, ["text"])


def test_who_is_stopped_already_is_not_told_so_again_for_a_month(desk: Desk) -> None:
    desk.says()
    desk.confirm()
    desk.office.later(days=3)
    desk.says("STOP!!")
    assert desk.confirm() == {}
    desk.office.later(days=40)
    desk.says("Stop it")  # no stop at all
    desk.says("stop")
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text", "text"])


def test_who_agreed_anew_and_stops_again_is_told_again(desk: Desk) -> None:
    desk.says()
    desk.confirm()
    agree(ANA, desk.now + HOUR, "order 10")
    desk.office.later(hours=2)
    desk.says()
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text", "text"])


def test_who_agreed_again_before_it_left_is_told_nothing(desk: Desk) -> None:
    desk.says()
    desk.office.later(minutes=1)
    agree(ANA, desk.now, "order 10")
    assert (desk.confirm(), desk.got) == ({"cancelled": 1}, [])


def test_the_switch_opens_no_window_and_is_not_confirmed(desk: Desk) -> None:
    desk.office.whatsapp.customer_stops_marketing(ANA)
    desk.office.hear()
    assert (Contact.get().marketing, desk.confirm(), desk.got) == ("no", {}, [])


def test_it_is_not_sent_when_the_window_is_about_to_close(desk: Desk) -> None:
    desk.says()
    desk.office.later(hours=23, minutes=59)
    assert (desk.confirm(), desk.got, states()) == ({"expired": 1}, [], ["expired"])


def test_a_stop_that_we_hear_of_late_is_not_confirmed(desk: Desk) -> None:
    desk.office.whatsapp.customer_says(ANA, "STOP")
    desk.office.later(hours=25)
    desk.office.hear()
    assert (Contact.get().marketing, desk.confirm(), states()) == ("no", {}, [])


def test_whatsapp_refuses_it_outside_of_the_window_and_it_is_not_tried_again(desk: Desk) -> None:
    """By its own clock: 131047."""
    desk.says()
    Confirmation.update(recipient=fictional_phone(7)).execute()  # somebody who never wrote
    assert (desk.confirm(), states()) == ({"refused": 1}, ["refused"])
    assert Confirmation.get().detail.startswith("131047 ")
    assert desk.confirm() == {}


def test_while_everything_is_paused_it_waits(desk: Desk) -> None:
    desk.says()
    pause("*", "stocktaking", now=desk.now)
    assert (desk.confirm(), states()) == ({}, ["waiting"])
    resume(now=desk.now)
    assert desk.confirm() == {"sent": 1}


def test_a_pause_of_marketing_does_not_hold_it(desk: Desk) -> None:
    desk.says()
    pause("marketing", "stocktaking", now=desk.now)
    assert desk.confirm() == {"sent": 1}


def test_an_account_that_may_not_send_is_paused_and_it_is_tried_when_that_is_over(
    desk: Desk,
) -> None:
    desk.says()
    desk.office.whatsapp.fail_next(131042)
    assert desk.confirm() == {"tried again later": 1}
    assert [one.scope for one in Pause.select()] == ["*"]
    assert desk.confirm() == {}
    desk.office.later(hours=2)
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text"])


def test_trouble_that_passes_is_waited_for(desk: Desk) -> None:
    desk.says()
    desk.office.whatsapp.fail_next(131016)
    assert (desk.confirm(), desk.confirm()) == ({"tried again later": 1}, {})
    desk.office.later(minutes=1)
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text"])


def test_an_answer_that_is_lost_is_never_sent_again(desk: Desk) -> None:
    desk.says()
    desk.office.whatsapp.lose_responses = 1.0
    assert (desk.confirm(), states()) == ({"unsure": 1}, ["unsure"])
    desk.office.whatsapp.lose_responses = 0.0
    desk.office.later(minutes=10)
    assert (desk.confirm(), desk.got) == ({}, ["text"])


@pytest.mark.parametrize("point", OF_CONFIRMATIONS)
def test_killed_while_it_is_sent_it_is_not_sent_again(desk: Desk, point: str) -> None:
    desk.says()
    folder = desk.office.world.folder
    desk.office.world.write_config()
    close_database()
    killed = subprocess.run(
        [sys.executable, "-c", CONFIRM, str(folder), desk.now.isoformat()],
        env=os.environ | {"WINBACK_TEST_KILL_AT": point},
        check=False,
    )
    assert killed.returncode == -9
    open_database(folder / "winback.db")
    assert (desk.confirm(), states()) == ({"unsure": 1}, ["unsure"])
    assert len(desk.got) == (point == "confirmation answered")
    assert desk.confirm() == {}


CONFIRM = """
import sys
from datetime import datetime
from pathlib import Path
from agent.clients.whatsapp import WhatsApp
from agent.config import load
from agent.jobs.confirm import confirm_stops
from models.base import open_database
folder, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
open_database(folder / "winback.db")
settings = load(folder / "winback.toml", environ={})
where = settings.whatsapp
client = WhatsApp(
    base_url=where.base_url, api_version=where.api_version, phone_number_id=where.phone_number_id,
    business_account_id=where.business_account_id, token=where.token, sleep=lambda _: None)
confirm_stops(client, settings, now=lambda: now, beat=lambda: None)
"""


def test_no_connection_is_no_answer_and_it_is_tried_again(desk: Desk) -> None:
    desk.says()
    settings = desk.office.settings
    desk.office.change(whatsapp__base_url="http://127.0.0.1:9")
    assert (desk.confirm(), states()) == ({"tried again later": 1}, ["waiting"])
    desk.office.settings = settings
    desk.office.later(minutes=1)
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text"])


def test_stopped_before_the_second_try_to_connect_it_goes_on_with_the_next_start(
    desk: Desk,
) -> None:
    desk.says()
    settings = desk.office.settings
    desk.office.change(whatsapp__base_url="http://127.0.0.1:9")

    def stop(_: float) -> None:
        raise Killed

    client = desk.office.world.client(desk.office.settings, sleep=stop)
    with pytest.raises(Killed):
        confirm_stops(client, desk.office.settings, now=lambda: desk.now, beat=nothing)
    assert states() == ["waiting"]
    desk.office.settings = settings
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text"])


def test_a_stop_that_ends_order_news_too_is_confirmed_as_that(office: Office) -> None:
    office.world.contact(ANA)  # nothing was ever sent: nobody knows what it answers
    office.whatsapp.customer_says(ANA, "STOP")
    office.hear()
    assert Confirmation.get().text == EVERYTHING


def test_it_is_said_in_the_language_of_the_person(office: Office) -> None:
    office.world.contact(ANA)
    Contact.update(language="pt_BR").execute()
    office.whatsapp.customer_says(ANA, "PARAR")
    office.hear()
    one = Confirmation.get()
    assert one.language == "pt_BR"
    assert one.text == "Cancelamento confirmado: Example Shop não enviará mais mensagens por aqui."


def test_or_in_the_shops_own_words_if_it_has_some(office: Office) -> None:
    office.change(consent__confirmations={})
    text = office.world.config.read_text().replace(
        "confirmations = {}", 'confirmations = {en = "Done."}'
    )
    office.world.config.write_text(text)
    office.settings = office.world.settings_as_written()
    office.world.contact(ANA)
    office.whatsapp.customer_says(ANA, "STOP")
    office.hear()
    assert Confirmation.get().text == "Done."


def test_nothing_is_said_where_the_config_wants_silence(desk: Desk) -> None:
    desk.office.change(consent__confirm_stop=False)
    desk.says()
    assert (Contact.get().marketing, states()) == ("no", [])


def test_silence_that_is_chosen_later_holds_for_what_waits(desk: Desk) -> None:
    desk.says()
    desk.office.change(consent__confirm_stop=False)
    assert (desk.confirm(), desk.got) == ({"cancelled": 1}, [])


def test_somebody_whose_number_is_hidden_is_answered_under_the_user_id(desk: Desk) -> None:
    person = desk.office.whatsapp.person(ANA)
    contact = Contact.get().id
    known = {"kind": "user_id", "value": person.user_id, "contact_id": contact}
    Identity.put([known | {"seen_at": desk.now}])
    desk.office.whatsapp.customer_hides_phone(ANA)
    desk.says()
    assert Contact.get().marketing == "no"
    assert Confirmation.get().recipient == person.user_id
    assert (desk.confirm(), desk.got) == ({"sent": 1}, ["text"])


def test_a_number_that_is_nobodys_yet_is_answered_too(office: Office) -> None:
    office.whatsapp.customer_says(ANA, "STOP")
    office.hear()
    assert (Confirmation.get().contact_id, Confirmation.get().recipient) == (None, ANA)


def test_whom_nobody_can_name_is_promised_nothing(office: Office) -> None:
    office.whatsapp.customer_hides_phone(ANA)
    office.whatsapp.customer_says(ANA, "STOP")
    office.hear()
    assert states() == []
    user_id = office.whatsapp.person(ANA).user_id
    assert {one.phone for one in Statement.select()} == {user_id}
