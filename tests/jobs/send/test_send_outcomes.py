"""What comes back from WhatsApp, and what becomes of the message."""

from collections import Counter
from datetime import timedelta

import pytest
from send_stage import Office
from sending_world import message, states, wait_until

from agent.clients.outcomes import ACTIONS, Accepted, Action, Declined, NotSent, Outcome
from agent.errors import Refused
from agent.jobs.send.outcomes import LATER, write_outcomes
from agent.jobs.track.track import track
from agent.rules.pace import Pace
from models import CampaignStanding, Contact, Identity, Message, Statement, Webhook
from models.base import transaction
from models.outbox import UNCOUNTED

# one code for each action that may come as an answer to a send
CODES = {action: code for code, action in reversed(ACTIONS.items())}


def test_a_message_that_is_taken_is_accepted_with_its_id_and_moment(office: Office) -> None:
    [uid] = office.world.queue()
    counts = office.send()
    one, accepted = message(uid), office.whatsapp.accepted[0]
    assert counts == {"accepted": 1}
    assert (one.state, one.wamid, one.accepted_at) == ("accepted", accepted.id, office.clock.now())
    assert (one.attempts, one.cap_day) == (1, "2026-03-02")
    assert accepted.parameters["body"] == ("Ana", "https://shop.example")


def test_whose_whatsapp_id_it_was_is_kept_for_the_replies(office: Office) -> None:
    office.world.queue()
    office.send()
    wa_id = office.whatsapp.accepted[0].person.wa_id
    assert Identity.holders("wa_id", [str(wa_id)]) == {str(wa_id): 1}


def test_a_message_that_is_held_back_for_review_is_not_sent_again(office: Office) -> None:
    office.whatsapp.hold_messages = True
    [uid] = office.world.queue()
    assert office.send() == {"held": 1}
    assert message(uid).state == "held"
    office.later(hours=1)
    assert office.send() == {}
    assert office.taken == {uid: 1}


def test_nothing_that_is_due_is_no_news(office: Office) -> None:
    office.world.queue(not_before=office.clock.now() + timedelta(seconds=1))
    assert office.send() == {}
    assert office.whatsapp.accepted == []


@pytest.mark.parametrize(
    "action", [one for one in Action if one in LATER], ids=lambda one: one.value
)
def test_an_error_that_may_pass_queues_the_message_again_and_it_arrives_once(
    office: Office, action: Action
) -> None:
    # given an answer that says "later"
    [uid] = office.world.queue()
    office.whatsapp.fail_next(CODES[action])
    try:
        office.send()
    except Refused:
        assert action is Action.ACCOUNT
    # then it waits as the same row, and keeps its place under the caps
    one = message(uid)
    assert (one.state, one.code, one.attempts) == ("queued", CODES[action], 1)
    assert one.state not in UNCOUNTED
    waits = timedelta(seconds=16) if action is Action.PAIR else LATER[action]
    assert one.not_before == office.clock.now() + waits
    # and not a moment sooner than told
    office.clock.set(one.not_before - timedelta(microseconds=1))
    assert office.send() == {}
    office.clock.set(one.not_before)
    office.send()
    assert (message(uid).state, office.taken) == ("accepted", {uid: 1})


@pytest.mark.parametrize(
    "action", [one for one in Action if one not in LATER], ids=lambda one: one.value
)
def test_an_error_that_will_not_pass_ends_the_message_and_gives_its_place_back(
    office: Office, action: Action
) -> None:
    [uid] = office.world.queue()
    office.whatsapp.fail_next(CODES[action])
    assert office.send() == {"refused": 1}
    one = message(uid)
    assert (one.state, one.code, one.ended_at) == ("refused", CODES[action], office.clock.now())
    assert "Planned by the sandbox" in one.detail
    assert one.state in UNCOUNTED
    office.later(days=1)
    assert office.send() == {}
    assert office.taken == {}


@pytest.mark.parametrize(("code", "tries"), [(131016, 6), (131000, 4), (1, 3)])
def test_an_error_that_does_not_pass_after_all_ends_the_message(
    office: Office, code: int, tries: int
) -> None:
    """Of an unknown error nobody knows whether the request is at fault: that is tried less often."""
    [uid] = office.world.queue()
    office.whatsapp.fail_next(code, times=None)
    for _ in range(tries):
        assert message(uid).state == "queued"
        office.clock.set(message(uid).not_before)
        office.send()
    one = message(uid)
    assert (one.state, one.code, one.attempts) == ("refused", code, tries)


def test_each_try_waits_longer_than_the_one_before(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.fail_next(131016, times=None)
    waits = []
    for _ in range(5):
        office.send()
        waits.append(message(uid).not_before - office.clock.now())
        office.clock.set(message(uid).not_before)
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]


def test_too_much_to_one_person_waits_four_times_as_long_each_time_and_only_for_them(
    office: Office,
) -> None:
    """4^x seconds, as Meta asks; what else is queued for them waits too, and nobody else does."""
    office.change(limits__per_7_days=3)
    [uid] = office.world.queue(expires_at=office.clock.now() + timedelta(days=3))
    person = message(uid).contact_id
    [behind] = office.world.queue(contact_id=person, subject="another", priority=9)
    phone = Contact.get_by_id(person).phone
    office.whatsapp.fail_next(131056, times=6, to=phone)
    waits = []
    for _ in range(6):
        office.send()
        waits.append((message(uid).not_before - office.clock.now()).total_seconds())
        assert message(behind).not_before >= message(uid).not_before
        [other] = office.world.queue()
        office.send()
        assert office.taken[other] == 1
        office.clock.set(message(uid).not_before)
    assert waits == [16, 64, 256, 1024, 3600, 3600]
    office.send()
    assert message(uid).state == "accepted"


@pytest.mark.parametrize("code", [4, 80007, 130429])
def test_too_fast_halves_the_pace(office: Office, code: int) -> None:
    pace = Pace(1.0)
    office.world.queue(2)
    office.whatsapp.fail_next(code)
    office.sender(pace=pace).run(lambda: None)
    assert pace.share == 1 / 2


def test_somebody_whom_meta_spares_for_a_day_gets_one_later_try(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.fail_next(131049, times=None)
    office.send()
    office.later(hours=24)
    office.send()
    assert (message(uid).state, message(uid).attempts) == ("refused", 2)


def test_a_broken_line_in_between_does_not_make_us_forget_that_meta_spared_somebody(
    office: Office,
) -> None:
    # given somebody spared for a day, and no connection when the day is over
    [uid] = office.world.queue()
    office.whatsapp.fail_next(131049)
    office.send()
    office.later(hours=24)
    office.world.stop_whatsapp()
    office.send()
    assert (message(uid).state, message(uid).deferred) == ("queued", True)
    # when they are spared once more
    office.world.start_whatsapp()
    office.whatsapp.fail_next(131049)
    office.clock.set(message(uid).not_before)
    office.send()
    # then that was the one later try
    assert message(uid).state == "refused"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NotSent("connection refused"), "queued"),
        (Declined(131000, Action.RETRY, "no luck", ""), "queued"),
        (Declined(131026, Action.SUPPRESS_ALL, "no luck", ""), "refused"),
    ],
)
def test_an_answer_that_comes_after_its_run_was_given_up_still_counts(
    office: Office, outcome: Outcome, state: str
) -> None:
    [uid] = office.world.queue(state="claimed", claimed_at=office.clock.now())
    Message.orphaned()
    assert message(uid).state == "unsure"
    write_outcomes(
        [(message(uid), outcome)], office.settings, now=office.clock.now(), tally=Counter()
    )
    assert message(uid).state == state


def test_an_id_that_was_given_twice_takes_no_other_answer_with_it(office: Office) -> None:
    """A relay that repeats an answer from its cache does that."""
    first, second, third = (message(uid) for uid in office.world.queue(3, state="claimed"))
    tally: Counter[str] = Counter()
    same, other = Accepted("wamid.same", False, ""), Accepted("wamid.other", False, "")
    with transaction():
        write_outcomes(
            [(first, same), (second, same), (third, other)],
            office.settings,
            now=office.clock.now(),
            tally=tally,
        )
    assert tally == {"accepted": 2, "unsure": 1}
    # then the second may have left or not: it is not sent again, and a status may settle it
    assert [message(one.uid).state for one in (first, second, third)] == [
        "accepted",
        "unsure",
        "accepted",
    ]
    assert "wamid.same" in message(second.uid).detail


def test_a_person_who_switched_marketing_off_has_said_no(office: Office) -> None:
    office.world.queue()
    office.whatsapp.fail_next(131050)
    office.send()
    person = Contact.get()
    assert (person.marketing, person.marketing_at) == ("no", office.clock.now())
    [said] = Statement.of([person.phone], "marketing")
    assert (said.says, said.source) == ("no", "whatsapp preferences")
    assert said.words.startswith("131050 ")


def test_a_template_that_is_refused_stops_its_campaign_at_once(office: Office) -> None:
    # given one worker, so that the others are still queued when the first answer comes
    office.change(whatsapp__workers=1)
    uids = office.world.queue(5)
    office.whatsapp.set_template_status("we_miss_you", "PAUSED")
    # when the first is refused
    counts = office.send()
    # then nothing more is tried: each refusal would only make Meta's judgement worse
    assert message(uids[0]).state == "refused"
    assert message(uids[0]).code == 132015
    assert states() == {"refused": 1, "queued": 4}
    assert CampaignStanding.troubles()["we_miss_you"].startswith("WhatsApp refused it: 132015")
    assert counts == {"refused": 1}


def test_an_account_that_is_shut_halts_everything_and_nobody_is_lost(office: Office) -> None:
    # given an account that is shut for every message, and a few workers
    office.change(whatsapp__workers=2)
    office.world.queue(30)
    office.whatsapp.fail_next(131031, times=None)
    # when it is found out
    with pytest.raises(Refused) as caught:
        office.send()
    # then the error says what and what next, no more than the workers were tried, and all wait
    assert "131031" in caught.value.what
    assert "Business Support Home" in caught.value.fix
    assert caught.value.code == "131031"
    assert states() == {"queued": 30}
    tried = [one for one in Message.select() if one.attempts]
    assert 1 <= len(tried) <= 2
    assert all(one.not_before == office.clock.now() + timedelta(hours=1) for one in tried)
    # and when the account is open again, all arrive, once
    office.whatsapp.heal()
    office.later(hours=1)
    office.send()
    assert states() == {"accepted": 30}
    assert set(office.taken.values()) == {1}


def test_an_account_that_stays_shut_for_a_day_costs_nobody_the_message(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.fail_next(131042, times=None)
    for _ in range(24):
        with pytest.raises(Refused):
            office.send()
        office.later(hours=1)
    assert message(uid).state == "queued"
    office.whatsapp.heal()
    office.send()
    assert office.taken == {uid: 1}


def test_a_lost_answer_is_settled_by_a_status_and_never_sent_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    # given a message that WhatsApp takes, and an answer that gets lost
    [uid] = office.world.queue()
    office.whatsapp.lose_next_responses()
    assert office.send() == {"unsure": 1}
    assert (message(uid).state, message(uid).wamid) == ("unsure", None)
    assert "closed without an answer" in message(uid).detail
    assert [record.getMessage() for record in caplog.records] == ["send.unsure"]
    # when time passes, it is not tried again
    office.later(minutes=30)
    assert office.send() == {}
    # and when the statuses come, they settle it by our own id
    _deliver(office)
    settled = message(uid)
    assert (settled.state, settled.detail) == ("delivered", "")
    assert settled.wamid == office.whatsapp.accepted[0].id
    assert office.send() == {}
    assert office.taken == {uid: 1}


def test_a_request_that_vanished_on_the_way_is_unsure_too(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.drop_next_requests()
    office.send()
    office.later(hours=2)
    office.send()
    assert message(uid).state == "unsure"
    assert office.taken == {}


@pytest.mark.long
def test_an_answer_later_than_our_patience_is_unsure(office: Office) -> None:
    office.change(whatsapp__timeout="1s")
    office.whatsapp.latency = 1.3
    [uid] = office.world.queue()
    assert office.send() == {"unsure": 1}
    assert "timed out" in message(uid).detail
    assert office.taken == {uid: 1}


def test_a_proxy_that_answers_for_whatsapp_leaves_us_unsure(office: Office) -> None:
    [uid] = office.world.queue()
    office.whatsapp.fail_next(0, 502, html=True)
    office.send()
    assert message(uid).state == "unsure"
    assert "502" in message(uid).detail


def test_without_a_connection_the_message_waits_and_goes_once_when_there_is_one(
    office: Office,
) -> None:
    # given a server that is not there
    [uid] = office.world.queue()
    office.world.stop_whatsapp()
    assert office.send() == {"not sent for now": 1}
    # then the message is back in the queue, after a pause
    one = message(uid)
    assert (one.state, one.detail) == ("queued", "connection refused")
    assert one.not_before > office.clock.now()
    assert office.send() == {}
    # and goes out once when the server is back
    office.world.start_whatsapp()
    office.clock.set(one.not_before)
    assert office.send() == {"accepted": 1}
    assert office.taken == {uid: 1}


def test_however_long_the_line_is_down_no_message_is_given_up_before_it_expires(
    office: Office,
) -> None:
    [uid] = office.world.queue()
    office.world.stop_whatsapp()
    for _ in range(12):
        office.send()
        assert message(uid).state == "queued"
        office.clock.set(message(uid).not_before)
    office.world.start_whatsapp()
    office.send()
    assert office.taken == {uid: 1}


def test_a_status_that_is_faster_than_the_answer_is_not_taken_back(office: Office) -> None:
    # given an answer that takes its time, while the status arrives and is worked off
    [uid] = office.world.queue()

    looks = 0

    def track_meanwhile() -> float:
        _store(office)
        stored_at = looks
        wait_until(lambda: looks > stored_at + 1)  # one look is over that began after it was stored
        return 0.0

    office.whatsapp.latency = track_meanwhile

    def pause(_: float) -> None:
        nonlocal looks
        looks += 1
        track(office.settings, now=office.clock.now(), beat=lambda: None)

    office.sender(pause=pause).run(lambda: None)
    # then the message is as far as the status says, and knows when it was accepted
    one = message(uid)
    assert (one.state, looks > 0) == ("delivered", True)
    assert one.accepted_at == office.clock.now()


def _store(office: Office) -> None:
    """The statuses that are due, into the inbox as the intake stores them."""
    courier = office.whatsapp._courier
    with courier._queueing:
        courier._pack(office.clock.now())
        parcels, courier._parcels = courier._parcels, []
    for parcel in parcels:
        Webhook.insert(
            source="whatsapp", received_at=office.clock.now(), body=parcel.body
        ).execute()


def _deliver(office: Office) -> None:
    _store(office)
    track(office.settings, now=office.clock.now(), beat=lambda: None)
