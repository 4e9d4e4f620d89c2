"""outbox + conversions -> figures; each against a count made by hand."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import DAY, add_contact, add_message, open_shop

from agent.jobs.report import Line, Report, report
from agent.rules.reasons import Why
from models import Conversion, JobRun, Message, PhoneReading, Reply

EVERY_STATE = (
    "queued", "claimed", "accepted", "held", "sent", "delivered", "read", "undelivered",
    "unsure", "abandoned", "failed", "refused", "cancelled", "expired",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    open_shop(name="Example Shop", currency="BRL")


@pytest.fixture
def since(now: datetime) -> datetime:
    return now - 30 * DAY


def earn(message: Message, order: int, revenue: int, at: datetime, currency: str = "BRL") -> None:
    Conversion.insert(
        order_id=order, message_id=message.id, contact_id=message.contact_id,
        campaign=message.campaign, ordered_at=at, revenue=revenue, currency=currency,
    ).execute()  # fmt: skip


def message(now: datetime, number: int, **more: Any) -> Message:
    """A message to a person of its own."""
    contact = add_contact(f"+120255501{number:02}", now, first_name=f"P{number}")
    return add_message(contact, now, **more)


def test_every_state_is_counted_in_its_place_and_nowhere_else(
    now: datetime, since: datetime
) -> None:
    for number, state in enumerate(EVERY_STATE):
        message(now, number, state=state)
    [line] = report(since).lines
    assert line == Line(
        campaign="we_miss_you",
        chosen=14,
        sent=6,  # accepted, held, sent, delivered, read, undelivered
        delivered=2,
        read=1,
        waiting=2,
        failed=3,
        dropped=2,
        unknown=2,
    )
    # nobody vanishes; `undelivered` was sent and failed
    assert line.sent + line.waiting + line.dropped + line.unknown + line.failed == 14 + 1


def test_campaigns_have_a_line_each(now: datetime, since: datetime) -> None:
    for number in range(3):
        message(now, number, campaign="loyalty_reward", state="read")
    message(now, 9, state="queued")
    assert [(one.campaign, one.chosen, one.read) for one in report(since).lines] == [
        ("loyalty_reward", 3, 3), ("we_miss_you", 1, 0),
    ]  # fmt: skip


def test_orders_and_revenue_are_those_of_the_messages_of_the_time(
    now: datetime, since: datetime
) -> None:
    inside = message(since, 1, state="read", wamid="w1")
    before = message(since - timedelta(seconds=1), 2, state="read", wamid="w2")
    earn(inside, 10, 8950, now)
    earn(inside, 11, 1050, now)
    earn(before, 12, 99900, now)

    [line] = report(since).lines
    assert (line.chosen, line.orders, line.revenue) == (1, 2, 10000)


def test_other_currencies_stand_apart(now: datetime, since: datetime) -> None:
    one = message(now, 1, state="read")
    other = message(now, 2, campaign="loyalty_reward", state="read")
    earn(one, 10, 1000, now)
    earn(one, 11, 250, now, currency="USD")
    earn(other, 12, 750, now, currency="USD")

    told = report(since)
    assert {line.campaign: (line.orders, line.revenue) for line in told.lines} == {
        "we_miss_you": (2, 1000), "loyalty_reward": (1, 0),
    }  # fmt: skip
    assert told.other_currencies == {"USD": 1000}


def test_a_message_that_was_answered_twice_was_answered(now: datetime, since: datetime) -> None:
    message(now, 1, state="read", wamid="w1")
    message(now, 2, state="delivered", wamid="w2")
    message(now, 3, state="queued")
    for number, about in enumerate(("w1", "w1", "", "elsewhere")):
        Reply.insert(wamid=f"in{number}", in_reply_to=about, at=now).execute()
    assert report(since).lines[0].replied == 1


def test_who_was_left_alone_is_told_by_the_latest_run_that_came_through(
    now: datetime, since: datetime
) -> None:
    def ran(at: datetime, outcome: str, **result: int) -> None:
        JobRun.write("campaigns", started_at=at, ended_at=at, outcome=outcome, result=result)

    ran(now - 2 * DAY, "ok", chosen=9)
    ran(now - DAY, "ok", chosen=2, no_consent=40, not_quiet=5, of_another_version=1)
    ran(now, "failed")

    told = report(since)
    assert told.decided_at == now - DAY
    assert told.reasons == {Why.CHOSEN: 2, Why.NO_CONSENT: 40, Why.NOT_QUIET: 5}


def test_numbers_that_cannot_be_reached_are_told_by_reason(now: datetime, since: datetime) -> None:
    PhoneReading.keep(
        [
            {"typed": "1", "country": "US", "reason": "too short", "e164": ""},
            {"typed": "2", "country": "US", "reason": "too short", "e164": ""},
            {"typed": "3", "country": "US", "reason": "a landline", "e164": ""},
            {"typed": "4", "country": "US", "reason": "", "e164": "+12025550104"},
        ]
    )
    assert report(since).unreachable == {"too short": 2, "a landline": 1}


def test_examples_are_people_and_those_who_ordered_come_first(
    now: datetime, since: datetime
) -> None:
    ordered = message(now, 1, state="read", reason="quiet for 61 days")
    for number in range(2, 9):
        message(now, number, state="sent")
    earn(ordered, 10, 1000, now)
    earn(ordered, 11, 1000, now)

    examples = report(since).examples
    assert (examples[0].became, examples[0].reason) == ("ordered", "quiet for 61 days")
    assert "2025550101" not in examples[0].person  # nobody's whole number on a screen
    people = [one.person for one in examples]
    assert len(people) == len(set(people)) > 1


def test_a_shop_where_nothing_has_happened_yet_has_a_report(since: datetime) -> None:
    assert report(since) == Report(since=since, shop="Example Shop", currency="BRL", lines=[],
                                   examples=[])  # fmt: skip
