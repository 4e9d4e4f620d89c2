"""winback order NUMBER: the whole story of one order, and what its customer heard of it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.errors import BadInput
from models import Contact, Message, Order, OrderChange, Refund, ShopFact

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
PHONE = "+12025550100"


@pytest.fixture
def config(world: World) -> Path:
    config = world.write_config()
    with owned(world.folder / "winback.db"):
        ShopFact.put(FACTS)
        contact = Contact.insert(
            phone=PHONE, first_name="Ana", order_news="yes", created_at=NOON
        ).execute()
        put_order(17, contact_id=contact, status="refunded")
        Refund.insert(woo_id=1, order_id=17, amount=1250, read_at=NOON).execute()
    return config


def put_order(woo_id: int, **more: object) -> None:
    row = {"woo_id": woo_id, "number": f"A-{woo_id}", "currency": "GBP", "total": 5000}
    Order.insert(**(row | {"read_at": NOON, "created_at": NOON} | more)).execute()


def put_change(order: int, what: str, was: str, became: str, **more: object) -> None:
    row = {"order_id": order, "what": what, "was": was, "became": became}
    OrderChange.insert(**(row | {"changed_at": NOON, "seen_at": NOON} | more)).execute()


def put_message(order: int, kind: str, **more: object) -> None:
    row: dict[str, object] = {
        "uid": f"{order} {kind}", "contact_id": 1, "campaign": kind, "subject": str(order),
        "period": "", "kind": "utility", "template": kind, "language": "en",
        "cap_day": "2026-11-20", "order_id": order, "created_at": NOON + timedelta(seconds=31),
        "not_before": NOON, "expires_at": NOON + timedelta(days=1),
    }  # fmt: skip
    Message.insert(**(row | more)).execute()


def said(config: Path, number: str) -> str:
    done = typed("order", number, "--config", str(config))
    assert done.exit_code == 0
    return " ".join(done.output.split())


def test_what_it_did_and_what_was_told_stand_in_their_order(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        put_change(17, "status", "", "processing", decided_at=NOON, outcome="order_confirmation")
        put_change(17, "shipments", "", "JD01")
        put_change(17, "total", "5000", "6000", decided_at=NOON, outcome="nothing to tell")
        put_change(
            17, "refund", "", "1250", decided_at=NOON, outcome="order_refunded: is switched off"
        )
        put_message(
            17, "order_confirmation", state="undelivered", attempts=2, code=131026,
            detail="not on WhatsApp [b]", sent_at=NOON, ended_at=NOON + timedelta(days=31),
            noted_at=NOON, claimed_at=NOON,
        )  # fmt: skip
        put_message(17, "order_refunded", state="queued")
    told = said(config, "A-17")
    assert "Order A-17 (id 17): refunded, £50.00, £12.50 given back" in told
    assert f"Customer: Ana, {PHONE}, agreed to order news" in told
    steps = [
        "new -> processing", "order_confirmation", "shipments: JD01", "not decided yet", "edited: £50.00 -> £60.00", "refund of £12.50",
        "order_refunded: is switched off", "message order_confirmation", "undelivered 21 Dec 2026 12:00:00",
        "2 tries", "not on WhatsApp [b]", "(error 131026)", "noted on the order", "message order_refunded",
        "queued, due 20 Nov 2026 12:00:00",
    ]  # fmt: skip
    places = [told.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize("number", ["17", "#A-17", "A-17"])
def test_it_is_found_by_its_number_and_by_its_id(config: Path, number: str) -> None:
    assert "Order A-17 (id 17)" in said(config, number)


def test_a_number_that_two_orders_have_shows_both(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        put_order(18, number="A-17")
    told = said(config, "A-17")
    assert "(id 17)" in told
    assert "(id 18)" in told
    assert "Customer: no phone that WhatsApp could reach" in told


def test_one_that_did_nothing_since_says_so(config: Path) -> None:
    assert "it did nothing since winback watches this shop's orders" in said(config, "17")


def test_one_that_the_shop_deleted_keeps_its_history(config: Path) -> None:
    with owned(config.parent / "winback.db"):
        put_change(99, "status", "", "processing", decided_at=NOON, outcome="nothing to tell")
    told = said(config, "99")
    assert "the shop has deleted it" in told
    assert "nothing to tell" in told


@pytest.mark.parametrize("number", ["4711", "", "Ünknown", "9" * 40, "-1"])
def test_an_unknown_number_is_an_error_with_a_remedy(config: Path, number: str) -> None:
    error = typed("order", "--config", str(config), "--", number).exception
    assert isinstance(error, BadInput)
    assert error.what == f"there is no order {number} in the mirror"
    assert error.fix
