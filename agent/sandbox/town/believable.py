"""A believable shop and its town, for `winback demo`, the tests and the benchmarks.

    dialling  countries and made-up numbers     goods       what is sold
    phones    how people type a number          rhythm      hours, weekdays, seasons
    names     what people are called            window      what somebody puts into the cart
    people    who they are, what they agreed    history     who bought what, and when

What happens after the history stands in `life`, `shopkeeper` and `agenda`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

from agent.sandbox.shop.orders import STOCK_STATUSES
from agent.sandbox.town.goods import Good, Option, fill_shelves, plan_goods
from agent.sandbox.town.history import History, Visit
from agent.sandbox.town.people import Person, Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.sandbox.shop.shop import Shop

WELCOME = "BEMVINDO10"  # for a first order
REASONS = ("Não serviu", "Chegou quebrado", "Veio a cor errada", "Desistiu da compra", "")


@dataclass(slots=True, eq=False)
class Town:
    """The truth about the shop and its people, to be compared with what the agent found out.

    `Life` keeps it true: whoever comes later is added to `people`.
    """

    opened: date  # the shop's first day, in its zone
    today: date  # the day whose orders `Life` makes; the history ends the day before
    people: list[Person]
    goods: list[Good]
    categories: int
    coupons: tuple[str, ...]  # codes that anybody may use now
    registry: Registry  # where new people come from
    spoken_for: set[int] = field(default_factory=set)  # ids that the shopkeeper leaves alone

    @property
    def customers(self) -> int:
        """People with an account."""
        return sum(person.registered for person in self.people)

    @property
    def guests(self) -> int:
        """People who ordered without ever opening an account."""
        return sum(not person.registered for person in self.people)

    @property
    def consented(self) -> int:
        """People whose newest explicit statement is a yes, whether or not they can be reached."""
        return sum(person.said is True for person in self.people)

    @property
    def reachable(self) -> int:
        """People who agreed and left a mobile that can be read. Some share a telephone."""
        return sum(person.said is True and person.reachable for person in self.people)

    @property
    def orders(self) -> int:
        """Orders of every status, those in the trash included."""
        return sum(len(person.orders) for person in self.people)

    @property
    def products(self) -> int:
        """Products of every status; variations are not counted apart."""
        return len(self.goods)

    @property
    def variations(self) -> int:
        return sum(len(good.options) for good in self.goods)


def furnish(
    shop: Shop,
    *,
    seed: int,
    now: datetime,
    products: int = 300,
    customers: int = 3000,
    years: int = 2,
) -> Town:
    """Fill an empty `shop` with products, people and `years` of orders, 2.5 for each customer.

    The same `seed` and the same date of `now` (aware) in the shop's zone make the same shop. The
    history ends at the midnight before `now`; `Life` goes on from there. 3,000 customers with
    7,500 orders take about half a second, 20,000 orders one and a half. ValueError for a size of 0.
    """
    if products < 1 or customers < 1 or years < 1:
        raise ValueError("a shop needs at least one product, one customer and one year")
    random = Random(f"{seed}:town")
    today = now.astimezone(shop.zone).date()
    opened = today - timedelta(days=365 * years)
    goods = plan_goods(
        random, products, opened=_midnight(shop, opened), until=_midnight(shop, today)
    )
    registry = Registry(random)
    history = History(random, goods, opened=opened, today=today, zone=shop.zone)
    people, visits = history.plan(registry, customers)
    categories = fill_shelves(shop, goods, _sold(visits))
    coupons = _add_coupons(shop, opened, today)
    _open_accounts(shop, random, people, visits, since=opened, until=today)
    _place_orders(shop, random, visits, until=_midnight(shop, today))
    return Town(opened, today, people, goods, categories, coupons, registry)


def _midnight(shop: Shop, day: date) -> datetime:
    return datetime.combine(day, time(), shop.zone).astimezone(UTC)


def _sold(visits: Sequence[Visit]) -> Counter[Good | Option]:
    """How many pieces of each product or variation the orders will take from the shelf."""
    sold: Counter[Good | Option] = Counter()
    for visit in visits:
        if _first_status(visit) in STOCK_STATUSES:
            for good, option, pieces in visit.basket:
                sold[option or good] += pieces
    return sold


def _first_status(visit: Visit) -> str:
    """The status in which the order is placed: what lies in the trash today had been completed."""
    return "completed" if visit.status == "trash" else visit.status


def _add_coupons(shop: Shop, opened: date, today: date) -> tuple[str, ...]:
    """The shop's own coupons: three that anybody may use, and last Christmas' one."""
    christmas = date(today.year if today > date(today.year, 12, 26) else today.year - 1, 12, 26)
    plans = (
        (WELCOME, "percent", "10", None, 1),
        ("VOLTE15", "percent", "15", None, None),
        ("DEZREAIS", "fixed_cart", "10", None, None),
        (f"NATAL{christmas.year}", "percent", "20", christmas, None),
    )
    for code, kind, amount, ends, per_person in plans:
        coupon = shop.new_coupon(code)
        coupon.discount_type, coupon.amount = kind, Decimal(amount)
        coupon.usage_limit_per_user = per_person
        coupon.expires = _midnight(shop, ends) if ends else None
        coupon.created = coupon.modified = _midnight(shop, opened)
        coupon.created_local = coupon.modified_local = shop.local(coupon.created)
        shop.add_coupon(coupon)
    return tuple(code for code, _, _, ends, _ in plans if ends is None)


def _open_accounts(
    shop: Shop,
    random: Random,
    people: Sequence[Person],
    visits: Sequence[Visit],
    *,
    since: date,
    until: date,
) -> None:
    """An account for each who wants one, in the order of registration: mostly at the checkout."""
    first = dict[Person, datetime]()
    for visit in visits:
        first.setdefault(visit.person, visit.moment)
    start, end = _midnight(shop, since), _midnight(shop, until)
    dates: list[tuple[datetime, int, Person]] = []
    for number, person in enumerate(people):
        if person.registered:
            moment = first.get(person)
            if moment is None:
                moment = start + (end - start) * random.random()
            else:
                moment -= timedelta(minutes=random.choice((1, 3, 7, 60 * 24 * 2)))
            dates.append((moment, number, person))
    for moment, _, person in sorted(dates):
        open_account(shop, random, person, moment)


def open_account(shop: Shop, random: Random, person: Person, moment: datetime | None) -> None:
    """Register `person` at `moment` (None: now), with what they typed into the form."""
    person.customer_id = shop.add_customer(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phone=person.phone,
        country=person.country,
        city=person.city,
        created=moment,
        meta=person.account_boxes(random),
    )


def _place_orders(shop: Shop, random: Random, visits: Sequence[Visit], *, until: datetime) -> None:
    """Every visit becomes an order, and refunds come between them on their own day."""
    refunds: list[tuple[datetime, int, Decimal]] = []
    for visit in visits:
        while refunds and refunds[0][0] <= visit.moment:
            _give_back(shop, random, heappop(refunds))
        number = _place(shop, random, visit)
        if visit.refunded:
            later = visit.moment + timedelta(days=random.uniform(1, 20))
            heappush(refunds, (min(later, until - timedelta(minutes=1)), number, visit.refunded))
    while refunds:
        _give_back(shop, random, heappop(refunds))


def _place(shop: Shop, random: Random, visit: Visit) -> int:
    person = visit.person
    # What is a draft, or lies in the trash, is no statement of anybody's.
    said = {} if visit.status in {"checkout-draft", "trash"} else person.boxes(random)
    codes: tuple[str, ...] = ()
    if visit.status == "completed" and not visit.refunded and random.random() < 0.07:
        codes = (random.choice(("VOLTE15", "DEZREAIS")) if person.orders else WELCOME,)
    forgot_to_log_in = random.random() < 0.05
    number = shop.place_order(
        [(good.id, option.id if option else 0, pieces) for good, option, pieces in visit.basket],
        customer_id=0 if forgot_to_log_in else person.customer_id,
        billing=person.billing(),
        status=_first_status(visit),
        created=visit.moment,
        meta=said,
        coupon_codes=codes,
    )
    person.orders.append(number)
    if visit.status == "trash":
        # Not `trash_order`: that would have happened now, and this happened long ago.
        order = shop.order(number)
        order.status, order.status_before_trash = "trash", order.status
    return number


def _give_back(shop: Shop, random: Random, refund: tuple[datetime, int, Decimal]) -> None:
    moment, number, share = refund
    amount = shop.money(shop.order(number).total * share)
    if amount:
        shop.refund(number, amount, random.choice(REASONS), created=moment)
