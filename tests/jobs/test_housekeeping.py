"""What has had its time goes, some at a time; what others stand on stays, and so does consent."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from jobs_stage import (
    DAY,
    add_contact,
    add_message,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.consent import Heard, record, stands
from agent.forgetting import forget
from agent.jobs.attribute import attribute
from agent.jobs.housekeeping import keep_house
from agent.person import person_of
from models import (
    Confirmation,
    Contact,
    Conversion,
    Forward,
    Found,
    Interest,
    JobRun,
    Link,
    Message,
    Order,
    OrderChange,
    PhoneReading,
    ProductChange,
    Received,
    Reply,
    Sample,
    SetAside,
    Statement,
    Status,
    UnsettledEvent,
    Webhook,
)
from models.base import delete_in_parts
from models.order_messages import kinds_told
from models.refresh import refresh

HOUR = timedelta(hours=1)


def tidied(settings: Settings, now: datetime) -> dict[str, int]:
    """What a night's work took away; 0 of whatever it did not."""
    return Counter(keep_house(settings, now=now, beat=nothing))


def test_webhooks_that_were_worked_off_go_after_ninety_days(
    database: Path, settings: Settings, now: datetime
) -> None:
    def webhook(received: datetime, done: datetime | None) -> None:
        Webhook.insert(source="whatsapp", received_at=received, body=b"{}", done_at=done).execute()

    webhook(now - 91 * DAY, now - 91 * DAY)
    webhook(now - 91 * DAY, None)  # still waiting: never dropped
    webhook(now - 89 * DAY, now - 89 * DAY)
    assert tidied(settings, now)["webhooks"] == 1
    assert Webhook.select().count() == 2


def test_a_webhook_of_which_something_is_set_aside_stays_longer(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (399, 401, 401):
        received = now - days * DAY
        Webhook.insert(source="whatsapp", received_at=received, body=b"", done_at=now).execute()
    for number in (1, 2):
        SetAside.put(number, [("", "not JSON")], now)
    assert tidied(settings, now)["webhooks"] == 2
    assert [one.id for one in Webhook.select()] == [1]
    assert [one.webhook_id for one in SetAside.select()] == [1]


def test_days_that_are_long_over_stay_in_the_sum_of_what_came(
    database: Path, settings: Settings, now: datetime
) -> None:
    for days in (1, 401, 500):
        Received.add({"status read": 2, "message text": days}, (now - days * DAY).date())
    for _ in range(2):
        tidied(settings, now)
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
    assert tidied(settings, now)["runs"] == 2
    assert JobRun.last_succeeded() == {"campaigns": now - 100 * DAY, "poll": now}


def test_there_may_be_nothing_to_tidy(database: Path, settings: Settings, now: datetime) -> None:
    assert tidied(settings, now) == {}


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
    tidied(settings, now)
    assert sorted(one.wamid for one in Confirmation.select()) == ["0", "1"]


def test_a_link_goes_when_it_leads_nowhere_any_more(
    database: Path, settings: Settings, now: datetime
) -> None:
    for token, days in (("AAAAAAAAAA", 179), ("BBBBBBBBBB", 181)):
        made = now - days * DAY
        Link.put([{"token": token, "message_uid": token, "target": "/", "created_at": made}])
    assert tidied(settings, now)["links"] == 1
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
    assert tidied(settings, now)["product changes"] == 1
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
    gone = tidied(settings, now)
    assert (gone["interest"], gone["events"]) == (1, 1)
    assert min(one.seen_at for one in Interest.select()) == now - 60 * DAY
    assert tidied(settings, now)["interest"] == 0


def test_what_whatsapp_told_of_a_message_goes_when_the_message_is_over(
    database: Path, settings: Settings, now: datetime
) -> None:
    ana = add_contact("+12025550101", now)
    over = add_message(ana, now, uid="a", state="read")
    under_way = add_message(ana, now, uid="b", campaign="price_drop", state="sent")
    for number, (message, days) in enumerate(
        [(over.id, 91), (over.id, 89), (under_way.id, 91), (None, 91)]
    ):
        at = now - days * DAY
        Status.insert(wamid=f"w{number}", status="sent", at=at, message_id=message).execute()
    assert tidied(settings, now)["statuses"] == 2
    assert sorted(one.wamid for one in Status.select()) == ["w1", "w2"]


def test_replies_go_but_not_what_waits_to_be_passed_on_nor_a_change_of_numbers(
    write_settings: Callable[..., Settings], database: Path, now: datetime
) -> None:
    settings = write_settings('[retention]\nreplies = "7d"')
    for wamid, days, kind in (
        ("young", 6, "text"), ("old", 8, "text"), ("waits", 8, "text"), ("moved", 89, "system"),
        ("moved long ago", 91, "system"),
    ):  # fmt: skip
        Reply.insert(wamid=wamid, kind=kind, sender="12025550101", at=now - days * DAY).execute()
    Forward.insert(event="waits", person="1", body="{}", created_at=now, not_before=now).execute()
    assert tidied(settings, now)["replies"] == 2
    assert sorted(one.wamid for one in Reply.select()) == ["moved", "waits", "young"]


def test_texts_go_and_the_message_stays(
    write_settings: Callable[..., Settings], database: Path, now: datetime
) -> None:
    settings = write_settings('[retention]\ntexts = "30d"')
    ana = add_contact("+12025550101", now)
    for number, (days, state) in enumerate([(31, "read"), (29, "read"), (31, "queued")]):
        add_message(
            ana, now - days * DAY, uid=str(number), subject=str(number), state=state,
            variables={"first_name": "Ana"}, expires_at=now + DAY,
        )  # fmt: skip
    assert tidied(settings, now)["texts"] == 1
    assert [one.variables for one in Message.select().order_by(Message.id)] == [
        {}, {"first_name": "Ana"}, {"first_name": "Ana"},
    ]  # fmt: skip
    assert tidied(settings, now) == {}


def test_an_order_that_nobody_has_decided_on_is_not_forgotten(
    database: Path, settings: Settings, now: datetime
) -> None:
    old = now - 401 * DAY
    for decided in (None, old):
        OrderChange.insert(
            order_id=1, what="status", changed_at=old, seen_at=old, decided_at=decided
        ).execute()
    assert tidied(settings, now)["order changes"] == 1
    assert OrderChange.get().decided_at is None


def test_changes_of_stock_stay_as_long_as_what_people_saw(
    write_settings: Callable[..., Settings], database: Path, now: datetime
) -> None:
    settings = write_settings('[retention]\nchanges = "90d"\n\n[interest]\nkept = "120d"')
    row = {"product_id": 7, "field": "price", "was": "900", "became": "800", "means": "poll"}
    ProductChange.add([row | {"seen_at": now - days * DAY} for days in (119, 121)])
    assert tidied(settings, now)["product changes"] == 1


def test_how_a_phone_was_read_goes_with_the_last_order_that_has_it(
    database: Path, settings: Settings, now: datetime
) -> None:
    Order.insert(woo_id=1, phone="(202) 555-0101", read_at=now).execute()
    for typed in ("(202) 555-0101", "(202) 555-0102"):
        PhoneReading.keep([{"typed": typed, "country": "US", "e164": "", "reason": ""}])
    assert tidied(settings, now)["phone readings"] == 1
    assert PhoneReading.get().typed == "(202) 555-0101"


def test_whatsapps_id_of_a_message_to_somebody_who_was_erased_goes_again(
    database: Path, settings: Settings, now: datetime
) -> None:
    ana = add_contact("+12025550101", now)
    message = add_message(ana, now, state="read", wamid="wamid.HBgL")
    Status.insert(wamid="wamid.HBgL", status="read", at=now, message_id=message.id).execute()
    assert tidied(settings, now) == {}
    Contact.delete().execute()
    assert tidied(settings, now)["traces of the erased"] == 1
    assert (Status.select().count(), Message.get().wamid) == (0, None)


def test_consent_stays_for_ever(database: Path, settings: Settings, now: datetime) -> None:
    said = {"phone": "+12025550101", "purpose": "marketing", "says": "no", "source": "whatsapp"}
    Statement.add([said | {"said_at": now - 4000 * DAY, "recorded_at": now - 4000 * DAY}])
    tidied(settings, now)
    assert Statement.select().count() == 1


def test_much_goes_in_parts_with_a_beat_between(
    database: Path, settings: Settings, now: datetime
) -> None:
    """The daemon stops between two parts, and the night after goes on."""
    for _ in range(25):
        Webhook.insert(source="whatsapp", received_at=now, body=b"", done_at=now).execute()
    beats = []
    gone = delete_in_parts(Webhook, Webhook.id > 5, rows=10, beat=lambda: beats.append(1))
    assert (gone, len(beats), Webhook.select().count()) == (20, 2, 5)


SHORTEST = """
[retention]
webhooks = "7d"
set_aside = "30d"
changes = "90d"
replies = "7d"
texts = "30d"
runs = "7d"
[interest]
kept = "30d"
look_back = "30d"
[links]
kept = "7d"
[attribution]
window = "365d"
[limits]
per_7_days = 2
per_30_days = 2
"""


def test_what_caps_attribution_and_refusals_stand_on_stays_at_the_shortest_retention(
    write_settings: Callable[..., Settings], database: Path, now: datetime
) -> None:
    """Two messages of 29 days, an order of 300 days after its message, a STOP, an erasure, news of an order."""
    settings = write_settings(SHORTEST)
    open_shop(country="US", zone="America/New_York", currency="USD")
    names = {"consent": "yes", "currency": "USD"}
    file_orders(
        settings, now,
        order_json(1, now - 400 * DAY, "202-555-0101", **names),
        order_json(2, now - 60 * DAY, "202-555-0101", **names),
        order_json(3, now - 400 * DAY, "202-555-0102", **names),
        order_json(4, now - 400 * DAY, "202-555-0103", **names),
    )  # fmt: skip
    refresh(settings.audience.paid_statuses, "USD")
    ana, ben, cara = (contact_at(f"+1202555010{number}") for number in (1, 2, 3))
    sent = {"state": "read", "country": "US"}
    add_message(
        ana.id, now - 360 * DAY, uid="old", accepted_at=now - 360 * DAY, period="2025-01-01", **sent
    )
    for days in (28, 29):
        add_message(ana.id, now - days * DAY, uid=str(days), period=str(days), **sent)
    add_message(
        ben.id, now - 200 * DAY, uid="news", campaign="order_completed", subject="3", order_id=3,
        kind="utility", period="", **sent,
    )  # fmt: skip
    OrderChange.insert(
        order_id=3, what="status", was="processing", became="completed", changed_at=now - 200 * DAY,
        seen_at=now - 200 * DAY, decided_at=now - 200 * DAY, outcome="order_completed",
    ).execute()  # fmt: skip
    stop = Heard(phone=ben.phone, says="no", source="whatsapp", said_at=now - 399 * DAY)
    record([stop], now=now - 399 * DAY)
    forget(person_of(cara), now=now - 398 * DAY)
    attribute(settings, beat=nothing)

    def known() -> tuple[object, ...]:
        today = now.date()
        return (
            Message.cap_days([ana.id], today - 30 * DAY),
            [(one.order_id, one.message_id, one.revenue) for one in Conversion.select()],
            {phone: stands(phone)["marketing"].answer for phone in (ben.phone, cara.phone)},
            sorted(kinds_told([3])),
        )

    before = known()
    assert tidied(settings, now)
    attribute(settings, beat=nothing)
    assert known() == before
    assert before[2] == {ben.phone: "no", cara.phone: "no"}
    assert len(before[1]) == 1
    assert [len(days) for days in before[0].values()] == [2]
    assert before[3] == [(3, "order_completed")]
