"""Somebody who does at random to orders all that can be done to them, and remembers how each one was."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from order_desk import OWN_STATUS, OrderDesk

from agent.sandbox.shop.ground import NotFound
from agent.sandbox.shop.orders import RefundRefused
from agent.sandbox.whatsapp.messages import Accepted
from agent.sandbox.whatsapp.turns import DROPPED, LOST, refused
from models import Pause
from models.delivery import EVERYTHING, MARKETING

if TYPE_CHECKING:
    from collections.abc import Callable

STATUSES = (
    "pending", "processing", "on-hold", "completed", "cancelled", "failed", "refunded", OWN_STATUS,
)  # fmt: skip
OVER = {"trash", "cancelled", "refunded", "failed"}
TOLD_BY = {
    "order_confirmation": "processing",
    "order_processing": "processing",
    "order_on_hold": "on-hold",
    "order_completed": "completed",
    "order_cancelled": "cancelled",
    "order_status_update": OWN_STATUS,
}
"""Template -> the only status in which such news are true."""
PASSING = (131000, 131016, 2)  # errors of WhatsApp that pass
PAUSED_BY = "the test"


@dataclass(frozen=True, slots=True)
class Was:
    """An order as the shop had it; `parcel` is its tracking number."""

    status: str
    total: Decimal
    refunded: Decimal
    parcel: str

    @property
    def is_given_back(self) -> bool:
        return self.refunded > 0 and (self.status == "refunded" or self.refunded >= self.total)

    def makes_true(self, message: Accepted) -> bool:
        """Is what this message says so while the order is like this?"""
        said = message.parameters["body"]
        match message.template:
            case "order_refunded":
                return self.is_given_back and self.status != "trash"
            case "order_partly_refunded":
                amount = f"${self.refunded:.2f}"
                return not self.is_given_back and self.status != "trash" and amount in said[1]
            case "shipping_update":
                on_its_way = self.status not in OVER and not self.is_given_back
                return on_its_way and said[2] == self.parcel
        return self.status == TOLD_BY[message.template or ""] and not self.is_given_back


class Meddler:
    """Changes orders of the desk's shop, and troubles everybody in between."""

    def __init__(self, desk: OrderDesk, seed: int, *, people: int = 3) -> None:
        self.desk, self.shop, self.random = desk, desk.shop, Random(seed)
        self.people = people
        self.past: dict[int, list[tuple[datetime, Was | None]]] = {}
        self.parcels: dict[int, str] = {}
        self.did: list[str] = []
        self.to_orders: tuple[Callable[[int], object], ...] = (
            *[self.move] * 8, *[self.to_and_fro] * 2, self.refund, self.refund, self.take_back_refund,
            self.ship, self.ship, self.edit, self.save, self.trash, self.restore, self.restore,
            self.delete, self.write_behind_the_back_of_dates,
        )  # fmt: skip
        self.to_all: tuple[Callable[[], object], ...] = (
            self.pause, self.resume, self.resume, self.stumble, self.lose, self.sleep,
        )  # fmt: skip

    def furnish(self, orders: int) -> None:
        """What there is before winback comes."""
        for _ in range(orders):
            self.place()

    def play(self, deeds: int) -> None:
        for _ in range(deeds):
            self.act()
            self.wait()

    def act(self) -> None:
        draw = self.random.random()
        alive = [number for number, past in self.past.items() if past[-1][1] is not None]
        if draw < 0.15 or not alive:
            self.place()
        elif draw < 0.3:
            deed = self.random.choice(self.to_all)
            self.did.append(f"{self.desk.now:%H:%M:%S} {deed.__name__}")
            deed()
        else:
            order_deed, number = self.random.choice(self.to_orders), self.random.choice(alive)
            self.did.append(f"{self.desk.now:%H:%M:%S} {number} {order_deed.__name__}")
            try:
                order_deed(number)
            except (NotFound, RefundRefused):
                return  # there is nothing to do it to
            self.note(number)

    def wait(self) -> None:
        """Some seconds, in which several changes become one; or until all has come to rest."""
        self.desk.later(seconds=self.random.choice((0, 0, 5, 10, 15, 40, 75)))

    def note(self, number: int) -> None:
        order = self.shop.orders.get(number)
        was = None
        if order is not None:
            refunded = sum((self.shop.refunds[one].amount for one in order.refunds), Decimal(0))
            was = Was(order.status, order.total, refunded, self.parcels.get(number, ""))
        self.past.setdefault(number, []).append((self.desk.now, was))
        self.did.append(f"    {number}: {was and (was.status, str(was.refunded), was.parcel)}")

    def lately(self, number: int, at: datetime, within: timedelta) -> list[Was | None]:
        """How the order was at `at`, and at any moment of the time before."""
        past = [(moment, was) for moment, was in self.past[number] if moment <= at]
        before = [was for moment, was in past if moment <= at - within]
        return [*before[-1:], *(was for moment, was in past if moment > at - within)]

    # what happens to orders

    def place(self) -> None:
        phone = f"+1202555010{self.random.randrange(self.people)}"
        status = self.random.choice(("processing", "processing", "pending", "on-hold"))
        number = self.desk.order(phone, status=status)
        self.did.append(f"{self.desk.now:%H:%M:%S} {number} place {status}")
        self.note(number)

    def move(self, number: int) -> None:
        if self.shop.order(number).status != "trash":
            self.shop.set_status(number, self.random.choice(STATUSES))

    def to_and_fro(self, number: int) -> None:
        """Somebody slips, and sets it right some seconds later."""
        was = self.shop.order(number).status
        if was in {"trash", "refunded"}:
            return
        self.shop.set_status(number, self.random.choice(("on-hold", "completed", "cancelled")))
        self.note(number)
        self.desk.later(seconds=self.random.choice((0, 5, 20, 70)))
        self.shop.set_status(number, was)

    def refund(self, number: int) -> None:
        if self.shop.order(number).status != "trash":
            self.shop.refund(number, self.random.choice((5, 10, 80)))

    def take_back_refund(self, number: int) -> None:
        for one in self.shop.order(number).refunds[-1:]:
            self.shop.delete_refund(one)

    def ship(self, number: int) -> None:
        parcel = f"EX{self.random.randrange(10**6):06}"
        self.shop.set_order_meta(number, "_tracking_number", parcel)
        self.parcels[number] = parcel

    def edit(self, number: int) -> None:
        order = self.shop.order(number)
        if order.status != "trash" and not order.refunds:
            self.shop.edit_order(number, {order.lines[0].id: self.random.randint(1, 4)})

    def save(self, number: int) -> None:
        self.shop.set_order_meta(number, "_note", self.random.random())

    def trash(self, number: int) -> None:
        self.shop.trash_order(number)

    def restore(self, number: int) -> None:
        self.shop.restore_order(number)

    def delete(self, number: int) -> None:
        if self.random.random() < 0.5:
            self.shop.delete_order(number)

    def write_behind_the_back_of_dates(self, number: int) -> None:
        """A plugin writes into the table, and no date moves."""
        if self.shop.order(number).status not in {"trash", "refunded"}:
            self.shop.write_order_raw(number, status=self.random.choice(("on-hold", "completed")))

    # what happens to everybody

    def pause(self) -> None:
        scope = self.random.choice((EVERYTHING, MARKETING))
        Pause.put(scope, PAUSED_BY, "let us see", now=self.desk.now)

    def resume(self) -> None:
        for scope in (EVERYTHING, MARKETING):
            Pause.lift(scope, PAUSED_BY)

    def stumble(self) -> None:
        """WhatsApp takes none of the next messages."""
        turns = [refused(self.random.choice(PASSING)) for _ in range(self.random.randint(1, 4))]
        self.desk.whatsapp.play(*turns)

    def lose(self) -> None:
        """The next answer is lost, be the message taken or not."""
        self.desk.whatsapp.play(self.random.choice((LOST, DROPPED)))

    def sleep(self) -> None:
        """The machine is off for a while, or only the agent; the shop goes on."""
        self.desk.off = True
        for _ in range(self.random.randint(0, 3)):
            self.desk.clock.advance(timedelta(minutes=self.random.choice((1, 7, 50))))
            self.act_on_an_order()
        self.desk.off = False

    def act_on_an_order(self) -> None:
        alive = [number for number, past in self.past.items() if past[-1][1] is not None]
        if alive:
            number = self.random.choice(alive)
            self.move(number)
            self.note(number)
