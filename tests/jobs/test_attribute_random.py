"""Whatever happens to orders, messages, people and coupons: kept current is the same as worked out anew, and the
same as a plain reading of everything."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jobs_stage import (
    DAY,
    add_message,
    file_orders,
    file_refunds,
    nothing,
    open_shop,
    order_json,
)

from agent.config import Settings
from agent.jobs.attribute import attribute
from agent.rules.credit import Bought, Touch, credit, earned_of
from agent.rules.states import TAKEN, State
from models import Contact, Conversion, Coupon, Message, Order, Refund

PHONES = [f"202-555-01{number:02}" for number in range(8)]
STATUSES = (
    *("completed",) * 6, "processing", "on-hold", "cancelled", "refunded", "failed", "checkout-draft",
    "trash",
)  # fmt: skip


class Life:
    """A shop with few people, who do everything that makes an order somebody else's, or nobody's."""

    def __init__(self, settings: Settings, now: datetime, seed: int) -> None:
        self.settings, self.now, self.random = settings, now, Random(seed)
        self.read = 0

    def go_on(self) -> None:
        acts = (self.order, self.order, self.order, self.send, self.send, self.refund, self.status)
        acts += (self.use_coupon, self.forget)
        self.random.choice(acts)()

    def moment(self) -> datetime:
        return self.now - timedelta(hours=self.random.randrange(60 * 24))

    def order(self) -> None:
        """A new one, or another version of an old one."""
        number, at = self.random.randrange(1, 40), self.moment()
        known = Order.get_or_none(Order.woo_id == number)
        paid = self.random.random() < 0.8
        self.read += 1
        file_orders(
            self.settings,
            self.now + timedelta(seconds=self.read),
            order_json(
                number,
                known.created_at if known else at,
                self.random.choice([*PHONES, "", "unreadable"]),
                customer_id=self.random.choice([0, 0, 5, 6]),
                email=self.random.choice(["", "ana@example.com", "eva@example.com"]),
                status=self.random.choice(STATUSES),
                currency=self.random.choice(["BRL", "BRL", "USD"]),
                total=self.random.choice(["100.00", "59.99", "0.00"]),
                total_tax=self.random.choice(["0.00", "9.99"]),
                shipping_total=self.random.choice(["0.00", "4.95"]),
            )
            | ({} if paid else {"date_paid_gmt": None}),
        )

    def send(self) -> None:
        contacts = [one.id for one in Contact.select()]
        if not contacts:
            return
        at = self.moment()
        taken = self.random.random() < 0.8
        message = add_message(
            self.random.choice(contacts),
            at,
            campaign=self.random.choice(["we_miss_you", "loyalty_reward"]),
            subject=str(Message.select().count()),
            state=self.random.choice(TAKEN) if taken else self.random.choice(list(State)),
            accepted_at=at if taken or self.random.random() < 0.3 else None,
            order_id=self.random.choice([None] * 9 + [1000 + Message.select().count()]),
        )
        if self.random.random() < 0.4:
            code = f"WB{Coupon.select().count():03}"
            Coupon.put(
                [
                    {
                        "code": code, "message_uid": message.uid, "email": "", "percent": 15,
                        "expires_at": at,
                    }
                ]
            )  # fmt: skip

    def refund(self) -> None:
        amount = self.random.choice(["10.00", "33.33", "100.00"])
        number = self.random.randrange(1, 12)
        file_refunds(self.settings, self.now, (number, self.random.randrange(1, 40), amount))

    def status(self) -> None:
        ids = [one.id for one in Message.select(Message.id)]
        if ids:
            state = self.random.choice([*TAKEN, State.FAILED])
            Message.update(state=state).where(Message.id == self.random.choice(ids)).execute()

    def use_coupon(self) -> None:
        codes = [one.code.lower() for one in Coupon.select()] + ["summer"]
        used = self.random.sample(codes, min(len(codes), self.random.choice([0, 1, 1, 2])))
        Order.update(coupons=used).where(Order.woo_id == self.random.randrange(1, 40)).execute()

    def forget(self) -> None:
        if self.random.random() < 0.3:
            Order.forget([self.random.randrange(1, 40)])


def plainly(settings: Settings) -> set[tuple[Any, ...]]:
    """What a reading of every order and every message comes to."""
    touches: dict[int, list[Touch]] = {}
    whose: dict[str, int] = {}
    coupons = {one.message_uid: one.code.lower() for one in Coupon.select()}
    for one in Message.select():
        if one.state in TAKEN and one.accepted_at is not None and one.order_id is None:
            code = coupons.get(one.uid, "")
            touches.setdefault(one.contact_id, []).append(
                Touch(one.id, one.campaign, one.accepted_at, code)
            )
            if code:
                whose[code] = one.contact_id
    all_orders = list(Order.select())
    numbers: dict[int, set[int]] = {}
    for one in all_orders:
        if one.holder_id is not None and one.contact_id is not None:
            numbers.setdefault(one.holder_id, {one.holder_id}).add(one.contact_id)
    found = set()
    for one in all_orders:
        codes = sorted(set(one.coupons or ()) & set(whose))
        person = whose[codes[0]] if codes else one.holder_id
        bought = counts_as_bought(settings, one)
        if person is None or bought is None:
            continue
        own = [
            touch
            for number in numbers.get(person, {person}) | {person}
            for touch in touches.get(number, ())
        ]
        for earned in credit([bought], own, settings.attribution.window):
            found.add(
                (
                    one.woo_id, earned.touch.message_id, earned.first.message_id, earned.by_coupon,
                    bought.net, bought.currency,
                )
            )  # fmt: skip
    return found


def counts_as_bought(settings: Settings, order: Order) -> Bought | None:
    refunds = Refund.select().where(Refund.order_id == order.woo_id)
    given_back = sum(one.amount for one in refunds)
    paid = order.paid_at is not None or order.status in settings.audience.paid_statuses
    never = ("failed", "cancelled", "trash", "checkout-draft", "auto-draft", "draft", "refunded")
    if not paid or order.status in never or (order.total and order.total <= given_back):
        return None
    net = earned_of(
        order.total, given_back, tax=order.tax, shipping=order.shipping,
        with_tax=False, with_shipping=False,
    )  # fmt: skip
    return Bought(
        order.woo_id, order.created_at, net, order.currency, frozenset(order.coupons or ())
    )


def written() -> set[tuple[Any, ...]]:
    return {
        (
            one.order_id, one.message_id, one.first_message_id, one.by_coupon, one.revenue,
            one.currency,
        )
        for one in Conversion.select()
    }  # fmt: skip


def lives(settings: Settings, now: datetime, seed: int, steps: int) -> Iterator[Life]:
    life = Life(settings, now + DAY, seed)
    for _ in range(steps):
        for _ in range(5):
            life.go_on()
        yield life


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_kept_current_is_the_same_as_worked_out_anew(
    database: Path, settings: Settings, now: datetime, seed: int
) -> None:
    open_shop(country="US", zone="America/New_York")
    most = 0
    for _ in lives(settings, now, seed, steps=25):
        attribute(settings, beat=nothing)
        kept = written()
        assert kept == plainly(settings)
        Conversion.delete().execute()
        attribute(settings, beat=nothing)
        assert written() == kept
        most = max(most, len(kept))
    assert most > 3  # something was earned at all
