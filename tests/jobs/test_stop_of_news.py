"""What a STOP ends: marketing always, order news where it answers them or where nobody can know."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    file_orders,
    nothing,
    open_shop,
    order_json,
)
from test_track import ANA, ANA_ID, WAMID, keep, preference, status, tap, text

from agent.config import Settings
from agent.jobs.track import track
from models import Contact, Identity, Message, Statement

MINUTE = timedelta(minutes=1)
BRUNO = "+12025550102"
BOTH, OFFERS = ("no", "no"), ("no", "yes")  # marketing, order news
Post = Callable[..., None]
CAME = ("accepted", "sent", "delivered", "read")
NEVER_CAME = ("queued", "refused", "failed", "cancelled", "expired")
PERHAPS = ("held", "claimed", "unsure", "abandoned", "undelivered")


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    """Somebody who agreed to both."""
    return agreed(ANA, now)


@pytest.fixture
def post(settings: Settings, now: datetime) -> Post:
    def stored(**lists: list[Any]) -> None:
        keep(now, **lists)
        track(settings, now=now, beat=nothing)

    return stored


def agreed(phone: str, now: datetime) -> int:
    return add_contact(phone, now - 9 * DAY, order_news="yes", order_news_at=now - 9 * DAY)


def stands(phone: str = ANA) -> tuple[str, str]:
    """What stands of marketing and of order news."""
    one = Contact.get(Contact.phone == phone)
    return one.marketing, one.order_news


def news(contact: int, at: datetime, state: str = "delivered", **more: Any) -> Message:
    """News of an order, which left at `at`."""
    order = 100 + Message.select().count()
    known = {"campaign": "order_completed", "kind": "utility", "order_id": order, "subject": order}
    return add_message(contact, at, state=state, claimed_at=at, **(known | more))


def offer(contact: int, at: datetime, state: str = "delivered", **more: Any) -> Message:
    known = {"subject": Message.select().count()}
    return add_message(contact, at, state=state, claimed_at=at, **(known | more))


def quoting(wamid: str = WAMID, **more: Any) -> dict[str, Any]:
    return {"context": {"id": wamid}} | more


# what it quotes


def test_a_stop_that_quotes_order_news_ends_both(ana: int, now: datetime, post: Post) -> None:
    news(ana, now - 9 * DAY, wamid=WAMID)
    offer(ana, now - DAY)
    post(messages=[text("STOP", now, **quoting())])
    assert stands() == BOTH


def test_a_stop_that_quotes_an_offer_ends_marketing_alone(
    ana: int, now: datetime, post: Post
) -> None:
    offer(ana, now - 9 * DAY, wamid=WAMID)
    news(ana, now - DAY)
    post(messages=[text("STOP", now, **quoting())])
    assert stands() == OFFERS
    assert [(one.purpose, one.says) for one in Statement.select()] == [("marketing", "no")]


def test_a_quote_of_a_message_whose_answer_was_lost_is_understood(
    ana: int, now: datetime, settings: Settings
) -> None:
    # given news of which we know no wamid, then an offer; status and STOP are brought together
    message = news(ana, now - DAY, state="unsure")
    offer(ana, now - MINUTE)
    keep(
        now,
        statuses=[status("delivered", now, uid=message.uid)],
        messages=[text("STOP", now, **quoting())],
    )
    track(settings, now=now, beat=nothing)
    assert stands() == BOTH


def test_a_quote_of_the_first_of_two_tries_is_understood(
    ana: int, now: datetime, post: Post
) -> None:
    # given news that were sent once more, and both tries arrived
    message = news(ana, now - DAY, state="accepted", wamid="wamid.B", resent=True)
    post(statuses=[status("delivered", now - DAY, uid=message.uid, wamid=WAMID)])
    offer(ana, now - MINUTE)
    post(messages=[text("STOP", now, **quoting())])
    assert stands() == BOTH


def test_a_quote_of_what_we_do_not_know_is_as_good_as_none(
    ana: int, now: datetime, post: Post
) -> None:
    """The shop may write by hand from the same number."""
    news(ana, now - DAY)
    offer(ana, now - MINUTE)
    post(messages=[text("STOP", now, **quoting("wamid.by-hand"))])
    assert stands() == OFFERS


# the newest message


def test_a_stop_that_quotes_nothing_answers_the_newest_message(
    ana: int, now: datetime, post: Post
) -> None:
    news(ana, now - DAY)
    offer(ana, now - 2 * MINUTE)
    post(messages=[text("STOP", now - MINUTE)])
    assert stands() == OFFERS
    news(ana, now - MINUTE)
    post(messages=[text("STOP", now, id="wamid.in2")])
    assert stands() == BOTH


@pytest.mark.parametrize("state", CAME)
def test_the_newest_is_one_that_whatsapp_took(
    ana: int, now: datetime, post: Post, state: str
) -> None:
    news(ana, now - DAY)
    offer(ana, now - 2 * MINUTE, state)
    post(messages=[text("STOP", now)])
    assert stands() == OFFERS


@pytest.mark.parametrize("state", NEVER_CAME)
def test_what_never_came_is_answered_by_nobody(
    ana: int, now: datetime, post: Post, state: str
) -> None:
    news(ana, now - DAY)
    offer(ana, now - 2 * MINUTE, state)
    post(messages=[text("STOP", now)])
    assert stands() == BOTH


@pytest.mark.parametrize("state", NEVER_CAME)
def test_nor_are_news_that_never_came(ana: int, now: datetime, post: Post, state: str) -> None:
    offer(ana, now - DAY)
    news(ana, now - 2 * MINUTE, state)
    post(messages=[text("STOP", now)])
    assert stands() == OFFERS


@pytest.mark.parametrize("state", PERHAPS)
def test_where_nobody_knows_which_was_the_newest_both_end(
    ana: int, now: datetime, post: Post, state: str
) -> None:
    news(ana, now - DAY)
    offer(ana, now - 2 * MINUTE, state)
    post(messages=[text("STOP", now)])
    assert stands() == BOTH


@pytest.mark.parametrize("state", PERHAPS)
def test_news_that_may_have_come_may_be_answered(
    ana: int, now: datetime, post: Post, state: str
) -> None:
    offer(ana, now - DAY)
    news(ana, now - 2 * MINUTE, state)
    post(messages=[text("STOP", now)])
    assert stands() == BOTH


def test_a_stop_that_comes_late_answers_what_had_left_when_it_was_said(
    ana: int, now: datetime, post: Post
) -> None:
    news(ana, now - 9 * DAY)
    offer(ana, now - DAY)
    post(messages=[text("STOP", now - 2 * DAY)])
    assert stands() == BOTH


def test_nor_does_it_answer_news_that_left_later(ana: int, now: datetime, post: Post) -> None:
    offer(ana, now - 9 * DAY)
    news(ana, now - DAY)
    post(messages=[text("STOP", now - 2 * DAY)])
    assert stands() == OFFERS


@pytest.mark.parametrize("newest", [news, offer])
def test_a_clock_that_is_ahead_of_metas_hides_nothing(
    ana: int, now: datetime, post: Post, newest: Callable[..., Message]
) -> None:
    # given two messages, the second half a minute after the answer to it, by our clock
    {news: offer, offer: news}[newest](ana, now - DAY)
    newest(ana, now)
    post(messages=[text("STOP", now - MINUTE / 2)])
    assert stands() == BOTH


def test_messages_to_others_are_nothing_to_go_by(ana: int, now: datetime, post: Post) -> None:
    news(agreed(BRUNO, now), now - MINUTE)
    offer(ana, now - DAY)
    post(messages=[text("STOP", now)])
    assert (stands(), stands(BRUNO)) == (OFFERS, ("yes", "yes"))


def test_a_stop_of_somebody_who_never_heard_from_us_ends_both(
    ana: int, now: datetime, post: Post
) -> None:
    post(messages=[text("STOP", now)])
    assert stands() == BOTH


# buttons and switches


def test_the_opt_out_button_of_an_offer_ends_marketing_alone(
    ana: int, now: datetime, post: Post
) -> None:
    # whatever it says, and whatever came after the offer
    offer(ana, now - DAY, wamid=WAMID)
    news(ana, now - MINUTE)
    post(messages=[tap("OPTOUT_MARKETING", "Stop", now, **quoting())])
    assert stands() == OFFERS


def test_on_order_news_such_a_button_ends_both(ana: int, now: datetime, post: Post) -> None:
    news(ana, now - MINUTE, wamid=WAMID)
    post(messages=[tap("OPTOUT_MARKETING", "Stop", now, **quoting())])
    assert stands() == BOTH


@pytest.mark.parametrize(("what", "stand"), [(news, BOTH), (offer, OFFERS)])
def test_another_button_that_says_stop_is_about_its_message(
    ana: int, now: datetime, post: Post, what: Callable[..., Message], stand: tuple[str, str]
) -> None:
    what(ana, now - MINUTE, wamid=WAMID)
    post(messages=[tap("btn-2", "Stop", now, **quoting())])
    assert stands() == stand


def test_whatsapps_own_switch_is_about_marketing_alone(ana: int, now: datetime, post: Post) -> None:
    news(ana, now - MINUTE)
    post(user_preferences=[preference("stop", now, wa_id=ANA_ID)])
    assert stands() == OFFERS


# whose it is


def test_the_stop_of_a_number_that_we_do_not_know_yet_ends_both(
    now: datetime, settings: Settings, post: Post, database: Path
) -> None:
    """They ordered, ticked both boxes, and thought better of it before the next poll."""
    open_shop(country="US", zone="America/New_York")
    post(messages=[text("STOP", now)])
    order = order_json(10, now - MINUTE, "202-555-0101", consent="yes")
    order["meta_data"].append({"key": "_winback_order_news", "value": "yes"})
    file_orders(settings, now, order)
    assert stands() == BOTH


@pytest.mark.parametrize(("what", "stand"), [(news, BOTH), (offer, OFFERS)])
def test_who_answers_from_another_number_ends_it_for_the_one_that_was_written_to_as_well(
    ana: int,
    now: datetime,
    post: Post,
    what: Callable[..., Message],
    stand: tuple[str, str],
) -> None:
    # given an account of WhatsApp that we know under another number than the message went to
    agreed(BRUNO, now)
    bruno = Contact.get(Contact.phone == BRUNO).id
    Identity.put([{"kind": "wa_id", "value": BRUNO[1:], "contact_id": bruno, "seen_at": now - DAY}])
    what(ana, now - MINUTE, wamid=WAMID)
    post(messages=[text("STOP", now, **quoting(**{"from": BRUNO[1:]}))])
    assert (stands(), stands(BRUNO)) == (stand, stand)


def test_an_order_of_a_number_that_said_stop_brings_no_news_until_a_box_is_ticked_anew(
    ana: int, now: datetime, settings: Settings, post: Post
) -> None:
    open_shop(country="US", zone="America/New_York")
    news(ana, now - DAY)
    post(messages=[text("STOP", now - 2 * MINUTE)])
    ticked = {"key": "_winback_order_news", "value": "yes"}
    file_orders(settings, now, order_json(10, now - DAY, ANA, meta_data=[ticked]))
    assert stands() == BOTH
    file_orders(settings, now, order_json(11, now - MINUTE, ANA, meta_data=[ticked]))
    assert stands() == ("no", "yes")


def test_the_log_says_what_was_withdrawn(
    ana: int, now: datetime, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    news(ana, now - MINUTE)
    post(messages=[text("STOP", now)])
    [told] = [one for one in caplog.records if one.message == "consent.withdrawn"]
    assert "marketing,order_news" in str(told.__dict__)
