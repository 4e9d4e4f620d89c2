"""Somebody is forgotten: no byte that tells who they were is left, and they do not come back."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    Counter,
    add_message,
    contact_at,
    file_customers,
    file_orders,
    gmt,
    nothing,
    open_shop,
    order_json,
)
from test_track import keep, status

from agent.config import Settings
from agent.consent import Heard, record, stands
from agent.forgetting import forget, look
from agent.jobs.attribute import attribute
from agent.jobs.consent_proof import read_number, write_down
from agent.jobs.database_check import check_database
from agent.jobs.departed import forget_departed
from agent.jobs.insight import keep_current
from agent.jobs.pull.kinds import CUSTOMERS
from agent.jobs.track import track
from agent.person import Person, person_of
from models import (
    Confirmation,
    Contact,
    Conversion,
    Coupon,
    Cursor,
    Customer,
    Departed,
    Forgotten,
    Forward,
    Identity,
    Interest,
    Link,
    Message,
    Order,
    OrderChange,
    PhoneReading,
    Reply,
    SetAside,
    UnsettledEvent,
    Webhook,
)
from models.base import close_database

ANA, BRUNO = "+12025550143", "+12025550102"
EMAIL, FIRST, LAST = "xavante.quimera@example.com", "Xavante", "Quimera"
WAMID = "wamid.HBgLMTIwMjU1NTAxNDM"  # WhatsApp's ids have the number in them, in other letters
TRACES = (
    ANA[1:],
    "(202) 555-0143",
    EMAIL,
    FIRST,
    LAST,
    WAMID,
    "US.4711",
    "TRACK-77-XYZ",
    "Elm Street",
)


def bytes_left(database: Path, traces: Iterable[str]) -> list[str]:
    """Which of these still stand in the file or beside it, as bytes: also where SQLite has no row."""
    files = [one for one in database.parent.iterdir() if one.name.startswith(database.name)]
    content = b"".join(one.read_bytes() for one in files)
    return [trace for trace in traces if trace.encode() in content]


@pytest.fixture
def ana(database: Path, settings: Settings, now: datetime) -> Contact:
    """Somebody who is in every table that knows of people."""
    open_shop(country="US", zone="America/New_York")
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    keep_current(settings, beat=nothing)
    names = {"email": EMAIL, "first_name": FIRST, "last_name": LAST, "consent": "yes"}
    tracked = [{"key": "_tracking_number", "value": "TRACK-77-XYZ"}]
    file_customers(settings, now - 9 * DAY, account_json(5, now - 20 * DAY))
    paid = order_json(1, now - 9 * DAY, "(202) 555-0143", customer_id=5, **names)
    file_orders(settings, now - 9 * DAY, paid)
    paid["meta_data"] = [*paid["meta_data"], *tracked]
    file_orders(settings, now - 8 * DAY, paid | {"date_modified_gmt": gmt(now - 8 * DAY)})
    file_orders(settings, now, order_json(2, now, BRUNO, email="bruno@example.com", consent="yes"))
    keep_current(settings, beat=nothing)
    OrderChange.insert(
        order_id=1, what="shipments", became="TRACK-77-XYZ", changed_at=now, seen_at=now
    ).execute()
    ana: Contact = contact_at(ANA)
    Identity.put(
        [
            {"kind": "user_id", "value": "US.4711", "contact_id": ana.id, "seen_at": now},
            {"kind": "wa_id", "value": ANA[1:], "contact_id": ana.id, "seen_at": now},
        ]
    )
    message = add_message(
        ana.id, now - DAY, uid="told", state="delivered", wamid=WAMID, accepted_at=now - DAY,
        variables={"first_name": FIRST}, about={"to": LAST}, reason=f"quiet: {FIRST}",
    )  # fmt: skip
    add_message(ana.id, now, uid="waits", campaign="price_drop", variables={"first_name": FIRST})
    Coupon.put([coupon("SUMMER7", "told", now, woo_id=9), coupon("WINTER7", "waits", now)])
    Link.put([{"token": "abcdefghij", "message_uid": "told", "target": "/", "created_at": now}])
    Conversion.insert(
        order_id=1, message_id=message.id, contact_id=ana.id, campaign="we_miss_you",
        ordered_at=now, revenue=1000, currency="BRL",
    ).execute()  # fmt: skip
    Interest.insert(
        contact_id=ana.id, product_id=7, kind="view", first_at=now, seen_at=now, source="events"
    ).execute()
    UnsettledEvent.put([(json.dumps({"who": {"email": EMAIL}}), now)], "events")
    UnsettledEvent.put([(json.dumps({"who": {"email": "bruno@example.com"}}), now)], "events")
    Forward.insert(
        event="wamid.f", person=str(ana.id), body=json.dumps({"phone": ANA}), created_at=now,
        not_before=now,
    ).execute()  # fmt: skip
    keep(now, statuses=[status("read", now, uid="told", wamid=WAMID, recipient_id=ANA[1:])])
    keep(now, messages=[written(now, "STOP, I moved to Elm Street")])
    track(settings, now=now, beat=nothing)
    return contact_at(ANA)


def account_json(number: int, created: datetime) -> dict[str, Any]:
    return {
        "id": number, "email": EMAIL, "first_name": FIRST, "last_name": LAST, "role": "customer",
        "billing": {"phone": "(202) 555-0143", "country": "US", "first_name": FIRST},
        "date_created_gmt": gmt(created), "date_modified_gmt": gmt(created), "meta_data": [],
    }  # fmt: skip


def coupon(code: str, uid: str, now: datetime, **more: Any) -> dict[str, Any]:
    row = {"code": code, "message_uid": uid, "email": EMAIL, "percent": 15, "woo_id": None}
    return row | {"expires_at": now + 9 * DAY} | more


def written(now: datetime, text: str) -> dict[str, Any]:
    return {
        "id": f"{WAMID}B", "type": "text", "from": ANA[1:], "text": {"body": text},
        "timestamp": str(int(now.timestamp())),
    }  # fmt: skip


def test_no_byte_of_the_person_is_left_in_the_file(
    database: Path, ana: Contact, now: datetime
) -> None:
    assert set(bytes_left(database, TRACES)) == set(TRACES)  # the world has them all
    assert forget(person_of(ana), now=now).busy == ""
    close_database()
    assert bytes_left(database, TRACES) == []


def test_what_the_caps_and_the_report_need_stays_under_no_name(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    found = forget(person_of(ana), now=now)
    assert found.counts["messages"] == 2
    told, waits = Message.select().where(Message.contact_id < 0).order_by(Message.id)
    assert told.contact_id == waits.contact_id
    assert (told.state, told.wamid, told.variables) == ("read", None, {})
    assert (waits.state, waits.detail) == ("cancelled", "the person was erased")
    assert Conversion.select().where(Conversion.message_id == told.id).count() == 1
    assert [one.code for one in Coupon.select()] == [
        "SUMMER7"
    ]  # the shop has it: it is taken out there
    assert Coupon.get().message_uid == told.uid  # by which the shop has noted it
    attribute(settings, beat=nothing)
    assert Conversion.select().where(Conversion.message_id == told.id).count() == 1
    order = Order.get_by_id(1)
    assert (order.total, order.status, order.contact_id) == (10000, "completed", None)


def test_nobody_else_loses_anything(ana: Contact, now: datetime) -> None:
    forget(person_of(ana), now=now)
    bruno = contact_at(BRUNO)
    assert (bruno.marketing, bruno.email) == ("yes", "bruno@example.com")
    assert Order.get_by_id(2).contact_id == bruno.id
    assert PhoneReading.select().where(PhoneReading.e164 == BRUNO).count() == 1
    assert UnsettledEvent.select().count() == 1


def test_the_refusal_holds_for_both_purposes(ana: Contact, now: datetime) -> None:
    forget(person_of(ana), now=now)
    assert {one.answer for one in stands(ANA).values()} == {"no"}


def test_who_comes_again_by_hand_refuses_what_was_not_asked(
    ana: Contact, now: datetime, database: Path
) -> None:
    forget(person_of(ana), now=now)
    later = now + timedelta(hours=1)
    number = read_number(ANA, "US")
    write_down(number, ["marketing"], "yes", words="at the till", said_at=None, now=later)
    again = Contact.get(Contact.phone == ANA)
    assert (again.marketing, again.order_news) == ("yes", "no")
    found = check_database(database, quick=True, now=later, beat=nothing)
    assert not [one.what for one in found if one.wrong]


def test_the_shops_rows_of_before_bring_nobody_back(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    forget(person_of(ana), now=now)
    later = now + DAY
    names = {"email": EMAIL, "first_name": FIRST, "last_name": LAST, "consent": "yes"}
    again = order_json(1, now - 9 * DAY, "(202) 555-0143", customer_id=5, modified=later, **names)
    file_orders(settings, later, again)
    file_customers(settings, later, account_json(5, now - 20 * DAY))
    assert Contact.get_or_none(Contact.phone == ANA) is None
    order, account = Order.get_by_id(1), Customer.get_by_id(5)
    assert (order.email, order.phone, order.first_name, order.customer_id) == ("", "", "", 0)
    assert (account.email, account.phone, account.first_name) == ("", "", "")
    assert PhoneReading.select().where(PhoneReading.e164 == ANA).count() == 0


def test_an_order_of_before_with_only_their_email_loses_it(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    """It was never seen before: an older order of the shop, read for the first time."""
    forget(person_of(ana), now=now)
    guest = order_json(3, now - 99 * DAY, "", email=EMAIL)
    friends = order_json(4, now - 99 * DAY, BRUNO, email=EMAIL, first_name="Bruno")
    file_orders(settings, now + DAY, guest, friends)
    assert (Order.get_by_id(3).email, Order.get_by_id(3).first_name) == ("", "")
    other = Order.get_by_id(4)
    assert (other.email, other.first_name, other.phone) == ("", "Bruno", BRUNO)


def test_what_they_order_afterwards_is_theirs_and_the_refusal_holds_until_a_box_is_ticked(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    forget(person_of(ana), now=now)
    file_orders(settings, now + DAY, order_json(3, now + timedelta(hours=1), ANA, email=EMAIL))
    assert contact_at(ANA).marketing != "yes"
    assert contact_at(ANA).email == EMAIL
    ticked = order_json(4, now + timedelta(hours=2), ANA, consent="yes")
    file_orders(settings, now + DAY, ticked)
    assert contact_at(ANA).marketing == "yes"


def test_nothing_is_forgotten_while_something_about_them_is_not_worked_off(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    keep(now, messages=[written(now, "and one more thing") | {"id": "wamid.later"}])
    found = forget(person_of(ana), now=now)
    assert "not worked off" in found.busy
    assert contact_at(ANA).first_name == FIRST
    track(settings, now=now, beat=nothing)
    Message.update(state="claimed").where(Message.uid == "waits").execute()
    assert "on its way" in forget(person_of(ana), now=now).busy


def test_what_was_set_aside_of_them_goes_too(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    one = Webhook.select().order_by(Webhook.id).first()
    SetAside.put(one.id, [("0/0", "strange")], now)
    assert look(person_of(ana)).counts["webhooks"] == 2
    forget(person_of(ana), now=now)
    assert (SetAside.select().count(), Webhook.select().count()) == (0, 0)
    assert (Reply.select().count(), Confirmation.select().count()) == (0, 0)


def test_a_late_status_of_theirs_finds_nobody(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    Message.update(state="sent").where(Message.uid == "told").execute()
    forget(person_of(ana), now=now)
    keep(
        now,
        statuses=[status("delivered", now, uid="told", wamid=WAMID, recipient_user_id="US.4711")],
    )
    track(settings, now=now, beat=nothing)
    assert Identity.select().where(Identity.value == "US.4711").count() == 0
    assert Contact.get_or_none(Contact.phone == ANA) is None


def test_who_is_no_contact_takes_no_guests_along(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    file_orders(settings, now, order_json(8, now, "", email="cleo@example.com", first_name="Cleo"))
    forget(Person(emails=frozenset({"nobody@example.com"})), now=now)
    assert Order.get_by_id(8).first_name == "Cleo"
    forget(Person(emails=frozenset({"cleo@example.com"})), now=now)
    assert Order.get_by_id(8).first_name == ""


def test_forgetting_twice_changes_nothing_more(ana: Contact, now: datetime) -> None:
    person = person_of(ana)
    forget(person, now=now)
    known = Forgotten.select().count()
    assert forget(person, now=now + DAY).counts["orders"] == 0
    assert Forgotten.select().count() == known


# the shop's own erasures


def test_whom_the_shop_erased_is_forgotten(counter: Counter, now: datetime) -> None:
    people = {"email": EMAIL, "first_name": FIRST, "last_name": LAST}
    for _ in range(3):
        counter.order(ANA, billing=people)
    counter.order(BRUNO, billing={"email": "bruno@example.com"})
    counter.pull_all()
    record([Heard(phone=ANA, says="yes", source="command", said_at=now)], now=counter.now)
    counter.later(minutes=1)
    counter.shop.erase_person(EMAIL)
    counter.later(minutes=1)
    counter.cycle()
    assert [one.how for one in Departed.select()] == ["order erased"]
    assert forget_departed(now=counter.now, beat=nothing) == {"people forgotten": 1}
    assert [one.phone for one in Contact.select()] == [BRUNO]
    assert stands(ANA)["marketing"].answer == "no"
    assert {one.email for one in Order.select()} == {"", "bruno@example.com"}


def test_who_has_another_order_in_the_shop_is_not_forgotten(counter: Counter) -> None:
    """A shop may anonymise what is old, by itself."""
    old = counter.order(ANA, billing={"email": EMAIL})
    counter.order(ANA, billing={"email": EMAIL})
    counter.pull_all()
    counter.later(minutes=1)
    counter.shop.anonymize_order(counter.shop.order(old))
    counter.later(minutes=1)
    counter.cycle()
    assert forget_departed(now=counter.now, beat=nothing) == {}
    assert contact_at(ANA).email == EMAIL
    assert Departed.select().count() == 0


@pytest.mark.parametrize("how", ["deleted", "erased"])
def test_an_account_without_orders_that_the_shop_deleted_or_erased_is_forgotten(
    counter: Counter, how: str
) -> None:
    number = counter.shop.add_customer(
        first_name=FIRST, last_name=LAST, email=EMAIL, phone=ANA, country="US"
    )
    counter.pull_all()
    counter.later(minutes=1)
    if how == "deleted":
        counter.shop.delete_customer(number)
    else:
        counter.shop.erase_person(EMAIL)
    counter.later(minutes=1)
    counter.sweep(CUSTOMERS)
    assert forget_departed(now=counter.now, beat=nothing) == {"people forgotten": 1}
    assert Contact.select().count() == 0


def test_somebody_who_left_waits_until_nothing_about_them_is_under_way(
    ana: Contact, settings: Settings, now: datetime
) -> None:
    Order.update(contact_id=None, holder_id=None, customer_id=0, email="").execute()
    Customer.delete().execute()
    Departed.note([ana.id], "order erased", now)
    Message.update(state="claimed").where(Message.uid == "waits").execute()
    assert forget_departed(now=now, beat=nothing) == {"to forget later": 1}
    Message.update(state="refused").where(Message.uid == "waits").execute()
    assert forget_departed(now=now, beat=nothing) == {"people forgotten": 1}
