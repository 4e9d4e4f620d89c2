"""What happens in the sandbox shop from now on: people buy, parcels leave, prices change.

    life = Life(shop, whatsapp, town, seed=1)
    clock.set(moment); life.advance_to(moment)       with a clock that is moved by hand
    life.start(); ...; life.stop()                   with the real time

With a moved clock, an order of 10:40 that is written when the clock already says 11:00 is dated
10:40 (created and modified); what the shop dates by itself (a status, a refund, stock, a price)
says 11:00. Both lie after the call before, so who asked then for what was modified has missed
nothing, if the caller lets nobody look between moving the clock and `advance_to`. Call it often, by
the hour or more: it hears of messages only then. With the real time all is dated when it is
written, at most a tick late.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from agent.sandbox.shop.coupons import CouponRefused
from agent.sandbox.town.agenda import Agenda
from agent.sandbox.town.believable import open_account
from agent.sandbox.town.rhythm import moment_on, weight
from agent.sandbox.town.shopkeeper import Shopkeeper
from agent.sandbox.town.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from agent.sandbox.shop.shop import Shop
    from agent.sandbox.town.believable import Town
    from agent.sandbox.town.people import Person
    from agent.sandbox.town.window import Item
    from agent.sandbox.whatsapp.messages import Accepted
    from agent.sandbox.whatsapp.whatsapp import WhatsApp

COME_BACK = 0.48  # of the orders: by somebody who has bought before
REGISTER = 0.58  # of the new people
ANSWER_BY_BUYING = 0.08  # of those who read a message about offers
USE_THE_COUPON = 0.5  # of those who buy and were sent one
FRESH = timedelta(days=4)  # older open orders stay as they are

# How an order starts, in 1,000.
_STARTS = {"processing": 830, "pending": 50, "checkout-draft": 45, "failed": 40, "on-hold": 35}


class Life:
    """The future of a furnished shop. The same `seed`, town and messages make the same one,
    however often `advance_to` is called in between. Safe to use from several threads.

    `happened` counts what was done, by kind: "orders", "orders after a message", "coupons used",
    "completed", "cancelled", "refunded", "stock changes", "price changes", "new customers", ...
    """

    def __init__(
        self,
        shop: Shop,
        whatsapp: WhatsApp,
        town: Town,
        *,
        seed: int,
        tempting: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Life begins now, by the shop's clock. `tempting`: template -> how many of its readers buy,
        as a share, and what it names if the shop has it; of the others it is ANSWER_BY_BUYING.
        """
        self.happened: Counter[str] = Counter()
        self._shop, self._whatsapp, self._town = shop, whatsapp, town
        self._agenda = Agenda(shop.now(), f"{seed}:life")
        self._tempting = tempting
        self._keeper = Shopkeeper(shop, town, self._agenda, self.happened)
        self._window = Window(town.goods)
        self._daily = town.orders / (town.today - town.opened).days
        # Everybody once for each order, the latest last: who bought lately comes back most.
        visits = sorted(
            (number, serial)
            for serial, person in enumerate(town.people)
            for number in person.orders
        )
        self._visitors = [town.people[serial] for _, serial in visits]
        self._at_phone: dict[str, Person] = {}
        for person in town.people:
            self._note_phones(person)
        self._day_to_plan = self._agenda.now.astimezone(shop.zone).date()
        self._heard = 0  # accepted messages looked at
        self._live = False
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        with shop.lock:
            for order in shop.orders:
                if self._agenda.now - order.created < FRESH:
                    self._keeper.take_on(order.id, order.status, order.created)

    def advance_to(self, moment: datetime) -> None:
        """Let everything happen up to `moment` (aware). ValueError if that lies before the last."""
        with self._lock:
            if moment < self._agenda.now:
                raise ValueError(f"life is at {self._agenda.now} and cannot go back to {moment}")
            self._hear()
            while self._day_to_plan <= moment.astimezone(self._shop.zone).date():
                self._plan_day(self._day_to_plan)
                self._day_to_plan += timedelta(days=1)
            self._agenda.run_until(moment)

    def start(self, tick: float = 1.0) -> None:
        """Follow the shop's clock in a daemon thread, with a look at it every `tick` seconds.

        RuntimeError if it does so already.
        """
        if self._thread is not None:
            raise RuntimeError("life goes on already")
        self._live = True
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._follow, args=(tick,), name="sandbox life", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if there is one. What was still to happen waits for the next call."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
            self._live = False

    def _follow(self, tick: float) -> None:
        while not self._stopping.wait(tick):
            self.advance_to(self._shop.clock.now())

    # planning

    def _plan_day(self, day: date) -> None:
        random = self._agenda.dice("day", day)
        wanted = self._daily * weight(day) * random.uniform(0.8, 1.2)
        orders = int(wanted) + (random.random() < wanted % 1)
        kinds: list[Callable[[datetime], None]] = [self._somebody_buys] * orders
        kinds += [self._keeper.change_stock] * random.randint(3, 6)
        kinds += [self._keeper.change_price] * random.randint(1, 3)
        for happen in kinds:
            moment = moment_on(day, self._shop.zone, random)
            if moment > self._agenda.now:  # the first day may be half over
                self._agenda.at(moment, happen)

    def _hear(self) -> None:
        """Look at the messages that were accepted since the last call: some make people buy."""
        for message in self._whatsapp.accepted[self._heard :]:
            self._heard += 1
            if message.category != "marketing" or message.held:
                continue
            reactions = self._whatsapp.people.react(message)
            read = next((one.after for one in reactions if one.kind == "read"), None)
            # Who answers has said what there was to say: a STOP, or something harmless.
            answers = any(one.kind in {"says", "taps", "stops_marketing"} for one in reactions)
            random = self._agenda.dice("reader", message.id)
            buying = self._tempting.get(message.template or "", ANSWER_BY_BUYING)
            if read is None or answers or random.random() >= buying:
                continue
            # Half of them within three hours, hardly any after three days.
            hours = min(random.lognormvariate(1.1, 1.3), 96)
            decided = message.at + read + timedelta(minutes=2, hours=hours)
            self._agenda.at(decided, partial(self._reader_buys, message))

    # buying

    def _somebody_buys(self, moment: datetime) -> None:
        random = self._agenda.dice("buyer", moment, self.happened["orders"])
        if random.random() < COME_BACK:
            # On average a tenth of all orders back, some ten weeks: the quiet stay so, mostly.
            back = int(random.expovariate(10 / len(self._visitors)))
            person = self._visitors[-1 - min(back, len(self._visitors) - 1)]
        else:
            person = self._newcomer(random, moment)
        self._buy(random, person, moment)

    def _newcomer(self, random: Random, moment: datetime) -> Person:
        person = self._town.registry.person(registered=random.random() < REGISTER)
        self._town.people.append(person)
        self._note_phones(person)
        if person.registered:
            open_account(self._shop, random, person, self._date(moment))
            self.happened["new customers"] += 1
        return person

    def _reader_buys(self, message: Accepted, moment: datetime) -> None:
        person = self._at_phone.get(message.to)
        if person is None:
            return
        random = self._agenda.dice("reader buys", message.id)
        tempted = message.template in self._tempting
        uses = random.random() < USE_THE_COUPON or tempted
        code = self._coupon_in(message) if uses else None
        wanted = self._named_in(random, message) if tempted else ()
        if self._buy(random, person, moment, code, wanted):
            self.happened["orders after a message"] += 1

    def _named_in(self, random: Random, message: Accepted) -> tuple[Item, ...]:
        """The product among the message's parameters, if the shop has it."""
        words = {word for values in message.parameters.values() for word in values}
        for good in self._town.goods:
            if good.name in words or any(word.startswith(f"{good.name} - ") for word in words):
                option = random.choice(good.options) if good.options else None
                return ((good, option, 1),) if self._has((good, option, 1)) else ()
        return ()

    def _coupon_in(self, message: Accepted) -> str | None:
        """A code among the message's parameters that the shop knows."""
        words = (word.strip() for values in message.parameters.values() for word in values)
        return next((word for word in words if word and self._shop.coupon_by_code(word)), None)

    def _buy(
        self,
        random: Random,
        person: Person,
        moment: datetime,
        code: str | None = None,
        wanted: tuple[Item, ...] = (),
    ) -> bool:
        """Place an order for what is `wanted`, or else for whatever the person finds there."""
        basket = wanted or self._basket(random, person, moment)
        if not basket:
            self.happened["left with nothing"] += 1
            return False
        status = random.choices(tuple(_STARTS), tuple(_STARTS.values()))[0]
        if code is not None:
            status = "processing"  # who comes with a coupon means it
        said = {} if status == "checkout-draft" else person.boxes(random)
        lines = [(good.id, option.id if option else 0, pieces) for good, option, pieces in basket]

        def order(*codes: str) -> int:
            return self._shop.place_order(
                lines,
                customer_id=person.customer_id,
                billing=person.billing(),
                status=status,
                created=self._date(moment),
                meta=said,
                coupon_codes=codes,
            )

        try:
            number = order(code) if code else order()
            self.happened["coupons used"] += code is not None
        except CouponRefused:
            number = order()
            self.happened["coupons refused"] += 1
        person.orders.append(number)
        self._visitors.append(person)
        self.happened["orders"] += 1
        self._keeper.take_on(number, status, moment)
        return True

    def _basket(self, random: Random, person: Person, moment: datetime) -> tuple[Item, ...]:
        """What they want and the shop has, after a few looks around."""
        for _ in range(4):
            wanted = self._window.basket(random, person, moment)
            there = tuple(item for item in wanted if self._has(item))
            if there:
                return there
        return ()

    def _has(self, item: Item) -> bool:
        good, option, pieces = item
        row = self._shop.product(option.id if option else good.id)
        return good.offered and (row.stock is None or row.stock >= pieces)

    def _note_phones(self, person: Person) -> None:
        for line in person.lines:
            self._at_phone.setdefault(line.e164, person)

    def _date(self, moment: datetime) -> datetime | None:
        return None if self._live else moment
