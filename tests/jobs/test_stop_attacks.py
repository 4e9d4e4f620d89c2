"""A STOP that comes at a bad moment, twice, late, or under another name is in force all the same."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, file_orders, nothing, open_shop, order_json
from test_number_changes import NEW, NEW_ID, moved
from test_suppression import agree, holds
from test_track import ANA, ANA_ID, WAMID, keep, preference, status, text

from agent.config import Settings
from agent.consent import Heard, record
from agent.jobs.track import track
from models import Contact, Identity, Message

BRUNO, BRUNO_ID = "+12025550102", "12025550102"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
Post = Callable[..., None]


@pytest.fixture
def ana(database: object, now: datetime) -> int:
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


def new_user_id(at: datetime) -> Any:
    """Somebody who hides the number changes it: WhatsApp names the ids alone."""
    told = {"type": "user_changed_user_id", "user_id": "US.2"}
    return moved(at, **{"from": ""}) | {
        "system": told | {"body": "User Ana changed from US.1 to US.2"}
    }


# together with a change of number


def test_a_stop_under_the_new_id_in_the_webhook_that_tells_of_the_id(
    ana: int, now: datetime, post: Post
) -> None:
    Identity.put([{"kind": "user_id", "value": "US.1", "contact_id": ana, "seen_at": now - DAY}])
    post(messages=[new_user_id(now - MINUTE), text("STOP", now, from_user_id="US.2")])
    assert holds() == ("no", "no")


def test_a_stop_under_an_id_that_a_later_change_of_number_explains(
    ana: int, now: datetime, post: Post
) -> None:
    agree(NEW, now - 2 * DAY, "order 12")
    add_contact(NEW, now - 2 * DAY)
    post(messages=[text("STOP", now, from_user_id="US.2")])
    change = moved(now - MINUTE)
    change["system"]["user_id"] = "US.2"
    post(messages=[change])
    assert holds(NEW) == ("no", "no")


def test_a_stop_that_was_said_before_the_change_and_comes_after_it(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact(NEW, now - 2 * DAY)
    agree(NEW, now - 2 * DAY, "order 12")
    post(messages=[moved(now - HOUR)])
    assert holds(NEW) == ("yes", "yes")
    post(messages=[text("STOP", now - 2 * HOUR)])
    assert holds(NEW) == ("no", "no")


def test_or_after_two_of_them(ana: int, now: datetime, post: Post) -> None:
    third, third_id = "+12025550188", "12025550188"
    add_contact(third, now - 2 * DAY)
    agree(third, now - 2 * DAY, "order 12")
    post(messages=[moved(now - HOUR)])
    again = moved(now - MINUTE, id="wamid.moved.again", **{"from": NEW_ID})
    again["system"]["wa_id"], again["system"]["body"] = third_id, ""
    post(messages=[again])
    post(messages=[text("STOP", now - 2 * HOUR)])
    assert holds(third) == ("no", "no")


def test_a_late_stop_under_an_id_alone_is_carried_on_too(
    ana: int, now: datetime, post: Post
) -> None:
    Identity.put([{"kind": "user_id", "value": "US.1", "contact_id": ana, "seen_at": now - DAY}])
    add_contact(NEW, now - 2 * DAY)
    agree(NEW, now - 2 * DAY, "order 12")
    post(messages=[moved(now - HOUR)])
    post(messages=[text("STOP", now - 2 * HOUR, from_user_id="US.1")])
    assert holds(NEW) == ("no", "no")


def test_and_from_one_id_to_the_next_of_somebody_whom_nobody_knows(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[new_user_id(now - HOUR)])
    post(messages=[text("STOP", now - 2 * HOUR, from_user_id="US.1")])
    post(messages=[text("hi", now, id="wamid.i", **{"from": ANA_ID, "from_user_id": "US.2"})])
    assert holds() == ("no", "no")


def test_what_they_had_taken_back_before_they_moved_stays_behind_however_late_it_comes(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact(NEW, now - 9 * DAY)
    agree(NEW, now - 9 * DAY, "order 12")
    agree(ANA, now - 2 * HOUR, "order 13")
    post(messages=[moved(now - HOUR)])
    post(messages=[text("STOP", now - 3 * HOUR)])
    assert holds(NEW) == ("yes", "yes")


def test_what_the_next_holder_of_the_number_says_is_not_carried_on(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact(NEW, now - 2 * DAY)
    agree(NEW, now - 2 * DAY, "order 12")
    post(messages=[moved(now - HOUR)])
    post(messages=[text("STOP", now)])
    assert holds(NEW) == ("yes", "yes")


def test_the_switch_that_is_heard_of_late_is_carried_on_too(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact(NEW, now - 2 * DAY)
    agree(NEW, now - 2 * DAY, "order 12")
    post(messages=[moved(now - HOUR)])
    post(user_preferences=[preference("stop", now - 2 * HOUR, wa_id=ANA_ID)])
    assert holds(NEW) == ("no", "yes")


def test_nothing_goes_to_the_old_number_though_they_wrote_from_the_new_one_before_it_was_told(
    ana: int, now: datetime, post: Post
) -> None:
    add_message(ana, now - DAY, state="delivered", wamid=WAMID, claimed_at=now - DAY)
    hello = text("hello", now - MINUTE, context={"id": WAMID}, **{"from": NEW_ID})
    post(messages=[moved(now - HOUR), hello])
    assert holds(ANA) == ("no", "no")
    assert "another number" in Contact.get_by_id(ana).unreachable


def test_nor_where_the_new_one_is_no_number_that_can_be_written_to(
    ana: int, now: datetime, post: Post
) -> None:
    waiting = add_message(ana, now)
    change = moved(now)
    change["system"] |= {"wa_id": "1202555", "body": ""}
    post(messages=[change])
    assert (holds(ANA), Message.get_by_id(waiting.id).state) == (("no", "no"), "cancelled")


def test_who_moves_back_can_be_reached_again(ana: int, now: datetime, post: Post) -> None:
    post(messages=[moved(now - HOUR)])
    back = moved(now, id="wamid.back", **{"from": NEW_ID})
    back["system"] |= {"wa_id": ANA_ID, "body": ""}
    post(messages=[back])
    assert Contact.get_by_id(ana).unreachable == ""
    assert holds(ANA) == ("no", "no")


# under another name


def test_a_stop_from_a_number_that_nobody_knew_holds_for_that_number_too(
    ana: int, now: datetime, post: Post, settings: Settings
) -> None:
    """Known by the user id alone; their next order names the number that they write from."""
    open_shop(country="US", zone="America/New_York")
    Identity.put([{"kind": "user_id", "value": "US.9", "contact_id": ana, "seen_at": now - DAY}])
    post(messages=[text("STOP", now, **{"from": BRUNO_ID, "from_user_id": "US.9"})])
    assert holds() == ("no", "no")
    file_orders(settings, now, order_json(10, now - MINUTE, BRUNO, consent="yes"))
    assert Contact.get(Contact.phone == BRUNO).marketing == "no"


def test_a_stop_that_quotes_what_went_to_another_number_holds_for_both(
    ana: int, now: datetime, post: Post
) -> None:
    """Both are known, and nothing was ever sent to the one that it comes from."""
    add_contact(BRUNO, now - 10 * DAY)
    agree(BRUNO, now - 10 * DAY)
    add_message(ana, now - DAY, state="delivered", wamid=WAMID, claimed_at=now - DAY)
    post(messages=[text("STOP", now, context={"id": WAMID}, **{"from": BRUNO_ID})])
    assert (holds()[0], holds(BRUNO)[0]) == ("no", "no")


def test_whoever_writes_from_a_number_of_which_they_are_not_the_contact_stops_that_too(
    ana: int, now: datetime, post: Post
) -> None:
    add_contact(BRUNO, now - 10 * DAY)
    agree(BRUNO, now - 10 * DAY)
    Identity.put([{"kind": "wa_id", "value": BRUNO_ID, "contact_id": ana, "seen_at": now - DAY}])
    post(messages=[text("STOP", now, **{"from": BRUNO_ID})])
    assert (holds(), holds(BRUNO)) == (("no", "no"), ("no", "no"))


def test_a_stop_under_an_id_whose_number_is_told_before_its_order_comes(
    now: datetime, settings: Settings, post: Post, database: object
) -> None:
    open_shop(country="US", zone="America/New_York")
    post(messages=[text("STOP", now - HOUR, from_user_id="US.9")])
    hello = text("hello", now, id="wamid.in2", **{"from": ANA_ID, "from_user_id": "US.9"})
    post(messages=[hello])
    file_orders(settings, now, order_json(10, now - 2 * HOUR, ANA, consent="yes"))
    assert holds()[0] == "no"


def test_a_stop_under_an_id_whose_number_the_switch_tells(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now - HOUR, from_user_id="US.9")])
    both = preference("resume", now, wa_id=ANA_ID, user_id="US.9")
    post(user_preferences=[both])
    assert holds() == ("no", "no")


# by clocks that go wrong


def test_our_clock_is_slow_and_a_box_was_ticked_before_the_stop(
    now: datetime, settings: Settings, post: Post, database: object
) -> None:
    """By the shop's clock and WhatsApp's the STOP is the newer word; for ours both are yet to come."""
    open_shop(country="US", zone="America/New_York")
    post(messages=[text("STOP", now + 5 * MINUTE)])
    file_orders(settings, now + MINUTE, order_json(10, now + 4 * MINUTE, ANA, consent="yes"))
    assert holds()[0] == "no"


def test_a_stop_of_the_far_future_does_not_outlast_every_box(
    now: datetime, settings: Settings, post: Post, database: object
) -> None:
    open_shop(country="US", zone="America/New_York")
    post(messages=[text("STOP", now + 900 * DAY)])
    file_orders(settings, now + DAY, order_json(10, now + DAY, ANA, consent="yes"))
    assert holds()[0] == "yes"


def test_a_yes_that_is_yet_to_come_is_no_newer_for_being_read_again(
    now: datetime, post: Post, database: object
) -> None:
    add_contact(ANA, now)
    ahead = Heard(phone=ANA, says="yes", source="order 7", said_at=now + 3 * HOUR)
    record([ahead], now=now - 2 * MINUTE)
    post(messages=[text("STOP", now - MINUTE)])
    record([ahead], now=now + HOUR)
    assert holds()[0] == "no"


def test_switching_on_is_no_newer_for_being_told_twice(
    ana: int, now: datetime, settings: Settings
) -> None:
    """Our clock is slow by an hour."""
    on, off = now + HOUR, now + HOUR + MINUTE
    for at, value, moment in (
        (now, "resume", on), (now + MINUTE, "stop", off), (now + 2 * MINUTE, "resume", on),
    ):  # fmt: skip
        keep(at, user_preferences=[preference(value, moment, wa_id=ANA_ID)])
        track(settings, now=at, beat=nothing)
    assert holds() == ("no", "yes")


# in any order


def test_words_of_a_stop_and_its_doubles_come_to_the_same_in_every_order(
    ana: int, now: datetime, settings: Settings
) -> None:
    said = [
        {"messages": [text("STOP", now - 3 * HOUR, from_user_id="US.9")]},
        {"messages": [text("hi", now - 2 * HOUR, id="wamid.i", **{"from": ANA_ID, "from_user_id": "US.9"})]},
        {"user_preferences": [preference("resume", now - HOUR, user_id="US.9")]},
    ]  # fmt: skip
    Identity.delete().execute()
    came_to = set()
    for number, order in enumerate(permutations(said)):
        phone_id = str(int(ANA_ID) + 10 + number)
        add_contact(f"+{phone_id}", now - 10 * DAY)
        agree(f"+{phone_id}", now - 10 * DAY)
        for one in order:
            keep(now, **_renamed(one, phone_id, f"US.{phone_id}", number))
            track(settings, now=now, beat=nothing)
        came_to.add(holds(f"+{phone_id}"))
    assert came_to == {("no", "no")}


def _renamed(one: Any, phone_id: str, user_id: str, number: int) -> Any:
    told = json.dumps(one).replace(ANA_ID, phone_id).replace("US.9", user_id)
    return json.loads(told.replace("wamid.", f"wamid.{number}."))


@pytest.mark.long
def test_a_stop_reaches_the_newest_number_in_whatever_order_it_all_is_told(
    settings: Settings, now: datetime, database: object
) -> None:
    """Somebody hides the number, says STOP, changes the number, and had agreed under the new one before."""
    for run, order in enumerate(permutations(range(5))):
        old, new = f"1202556{2 * run:04}", f"1202556{2 * run + 1:04}"
        events = _life(old, new, run, now)
        for number in order:
            keep(now, **events[number])
            if run % 2:
                track(settings, now=now, beat=nothing)
        track(settings, now=now, beat=nothing)
        assert (holds(f"+{old}"), holds(f"+{new}")[0]) == (("no", "no"), "no"), order


def _life(old: str, new: str, run: int, now: datetime) -> list[dict[str, list[Any]]]:
    contact = add_contact(f"+{old}", now - 10 * DAY)
    add_contact(f"+{new}", now - 9 * DAY)
    for phone in (old, new):
        agree(f"+{phone}", now - 9 * DAY)
    sent = add_message(
        contact, now - 6 * HOUR, state="accepted", wamid=f"wamid.{run}", claimed_at=now - 6 * HOUR
    )
    change = moved(now - 2 * HOUR, id=f"wamid.moved.{run}", **{"from": old})
    told = {"wa_id": new, "user_id": f"US.{run}b", "body": ""}
    change["system"] |= told
    return [
        {"messages": [text("STOP", now - 3 * HOUR, id=f"wamid.a{run}", from_user_id=f"US.{run}a")]},
        {"messages": [_hello(old, f"US.{run}a", now - 4 * HOUR)]},
        {"messages": [change]},
        {"messages": [_hello(new, f"US.{run}b", now - HOUR)]},
        {"statuses": [_delivered(sent, f"US.{run}a", now - 5 * HOUR)]},
    ]


def _hello(wa_id: str, user_id: str, at: datetime) -> Any:
    return text("hi", at, id=f"wamid.{wa_id}", **{"from": wa_id, "from_user_id": user_id})


def _delivered(sent: Message, user_id: str, at: datetime) -> Any:
    named = {"uid": sent.uid, "wamid": sent.wamid or "", "recipient_user_id": user_id}
    return status("delivered", at, **named)
