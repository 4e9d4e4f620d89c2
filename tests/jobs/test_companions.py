"""What goes with what is kept current, and what of it is recommended to whom."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from jobs_stage import Killed, dying_after, nothing, open_shop

from agent.jobs import companions as job
from agent.jobs.companions import count_companions
from agent.recommendations import recommendations
from agent.rules.recommend import Together, weight
from agent.rules.recommend import companions as score
from models import Bestseller, Companion, Contact, Cursor, Order, OrderLine, Product, Refund, Stale
from models.base import database as handle
from models.refresh import refresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.config import Settings

DAY = timedelta(days=1)
TEA, POT, CUP, CAKE, MUG = 1, 2, 3, 4, 5
PAID = ("processing", "completed")


class Shop:
    """Orders and products, straight into the mirror."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        self.read_at = now
        for number, categories in (
            (TEA, [20]),
            (POT, [20]),
            (CUP, [20]),
            (CAKE, [30]),
            (MUG, [30]),
        ):
            self.product(number, categories=categories)

    def product(self, number: int, **columns: Any) -> None:
        self.read_at += timedelta(seconds=1)
        row = {
            "woo_id": number, "name": f"Product {number}", "status": "publish", "visibility": "visible",
            "stock_status": "instock", "price": 900, "categories": [], "read_at": self.read_at,
        }  # fmt: skip
        Product.absorb([row | columns])

    def order(self, number: int, *products: int, days_ago: float = 1, **columns: Any) -> None:
        self.read_at += timedelta(seconds=1)
        row = {
            "woo_id": number, "status": "completed", "currency": "BRL", "total": 5_000, "email": "",
            "contact_id": None, "customer_id": 0, "created_at": self.now - days_ago * DAY,
            "paid_at": None, "read_at": self.read_at,
        }  # fmt: skip
        Order.absorb([row | columns])
        self.lines(number, *products)

    def lines(self, number: int, *products: int) -> None:
        OrderLine.replace_for(
            [number],
            [
                {
                    "woo_id": number * 100 + place,
                    "order_id": number,
                    "product_id": one,
                    "quantity": 1,
                }
                for place, one in enumerate(products)
            ],
        )

    def count(self) -> dict[str, int]:
        return count_companions(self.settings, now=self.now, beat=nothing)


@pytest.fixture
def shop(database: Path, settings: Settings, now: datetime) -> Shop:
    open_shop()
    Cursor.insert(name="orders", since=now).execute()
    handle.execute_sql("PRAGMA synchronous = off")
    return Shop(settings, now)


def go_with(product: int) -> list[int]:
    rows = Companion.select().where(Companion.product_id == product)
    return [one.other_id for one in rows.order_by(Companion.score.desc(), Companion.other_id)]


def somebody(phone: str = "+12025550101") -> int:
    return Contact.put(
        [{"phone": phone, "created_at": datetime.fromisoformat("2020-01-01T00:00Z")}]
    )[phone]


def test_what_three_orders_had_together_goes_together(shop: Shop) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT)
    shop.order(4, TEA, CAKE)
    shop.count()
    assert (go_with(TEA), go_with(POT), go_with(CAKE)) == ([POT], [TEA], [])
    [pair] = Companion.select().where(Companion.product_id == TEA)
    assert pair.support == 3


@pytest.mark.parametrize(
    "columns",
    [{"status": "cancelled"}, {"status": "pending"}, {"days_ago": 365}, {"status": "refunded"}],
)
def test_orders_that_were_not_bought_or_are_too_old_say_nothing(
    shop: Shop, columns: dict[str, Any]
) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT, **columns)
    shop.count()
    assert go_with(TEA) == []


def test_a_product_twice_in_an_order_is_once(shop: Shop) -> None:
    for number in range(2):
        shop.order(number + 1, TEA, TEA, POT, POT)
    shop.count()
    assert go_with(TEA) == []


def test_only_products_whose_orders_changed_are_counted_again(shop: Shop) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT)
        shop.order(number + 11, CUP, CAKE)
    assert shop.count() == {"products": 4}
    shop.order(21, TEA, POT)
    assert shop.count()["products"] <= 3  # these two, and one whose turn it is
    [pair] = Companion.select().where(Companion.product_id == POT)
    assert pair.support == 4


@pytest.mark.parametrize("deed", ["cancel", "forget", "refund", "other lines"])
def test_what_is_taken_back_goes_together_no_more(shop: Shop, deed: str) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT)
    shop.count()
    if deed == "cancel":
        shop.order(1, TEA, POT, status="cancelled")
    elif deed == "forget":
        Order.forget([1])
    elif deed == "refund":
        Refund.absorb([{"woo_id": 9, "order_id": 1, "amount": 5_000, "read_at": shop.now}])
    else:
        shop.lines(1, TEA)
    shop.count()
    assert not Companion.select().exists()


def test_orders_leave_the_year_without_a_change(shop: Shop) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT, days_ago=364)
    shop.count()
    assert go_with(TEA) == [POT]
    shop.now += 2 * DAY
    for _ in range(job.SLICES + 1):
        shop.count()
    assert not Companion.select().exists()


def test_the_work_of_a_run_is_bounded_and_goes_on_in_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT)
    monkeypatch.setattr(job, "ORDERS_A_BATCH", 3)
    monkeypatch.setattr(job, "ORDERS_A_RUN", 3)
    assert shop.count() == {"products": 1}
    assert shop.count() == {"products": 1}
    assert (go_with(TEA), go_with(POT)) == ([POT], [TEA])


def test_a_run_that_was_cut_short_is_made_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        shop.order(number + 1, TEA, POT)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(job, "_count", killed)
        with pytest.raises(Killed):
            shop.count()
    assert not Stale.select().where(Stale.kind == "product").exists()
    shop.count()
    assert go_with(TEA) == [POT]
    assert not Stale.select().exists()


def test_nothing_is_counted_before_the_orders_are_in(shop: Shop) -> None:
    Cursor.delete().execute()
    shop.order(1, TEA, POT)
    assert shop.count() == {}


def test_bestsellers_are_what_sold_of_late_and_can_be_found(shop: Shop) -> None:
    shop.product(MUG, visibility="hidden", categories=[30])
    shop.order(1, TEA, TEA, CAKE, MUG)
    shop.order(2, CAKE)
    shop.order(3, *[POT] * 5, days_ago=91)
    shop.count()
    rows = Bestseller.select(Bestseller.category_id, Bestseller.product_id, Bestseller.sold)
    assert set(rows.tuples()) == {(0, TEA, 2), (0, CAKE, 2), (20, TEA, 2), (30, CAKE, 2)}


# recommendations


@pytest.fixture
def ana(shop: Shop) -> int:
    """She bought a pot, and a cake before; many bought tea and cups with a pot."""
    ana = somebody()
    for number in range(4):
        shop.order(number + 1, POT, TEA)
    for number in range(3):
        shop.order(number + 11, POT, CUP)
    shop.order(21, CAKE, contact_id=ana, days_ago=30)
    shop.order(22, POT, contact_id=ana, days_ago=20)
    shop.count()
    return ana


def test_because_you_bought_a_pot(shop: Shop, ana: int) -> None:
    assert recommendations([ana]) == {ana: [(TEA, POT), (CUP, POT)]}
    assert recommendations([ana], most=1) == {ana: [(TEA, POT)]}


@pytest.mark.parametrize(
    "columns",
    [
        {"stock_status": "outofstock"}, {"stock_status": "onbackorder"},
        {"visibility": "hidden"}, {"visibility": "search"},
        {"status": "draft"}, {"status": "trash"}, {"price": None}, {"parent_id": 99},
    ],
)  # fmt: skip
def test_nothing_that_cannot_be_bought_or_found(
    shop: Shop, ana: int, columns: dict[str, Any]
) -> None:
    shop.product(TEA, **columns)
    assert recommendations([ana]) == {ana: [(CUP, POT)]}
    shop.product(TEA, parent_id=0)
    assert recommendations([ana])[ana][0] == (TEA, POT)


@pytest.mark.parametrize(("status", "offered"), [("on-hold", False), ("cancelled", True)])
def test_nothing_that_they_have_ordered(shop: Shop, ana: int, status: str, offered: bool) -> None:
    shop.order(31, TEA, contact_id=ana, status=status)
    refresh(PAID, "BRL")
    assert ((TEA, POT) in recommendations([ana])[ana]) is offered
    # and what was not paid is not what they bought
    shop.order(32, MUG, contact_id=ana, status="on-hold")
    refresh(PAID, "BRL")
    assert all(because == POT for _, because in recommendations([ana])[ana] if because)


def test_then_the_bestsellers_of_their_categories_then_of_the_shop(shop: Shop, ana: int) -> None:
    other = somebody("+12025550102")
    bruno = somebody("+12025550103")
    for number in range(3):
        shop.order(41 + number, MUG)
    for number in range(9):
        shop.order(51 + number, TEA)
    shop.order(71, CAKE, contact_id=other)
    shop.count()
    # the one who bought a cake: a mug is of its category; then what everybody buys
    assert recommendations([other, bruno]) == {
        other: [(MUG, None), (TEA, None), (POT, None)],
        bruno: [(TEA, None), (POT, None), (CUP, None)],
    }


def test_nobody_knows_anything_yet(database: Path) -> None:
    assert recommendations([1, 2]) == {}


def test_a_few_queries_however_many_people(
    shop: Shop, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Counter[str]()
    execute = type(handle.obj).execute_sql

    def listening(self: Any, sql: str, *more: Any) -> Any:
        asked["queries"] += 1
        return execute(self, sql, *more)

    monkeypatch.setattr(type(handle.obj), "execute_sql", listening)
    assert len(recommendations(range(ana, ana + 500))) == 500
    assert asked["queries"] == 5


# whatever happens


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_it_is_as_if_counted_from_the_beginning(
    shop: Shop, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    monkeypatch.setattr(job, "PRODUCTS_A_BATCH", random.choice((1, 3, 200)))
    goods = range(1, 8)
    deeds: list[Callable[[], object]] = [
        lambda: shop.order(
            random.randint(1, 40),
            *random.choices(goods, k=random.randint(0, 4)),
            days_ago=random.choice((1, 60, 360, 370)),
            status=random.choice((*PAID, *PAID, "failed")),
        ),
        lambda: shop.lines(random.randint(1, 40), *random.choices(goods, k=3)),
        lambda: Order.forget([random.randint(1, 40)]),
        lambda: Refund.absorb(
            [{"woo_id": 900, "order_id": random.randint(1, 40), "amount": 5_000, "read_at": shop.read_at}]
        ),
        lambda: Refund.forget([900]),
        lambda: cut_short(shop, random.randint(0, 9)),
        shop.count,
    ]  # fmt: skip
    for _ in range(150):
        random.choices(deeds, (9, 3, 1, 1, 1, 1, 1))[0]()
    # all products are counted in the last runs: a score stands on how well the other one sells as well
    Stale.mark("product", goods)
    shop.count()
    shop.count()
    found = Companion.select(
        Companion.product_id, Companion.other_id, Companion.support, Companion.score
    )
    assert set(found.tuples()) == from_the_beginning(shop)


def cut_short(shop: Shop, beats: int) -> None:
    try:
        count_companions(shop.settings, now=shop.now, beat=dying_after(beats))
    except Killed:
        return


def from_the_beginning(shop: Shop) -> set[tuple[int, int, int, float]]:
    pairs: dict[int, dict[int, Together]] = {}
    alone = Counter[int]()
    for order in (
        Order.select().where(Order.created_at > shop.now - 365 * DAY).order_by(Order.woo_id)
    ):
        given_back = sum(one.amount for one in Refund.select() if one.order_id == order.woo_id)
        if order.status not in PAID or given_back >= order.total:
            continue
        age = shop.now.date() - order.created_at.date()
        lines = OrderLine.select().where(OrderLine.order_id == order.woo_id)
        basket = {line.product_id for line in lines}
        for product in basket:
            alone[product] += weight(age)  # type: ignore[assignment]
            for other in basket - {product}:
                both = pairs.setdefault(product, {}).get(other, Together(0, 0.0))
                pairs[product][other] = one_more(both, weight(age))
    return {
        (product, *one)
        for product, others in pairs.items()
        for one in score(product, others, alone)
    }


def one_more(both: Together, more: float) -> Together:
    return Together(both.support + 1, both.weight + more)
