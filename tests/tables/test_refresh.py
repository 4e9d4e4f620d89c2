"""What is worked out from the orders is what a look at all of them would come to, whatever happened."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from refresh_oracle import worked_out
from table_rows import NOON, a_contact, a_product, an_order

from models import (
    Basis,
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
from models.base import database as handle
from models.base import tuples
from models.newest import newest_orders
from models.refresh import refresh as bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
            (3, self.refund), (2, self.forget_refund), (3, self.move_identity),
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
                customer_id=random.choice((0, 0, 0, 1, 2, 3, 4)),
                contact_id=random.choice((None, *self.contacts)),
                email=random.choice(("", "", "a@x", "b@x", "c@x", "d@x", "e@x")),
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
                    "woo_id": self.random.randint(1, 6),
                    "order_id": self.random.randint(1, 30),
                    "amount": self.random.choice((100, 500, 10_000)),
                    "read_at": self.clock,
                }
            ]
        )

    def forget_refund(self) -> None:
        Refund.forget([self.random.randint(1, 6)])

    def move_identity(self) -> None:
        kind, values = self.random.choice((("customer", "1234"), ("email", "abcdef")))
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


@pytest.mark.long
@pytest.mark.parametrize("seed", range(9))
def test_whatever_happens_it_is_as_if_worked_out_from_the_beginning(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(seed, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_whatever_else_happens(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    play(seed, monkeypatch)


def play(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = (1, 2, 500)[seed % 3]
    for module in (refresh, upkeep):
        monkeypatch.setattr(module, "A_BATCH", batch)
    monkeypatch.setattr(refresh, "ORDERS_A_STEP", batch)
    handle.execute_sql("PRAGMA synchronous = off")
    shop = Shop(seed)
    for _ in range(120):
        shop.anything()
    shop.refresh()


# what the dice seldom show


@pytest.fixture
def people() -> list[int]:
    return [a_contact(f"+4477009001{number:02}") for number in range(6)]


def holds(contact: int, kind: str, value: str, since: datetime = NOON) -> None:
    Identity.put([{"kind": kind, "value": value, "contact_id": contact, "seen_at": since}])


def up_to_date() -> int:
    return bring_up_to_date(PAID, "EUR")


def newest(contact: int) -> datetime | None:
    row = History.get_or_none(History.contact_id == contact)
    return row.last_order_at if row else None


def test_an_order_with_somebodys_e_mail_ends_their_quiet_although_it_is_not_theirs(
    people: list[int],
) -> None:
    ana, other = people[:2]
    holds(ana, "email", "a@x")
    up_to_date()
    Order.absorb([an_order(1, contact_id=other, email="a@x")])
    up_to_date()
    assert newest(ana) == newest(other) == NOON
    assert not History.get_by_id(ana).bought


def test_who_ordered_under_an_old_number_is_not_quiet_under_it_either(people: list[int]) -> None:
    old, new = people[:2]
    holds(old, "customer", "5", NOON - HOUR)
    Order.absorb([an_order(1, contact_id=old, customer_id=5, created_at=NOON - HOUR)])
    up_to_date()
    holds(new, "customer", "5")
    Order.absorb([an_order(2, contact_id=new, customer_id=5)])
    up_to_date()
    assert newest(old) == newest(new) == NOON
    assert [row.contact_id for row in History.select().where(History.bought > 0)] == [new]


@pytest.mark.parametrize(
    ("kind", "value", "column"), [("customer", "5", "customer_id"), ("email", "a@x", "email")]
)
def test_orders_of_a_till_are_nobodys_but_their_phones(
    people: list[int], kind: str, value: str, column: str
) -> None:
    # given somebody who holds the name, and never ordered under it
    clerk, *customers = people
    holds(clerk, kind, value)
    own = {column: int(value) if kind == "customer" else value}
    rows = [
        an_order(number, contact_id=contact, **own) for number, contact in enumerate(customers, 1)
    ]
    Order.absorb(rows[:3])
    up_to_date()
    assert newest(clerk) == NOON
    # when a fourth person orders under it, it says nothing of anybody any more
    Order.absorb(rows[3:4])
    up_to_date()
    assert newest(clerk) is None
    assert newest_orders([clerk]) == {}
    assert {row.holder_id for row in Order.select()} == set(customers[:4])
    # and where one of them goes, it does again
    Order.forget([4])
    up_to_date()
    assert newest(clerk) == NOON


def test_an_e_mail_that_another_one_has_now_says_nothing_of_the_first(people: list[int]) -> None:
    first, second, third = people[:3]
    holds(first, "email", "a@x", NOON - HOUR)
    Order.absorb([an_order(1, contact_id=third, email="a@x")])
    up_to_date()
    assert newest(first) == NOON
    holds(second, "email", "a@x")
    up_to_date()
    assert newest(first) is None
    assert newest(second) == NOON


def test_a_refund_that_was_deleted_is_spent_again(people: list[int]) -> None:
    Order.absorb([an_order(1, contact_id=people[0]), an_order(2, contact_id=people[1])])
    refund = {"woo_id": 9, "order_id": 1, "amount": 100}
    spent = History.select(History.spent).order_by(History.contact_id)
    for deed, left in (
        (lambda: Refund.absorb([refund | {"read_at": NOON}]), [9_900, 10_000]),
        # the shop never moves one; a mirror that was put back may
        (lambda: Refund.absorb([refund | {"order_id": 2, "read_at": NOON}]), [10_000, 9_900]),
        (lambda: Refund.forget([9]), [10_000, 10_000]),
    ):
        deed()
        up_to_date()
        assert [amount for (amount,) in spent.tuples()] == left


def test_newest_orders_are_seen_before_they_are_worked_out(people: list[int]) -> None:
    ana, other = people[:2]
    up_to_date()
    holds(ana, "email", "a@x")
    Order.absorb(
        [an_order(1, contact_id=None, email="a@x"), an_order(2, contact_id=other, email="")]
    )
    assert newest_orders(people) == {ana: NOON, other: NOON}
    assert newest_orders([]) == {}
    # and that it has just become a till's
    Order.absorb([an_order(10 + one, contact_id=one, email="a@x") for one in people[1:5]])
    assert ana not in newest_orders(people)


def test_nothing_is_marked_before_anything_was_worked_out(people: list[int]) -> None:
    holds(people[0], "email", "a@x")
    Order.absorb([an_order(1, contact_id=people[0])])
    Product.absorb([a_product(1, categories=[20])])
    Order.forget([1])
    assert not Stale.select().exists()


def test_nothing_is_marked_where_nothing_changed(people: list[int]) -> None:
    rows = [an_order(1, contact_id=people[0], customer_id=5, email="a@x")]
    lines = [{"woo_id": 1, "order_id": 1, "product_id": 1, "quantity": 2}]
    up_to_date()

    def file(read_at: datetime) -> None:
        Order.absorb([row | {"read_at": read_at} for row in rows])
        OrderLine.replace_for([1], lines)
        Product.absorb([a_product(1, categories=[20], read_at=read_at)])
        Refund.absorb([{"woo_id": 9, "order_id": 1, "amount": 100, "read_at": read_at}])
        holds(people[0], "email", "a@x", read_at)

    file(NOON)
    up_to_date()
    Stale.delete().execute()  # of products, which another job works off
    file(NOON + HOUR)
    # an answer that set out earlier changes nothing
    Order.absorb([row | {"status": "failed", "read_at": NOON} for row in rows])
    holds(people[1], "email", "a@x", NOON)
    assert not Stale.select().exists()
    assert up_to_date() == 0


def test_other_settings_work_all_of_it_out_anew(people: list[int]) -> None:
    rows = [an_order(1, contact_id=people[0], status="packed", paid_at=None, currency="USD")]
    Order.absorb(rows)
    up_to_date()
    assert not History.get_by_id(people[0]).bought
    bring_up_to_date((*PAID, "packed"), "EUR")
    assert History.get_by_id(people[0]).bought
    assert not History.get_by_id(people[0]).spent
    assert bring_up_to_date((*PAID, "packed"), "USD") == len(people)
    assert History.get_by_id(people[0]).spent == 10_000
    # the order in which they are named makes no difference
    assert bring_up_to_date(("packed", *PAID), "USD") == 0


def test_two_at_once_do_nothing_twice(people: list[int], database: Path) -> None:
    Order.absorb([an_order(number, contact_id=contact) for number, contact in enumerate(people, 1)])

    def other() -> None:
        """Another process gets through in the middle of our first step."""
        if not Basis.select().where(Basis.stage == "").exists():
            thread = Thread(target=in_a_thread)
            thread.start()
            thread.join()

    def in_a_thread() -> None:
        up_to_date()
        handle.close()

    assert bring_up_to_date(PAID, "EUR", beat=other) == 0
    assert History.select().count() == len(people)
