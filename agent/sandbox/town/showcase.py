"""The few days of a shop that a demo shows: things come back, sell out, cost less, are new; and people
looked at them before.

    showcase = Showcase(shop, town, seed=1)
    clock.set(moment); life.advance_to(moment); showcase.advance_to(moment)

`Life` brings the orders, and `Bustle` a whole season with all that may go wrong; this is a short play
in which everything happens once, early enough for something to come of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from agent.sandbox.town.agenda import Agenda
from agent.sandbox.town.goods import Good
from agent.sandbox.town.looks import Passersby
from agent.sandbox.town.rhythm import moment_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.town.believable import Town
    from agent.sandbox.town.goods import Option
    from agent.sandbox.town.looks import Look
    from agent.sandbox.town.people import Person

DAYS = 4
REMEMBERED = 14  # days: how far back the shop's plugin knows who looked at what
LOOKERS = 140  # one person in so many looks at something on a day
CROWD, SOME = 55, 120  # one person in so many comes for the same thing
FEW, MORE = 2, 5  # pieces that come in
LEFT = Decimal("0.7")  # of the price, when it is down
GONE, BACK_AGAIN = (1, time(16, 20)), (3, time(10, 20))  # day and hour
NEW = ("Edição Limitada", "Coleção Nova", "Novidade")


class Showcase:
    """The same `seed`, town and day make the same play. `news` is for whoever watches it."""

    def __init__(self, shop: Shop, town: Town, *, seed: int) -> None:
        """It begins now, by the shop's clock; two weeks in which people looked around are over."""
        self.news: list[tuple[datetime, str]] = []
        self._shop, self._town = shop, town
        self._agenda = Agenda(shop.now(), f"{seed}:showcase")
        self._passersby = Passersby(shop, town)
        self._today = self._agenda.now.astimezone(shop.zone).date()
        self._missed, self._going, *self._dear = self._favourites(5)
        town.spoken_for.update(good.id for good in (self._missed, self._going, *self._dear))
        self._remember()
        self._plan()

    @property
    def looks(self) -> Sequence[Look]:
        """Everything that anybody looked at, as the shop's plugin hears of it."""
        return self._passersby.looks

    def advance_to(self, moment: datetime) -> None:
        """Let everything happen up to `moment` (aware)."""
        self._agenda.run_until(moment)

    def _favourites(self, count: int) -> list[Good]:
        """What people like best; rather what is counted, and nothing with sizes or on sale."""
        goods = [good for good in self._town.goods if good.offered]
        plain = [good for good in goods if not good.options and not good.sale_price]
        return sorted(plain, key=lambda good: (not good.left, -good.appeal))[:count]

    def _remember(self) -> None:
        """The weeks before: people looked around, and one thing was sold out."""
        self._shop.set_stock(self._missed.id, 0)
        random = self._agenda.dice("before")
        for days in range(1, REMEMBERED + 1):
            self._look_around(random, self._today - timedelta(days=days))
        start = self._agenda.now
        begun = start - timedelta(days=REMEMBERED)
        self._come_and_look(random, CROWD, self._missed, begun, start)
        for good in self._dear:
            self._come_and_look(random, SOME, good, begun, start)

    def _plan(self) -> None:
        random = self._agenda.dice("to come")
        for days in range(DAYS + 1):
            self._look_around(random, self._today + timedelta(days=days))
        gone, back = self._moment(*GONE), self._moment(*BACK_AGAIN)
        self._come_and_look(random, SOME, self._going, self._agenda.now, gone)
        self._come_and_look(random, SOME, self._going, gone, back)
        for moment, scene in (
            (self._moment(0, time(14, 20)), lambda now: self._come_in(self._missed, FEW, now)),
            (self._moment(1, time(10, 20)), self._cut_prices),
            (gone, self._sell_out),
            (self._moment(2, time(7, 20)), self._launch),
            (back, lambda now: self._come_in(self._going, MORE, now)),
        ):
            self._agenda.at(moment, scene)

    # the scenes

    def _come_in(self, good: Good, pieces: int, now: datetime) -> None:
        self._shop.set_stock(good.id, pieces)
        self._tell(now, f"{pieces} of {good.name} came in; {self._fans(good)} people looked for it")

    def _cut_prices(self, now: datetime) -> None:
        for good in self._dear:
            lower = self._shop.money(Decimal(good.price) * LEFT)
            self._shop.set_price(good.id, good.price, lower)
        names = f"{', '.join(good.name for good in self._dear[:-1])} and {self._dear[-1].name}"
        fans = self._fans(*self._dear)
        self._tell(
            now, f"{100 - 100 * LEFT:.0f} % off {names}; {fans} people looked at them before"
        )

    def _sell_out(self, now: datetime) -> None:
        self._shop.set_stock(self._going.id, 0)
        self._tell(now, f"{self._going.name} is sold out")

    def _launch(self, now: datetime) -> None:
        shelves = {good.shelf: self._shop.product(good.id).categories for good in self._dear}
        for name, (shelf, categories) in zip(NEW, shelves.items(), strict=False):
            good = Good(f"{shelf.nouns[0]} {name}", shelf, f"{shelf.dearest}.90", now, 1.0, 30)
            good.id = self._shop.add_product(
                name=good.name,
                price=good.price,
                categories=categories,
                stock=good.left,
                created=now,
            )
            self._town.goods.append(good)
            self._tell(now, f"{good.name} is new in {shelf.name}")

    # what they are made of

    def _look_around(self, random: Random, day: date) -> None:
        """Some people look at this or that on a day, rather at what is liked."""
        goods = [good for good in self._town.goods if good.offered]
        for person in self._passersby.crowd(random, len(self._town.people) // LOOKERS):
            good = max(random.choice(goods), random.choice(goods), key=lambda one: one.appeal)
            option = self._passersby.some_option(random, good)
            moment = moment_on(day, self._shop.zone, random)
            self._look(random, person, good, option, moment)

    def _come_and_look(
        self, random: Random, one_in: int, good: Good, since: datetime, until: datetime
    ) -> None:
        """One person in so many comes for it."""
        for person in self._passersby.crowd(random, max(8, len(self._town.people) // one_in)):
            moment = since + (until - since) * random.random()
            self._look(random, person, good, None, moment)

    def _look(
        self, random: Random, person: Person, good: Good, option: Option | None, at: datetime
    ) -> None:
        """Now, if that moment is over: then it is as it was, for nothing has changed since."""
        if at <= self._agenda.now:
            self._passersby.look(random, person, good, option, at)
        else:
            dice = self._agenda.dice("look", at, person.email, good.id)
            look = partial(self._look, dice, person, good, option)
            self._agenda.at(at, look)

    def _fans(self, *goods: Good) -> int:
        """How many of the people that winback may hear of looked at one of these."""
        numbers = {good.id for good in goods}
        return len(
            {
                look.person.customer_id
                for look in self.looks
                if look.product_id in numbers and look.person.customer_id and look.person.said
            }
        )

    def _moment(self, days: int, hour: time) -> datetime:
        day = self._today + timedelta(days=days)
        return datetime.combine(day, hour, self._shop.zone).astimezone(UTC)

    def _tell(self, now: datetime, news: str) -> None:
        self.news.append((now, news))
