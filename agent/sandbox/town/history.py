"""The past of the sandbox shop: who bought what on which day, planned before the shop hears of it.

Planning comes first because the parts hang together: what people spent decides whether they still
come, and what was sold decides how much stock each product started with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from agent.sandbox.town.people import Consent, Person, Registry
from agent.sandbox.town.phones import READABLE
from agent.sandbox.town.rhythm import Season, moment_on
from agent.sandbox.town.window import Item, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random
    from zoneinfo import ZoneInfo

    from agent.sandbox.town.goods import Good

ORDERS_PER_CUSTOMER = 2.5  # of the whole shop, guests' orders included
GUEST_ORDERS = 0.27  # of all orders by people without an account; others forget to log in
NEVER_BOUGHT = 0.2  # of the accounts
QUIET_AFTER = 60  # days; the round figure that shops ask for
LOYAL = Decimal(500)  # spent in all, in the shop's currency
LAPSED = 150  # one loyal customer in so many accounts has gone quiet


@dataclass(slots=True, eq=False)
class Visit:
    """One order of the past, as it stands today."""

    person: Person
    moment: datetime
    basket: tuple[Item, ...]
    status: str
    refunded: Decimal = Decimal(0)  # the share given back, from 0 to 1

    @property
    def value(self) -> Decimal:
        """What it brought, or 0 if nothing was bought. Coupons and part refunds left out."""
        if self.status not in {"completed", "processing"} or self.refunded == 1:
            return Decimal(0)
        return sum(
            (good.asked(option) * pieces for good, option, pieces in self.basket), Decimal(0)
        )


class History:
    """Plans everybody's visits. Days are counted back from `today`, which itself stays empty."""

    def __init__(
        self, random: Random, goods: Sequence[Good], *, opened: date, today: date, zone: ZoneInfo
    ) -> None:
        self._random = random
        self._window = Window(goods)
        self._season = Season(opened, today - timedelta(days=1))
        self._today = today
        self._zone = zone

    def plan(self, registry: Registry, customers: int) -> tuple[list[Person], list[Visit]]:
        """`customers` accounts and some guests, and the visits of all, oldest first."""
        orders = round(customers * ORDERS_PER_CUSTOMER)
        of_guests = round(orders * GUEST_ORDERS)
        buying = round(customers * (1 - NEVER_BOUGHT))
        accounts = [registry.person(registered=True) for _ in range(customers)]
        guests = [registry.person(registered=False) for _ in range(round(of_guests * 0.8))]
        counts = self._share_out(accounts[:buying], orders - of_guests)
        counts |= self._share_out(guests, of_guests)
        visits = {person: self._life(person, count) for person, count in counts.items()}
        self._keep_the_loyal(visits, lapsed=max(3, customers // LAPSED))
        planned = [visit for life in visits.values() for visit in life]
        planned.sort(key=lambda visit: visit.moment)
        return [*accounts, *guests], planned

    def _share_out(self, people: Sequence[Person], orders: int) -> dict[Person, int]:
        """One order for everyone, the rest to those who have many already: most buy once."""
        tickets = list(people)
        while tickets and len(tickets) < orders:
            tickets.append(tickets[int(self._random.random() * len(tickets))])
        counts: dict[Person, int] = {}
        for person in tickets[:orders]:
            counts[person] = counts.get(person, 0) + 1
        return counts

    def _life(self, person: Person, count: int) -> list[Visit]:
        """`count` visits of one person: the last on a day that fits them, the others before."""
        random, season = self._random, self._season
        chance = random.random()
        still_comes = 0.10 if count == 1 else 0.20 if count < 4 else 0.60
        settled = False
        if chance < still_comes:
            last = season.day(random, since=self._ago(QUIET_AFTER - 5))
        elif chance < still_comes + 0.06:
            # These cross the threshold about now: some have just done so, some will tomorrow.
            last = self._ago(random.randint(QUIET_AFTER - 6, QUIET_AFTER + 10))
            settled = True
        else:
            last = season.day(random, until=self._ago(QUIET_AFTER + 11))
        last = max(last, season.first)
        first = season.day(random, until=last) if count > 1 else last
        days = [last, *(season.day(random, since=first, until=last) for _ in range(count - 1))]
        visits = []
        for day in sorted(days):
            moment = moment_on(day, self._zone, random)
            status, refunded = self._fate((self._today - day).days)
            basket = self._window.basket(random, person, moment)
            visits.append(Visit(person, moment, basket, status, refunded))
        if settled:
            visits[-1].status, visits[-1].refunded = "completed", Decimal(0)
        return visits

    def _ago(self, days: int) -> date:
        return self._today - timedelta(days=days)

    def _fate(self, age: int) -> tuple[str, Decimal]:
        """What has become of an order after `age` days: its status, and the share given back."""
        random = self._random
        fates = _FRESH if age <= 3 else _YOUNG if age <= 15 else _OLD
        status = random.choices(tuple(fates), tuple(fates.values()))[0]
        if status == "completed" and age > 4:
            chance = random.random()
            if chance < 0.015:
                return status, Decimal(1)
            if chance < 0.03:
                return status, random.choice((Decimal("0.2"), Decimal("0.35"), Decimal("0.5")))
        return status, Decimal(0)

    def _keep_the_loyal(self, visits: dict[Person, list[Visit]], *, lapsed: int) -> None:
        """Whoever has spent much still comes, but for `lapsed` people who agreed to messages."""
        edge = datetime.combine(self._ago(QUIET_AFTER + 1), time(), self._zone)
        for person, life in visits.items():
            if life[-1].moment >= edge or sum(visit.value for visit in life) < LOYAL:
                continue
            if lapsed and person.spelling in READABLE:
                person.consent = Consent.AGREES
                life[-1].status, life[-1].refunded = "completed", Decimal(0)
                lapsed -= 1
                continue
            # Move the whole life forward, so that the last visit falls into the last weeks.
            target = self._season.day(self._random, since=self._ago(QUIET_AFTER - 10))
            step = target - life[-1].moment.astimezone(self._zone).date()
            for visit in life:
                visit.moment += step


# What becomes of orders, in 1,000: of the last days, of the last weeks, and in the end.
_FRESH = {
    "processing": 600,
    "completed": 110,
    "on-hold": 80,
    "pending": 60,
    "checkout-draft": 60,
    "failed": 50,
    "cancelled": 40,
}
_YOUNG = {
    "completed": 800,
    "processing": 60,
    "cancelled": 50,
    "on-hold": 35,
    "failed": 30,
    "pending": 15,
    "trash": 10,
}
_OLD = {
    "completed": 908,
    "cancelled": 40,
    "failed": 25,
    "processing": 8,
    "trash": 8,
    "on-hold": 4,
    "pending": 4,
    "checkout-draft": 3,
}
