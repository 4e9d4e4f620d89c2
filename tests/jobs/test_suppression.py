"""No means no, from wherever it comes: one decision, in force for what is queued, for each purpose apart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    Counter,
    add_contact,
    add_message,
    file_orders,
    nothing,
    open_shop,
    order_json,
)
from test_track import ANA, ANA_ID, WAMID, failed, keep, preference, status, tap, text

from agent.config import Settings
from agent.consent import SWITCH, Heard, record, stands
from agent.conversations import window_open_until
from agent.jobs.consent_import import import_consent
from agent.jobs.pull.kinds import CUSTOMERS
from agent.jobs.track import track
from models import Contact, Identity, Message, Reply, Statement

HOUR = timedelta(hours=1)
Post = Callable[..., None]


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    """Somebody who ticked both boxes ten days ago."""
    contact = add_contact(ANA, now - 10 * DAY)
    agree(ANA, now - 10 * DAY)
    return contact


@pytest.fixture
def post(settings: Settings, now: datetime) -> Post:
    def stored(**lists: list[Any]) -> None:
        keep(now, **lists)
        track(settings, now=now, beat=nothing)

    return stored


def agree(phone: str, at: datetime, source: str = "order 9") -> None:
    record(
        [
            Heard(phone=phone, purpose=purpose, says="yes", source=source, said_at=at)
            for purpose in ("marketing", "order_news")
        ],
        now=at,
    )


def holds(phone: str = ANA) -> tuple[str, str]:
    """What holds of marketing and of order news."""
    contact = Contact.get(Contact.phone == phone)
    return contact.marketing, contact.order_news


# WhatsApp's own switch


def test_what_the_switch_took_it_gives_back_and_nothing_else(
    ana: int, now: datetime, post: Post
) -> None:
    post(user_preferences=[preference("stop", now - 2 * HOUR, wa_id=ANA_ID)])
    assert holds() == ("no", "yes")
    post(user_preferences=[preference("resume", now - HOUR, wa_id=ANA_ID)])
    assert holds() == ("yes", "yes")  # by the box of ten days ago


def test_switching_on_lifts_no_stop_that_was_written(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("STOP", now - 3 * HOUR)])
    post(user_preferences=[preference("stop", now - 2 * HOUR, wa_id=ANA_ID)])
    post(user_preferences=[preference("resume", now - HOUR, wa_id=ANA_ID)])
    assert holds() == ("no", "no")


def test_the_switch_may_be_told_of_in_any_order(ana: int, now: datetime, post: Post) -> None:
    post(user_preferences=[preference("resume", now - HOUR, wa_id=ANA_ID)])
    post(user_preferences=[preference("stop", now - 2 * HOUR, wa_id=ANA_ID)])
    assert holds() == ("yes", "yes")
    post(user_preferences=[preference("stop", now, wa_id=ANA_ID)])
    assert holds() == ("no", "yes")


def test_an_error_that_says_the_switch_is_off_is_lifted_with_it(
    ana: int, now: datetime, post: Post
) -> None:
    add_message(ana, now - 2 * HOUR, state="accepted", wamid=WAMID, accepted_at=now - 2 * HOUR)
    post(statuses=[failed(131050, now - 2 * HOUR)])
    assert holds() == ("no", "yes")
    assert [one.source for one in Statement.select() if one.says == "no"] == [SWITCH]
    post(user_preferences=[preference("resume", now - HOUR, wa_id=ANA_ID)])
    assert holds() == ("yes", "yes")


def test_a_list_counts_again_when_the_switch_is_on_again(
    database: Path, now: datetime, post: Post, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,date\n{ANA},2026-01-01\n")
    import_consent(file, country="", now=now)
    post(user_preferences=[preference("stop", now - 2 * HOUR, wa_id=ANA_ID)])
    assert holds()[0] == "no"
    post(user_preferences=[preference("resume", now - HOUR, wa_id=ANA_ID)])
    assert holds()[0] == "yes"


# in force for what is queued; faults 6, 8 and 9 of the original


def test_fault_6_a_refusal_is_read_from_where_it_was_written_whatever_its_source(
    ana: int, now: datetime, post: Post
) -> None:
    """The original wrote it to the account, and asked the order."""
    for number, said in enumerate(("stop", "order", "tap", "command")):
        agree(ANA, now - timedelta(minutes=50 - 10 * number), f"order {20 + number}")
        assert holds()[0] == "yes"
        at = now - timedelta(minutes=45 - 10 * number)
        if said == "stop":
            post(messages=[text("BAJA", at)])
        elif said == "tap":
            post(messages=[tap("OPTOUT_MARKETING", "No more", at, id="wamid.tap")])
        else:
            record([Heard(phone=ANA, says="no", source=said, said_at=at)], now=now)
        assert Contact.agreed([ana]) == set(), said


def test_fault_9_a_refusal_holds_however_the_number_is_written(
    now: datetime, settings: Settings, post: Post, database: Path
) -> None:
    open_shop(country="US", zone="America/New_York")
    file_orders(settings, now, order_json(1, now - DAY, "(202) 555-0101", consent="yes"))
    assert holds()[0] == "yes"
    post(messages=[text("STOP", now - HOUR)])
    for number, typed in enumerate(("+1 202 555 0101", "1-202-555-0101", "202.555.0101"), start=2):
        file_orders(settings, now, order_json(number, now - 2 * DAY, typed, consent="yes"))
        assert holds()[0] == "no", typed


# the shop's side


def test_an_account_that_is_deleted_takes_its_consent_along(counter: Counter) -> None:
    """The shop is asked for the account itself before it counts as deleted."""
    account = _account(counter, "+55 11 97777-0101")
    phone = Contact.get().phone
    agree(phone, counter.now - DAY, f"customer {account}")
    counter.shop.delete_customer(account)
    counter.later(hours=1)
    counter.sweep(CUSTOMERS)
    assert holds(phone) == ("no", "no")
    assert {one.source for one in Statement.select() if one.says == "no"} == {
        f"customer {account} deleted"
    }
    agree(phone, counter.now + HOUR, "order 77")  # a box that is ticked later is a new consent
    assert holds(phone) == ("yes", "yes")


def test_a_second_account_that_is_cleared_away_ends_nothing(counter: Counter) -> None:
    kept = _account(counter, "+55 11 97777-0101")
    other = _account(counter, "+55 11 97777-0101", "other@shop.example")
    phone = Contact.get().phone
    agree(phone, counter.now - DAY, f"customer {kept}")
    counter.shop.delete_customer(other)
    counter.sweep(CUSTOMERS)
    assert holds(phone) == ("yes", "yes")


def test_who_deletes_the_account_and_makes_another_agrees_by_the_new_one(
    counter: Counter,
) -> None:
    """The deletion is seen after that: it is no newer than the last time that the account was there."""
    old = _account(counter, "+55 11 97777-0101")
    phone = Contact.get().phone
    agree(phone, counter.now, f"customer {old}")
    counter.later(hours=1)
    counter.shop.delete_customer(old)
    counter.later(hours=1)
    new = _account(counter, "+55 11 97777-0101")
    agree(phone, counter.now, f"customer {new}")
    counter.later(hours=1)
    counter.sweep(CUSTOMERS)
    assert holds(phone) == ("yes", "yes")


def test_who_deletes_one_of_two_accounts_takes_its_consent_along(counter: Counter) -> None:
    _account(counter, "+55 11 97777-0101", "other@shop.example")
    old = _account(counter, "+55 11 97777-0101")
    phone = Contact.get().phone
    agree(phone, counter.now, f"customer {old}")
    counter.later(hours=1)
    counter.shop.delete_customer(old)
    counter.sweep(CUSTOMERS)
    assert holds(phone) == ("no", "no")


def test_a_guest_whose_order_names_no_account_is_not_meant(counter: Counter) -> None:
    account = _account(counter, "+55 11 97777-0101")
    counter.order("+55 11 97777-0202")
    counter.cycle()
    agree("+5511977770202", counter.now - DAY)
    counter.shop.delete_customer(account)
    counter.sweep(CUSTOMERS)
    assert holds("+5511977770202") == ("yes", "yes")


def _account(counter: Counter, phone: str, email: str = "ana@shop.example") -> int:
    number: int = counter.shop.add_customer(
        first_name="Ana", last_name="Example", email=email, phone=phone, country="BR"
    )
    counter.sweep(CUSTOMERS)
    return number


# hidden numbers


def test_a_stop_under_a_hidden_number_holds_once_a_status_tells_whose_it_is(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now - HOUR, from_user_id="US.9")])
    assert holds() == ("yes", "yes")  # nobody knows whose it is
    message = add_message(ana, now - 2 * HOUR, state="accepted", accepted_at=now)
    post(statuses=[status("sent", now, uid=message.uid, recipient_user_id="US.9")])
    assert holds() == ("no", "no")
    assert Identity.holders("user_id", ["US.9"]) == {"US.9": ana}
    [entry] = Statement.of([ANA], "marketing")[1:]
    assert entry.words == "said while the number was hidden: STOP"


def test_or_once_they_write_with_their_number(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("STOP", now - HOUR, from_user_id="US.9")])
    hello = text("hello", now, id="wamid.in2", **{"from": ANA_ID, "from_user_id": "US.9"})
    post(messages=[hello])
    assert holds() == ("no", "no")


def test_somebody_known_by_the_id_alone_is_stopped_at_once(
    ana: int, now: datetime, post: Post
) -> None:
    Identity.put([{"kind": "user_id", "value": "US.9", "contact_id": ana, "seen_at": now - DAY}])
    post(messages=[text("STOP", now, from_user_id="US.9")])
    assert holds() == ("no", "no")


# two phones


def test_a_stop_on_one_of_two_phones_says_nothing_of_the_other(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact("+12025550102", now - DAY)
    agree("+12025550102", now - DAY)
    post(messages=[text("STOP", now)])
    assert (holds(), holds("+12025550102")) == (("no", "no"), ("yes", "yes"))


# what it is noted on


def test_an_answer_is_noted_on_what_it_quotes_else_on_the_newest_that_came(
    ana: int, now: datetime, post: Post
) -> None:
    old = sent(ana, now - 5 * DAY, wamid=WAMID)
    new = sent(ana, now - DAY)
    post(messages=[text("How much?", now - HOUR, context={"id": WAMID})])
    assert (noted(old), noted(new)) == ((True, False), (False, False))
    post(messages=[text("And now?", now - HOUR, id="wamid.in2")])
    assert noted(new) == (True, False)


def test_a_stop_is_noted_as_one_and_is_an_answer_too(ana: int, now: datetime, post: Post) -> None:
    message = sent(ana, now - DAY)
    post(messages=[text("STOP", now)])
    assert noted(message) == (True, True)


def test_so_is_the_switch_and_an_error_that_tells_of_it(
    ana: int, now: datetime, post: Post
) -> None:
    first = sent(ana, now - 3 * DAY)
    post(user_preferences=[preference("stop", now - 2 * DAY, wa_id=ANA_ID)])
    assert noted(first) == (False, True)
    second = sent(ana, now - DAY)
    failing = add_message(
        ana, now - HOUR, state="accepted", wamid=WAMID, claimed_at=now - HOUR, subject="c"
    )
    post(statuses=[failed(131050, now)])
    assert (noted(failing), noted(second)) == ((False, False), (False, True))


def test_what_came_long_ago_or_never_is_answered_by_nobody(
    ana: int, now: datetime, post: Post
) -> None:
    old = sent(ana, now - 8 * DAY)
    lost = sent(ana, now - DAY, state="failed")
    post(messages=[text("hello", now)])
    assert noted(old) == noted(lost) == (False, False)


def sent(contact: int, at: datetime, state: str = "delivered", **more: Any) -> Message:
    subject = str(Message.select().count())
    return add_message(contact, at, state=state, claimed_at=at, subject=subject, **more)


def noted(message: Message) -> tuple[bool, bool]:
    """Answered, and stopped."""
    one = Message.get_by_id(message.id)
    return one.replied, one.stopped


# the conversation


def test_each_message_of_theirs_opens_the_conversation_for_a_day(
    ana: int, now: datetime, post: Post
) -> None:
    assert window_open_until(ana, now) is None
    post(messages=[text("hello", now - 3 * HOUR)])
    post(messages=[text("hello", now - 5 * HOUR, id="wamid.in2")])
    assert window_open_until(ana, now) == now + 21 * HOUR
    assert window_open_until(ana, now + 21 * HOUR) is None


def test_the_log_tells_that_somebody_answered_and_none_of_their_words(
    ana: int, now: datetime, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sent(ana, now - HOUR)
    post(messages=[text("my address is 5 Elm Street", now)])
    post(messages=[text("my address is 5 Elm Street", now)])
    [told] = [one for one in caplog.records if one.message == "reply.received"]
    assert told.__dict__["fields"] == {
        "contact": ana, "sender": "+12...01", "campaign": "we_miss_you", "kind": "text",
    }  # fmt: skip
    assert "Elm" not in caplog.text
    assert ANA not in caplog.text
    assert Reply.select().count() == 1


def test_what_holds_can_be_asked_of_a_number_that_is_nobodys_yet(
    database: Path, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now, **{"from": "12025550107"})])
    assert {purpose: one.answer for purpose, one in stands("+12025550107").items()} == {
        "marketing": "no", "order_news": "no",
    }  # fmt: skip
