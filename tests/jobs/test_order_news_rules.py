"""Order news and the rules around them: tries, days, classes of templates, pauses, consent."""

import itertools
from datetime import timedelta

import pytest
from jobs_stage import add_message, contact_at
from order_desk import PHONE, OpenDesk, OrderDesk, messages

from agent.jobs.templates import read_templates
from agent.pauses import OPERATOR
from models import Contact, Message, Pause
from models.delivery import EVERYTHING, MARKETING

COMPLETED = "order_completed"
AS_MARKETING = "WhatsApp counts its template as marketing"


def move_template(desk: OrderDesk, name: str, category: str) -> None:
    """Meta counts it differently, and all templates are read again."""
    desk.whatsapp.change_category(name, category)
    read_templates(desk.client, desk.settings, now=desk.now)


def completed(desk: OrderDesk, **more: object) -> int:
    """An order that was there before, and is completed now."""
    number = desk.order(**more)
    desk.fill()
    desk.later(seconds=5)
    desk.shop.set_status(number, "completed")
    return number


def news_of(order: int) -> Message:
    found: Message = Message.get(Message.order_id == order)
    return found


# not sent, and unsure


@pytest.mark.long
@pytest.mark.parametrize("trouble", ["away", "an error that passes"])
def test_what_was_not_sent_is_tried_three_times_more_at_five_minute_steps(
    desk: OrderDesk, trouble: str
) -> None:
    if trouble == "away":
        desk.take_whatsapp_away()
    else:
        desk.whatsapp.fail_next(131016, times=100)
    number = completed(desk)
    tries: list[timedelta] = []
    began = desk.now
    for _ in range(12 * 30):
        before = news_of(number).attempts if messages(number) else 0
        desk.later(seconds=5)
        if messages(number) and news_of(number).attempts > before:
            tries.append(desk.now - began)
    assert messages(number) == [(COMPLETED, "expired" if trouble == "away" else "refused")]
    steps = [(later - earlier) for earlier, later in itertools.pairwise(tries)]
    assert len(tries) == 4
    assert all(timedelta(minutes=5) <= step <= timedelta(minutes=5, seconds=10) for step in steps)
    if trouble == "away":
        assert news_of(number).detail.startswith("not sent in 4 tries: ")
        desk.bring_whatsapp_back()
    desk.whatsapp.heal()
    desk.later(minutes=20)
    assert desk.told == []


@pytest.mark.long
def test_a_try_that_succeeds_is_the_last(desk: OrderDesk) -> None:
    desk.take_whatsapp_away()
    number = completed(desk)
    desk.later(minutes=3)
    desk.bring_whatsapp_back()
    desk.later(minutes=30)
    assert desk.told == [COMPLETED]
    assert messages(number) == [(COMPLETED, "delivered")]


@pytest.mark.long
def test_what_is_overtaken_between_two_tries_is_not_tried_again(desk: OrderDesk) -> None:
    desk.take_whatsapp_away()
    number = completed(desk)
    desk.later(minutes=2)
    desk.bring_whatsapp_back()
    desk.shop.set_status(number, "on-hold")
    desk.later(minutes=10)
    assert messages(number)[0] == (COMPLETED, "cancelled")
    assert desk.told == ["order_on_hold"]


@pytest.mark.long
@pytest.mark.parametrize(("allowed", "sent"), [("true", 2), ("false", 1)])
def test_an_answer_that_was_lost_is_news_once_more_only_where_the_owner_wants_it(
    open_desk: OpenDesk, allowed: str, sent: int
) -> None:
    desk = open_desk(f"[order_news]\nresend_unsure = {allowed}")
    desk.whatsapp.lose_responses = desk.whatsapp.lose_webhooks = 1.0
    number = completed(desk)
    desk.later(hours=4)
    assert desk.told == [COMPLETED] * sent
    assert messages(number) == [(COMPLETED, "abandoned")]


@pytest.mark.long
def test_what_was_lost_is_not_sent_again_when_it_is_not_so_any_more(open_desk: OpenDesk) -> None:
    desk = open_desk("[order_news]\nresend_unsure = true")
    desk.whatsapp.lose_responses = desk.whatsapp.lose_webhooks = 1.0
    number = completed(desk)
    desk.later(minutes=3)
    desk.shop.trash_order(number)
    desk.later(hours=3)
    assert desk.told == [COMPLETED]


# how many a day


@pytest.mark.long
def test_a_person_hears_no_more_of_orders_in_a_day_than_the_owner_says(open_desk: OpenDesk) -> None:
    desk = open_desk("[order_news]\nper_day = 2")
    numbers = [desk.order() for _ in range(3)]
    other = desk.order("+12025550111")
    desk.fill()
    desk.later(seconds=5)
    for number in (*numbers, other):
        desk.shop.set_status(number, "completed")
    desk.later(minutes=5)
    assert sorted(one.to for one in desk.sent) == [PHONE, PHONE, "+12025550111"]
    desk.shop.set_status(numbers[2], "refunded")  # what waits is overtaken
    desk.later(hours=24)
    assert desk.told.count(COMPLETED) == 3
    assert desk.told[-1] == "order_refunded"


# what Meta counts as marketing


def test_a_template_that_moved_to_marketing_needs_that_consent(desk: OrderDesk) -> None:
    move_template(desk, COMPLETED, "MARKETING")
    number = completed(desk)
    desk.later(minutes=2)
    assert desk.told == []
    assert desk.outcomes(number) == [f"{COMPLETED}: {AS_MARKETING}, to which they did not agree"]


def test_it_counts_for_the_caps_from_that_moment(desk: OrderDesk) -> None:
    move_template(desk, COMPLETED, "MARKETING")
    both = {"_winback_marketing": "yes"}
    first, second = desk.order(meta=both), desk.order(meta=both)
    desk.fill()
    desk.later(seconds=5)
    desk.shop.set_status(first, "completed")
    desk.later(minutes=2)
    desk.shop.set_status(second, "completed")
    desk.later(minutes=2)
    assert desk.told == [COMPLETED]
    assert desk.sent[0].category == "marketing"
    assert desk.outcomes(second) == [
        f"{COMPLETED}: {AS_MARKETING}, and they heard from the shop lately"
    ]
    contact = contact_at(PHONE).id
    assert [day for _, day in Message.cap_days([contact], desk.now.date())[contact]]


def test_what_waits_when_it_moves_is_held_to_it_as_well(open_desk: OpenDesk) -> None:
    desk = open_desk()
    Pause.put(EVERYTHING, OPERATOR, "", now=desk.now)
    number = completed(desk)
    desk.later(minutes=2)
    assert news_of(number).kind == "utility"
    move_template(desk, COMPLETED, "MARKETING")
    assert news_of(number).kind == MARKETING
    Pause.lift(EVERYTHING)
    desk.later(minutes=1)
    assert desk.told == []
    assert messages(number) == [(COMPLETED, "cancelled")]
    assert news_of(number).detail == f"{AS_MARKETING}, to which they do not agree"


def test_one_that_moved_back_needs_nothing_more(desk: OrderDesk) -> None:
    Pause.put(EVERYTHING, OPERATOR, "", now=desk.now)
    move_template(desk, COMPLETED, "MARKETING")
    number = completed(desk, meta={"_winback_marketing": "yes"})
    desk.later(minutes=2)
    assert news_of(number).kind == MARKETING
    move_template(desk, COMPLETED, "UTILITY")
    assert news_of(number).kind == "utility"
    Pause.lift(EVERYTHING)
    desk.later(minutes=1)
    assert desk.told == [COMPLETED]


def test_caps_of_marketing_are_no_caps_of_order_news(desk: OrderDesk) -> None:
    number = completed(desk, meta={"_winback_marketing": "yes"})
    contact = contact_at(PHONE)
    add_message(contact.id, desk.now, state="accepted", wamid="wamid.1")
    desk.later(minutes=2)
    assert desk.told == [COMPLETED]
    assert messages(number) == [(COMPLETED, "delivered")]


# pauses, and no


def test_a_pause_of_marketing_does_not_stop_them(desk: OrderDesk) -> None:
    Pause.put(MARKETING, OPERATOR, "", now=desk.now)
    completed(desk)
    desk.later(minutes=2)
    assert desk.told == [COMPLETED]


def test_a_no_between_the_decision_and_the_request_stops_it(desk: OrderDesk) -> None:
    Pause.put(EVERYTHING, OPERATOR, "", now=desk.now)
    number = completed(desk)
    desk.later(minutes=2)
    Contact.update(order_news="no").execute()
    Pause.lift(EVERYTHING)
    desk.later(minutes=1)
    assert desk.told == []
    assert news_of(number).detail == "consent to order news was withdrawn"


@pytest.mark.long
def test_a_campaign_that_waits_does_not_hold_up_the_news(desk: OrderDesk) -> None:
    """They leave first."""
    desk.whatsapp.add_template("we_miss_you", "en", body="Hello {{1}}! See {{2}} for what is new.")
    read_templates(desk.client, desk.settings, now=desk.now)
    Pause.put(EVERYTHING, OPERATOR, "", now=desk.now)
    completed(desk)
    others = [
        desk.order(f"+120255501{n:02}", meta={"_winback_marketing": "yes"}) for n in range(20, 40)
    ]
    desk.later(minutes=2)
    assert others
    for phone in range(20, 40):
        contact = contact_at(f"+120255501{phone:02}").id
        values = {"first_name": "Ana", "shop_url": "https://shop.example"}
        spell = desk.now + timedelta(hours=1)
        add_message(contact, desk.now, spell_began=spell, variables=values, priority=0)
    Pause.lift(EVERYTHING)
    desk.later(minutes=1)
    assert desk.told[0] == COMPLETED
    assert desk.told.count("we_miss_you") == 20


def test_a_failure_is_seen_in_the_history_of_the_order(desk: OrderDesk) -> None:
    desk.whatsapp.fail_next(131026, times=1)
    number = completed(desk)
    desk.later(minutes=2)
    message = news_of(number)
    assert (message.state, message.code) == ("refused", 131026)
