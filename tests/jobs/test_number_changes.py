"""Somebody has another number: the refusal goes along, the consent does not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, nothing
from test_track import ANA, ANA_ID, keep, preference, text

from agent.config import Settings
from agent.consent import Heard, record, stands
from agent.jobs.track import track
from models import Contact, Identity, Message, Statement

NEW, NEW_ID = "+12025550177", "12025550177"
HOUR = timedelta(hours=1)
BOTH = ("marketing", "order_news")
Post = Callable[..., None]


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    contact = add_contact(ANA, now - 10 * DAY, language="pt_BR", first_name="Ana")
    say("yes", now - 10 * DAY)
    return contact


@pytest.fixture
def post(settings: Settings, now: datetime) -> Post:
    def stored(**lists: list[Any]) -> None:
        keep(now, **lists)
        track(settings, now=now, beat=nothing)

    return stored


def say(says: str, at: datetime, phone: str = ANA, source: str = "order 9") -> None:
    record(
        [Heard(phone=phone, purpose=one, says=says, source=source, said_at=at) for one in BOTH],
        now=at,
    )


def moved(at: datetime, **more: Any) -> Any:
    told = {"body": f"User Ana changed from {ANA_ID} to {NEW_ID}", "wa_id": NEW_ID}
    return {
        "id": "wamid.moved", "type": "system", "from": ANA_ID, "timestamp": str(int(at.timestamp())),
        "system": {"type": "user_changed_number"} | told,
    } | more  # fmt: skip


def holds(phone: str) -> tuple[str, ...]:
    return tuple(stands(phone)[purpose].answer for purpose in BOTH)


def test_a_refusal_goes_along_dated_as_it_was_said(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("STOP", now - DAY)])
    post(messages=[moved(now)])
    contact = Contact.get(Contact.phone == NEW)
    assert (contact.marketing, contact.order_news) == ("no", "no")
    assert contact.marketing_at == now - DAY
    [carried] = Statement.of([NEW], "marketing")
    assert (carried.source, carried.words) == (
        "whatsapp", "said before the number was changed: STOP",
    )  # fmt: skip
    assert (contact.first_name, contact.language) == ("Ana", "pt_BR")


def test_a_consent_does_not(ana: int, now: datetime, post: Post) -> None:
    post(messages=[moved(now)])
    assert (holds(NEW), Statement.of([NEW], "marketing")) == (("", ""), [])


def test_nothing_more_goes_to_the_old_number(ana: int, now: datetime, post: Post) -> None:
    waiting = add_message(ana, now, state="queued")
    post(messages=[moved(now)])
    message, contact = Message.get_by_id(waiting.id), Contact.get_by_id(ana)
    assert message.state == "cancelled"
    assert "another number" in message.detail
    assert "another number" in contact.unreachable
    assert holds(ANA) == ("no", "no")


def test_whoever_has_the_old_number_next_is_written_to_when_they_agree(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[moved(now - HOUR)])
    post(messages=[text("hello, I am new here", now - HOUR / 2)])
    assert Contact.get_by_id(ana).unreachable == ""
    assert holds(ANA) == ("no", "no")  # the box was another person's
    say("yes", now, source="order 31")
    assert holds(ANA) == ("yes", "yes")
    assert holds(NEW) == ("", "")


def test_told_twice_it_changes_nothing_more(ana: int, now: datetime, post: Post) -> None:
    post(messages=[moved(now)])
    say("yes", now + HOUR, NEW, "order 32")
    post(messages=[moved(now)])
    post(messages=[moved(now, id="wamid.told.again")])
    assert holds(NEW) == ("yes", "yes")


def test_a_refusal_that_they_had_taken_back_stays_behind(
    ana: int, now: datetime, post: Post
) -> None:
    say("no", now - 5 * DAY, source="whatsapp")
    say("yes", now - 4 * DAY, source="order 12")
    post(messages=[moved(now)])
    assert (holds(NEW), Statement.of([NEW], "marketing")) == (("", ""), [])


def test_what_was_agreed_to_under_the_new_number_since_stands(
    ana: int, now: datetime, post: Post
) -> None:
    say("no", now - 5 * DAY, source="whatsapp")
    add_contact(NEW, now - DAY)
    say("yes", now - DAY, NEW, "order 30")
    post(messages=[moved(now)])
    assert holds(NEW) == ("yes", "yes")


def test_the_switch_can_be_turned_back_under_the_new_number(
    ana: int, now: datetime, post: Post
) -> None:
    post(user_preferences=[preference("stop", now - DAY, wa_id=ANA_ID)])
    post(messages=[moved(now - HOUR)])
    assert holds(NEW) == ("no", "")
    post(user_preferences=[preference("resume", now, wa_id=NEW_ID)])
    assert holds(NEW) == ("", "")


def test_whatsapps_ids_go_along(ana: int, now: datetime, post: Post) -> None:
    post(messages=[text("hello", now - DAY, **{"from": ANA_ID, "from_user_id": "US.1"})])
    change = moved(now)
    change["system"]["user_id"] = "US.2"
    post(messages=[change])
    new = Contact.get(Contact.phone == NEW).id
    assert Identity.holders("wa_id", [ANA_ID, NEW_ID]) == {NEW_ID: new}
    assert Identity.holders("user_id", ["US.1", "US.2"]) == {"US.1": new, "US.2": new}
    post(messages=[text("STOP", now, id="wamid.in2", from_user_id="US.2")])
    assert holds(NEW) == ("no", "no")


def test_another_user_id_alone_is_the_same_person(ana: int, now: datetime, post: Post) -> None:
    Identity.put([{"kind": "user_id", "value": "US.1", "contact_id": ana, "seen_at": now - DAY}])
    change = moved(now, **{"from": ""})
    change["system"] = {
        "type": "user_changed_user_id", "user_id": "US.2", "body": "User Ana changed from US.1 to US.2",
    }  # fmt: skip
    post(messages=[change])
    assert Identity.holders("user_id", ["US.2"]) == {"US.2": ana}
    assert (holds(ANA), Contact.get_by_id(ana).unreachable) == (("yes", "yes"), "")


def test_a_refusal_of_somebody_without_a_number_goes_from_one_id_to_the_next(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now - DAY, from_user_id="US.1")])
    change = moved(now - HOUR, **{"from": ""})
    change["system"] = {
        "type": "user_changed_user_id", "user_id": "US.2", "body": "User Ana changed from US.1 to US.2",
    }  # fmt: skip
    post(messages=[change])
    post(messages=[text("hi", now, id="wamid.i", **{"from": ANA_ID, "from_user_id": "US.2"})])
    assert holds(ANA) == ("no", "no")


def test_a_refusal_of_a_number_that_nobody_knew_goes_along_too(
    database: Path, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now - DAY)])
    post(messages=[moved(now)])
    assert holds(NEW) == ("no", "no")
    assert Contact.select().count() == 0
