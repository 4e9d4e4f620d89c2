"""Days in the lives of orders, on the sandbox: who hears what of them, and when, and who does not."""

from datetime import datetime, timedelta

import pytest
from order_desk import OWN_STATUS, PHONE, OpenDesk, OrderDesk, messages

from models import Message, OrderChange


def test_the_life_of_an_order_is_told_step_by_step(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order(status="pending")
    desk.later(minutes=2)
    assert desk.told == []  # it is not placed yet
    for status in ("on-hold", "processing", OWN_STATUS, "completed"):
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    desk.shop.set_order_meta(number, "_tracking_number", "JD014600003")
    desk.later(minutes=2)
    desk.shop.refund(number, 10)
    desk.later(minutes=2)
    desk.shop.set_status(number, "refunded")
    desk.later(minutes=2)
    assert desk.told == [
        "order_on_hold", "order_processing", "order_status_update", "order_completed",
        "shipping_update", "order_partly_refunded", "order_refunded",
    ]  # fmt: skip
    assert {one.to for one in desk.sent} == {PHONE}
    assert {one.category for one in desk.sent} == {"utility"}
    assert desk.sent[0].parameters["body"][0] == str(number)
    assert all("" not in one.parameters["body"] for one in desk.sent)


def test_whoever_has_ordered_hears_that_it_arrived_with_what_it_costs(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order()
    desk.later(minutes=2)
    assert desk.told == ["order_confirmation"]
    assert desk.sent[0].parameters["body"] == ("Ana", str(number), "$80.00", "2", "-")
    assert desk.outcomes(number) == ["order_confirmation"]


@pytest.mark.long
def test_it_takes_no_longer_than_the_poll_the_settling_and_five_seconds(desk: OrderDesk) -> None:
    desk.fill()
    for second in (0, 7, 31, 59):
        desk.later(seconds=60 + second)
        number = desk.order()
        placed = desk.now
        desk.later(minutes=3)
        [message] = Message.select().where(Message.order_id == number)
        assert message.accepted_at - placed <= timedelta(seconds=60 + 30 + 5)


def test_a_webhook_of_the_shop_makes_it_faster(desk: OrderDesk) -> None:
    from models import Hint

    desk.fill()
    desk.later(seconds=61)
    number = desk.order()
    placed = desk.now
    Hint.note("orders", [number], "webhook", desk.now)
    desk.later(minutes=2)
    [message] = Message.select().where(Message.order_id == number)
    assert message.accepted_at - placed <= timedelta(seconds=30 + 10)


def test_forty_changes_in_a_minute_are_one_message_about_the_last(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    for turn in range(40):
        desk.shop.set_status(number, "on-hold" if turn % 2 else "completed")
        desk.later(seconds=1.5)
    desk.shop.set_status(number, OWN_STATUS)
    desk.later(minutes=3)
    assert desk.told == ["order_status_update"]


@pytest.mark.long
def test_back_and_forth_nothing_is_told_twice(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    for _ in range(5):
        for status in ("on-hold", "processing"):
            desk.shop.set_status(number, status)
            desk.later(minutes=2)
    assert desk.told == ["order_on_hold", "order_processing"]
    assert (
        desk.outcomes(number)[2:]
        == ["order_on_hold: told before", "order_processing: told before"] * 4
    )


def test_cancelled_opened_again_and_cancelled_again(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    for status in ("cancelled", "processing", "cancelled", "completed"):
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    assert desk.told == ["order_cancelled", "order_processing", "order_completed"]


def test_what_there_was_before_winback_is_nobody_s_news(desk: OrderDesk) -> None:
    numbers = [desk.order(status=status) for status in ("pending", "processing", "completed")]
    desk.fill()
    desk.later(minutes=3)
    assert OrderChange.select().count() == 0
    desk.shop.set_status(numbers[1], "completed")
    desk.later(minutes=2)
    assert desk.told == ["order_completed"]


@pytest.mark.long
def test_five_thousand_imported_orders_are_silence(desk: OrderDesk) -> None:
    desk.fill()
    for one in range(5000):
        desk.order(f"+1{201 + one // 100}55501{one % 100:02}")
    real = desk.order("+12025550199")  # nobody can tell it from the others
    desk.later(minutes=4)
    assert desk.told == []
    assert {outcome for (outcome,) in OrderChange.select(OrderChange.outcome).tuples()} == {
        "order_confirmation: one of too many at a time: an import, or edited in bulk"
    }
    desk.later(minutes=10)
    desk.shop.set_status(real, "completed")
    desk.later(minutes=2)
    assert desk.told == ["order_completed"]


def test_an_order_that_is_old_when_it_comes_was_imported(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order(created=desk.now - timedelta(days=40), status="completed")
    desk.later(minutes=2)
    desk.shop.set_order_meta(number, "_anything", "else")
    desk.later(minutes=2)
    assert desk.told == []


def test_down_for_three_hours_in_the_middle_of_it_all(desk: OrderDesk) -> None:
    before = [desk.order(f"+120255501{n:02}") for n in range(4)]
    desk.fill()
    desk.later(minutes=2)
    desk.off = True
    desk.shop.set_status(before[0], "completed")
    desk.later(hours=1)
    during = desk.order("+12025550150")
    desk.shop.set_status(before[1], "on-hold")
    desk.shop.refund(before[2], 5)
    desk.later(hours=1)
    desk.shop.set_status(before[1], "cancelled")
    desk.shop.set_status(before[3], "on-hold")
    desk.shop.set_status(before[3], "processing")
    desk.later(hours=1)
    desk.off = False
    desk.later(minutes=3)
    assert sorted(desk.told) == [
        "order_cancelled", "order_completed", "order_confirmation", "order_partly_refunded",
    ]  # fmt: skip
    assert messages(during) == [("order_confirmation", "delivered")]
    assert messages(before[3]) == []


def test_news_of_yesterday_are_no_news(desk: OrderDesk) -> None:
    number = desk.order()
    desk.fill()
    desk.off = True
    desk.later(minutes=1)
    desk.shop.set_status(number, "completed")
    desk.clock.advance(timedelta(hours=25))
    desk.off = False
    desk.later(minutes=2)
    assert desk.told == []
    assert desk.outcomes(number) == ["order_completed: too late: we saw it long after it happened"]


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({"_winback_order_news": ""}, "never agreed to order news"),
        ({"_winback_order_news": "refused"}, "said no to order news"),
        ({"_winback_order_news": "", "_winback_marketing": "yes"}, "never agreed to order news"),
    ],
)
def test_without_consent_to_order_news_nobody_is_told(
    desk: OrderDesk, meta: dict[str, str], why: str
) -> None:
    desk.fill()
    number = desk.order(meta=meta)
    desk.later(minutes=2)
    assert desk.told == []
    assert desk.outcomes(number) == [f"order_confirmation: {why}"]


def test_a_kind_that_is_off_is_not_told_and_another_that_fits_is(open_desk: OpenDesk) -> None:
    desk = open_desk("[order_news.order_confirmation]\nenabled = false")
    desk.fill()
    number = desk.order()
    desk.later(minutes=2)
    assert desk.told == ["order_processing"]
    desk.change("[order_news.order_completed]\nenabled = false")
    desk.shop.set_status(number, "completed")
    desk.later(minutes=2)
    assert desk.told == ["order_processing"]
    assert desk.outcomes(number)[-1] == "order_completed: is switched off"


def test_an_order_that_is_deleted_before_it_comes_to_rest_is_told_to_nobody(
    desk: OrderDesk,
) -> None:
    desk.fill()
    number = desk.order()
    desk.later(minutes=1, seconds=5)
    assert desk.outcomes(number) == ["not decided yet"]
    desk.shop.delete_order(number)
    desk.later(minutes=3)
    assert desk.told == []
    assert desk.outcomes(number) == ["the shop has no such order any more"]


@pytest.mark.long
def test_a_refund_of_which_the_shop_tells_no_amount_is_told_to_nobody(desk: OrderDesk) -> None:
    """Some plugins set the status and make no refund."""
    desk.fill()
    number = desk.order(status="refunded")
    desk.later(minutes=3)
    assert desk.outcomes(number) == ["not decided yet"]  # it may yet come
    desk.later(minutes=5)
    assert desk.told == []
    assert desk.outcomes(number) == ["order_refunded: the shop tells no amount"]


def test_who_has_no_phone_that_whatsapp_could_reach_is_told_nothing(desk: OrderDesk) -> None:
    desk.fill()
    number = desk.order("not a phone")
    desk.later(minutes=2)
    assert desk.outcomes(number) == ["order_confirmation: has no phone that WhatsApp could reach"]


def test_a_date_is_that_of_where_the_recipient_lives(open_desk: OpenDesk) -> None:
    """One in the afternoon in the shop's New York is the next day all over Australia."""
    desk = open_desk(
        '[order_news.order_processing]\nbody = ["{order_number}", "{order.date|-}", '
        '"{status_emoji}", "{action_needed|-}"]\nenabled = true\n\n'
        "[order_news.order_confirmation]\nenabled = false"
    )
    desk.clock.set(desk.now.replace(hour=18))
    desk.fill()
    at_home = desk.order()
    far = desk.order("+61491570156", billing={"country": "AU"})
    desk.later(minutes=2)
    dates = {one.parameters["body"][0]: one.parameters["body"][1] for one in desk.sent}
    assert dates == {str(at_home): "March 2, 2026", str(far): "3 March 2026"}


# the night, and what happens in it


def at(desk: OrderDesk, moment: datetime) -> None:
    desk.clock.set(moment)


def test_what_is_overtaken_in_the_night_is_dropped_in_the_morning(open_desk: OpenDesk) -> None:
    desk = open_desk('[limits]\nquiet_from = "22:00"\nquiet_until = "08:00"')
    kept, changed = desk.order("+12025550101"), desk.order("+12025550102")
    evening = desk.now.replace(hour=3, minute=0) + timedelta(days=1)  # 22:00 or 23:00 in New York
    at(desk, evening)
    desk.fill()
    for number in (kept, changed):
        desk.shop.set_status(number, "on-hold")
    desk.later(minutes=2)
    assert desk.told == []
    assert messages(kept) == messages(changed) == [("order_on_hold", "queued")]
    desk.shop.set_status(changed, "cancelled")
    desk.later(minutes=2)
    at(desk, evening + timedelta(hours=11))
    desk.later(minutes=2)
    assert sorted(desk.told) == ["order_cancelled", "order_on_hold"]
    assert messages(changed) == [("order_on_hold", "cancelled"), ("order_cancelled", "delivered")]


@pytest.mark.long
def test_what_was_dropped_is_told_when_it_comes_true_again(open_desk: OpenDesk) -> None:
    desk = open_desk('[limits]\nquiet_from = "22:00"\nquiet_until = "08:00"')
    number = desk.order()
    evening = desk.now.replace(hour=3, minute=0) + timedelta(days=1)
    at(desk, evening)
    desk.fill()
    for status in ("completed", "processing"):
        desk.shop.set_status(number, status)
        desk.later(minutes=2)
    at(desk, evening + timedelta(hours=11))
    desk.later(minutes=2)
    assert desk.told == ["order_processing"]
    desk.shop.set_status(number, "completed")
    desk.later(minutes=2)
    assert desk.told == ["order_processing", "order_completed"]
    assert messages(number) == [
        ("order_completed", "cancelled"), ("order_processing", "delivered"), ("order_completed", "delivered"),
    ]  # fmt: skip
