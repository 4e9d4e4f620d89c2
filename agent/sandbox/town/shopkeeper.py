"""What the people who run the sandbox shop do: send parcels, cancel, give back, count, set prices."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from agent.sandbox.town.believable import REASONS

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from agent.sandbox.shop.rows import Product
    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.town.agenda import Agenda
    from agent.sandbox.town.believable import Town

CANCELLED = 0.04  # of the orders in processing
GIVEN_BACK = 0.03  # of them, in whole or in part, some days after they were sent


class Shopkeeper:
    """Works off the agenda. Counts in `happened` what was done, by kind."""

    def __init__(self, shop: Shop, town: Town, agenda: Agenda, happened: Counter[str]) -> None:
        self._shop, self._town = shop, town
        self._agenda, self._happened = agenda, happened

    def take_on(self, number: int, status: str, placed: datetime) -> None:
        """Plan what becomes of an order that was placed just now, or some days ago."""
        random = self._agenda.dice("order", number, status)
        days, chance = random.uniform(0.8, 2.4), random.random()
        if status == "processing":
            if chance < CANCELLED:
                self._plan(number, "cancelled", placed + timedelta(days=days / 3))
                return
            sent = self._by_day(random, placed + timedelta(days=days))
            self._plan(number, "completed", sent)
            if chance > 1 - GIVEN_BACK:
                back = self._by_day(random, sent + timedelta(days=random.uniform(1, 6)))
                self._agenda.at(back, lambda _: self._give_back(number))
        elif status in {"pending", "on-hold"}:
            paid = chance < (0.4 if status == "pending" else 0.7)
            moment = placed + timedelta(days=days / 2)
            self._plan(number, "processing" if paid else "cancelled", moment)
        elif status == "checkout-draft" and chance < 0.3:
            self._plan(number, "processing", placed + timedelta(minutes=15))  # bought after all

    def change_stock(self, now: datetime) -> None:
        """A delivery for something that has run out, or somebody counts what is left."""
        random = self._agenda.dice("stock", now)
        counted = [(row, row.stock) for row in self._for_sale() if row.stock is not None]
        empty = [row for row, stock in counted if stock <= 0]
        if empty and random.random() < 0.7:
            self._shop.set_stock(random.choice(empty).id, random.randint(3, 30))
        elif counted:
            row, stock = random.choice(counted)
            self._shop.set_stock(row.id, max(0, stock + random.choice((-4, -2, -1, 1, 3, 6))))
        self._happened["stock changes"] += bool(counted)

    def change_price(self, now: datetime) -> None:
        """A sale begins or ends, or something costs a little more from now on."""
        random = self._agenda.dice("price", now)
        rows = [row for row in self._for_sale() if row.regular_price]
        if not rows:
            return
        row = random.choice(rows)
        regular = Decimal(row.regular_price)
        if row.sale_price:
            self._shop.set_price(row.id, row.regular_price)
        elif random.random() < 0.7:
            left = random.choice((Decimal("0.9"), Decimal("0.8"), Decimal("0.7")))
            self._shop.set_price(row.id, row.regular_price, self._shop.money(regular * left))
        else:
            self._shop.set_price(row.id, self._shop.money(regular * Decimal("1.06")))
        self._happened["price changes"] += 1

    def _plan(self, number: int, status: str, moment: datetime) -> None:
        self._agenda.at(moment, lambda now: self._move(number, status, now))

    def _move(self, number: int, status: str, now: datetime) -> None:
        order = self._shop.orders.get(number)
        if order is None or order.status in {"trash", "refunded", "cancelled", status}:
            return  # somebody else was quicker
        self._shop.set_status(number, status)
        self._happened[status] += 1
        if status == "processing":
            self.take_on(number, status, now)

    def _give_back(self, number: int) -> None:
        order = self._shop.orders.get(number)
        if order is None or order.status != "completed":
            return
        random = self._agenda.dice("refund", number)
        share = random.choice((Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.3")))
        amount = self._shop.money(self._shop.refundable(order) * share)
        if amount > 0:
            self._shop.refund(number, amount, random.choice(REASONS))
            self._happened["refunded"] += 1

    def _by_day(self, random: Random, moment: datetime) -> datetime:
        """On that day, but while the shop's people are at work."""
        day = moment.astimezone(self._shop.zone).date()
        opens = datetime.combine(day, time(9), self._shop.zone).astimezone(UTC)
        return opens + timedelta(hours=random.uniform(0, 9))

    def _for_sale(self) -> list[Product]:
        """The products and variations that people can buy, without parents: those have no stock."""
        numbers = [
            number
            for good in self._town.goods
            if good.offered and good.id not in self._town.spoken_for
            for number in ([option.id for option in good.options] or [good.id])
        ]
        return [self._shop.product(number) for number in numbers]
