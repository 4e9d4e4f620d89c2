"""What happens after the history: at its own moments, and because people read messages."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import Town, furnish
from agent.sandbox.town.life import Life
from agent.sandbox.whatsapp.people import People, QuietPeople, Reaction
from agent.sandbox.whatsapp.whatsapp import WhatsApp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.sandbox.town.people import Person
    from agent.sandbox.whatsapp.messages import Accepted

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Readers:
    """Everybody reads after a minute, and then does what is asked of the test."""

    def __init__(self, *then: Reaction) -> None:
        self.then = then

    def react(self, message: Accepted) -> Sequence[Reaction]:
        return (Reaction(timedelta(minutes=1), "read"), *self.then)


@dataclass
class Stage:
    people: People = field(default_factory=QuietPeople)
    customers: int = 800
    tempting: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = MovedClock(NOW)
        self.shop = Shop(self.clock)
        self.town: Town = furnish(self.shop, seed=5, now=NOW, products=60, customers=self.customers)
        self.whatsapp = WhatsApp(self.clock, people=self.people)
        self.whatsapp.add_template("volta", "pt_BR", body="Oi {{1}}, use {{2}} até amanhã.")
        self.life = Life(self.shop, self.whatsapp, self.town, seed=7, tempting=self.tempting)

    def live(self, span: timedelta, step: timedelta = HOUR) -> None:
        end = self.clock.now() + span
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            self.life.advance_to(self.clock.now())

    def write_to_everybody(self, code: str = "nada") -> list[Person]:
        """One message to each who agreed; people with a shared telephone get one together."""
        written: dict[str, Person] = {}
        for person in self.town.people:
            if person.said and person.reachable:
                written.setdefault(person.lines[0].e164, person)
        for phone in written:
            parameters = [{"type": "text", "text": text} for text in ("Ana", code)]
            template = {
                "name": "volta",
                "language": {"code": "pt_BR"},
                "components": [{"type": "body", "parameters": parameters}],
            }
            self.whatsapp.send(
                {
                    "messaging_product": "whatsapp",
                    "to": phone,
                    "type": "template",
                    "template": template,
                }
            )
        return list(written.values())

    def new_orders(self) -> list[str]:
        return [repr(order) for order in self.shop.orders if order.created > NOW]


def test_an_ordinary_day_lies_between_its_ends() -> None:
    # given a shop with its history
    stage = Stage()
    before = {order.id for order in stage.shop.orders}
    # when a day goes by
    stage.live(DAY)
    # then the new orders are dated within it, in the order of their ids, and the town knows them
    fresh = [order for order in stage.shop.orders if order.id not in before]
    moments = [order.created for order in fresh]
    assert 0 < len(fresh) == stage.life.happened["orders"]
    assert moments == sorted(moments)
    assert moments[0] > NOW
    assert moments[-1] <= NOW + DAY
    assert all(order.created <= order.modified <= NOW + DAY for order in fresh)
    assert stage.town.orders == len(stage.shop.orders)


@pytest.mark.long
def test_a_week_brings_every_kind_of_event() -> None:
    stage = Stage(customers=3000)
    stage.live(timedelta(days=12))
    happened = stage.life.happened
    wanted = {"orders", "completed", "cancelled", "refunded", "new customers"}
    assert wanted | {"stock changes", "price changes"} <= {
        kind for kind in happened if happened[kind]
    }
    assert happened["orders after a message"] == 0
    accounts = sum(row.role == "customer" for row in stage.shop.customers)
    assert accounts == stage.town.customers == 3000 + happened["new customers"]
    # about as many orders as on the days before
    assert 60 < happened["orders"] < 240


@pytest.mark.long
def test_what_happens_does_not_depend_on_how_often_we_look() -> None:
    def history(step: timedelta) -> list[tuple[object, ...]]:
        stage = Stage(Readers())
        stage.write_to_everybody("VOLTE15")
        stage.live(timedelta(days=4), step)
        return [
            (order.id, order.created, order.status, order.total, order.billing["phone"])
            for order in stage.shop.orders
            if order.created > NOW
        ]

    assert history(timedelta(minutes=7)) == history(HOUR)


def test_every_change_is_dated_after_the_look_before() -> None:
    # given somebody who looks every two hours at what was modified since the look before
    stage = Stage(Readers())
    stage.write_to_everybody("VOLTE15")

    def rows() -> dict[tuple[str, int], tuple[object, datetime]]:
        # (how often a product was sold is counted without a new date, in WooCommerce too)
        shop = stage.shop
        found: dict[tuple[str, int], tuple[object, datetime]] = {}
        for order in shop.orders:
            what = (order.status, order.paid, order.total, tuple(order.refunds))
            found["order", order.id] = what, order.modified
        for refund in shop.refunds:
            found["refund", refund.id] = refund.amount, refund.modified
        for row in (*shop.products, *shop.variations):
            found["product", row.id] = (row.price, row.stock, row.status), row.modified
        return found

    seen, looked, changes = rows(), stage.clock.now(), 0
    for _ in range(36):
        stage.live(2 * HOUR, 2 * HOUR)
        found = rows()
        # when something is different or new, then its date says so
        for key, (what, modified) in found.items():
            if key not in seen or seen[key][0] != what:
                changes += 1
                assert looked < modified <= stage.clock.now(), key
        seen, looked = found, stage.clock.now()
    assert changes > 100


def test_some_who_read_a_message_buy() -> None:
    stage = Stage(Readers())
    written = stage.write_to_everybody()
    before = {order.id for order in stage.shop.orders}
    stage.live(timedelta(days=5))
    after = stage.life.happened["orders after a message"]
    emails = {person.email for person in written}
    theirs = [o for o in stage.shop.orders if o.id not in before and o.billing["email"] in emails]
    assert 0.04 * len(written) < after < 0.14 * len(written)
    assert len(theirs) >= after


def test_nobody_buys_for_a_message_that_nobody_read() -> None:
    stage = Stage(QuietPeople())
    stage.write_to_everybody()
    stage.live(timedelta(days=5))
    assert stage.life.happened["orders after a message"] == 0


def test_nobody_buys_who_has_answered_with_a_stop() -> None:
    stage = Stage(Readers(Reaction(timedelta(minutes=2), "says", text="SAIR")))
    stage.write_to_everybody()
    stage.live(timedelta(days=5))
    assert stage.life.happened["orders after a message"] == 0


def test_some_use_the_coupon_of_the_message() -> None:
    # given a coupon that only the messages know
    stage = Stage(Readers())
    coupon = stage.shop.new_coupon("SAUDADE-4711")
    coupon.discount_type, coupon.amount = "percent", Decimal(15)
    stage.shop.add_coupon(coupon)
    # when it is sent to everybody
    stage.write_to_everybody("SAUDADE-4711")
    stage.live(timedelta(days=5))
    # then about half of those who buy use it
    used = [order for order in stage.shop.orders if order.coupon_lines and order.created > NOW]
    assert 0 < len(used) == stage.life.happened["coupons used"]
    assert {line.code for order in used for line in order.coupon_lines} == {"SAUDADE-4711"}
    assert len(used) < stage.life.happened["orders after a message"]
    assert all(order.discount_total > 0 for order in used)


def test_a_coupon_that_the_shop_refuses_does_not_stop_the_purchase() -> None:
    stage = Stage(Readers())
    coupon = stage.shop.new_coupon("SAUDADE-4711")
    coupon.discount_type, coupon.amount = "percent", Decimal(15)
    coupon.email_restrictions = ["somebody.else@example.com"]
    stage.shop.add_coupon(coupon)
    stage.write_to_everybody("SAUDADE-4711")
    stage.live(timedelta(days=5))
    assert stage.life.happened["coupons refused"] > 0
    assert stage.life.happened["coupons used"] == 0
    assert stage.life.happened["orders after a message"] > stage.life.happened["coupons refused"]


def test_who_reads_what_tempts_them_buys_what_it_names() -> None:
    # given something that the shop sells, and a template that tempts every second reader
    stage = Stage(Readers(), tempting={"volta": 0.5})
    good = next(one for one in stage.town.goods if one.offered and not one.options)
    stage.shop.set_stock(good.id, 10_000)
    # when everybody is told of it
    written = stage.write_to_everybody(good.name)
    stage.live(timedelta(days=5))
    # then about as many buy it, and hardly anything else
    after = stage.life.happened["orders after a message"]
    assert 0.4 * len(written) < after < 0.6 * len(written)
    bought = [o for o in stage.shop.orders if o.created > NOW and o.lines[0].product_id == good.id]
    assert len(bought) >= 0.9 * after


def test_what_tempts_and_is_gone_is_not_bought() -> None:
    stage = Stage(Readers(), tempting={"volta": 0.5})
    good = next(one for one in stage.town.goods if one.offered and not one.options)
    stage.shop.set_stock(good.id, 2)
    stage.write_to_everybody(good.name)
    stage.live(timedelta(days=1))
    sold = [o for o in stage.shop.orders if o.created > NOW and o.lines[0].product_id == good.id]
    left = stage.shop.product(good.id).stock
    assert left is not None
    assert left >= 0
    # they find something else
    assert len(sold) < stage.life.happened["orders after a message"] / 2


@pytest.mark.long
def test_nothing_is_sold_that_is_not_there() -> None:
    stage = Stage(customers=3000)
    stage.live(timedelta(days=10))
    for order in stage.shop.orders:
        if order.created > NOW:
            for line in order.lines:
                product = stage.shop.product(line.product_id)
                assert (product.status, product.catalog_visibility) == ("publish", "visible")
    rows = [*stage.shop.products, *stage.shop.variations]
    assert all(row.stock is None or row.stock >= 0 for row in rows)


def test_life_cannot_go_back() -> None:
    stage = Stage(customers=20)
    stage.live(HOUR)
    with pytest.raises(ValueError, match="cannot go back"):
        stage.life.advance_to(NOW)


def test_the_thread_follows_the_clock_and_dates_things_when_it_writes_them() -> None:
    # given life that looks at the clock very often
    stage = Stage()
    stage.life.start(tick=0.01)
    with pytest.raises(RuntimeError):
        stage.life.start()
    # when the clock jumps by a day
    stage.clock.advance(DAY)
    limit = time.monotonic() + 5
    while not stage.new_orders() and time.monotonic() < limit:
        time.sleep(0.01)
    stage.life.stop()
    stage.life.stop()
    # then all of the day is dated at the jump, and the thread is gone
    fresh = [order for order in stage.shop.orders if order.created > NOW]
    assert fresh
    assert {order.created for order in fresh} == {NOW + DAY}
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox life"]
