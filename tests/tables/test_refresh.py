"""What is worked out from the orders is what a look at all of them would come to, whatever happened."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from refresh_oracle import worked_out
from table_rows import NOON, a_contact, a_product, an_order

from models import (
    History,
    Identity,
    Order,
    OrderLine,
    Product,
    Refund,
    Stale,
    Taste,
    refresh,
    upkeep,
)
from models.base import tuples
from models.newest import newest_orders
from models.refresh import refresh as bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable

PAID = ("processing", "completed")
STATUSES = ("completed", "processing", "on-hold", "failed", "cancelled", "refunded", "trash")
HOUR = timedelta(hours=1)


class Ended(BaseException):
    """The process ends in the middle."""


class Shop:
    """A small shop to which anything may happen: few people, many of whom share accounts and e-mails."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.contacts = [a_contact(f"+4477009001{number:02}") for number in range(9)]
        self.clock = NOON
        self.paid, self.currency = PAID, "EUR"
        self.lines = 0

    def anything(self) -> None:
        deeds: list[tuple[int, Callable[[], None]]] = [
            (8, self.order), (4, self.change_order), (1, self.forget_order),
            (3, self.refund), (1, self.forget_refund), (3, self.move_identity),
            (3, self.read_lines), (1, self.file_product), (1, self.forget_product),
            (3, self.refresh), (1, self.end_in_the_middle),
        ]  # fmt: skip
        weights, calls = zip(*deeds, strict=True)
        self.clock += HOUR
        self.random.choices(calls, weights)[0]()
        if self.random.random() < 0.02:
            self.paid = self.random.choice((PAID, ("completed",), ("on-hold",)))
        if self.random.random() < 0.01:
            self.currency = self.random.choice(("EUR", "USD"))

    def order(self) -> None:
        """New, or overwritten by a newer reading; mostly with the identities that it tells of."""
        random = self.random
        rows = [
            an_order(
                random.randint(1, 30),
                status=random.choice(STATUSES),
                currency=random.choice(("EUR", "EUR", "EUR", "USD")),
                total=random.choice((0, 500, 10_000)),
                customer_id=random.choice((0, 0, 0, 1, 2, 3)),
                contact_id=random.choice((None, *self.contacts)),
                email=random.choice(("", "", "a@x", "b@x", "c@x", "d@x")),
                created_at=random.choice((None, *[self.clock - n * HOUR for n in range(20)])),
                paid_at=random.choice((None, NOON)),
                read_at=self.clock,
            )
            for _ in range(random.randint(1, 3))
        ]
        Order.absorb({row["woo_id"]: row for row in rows}.values())
        for row in rows:
            if row["contact_id"] and random.random() < 0.8:
                self.hold("customer", row["customer_id"], row["contact_id"])
                self.hold("email", row["email"], row["contact_id"])

    def hold(self, kind: str, value: object, contact: int) -> None:
        seen = self.clock - self.random.randint(0, 40) * HOUR
        if value:
            Identity.put(
                [{"kind": kind, "value": str(value), "contact_id": contact, "seen_at": seen}]
            )

    def change_order(self) -> None:
        rows = list(Order.select().dicts())
        if rows:
            row = self.random.choice(rows)
            del row["holder_id"], row["lines_at"]
            row["status"] = self.random.choice(STATUSES)
            row["read_at"] = self.clock - self.random.choice((0, 0, 0, 100)) * HOUR
            Order.absorb([row])

    def forget_order(self) -> None:
        Order.forget([self.random.randint(1, 30) for _ in range(3)])

    def refund(self) -> None:
        Refund.absorb(
            [
                {
                    "woo_id": self.random.randint(1, 9),
                    "order_id": self.random.randint(1, 30),
                    "amount": self.random.choice((100, 500, 10_000)),
                    "read_at": self.clock,
                }
            ]
        )

    def forget_refund(self) -> None:
        Refund.forget([self.random.randint(1, 9)])

    def move_identity(self) -> None:
        kind, values = self.random.choice((("customer", "123"), ("email", "abcd")))
        value = self.random.choice(values)
        self.hold(
            kind, value if kind == "customer" else f"{value}@x", self.random.choice(self.contacts)
        )

    def read_lines(self) -> None:
        orders = [self.random.randint(1, 30) for _ in range(3)]
        rows = []
        for order in set(orders):
            for _ in range(self.random.randint(0, 3)):
                self.lines += 1
                rows.append(
                    {
                        "woo_id": self.lines,
                        "order_id": order,
                        "product_id": self.random.randint(0, 6),
                        "quantity": self.random.randint(0, 3),
                    }
                )
        OrderLine.replace_for(orders, rows)

    def file_product(self) -> None:
        some = self.random.sample(range(20, 25), self.random.randint(0, 3))
        number = self.random.randint(1, 6)
        Product.absorb([a_product(number, categories=sorted(some), read_at=self.clock)])

    def forget_product(self) -> None:
        Product.forget([self.random.randint(1, 6)])

    def refresh(self) -> None:
        bring_up_to_date(self.paid, self.currency)
        self.compare()

    def end_in_the_middle(self) -> None:
        left = iter(range(self.random.randint(0, 6)))

        def beat() -> None:
            if next(left, None) is None:
                raise Ended

        with suppress(Ended):
            bring_up_to_date(self.paid, self.currency, beat=beat)

    def compare(self) -> None:
        holders, histories, tastes = worked_out(self.paid, self.currency)
        assert dict(tuples(Order.select(Order.woo_id, Order.holder_id))) == holders
        rows = History.select().tuples()
        assert {row[0]: row[1:] for row in rows} == histories
        rows = Taste.select(Taste.contact_id, Taste.category_id, Taste.bought).tuples()
        assert {row[:2]: row[2] for row in rows} == tastes
        newest = {contact: row[0] for contact, row in histories.items() if row[0]}
        assert newest_orders(self.contacts) == newest
        assert not Stale.select().where(Stale.kind != "product").exists()


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_it_is_as_if_worked_out_from_the_beginning(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = (1, 2, 500)[seed % 3]
    for module in (refresh, upkeep):
        monkeypatch.setattr(module, "A_BATCH", batch)
    monkeypatch.setattr(refresh, "ORDERS_A_STEP", batch)
    shop = Shop(seed)
    for _ in range(120):
        shop.anything()
    shop.refresh()
