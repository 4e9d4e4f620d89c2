"""Somebody is forgotten at a bad moment, or shares something with somebody else."""

from datetime import datetime
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    Counter,
    add_contact,
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

import agent.forgetting as forgetting
from agent.config import Settings
from agent.consent import Heard, record
from agent.forgetting import forget, look
from agent.jobs.coupons import make_coupons, remove_coupons
from agent.jobs.departed import forget_departed
from agent.jobs.housekeeping import keep_house
from agent.jobs.insight import keep_current
from agent.jobs.pull.kinds import CUSTOMERS
from agent.jobs.track import track
from agent.person import person_of
from models import (
    CampaignStanding,
    Contact,
    Coupon,
    Cursor,
    Customer,
    Departed,
    Identity,
    Message,
    Order,
    Status,
    Webhook,
)

ANA, BRUNO = "+12025550143", "+12025550102"
OFFICE = "office@example.com"


@pytest.fixture
def office(database: object, settings: Settings, now: datetime) -> Settings:
    """Ana and Bruno order from the same office; Ana was the last who did."""
    open_shop(country="US", zone="America/New_York")
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    keep_current(settings, beat=nothing)
    order_all(settings, now)
    return settings


def order_all(settings: Settings, now: datetime) -> None:
    names = {"email": OFFICE, "consent": "yes", "modified": now}
    file_orders(
        settings, now,
        order_json(1, now - 9 * DAY, BRUNO, first_name="Bruno", **names),
        order_json(2, now - 8 * DAY, ANA, first_name="Ana", **names),
        order_json(3, now - 7 * DAY, "", first_name="Ana", email=OFFICE, modified=now),
    )  # fmt: skip
    account = {
        "id": 7, "email": OFFICE, "first_name": "Bruno", "last_name": "", "role": "customer",
        "billing": {"phone": BRUNO, "country": "US"}, "meta_data": [],
        "date_created_gmt": gmt(now - 10 * DAY), "date_modified_gmt": gmt(now - 10 * DAY),
    }  # fmt: skip
    file_customers(settings, now, account)
    keep_current(settings, beat=nothing)


def test_an_address_that_is_anothers_too_stays_theirs(office: Settings, now: datetime) -> None:
    assert Identity.holders("email", [OFFICE]) == {OFFICE: contact_at(ANA).id}
    assert forget(person_of(contact_at(ANA)), now=now).busy == ""
    for moment in (now, now + DAY):
        keep_current(office, beat=nothing)
        assert Order.get_by_id(1).email == OFFICE
        assert Customer.get_by_id(7).email == OFFICE
        assert (contact_at(BRUNO).email, contact_at(BRUNO).marketing) == (OFFICE, "yes")
        assert (Order.get_by_id(2).email, Order.get_by_id(2).first_name) == ("", "")
        assert Contact.select().count() == 1
        order_all(office, moment + DAY)  # the shop's rows come again


def test_an_account_without_a_number_is_a_living_customer(counter: Counter) -> None:
    """WooCommerce anonymises old orders by itself, and takes the account off them."""
    account = counter.shop.add_customer(
        first_name="Ana", last_name="Example", email="ana@example.com"
    )
    order = counter.order(ANA, billing={"email": "ana@example.com"}, customer_id=account)
    counter.pull_all()
    record([Heard(phone=ANA, says="yes", source="command", said_at=counter.now)], now=counter.now)
    counter.later(minutes=1)
    counter.shop.anonymize_order(counter.shop.order(order))
    counter.later(minutes=1)
    counter.cycle()
    assert [one.how for one in Departed.select()] == ["order erased"]
    assert forget_departed(now=counter.now, beat=nothing) == {}
    assert contact_at(ANA).marketing == "yes"


def test_a_guest_order_with_only_their_address_is_a_living_customer(counter: Counter) -> None:
    old = counter.order(ANA, billing={"email": "ana@example.com"})
    counter.order("", billing={"email": "ana@example.com"})
    counter.pull_all()
    counter.later(minutes=1)
    counter.shop.anonymize_order(counter.shop.order(old))
    counter.later(minutes=1)
    counter.cycle()
    assert forget_departed(now=counter.now, beat=nothing) == {}
    assert contact_at(ANA).email == "ana@example.com"


@pytest.mark.parametrize("between", [True, False])
def test_an_account_that_was_erased_with_its_orders_is_forgotten(
    counter: Counter, between: bool
) -> None:
    """The account stays in the shop, with a name and an e-mail of its own."""
    account = counter.shop.add_customer(
        first_name="Ana", last_name="Example", email="ana@example.com", phone=ANA, country="US"
    )
    counter.order(ANA, billing={"email": "ana@example.com"}, customer_id=account)
    counter.pull_all()
    counter.later(minutes=1)
    counter.shop.erase_person("ana@example.com")
    counter.later(minutes=1)
    counter.poll()
    if between:
        assert forget_departed(now=counter.now, beat=nothing) == {}
    counter.sweep(CUSTOMERS)
    assert forget_departed(now=counter.now, beat=nothing) == {"people forgotten": 1}
    assert Contact.select().count() == 0


def test_what_begins_while_the_webhooks_are_read_through_is_waited_for(
    office: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = contact_at(ANA)
    add_message(ana.id, now, uid="waits")
    person = person_of(ana)
    before = look(person)
    monkeypatch.setattr(forgetting, "look", lambda _: before)  # it takes seconds
    Message.update(state="claimed").where(Message.uid == "waits").execute()
    assert "on its way" in forget(person, now=now).busy
    Message.update(state="refused").where(Message.uid == "waits").execute()
    before.busy = ""
    keep(now, statuses=[status("read", now, uid="waits", recipient_id=ANA[1:])])
    assert "not worked off" in forget(person, now=now).busy
    Webhook.update(done_at=now).execute()
    before.busy = ""
    assert forget(person, now=now).busy == ""
    assert (Contact.get_or_none(phone=ANA), Webhook.select().count()) == (None, 0)


def test_a_coupon_that_is_being_made_is_taken_out_of_the_shop_again(counter: Counter) -> None:
    now = counter.now
    ana = add_contact(ANA, now)
    for uid in ("first", "second"):
        add_message(ana, now, uid=uid, campaign="loyalty_reward", subject=uid)
        Coupon.insert(
            code=f"SPRING-{uid}", message_uid=uid, email="ana@example.com", percent=15,
            expires_at=now + 9 * DAY,
        ).execute()  # fmt: skip
    CampaignStanding.put("loyalty_reward", "", now)
    create = counter.client.create

    def and_forget(*given: Any) -> Any:
        made = create(*given)
        assert forget(person_of(contact_at(ANA)), now=now).busy == ""
        return made

    counter.client.create = and_forget  # type: ignore[method-assign]  # the other process's moment
    assert make_coupons(counter.client, now=now, beat=nothing) == {"made": 1, "failed": 1}
    assert len(counter.shop.coupons) == 1
    assert {one.email for one in Coupon.select()} == {""}
    counter.later(days=2)
    remove_coupons(counter.client, now=counter.now, beat=nothing)
    assert len(counter.shop.coupons) == 0


def test_what_whatsapp_tells_of_them_later_goes_in_the_night(
    office: Settings, now: datetime
) -> None:
    ana, bruno = contact_at(ANA), contact_at(BRUNO)
    for contact, uid in ((ana, "hers"), (bruno, "his")):
        add_message(contact.id, now, uid=uid, wamid=f"wamid.{uid}", state="sent", accepted_at=now)
    forget(person_of(ana), now=now)
    for uid, phone in (("hers", ANA), ("his", BRUNO)):
        told = status("read", now, uid=uid, wamid=f"wamid.{uid}", recipient_id=phone[1:])
        keep(now, statuses=[told])
    track(office, now=now, beat=nothing)
    assert {one.wamid for one in Status.select()} == {"wamid.hers", "wamid.his"}
    gone = keep_house(office, now=now + DAY, beat=nothing)
    assert gone["late webhooks of the erased"] == 1
    assert [one.wamid for one in Status.select()] == ["wamid.his"]
    assert [ANA[1:].encode() in bytes(one.body) for one in Webhook.select()] == [False]
