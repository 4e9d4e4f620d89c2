"""What makes people come back to the sandbox shop: things sell out and return, cost less for a while,
or are new; and people look at them before, while and after.

    bustle = Bustle(shop, town, seed=1)
    clock.set(moment); life.advance_to(moment); bustle.advance_to(moment)

`Life` brings the orders; this brings what the alerts are about. The shop dates all of it by its clock,
so move on by the hour or more often.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import TYPE_CHECKING

from agent.sandbox.town.agenda import Agenda
from agent.sandbox.town.goods import SHELVES, Good
from agent.sandbox.town.looks import Passersby
from agent.sandbox.town.rhythm import moment_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from agent.sandbox.shop.rows import Product
    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.town.believable import Town
    from agent.sandbox.town.goods import Option
    from agent.sandbox.town.looks import Look
    from agent.sandbox.town.people import Person

PAST_WOOCOMMERCE = 0.25  # of stocks and prices: written by an import, so that no date moves
LOOKER_BUYS = 0.1
THINKS_BETTER = 0.2  # of wishes: taken off the list again
LOOKS_AGAIN = 0.15
CHEAPER = ("0.95", "0.9", "0.88", "0.75", "0.6")  # 0.9 is exactly a tenth less
NAMES = ("Novidade", "Edição Especial", "Lançamento", "Coleção Nova", "Série Limitada")

# How often each happens, in a hundred days of a shop with a thousand customers.
SCENES = {
    "sells out": 120,
    "bargain": 110,
    "false bargain": 40,
    "sale by date": 25,
    "launch": 40,
    "off the shelf": 15,
    "looks around": 700,
}


class Bustle:
    """The same `seed` and town make the same days. `happened` counts them, by the names of SCENES
    and what follows from them."""

    def __init__(self, shop: Shop, town: Town, *, seed: int, scale: float = 1.0) -> None:
        """It begins now, by the shop's clock. `scale` 1.0 is for a thousand customers."""
        self.happened: Counter[str] = Counter()
        self.past_woocommerce: dict[int, datetime] = {}  # id -> when an import last wrote it
        self._shop, self._town, self._scale = shop, town, scale
        self._agenda = Agenda(shop.now(), f"{seed}:bustle")
        self._passersby = Passersby(shop, town)
        self._day_to_plan = self._agenda.now.astimezone(shop.zone).date()
        self._shelves = {
            good.shelf: shop.product(good.id).categories for good in town.goods if good.id
        }

    @property
    def looks(self) -> list[Look]:
        """Everything that anybody looked at, oldest first."""
        return self._passersby.looks

    def advance_to(self, moment: datetime) -> None:
        """Let everything happen up to `moment` (aware)."""
        while self._day_to_plan <= moment.astimezone(self._shop.zone).date():
            self._plan_day(self._day_to_plan)
            self._day_to_plan += timedelta(days=1)
        self._agenda.run_until(moment)

    def sell_out(self, random: Random, number: int) -> None:
        """Somebody buys all that is left of it now, or an import says so."""
        self._set_stock(random, number, 0)

    def raise_price(self, number: int) -> None:
        """It costs a fifth more than its regular price from now on."""
        row = self._shop.product(number)
        self._shop.set_price(number, self._times(row.regular_price or "1", Decimal("1.2")))

    def _plan_day(self, day: date) -> None:
        random = self._agenda.dice("day", day)
        acts: dict[str, Callable[[Random, datetime], object]] = {
            "sells out": self._sell_out,
            "bargain": self._bargain,
            "false bargain": self._false_bargain,
            "sale by date": self._sale_by_date,
            "launch": self._launch,
            "off the shelf": self._take_off,
            "looks around": self._look_around,
        }
        for name, in_hundred_days in SCENES.items():
            wanted = in_hundred_days / 100 * self._scale
            times = int(wanted) + (random.random() < wanted % 1)
            for serial in range(times):
                moment = moment_on(day, self._shop.zone, random)
                if moment > self._agenda.now:
                    dice = self._agenda.dice(name, day, serial)
                    self._agenda.at(moment, self._act(name, acts[name], dice))

    def _act(
        self, name: str, act: Callable[[Random, datetime], object], dice: Random
    ) -> Callable[[datetime], None]:
        def happen(now: datetime) -> None:
            self.happened[name] += 1
            act(dice, now)

        return happen

    # the scenes

    def _sell_out(self, random: Random, now: datetime) -> None:
        """The last piece goes, people ask in vain, and some days later a few come in."""
        good, option = self._something(random)
        number = option.id if option else good.id
        self._set_stock(random, number, 0)
        gone = timedelta(hours=random.uniform(3, 110))
        self._come_and_look(random, random.randint(4, 16), good, option, now, gone)
        self._agenda.at(now + gone, lambda _: self._set_stock(random, number, random.randint(1, 5)))
        if random.random() < 0.3:  # and is gone again before everybody has heard
            again = now + gone + timedelta(hours=random.uniform(0.5, 6))
            self._agenda.at(again, lambda _: self._set_stock(random, number, 0))
            back = again + timedelta(hours=random.uniform(5, 60))
            self._agenda.at(back, lambda _: self._set_stock(random, number, random.randint(3, 20)))

    def _bargain(self, random: Random, now: datetime) -> None:
        """People look, think it too dear, and some days later it costs less for a while."""
        good, option = self._something(random)
        row = self._row(good, option)
        wait = timedelta(days=random.uniform(0.5, 12))
        self._come_and_look(random, random.randint(3, 12), good, option, now, wait)
        left = Decimal(random.choice(CHEAPER))
        self._agenda.at(now + wait, lambda _: self._set_sale(random, row, left))
        over = now + wait + timedelta(days=random.uniform(0.3, 6))
        self._agenda.at(over, lambda _: self._set_sale(random, row, None))

    def _false_bargain(self, random: Random, now: datetime) -> None:
        """The price goes up, and later down to what it was: no bargain for who saw it before."""
        good, option = self._something(random)
        row = self._row(good, option)
        wait = timedelta(days=random.uniform(1, 5))
        self._come_and_look(random, random.randint(3, 8), good, option, now, wait)
        regular = row.regular_price
        dearer = self._times(regular, Decimal("1.3"))
        self._agenda.at(now + wait, lambda _: self._shop.set_price(row.id, dearer))
        # who looks now, sees the high price
        later = now + wait + timedelta(hours=2)
        self._come_and_look(random, random.randint(1, 4), good, option, later, timedelta(days=2))
        down = later + timedelta(days=random.uniform(2.1, 4))
        self._agenda.at(down, lambda _: self._shop.set_price(row.id, regular))

    def _sale_by_date(self, random: Random, now: datetime) -> None:
        """A sale that begins and ends by itself."""
        good, option = self._something(random)
        row = self._row(good, option)
        starts = now + timedelta(days=random.uniform(1, 6))
        ends = starts + timedelta(days=random.uniform(1, 5))
        self._come_and_look(random, random.randint(3, 8), good, option, now, starts - now)
        self._shop.schedule_sale(
            row.id, self._times(row.regular_price, Decimal("0.7")), starts, ends
        )

    def _launch(self, random: Random, now: datetime) -> None:
        """Something new; now and then there is none of it yet."""
        shelf = random.choice(SHELVES)
        worth = f"{random.randint(shelf.cheapest, shelf.dearest)}.90"
        name = f"{random.choice(shelf.nouns)} {random.choice(NAMES)} {self.happened['launch']}"
        left = 0 if random.random() < 0.15 else random.randint(3, 60)
        visibility = "hidden" if random.random() < 0.1 else "visible"
        good = Good(name, shelf, worth, now, random.random(), left, visibility=visibility)
        good.id = self._shop.add_product(
            name=name,
            price=worth,
            categories=self._shelves.get(shelf, ()),
            stock=left,
            created=now,
            catalog_visibility=visibility,
        )
        self._town.goods.append(good)

    def _take_off(self, random: Random, now: datetime) -> None:
        """People look, the product is taken off the shop, and comes back after some days."""
        good, option = self._something(random)
        self._come_and_look(random, 4, good, option, now, timedelta(days=1))
        self._agenda.at(now + timedelta(days=1.1), lambda _: self._shop.trash_product(good.id))
        back = now + timedelta(days=random.uniform(2, 9))
        self._agenda.at(back, lambda _: self._shop.restore_product(good.id))

    def _look_around(self, random: Random, now: datetime) -> None:
        good, _ = self._something(random)
        option = self._passersby.some_option(random, good)
        self._come_and_look(random, 1, good, option, now, timedelta(minutes=5))

    # what the scenes are made of

    def _come_and_look(
        self,
        random: Random,
        size: int,
        good: Good,
        option: Option | None,
        since: datetime,
        within: timedelta,
    ) -> None:
        """A crowd comes, one by one; some buy it later, some take it off their list again."""
        for person in self._passersby.crowd(random, size):
            moment = since + within * random.random()
            dice = self._agenda.dice("looker", moment, good.id, random.random())
            self._agenda.at(moment, partial(self._look, dice, person, good, option))

    def _look(
        self, dice: Random, person: Person, good: Good, option: Option | None, at: datetime
    ) -> None:
        if self._shop.product(good.id).status != "publish":
            return  # not even a page that says so
        look = self._passersby.look(dice, person, good, option, at)
        later = at + timedelta(hours=dice.uniform(1, 90))
        if dice.random() < LOOKER_BUYS:
            self._agenda.at(later, partial(self._buy, dice, look))
        elif look.kind == "wishlist_add" and dice.random() < THINKS_BETTER:
            self._agenda.at(later, partial(self._passersby.forget, look))
        elif dice.random() < LOOKS_AGAIN:  # at what it costs then; or twice within the hour
            again = later if dice.random() < 0.6 else at + timedelta(minutes=20)
            self._agenda.at(again, partial(self._look, dice, person, good, option))

    def _buy(self, random: Random, look: Look, at: datetime) -> None:
        row, person = self._shop.product(look.number), look.person
        whole = self._shop.product(look.product_id)
        if row.stock_status != "instock" or whole.status != "publish" or not row.price:
            return
        if whole.variations and not look.variation_id:
            return  # nobody can buy a shirt without a size
        said = person.boxes(random)
        number = self._shop.place_order(
            [(look.product_id, look.variation_id, 1)],
            customer_id=person.customer_id,
            billing=person.billing(),
            created=at,
            meta=said,
        )
        person.orders.append(number)
        self.happened["bought after a look"] += 1

    def _something(self, random: Random) -> tuple[Good, Option | None]:
        """Something that is for sale, with its size where it has sizes."""
        while True:
            good = random.choice(self._town.goods)
            row = self._shop.product(good.id)
            if good.offered and row.status == "publish":
                return good, random.choice(good.options) if good.options else None

    def _row(self, good: Good, option: Option | None) -> Product:
        return self._shop.product(option.id if option else good.id)

    def _set_stock(self, random: Random, number: int, pieces: int) -> None:
        """By the shop's people, or past WooCommerce by an import."""
        if random.random() < PAST_WOOCOMMERCE:
            status = "instock" if pieces else "outofstock"
            self._shop.write_stock_raw(number, pieces, stock_status=status)
            self._note_import("stock", number)
        else:
            self._shop.set_stock(number, pieces)

    def _set_sale(self, random: Random, row: Product, left: Decimal | None) -> None:
        price = None if left is None else self._times(row.regular_price, left)
        if random.random() < PAST_WOOCOMMERCE:
            paid = row.regular_price if price is None else price
            self._shop.write_price_raw(row.id, paid, regular_price=row.regular_price)
            self._note_import("price", row.id)
        else:
            self._shop.set_price(row.id, row.regular_price, price)

    def _note_import(self, what: str, number: int) -> None:
        self.happened[f"{what} past WooCommerce"] += 1
        self.past_woocommerce[number] = self._shop.now()

    def _times(self, price: str, share: Decimal) -> str:
        exact = Decimal(price.replace(",", ".")) * share
        return str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))
