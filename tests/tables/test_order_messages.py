"""Order news in the outbox: how many a person had in a day, and which wait for a newer look at the shop."""

from datetime import timedelta

import pytest
from table_rows import NOON, SECOND, again, an_intent, an_order

from models import Message, Order
from models.order_messages import put_off, sent_on

HOUR = timedelta(hours=1)


def news(contact: int = 1, order: int | None = 1, **columns: object) -> str:
    kind = "marketing" if order is None else "order_news"
    [uid] = Message.put([an_intent(contact, order_id=order, kind=kind, **columns)])
    return uid


def left(contact: int = 1, order: int | None = 1, **columns: object) -> str:
    return news(contact, order, **{"state": "accepted", "claimed_at": NOON} | columns)


def test_news_of_a_day_are_counted_for_each_person() -> None:
    day = NOON.date()
    left(1, 1, cap_day=day.isoformat())
    left(1, 2, cap_day=day.isoformat(), subject="2")
    left(2, 3, cap_day=day.isoformat(), state="unsure")
    left(3, 4, cap_day=day.isoformat())
    assert sent_on(day, [1, 2, 9]) == {1: 2, 2: 1}


@pytest.mark.parametrize(
    "columns",
    [
        {"cap_day": "2026-03-01"},
        {"order": None},
        {"state": "queued", "claimed_at": None},
        {"state": "queued"},
        {"state": "cancelled"},
        {"state": "expired"},
    ],
)
def test_what_is_of_another_day_no_news_or_has_not_left_is_not(columns: dict[str, object]) -> None:
    left(1, **{"cap_day": NOON.date().isoformat()} | columns)  # type: ignore[arg-type]
    assert sent_on(NOON.date(), [1]) == {}


def test_news_that_are_due_wait_where_their_order_was_read_too_long_ago() -> None:
    Order.insert_many([an_order(1, read_at=NOON - SECOND), an_order(2, read_at=NOON)]).execute()
    old, new = news(1, 1), news(2, 2)
    later = news(3, 1, campaign="completed", not_before=NOON + HOUR)
    gone, campaign = left(4, 1, campaign="cancelled"), news(5, None)
    assert put_off(NOON, now=NOON, until=NOON + 2 * HOUR) == 1
    assert again(old).not_before == NOON + 2 * HOUR
    assert again(later).not_before == NOON + HOUR
    assert {again(uid).not_before for uid in (new, gone, campaign)} == {NOON}
