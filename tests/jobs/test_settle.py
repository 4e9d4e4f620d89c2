"""What time alone decides: expiry, abandoning, and tidying up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import DAY, add_contact, add_message

from agent.config import Settings
from agent.jobs.settle import settle, tidy
from models import (
    Confirmation,
    Found,
    Interest,
    JobRun,
    Link,
    Message,
    ProductChange,
    Received,
    Sample,
    SetAside,
    UnsettledEvent,
    Webhook,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def ana(database: Path, now: datetime) -> int:
    return add_contact("+12025550101", now)


def test_a_message_that_waited_too_long_expires_and_gives_its_place_back(
    ana: int, settings: Settings, now: datetime
) -> None:
    message = add_message(ana, now - 3 * DAY, expires_at=now)
    assert Message.cap_days([ana], now.date() - 30 * DAY)
    assert settle(settings, now=now - timedelta(seconds=1)) == {}
    assert settle(settings, now=now) == {"expired": 1}

    one = Message.get_by_id(message.id)
    assert (one.state, one.ended_at) == ("expired", now)
    assert Message.cap_days([ana], now.date() - 30 * DAY) == {}
    assert settle(settings, now=now) == {}


@pytest.mark.parametrize("state", ["claimed", "accepted", "sent", "unsure", "delivered"])
def test_only_what_is_still_queued_expires(
    ana: int, settings: Settings, now: datetime, state: str
) -> None:
    add_message(ana, now - 9 * DAY, state=state, claimed_at=now, expires_at=now - DAY)
    assert "expired" not in settle(settings, now=now)
    assert Message.get().state == state


def test_an_unsure_message_is_abandoned_after_its_time_and_still_counts(
    ana: int, settings: Settings, now: datetime
) -> None:
    message = add_message(ana, now, state="unsure", claimed_at=now)
    just_before = now + HOUR - timedelta(seconds=1)
    assert settle(settings, now=just_before) == {}
    assert settle(settings, now=now + HOUR) == {"abandoned": 1}

    one = Message.get_by_id(message.id)
    assert (one.state, one.ended_at) == ("abandoned", now + HOUR)
    assert Message.cap_days([ana], now.date())[ana] == [(message.id, now.date().isoformat())]


def test_a_claim_that_is_under_way_is_not_abandoned(
    ana: int, settings: Settings, now: datetime
) -> None:
    add_message(ana, now, state="claimed", claimed_at=now - DAY)
    assert settle(settings, now=now) == {}


def test_webhooks_that_were_worked_off_go_after_ninety_days(
    database: Path, settings: Settings, now: datetime
) -> None:
    def webhook(received: datetime, done: datetime | None) -> None:
        Webhook.insert(source="whatsapp", received_at=received, body=b"{}", done_at=done).execute()

    webhook(now - 91 * DAY, now - 91 * DAY)
    webhook(now - 91 * DAY, None)  # still waiting: never dropped
    webhook(now - 89 * DAY, now - 89 * DAY)
    assert tidy(settings, now=now)["webhooks"] == 1
    assert Webhook.select().count() == 2


def test_a_webhook_of_which_something_is_set_aside_stays_longer(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (399, 401, 401):
        received = now - days * DAY
        Webhook.insert(source="whatsapp", received_at=received, body=b"", done_at=now).execute()
    for number in (1, 2):
        SetAside.put(number, [("", "not JSON")], now)
    assert tidy(settings, now=now)["webhooks"] == 2
    assert [one.id for one in Webhook.select()] == [1]
    assert [one.webhook_id for one in SetAside.select()] == [1]


def test_days_that_are_long_over_stay_in_the_sum_of_what_came(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (1, 401, 500):
        Received.add({"status read": 2, "message text": days}, (now - days * DAY).date())
    for _ in range(2):
        tidy(settings, now=now)
        assert Received.totals() == {"status read": 6, "message text": 902}
        assert Received.since(now.date() - DAY) == {"status read": 2, "message text": 1}
        assert {one.day for one in Received.select()} == {"", "2026-03-01"}


def test_old_runs_go_and_the_newest_of_each_job_stays(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (200, 150, 100):
        at = now - days * DAY
        JobRun.write("campaigns", started_at=at, ended_at=at, outcome="ok")
    JobRun.write("poll", started_at=now, ended_at=now, outcome="ok")
    assert tidy(settings, now=now)["runs"] == 2
    assert JobRun.last_succeeded() == {"campaigns": now - 100 * DAY, "poll": now}


def test_there_may_be_nothing_to_tidy(database: Path, settings: Settings, now: datetime) -> None:
    tables = (
        "runs",
        "webhooks",
        "changes",
        "interest",
        "events",
        "links",
        "articles looked at",
        "undelivered",
    )
    nothing = dict.fromkeys(tables, 0)
    assert tidy(settings, now=now) == nothing


def test_what_was_answered_to_a_stop_is_kept_for_longer_than_it_counts(
    database: Path, settings: Settings, now: datetime
) -> None:
    """For a month nobody is told again."""
    for number, days in enumerate((31, 89, 91)):
        said = now - timedelta(days=days)
        Confirmation.insert(
            wamid=str(number), uid=str(number), recipient="+12025550101", text="Done.",
            language="en", said_at=said, not_before=said, state="sent",
        ).execute()  # fmt: skip
    tidy(settings, now=now)
    assert sorted(one.wamid for one in Confirmation.select()) == ["0", "1"]


def test_a_link_goes_when_it_leads_nowhere_any_more(
    database: Path, settings: Settings, now: datetime
) -> None:
    for token, days in (("AAAAAAAAAA", 179), ("BBBBBBBBBB", 181)):
        made = now - days * DAY
        Link.put([{"token": token, "message_uid": token, "target": "/", "created_at": made}])
    assert tidy(settings, now=now)["links"] == 1
    assert [one.token for one in Link.select()] == ["AAAAAAAAAA"]


def test_changes_of_stock_stay_for_a_year_and_counts_for_ninety_days(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (399, 401):
        ProductChange.add(
            [
                {
                    "product_id": 7, "field": "price", "was": "900", "became": "800",
                    "seen_at": now - days * DAY, "means": "poll",
                }
            ]
        )  # fmt: skip
    for days in (89, 91):
        Found.add("orders", "poll", 1, (now - days * DAY).date())
        Sample.insert(kind="orders", taken_at=now - days * DAY, compared=1, differing=0).execute()
    assert tidy(settings, now=now)["changes"] == 1
    assert ProductChange.select().count() == Sample.select().count() == Found.select().count() == 1


def test_interest_and_what_waits_for_its_person_go_when_they_are_no_longer_kept(
    write_settings: Callable[..., Settings], database: Path, now: datetime
) -> None:
    settings = write_settings('[interest]\nkept = "60d"')
    for number, age in enumerate((60 * DAY - HOUR, 60 * DAY, 60 * DAY + HOUR)):
        UnsettledEvent.put([(f"event {number}", now - age)], "events", "person")
        Interest.insert(
            contact_id=1, product_id=7, kind="view", source="events",
            first_at=now - age - HOUR, seen_at=now - age,
        ).execute()  # fmt: skip
    gone = tidy(settings, now=now)
    assert (gone["interest"], gone["events"]) == (1, 1)
    assert min(one.seen_at for one in Interest.select()) == now - 60 * DAY
    assert tidy(settings, now=now)["interest"] == 0
