"""The furnished shop: the same for the same seed, and as mixed as a real one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import Town, furnish
from agent.sandbox.town.people import (
    CUSTOMER_CONSENT,
    NEWS_CUSTOMER_CONSENT,
    NEWS_ORDER_CONSENT,
    ORDER_CONSENT,
    Person,
)

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Meta, Order

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # 09:00 in São Paulo
MIDNIGHT = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)  # there
BOUGHT = {"completed", "processing"}
NOT_AN_ORDER = {"failed", "cancelled", "trash", "checkout-draft"}


@dataclass(frozen=True)
class Furnished:
    shop: Shop
    town: Town

    def orders_of(self, person: Person) -> list[Order]:
        return [self.shop.order(number) for number in person.orders]

    def spent(self, person: Person) -> Decimal:
        orders = [order for order in self.orders_of(person) if order.status in BOUGHT]
        back = [self.shop.refunds[number].amount for order in orders for number in order.refunds]
        return sum((order.total for order in orders), Decimal(0)) - sum(back, Decimal(0))

    def quiet_days(self, person: Person) -> int | None:
        """Days since the last order, by local date; None for somebody who never bought."""
        orders = self.orders_of(person)
        if not any(order.status in BOUGHT for order in orders):
            return None
        last = max(order.created for order in orders if order.status not in NOT_AN_ORDER)
        return (self.town.today - last.astimezone(self.shop.zone).date()).days


def open_shop(now: datetime = NOW, seed: int = 1, customers: int = 300, **size: int) -> Furnished:
    shop = Shop(MovedClock(now))
    return Furnished(shop, furnish(shop, seed=seed, now=now, customers=customers, **size))


def everything(shop: Shop) -> list[str]:
    tables = (shop.products, shop.variations, shop.customers, shop.coupons, shop.orders)
    rows = [repr(row) for table in tables for row in table]
    # The one who installed the shop is not ours, and is dated by the clock.
    return [row for row in rows if "admin@" not in row] + [repr(row) for row in shop.refunds]


@pytest.fixture(scope="module")
def world() -> Furnished:
    """A shop of the usual size. Nobody changes it."""
    return open_shop(customers=3000)


def said(meta: list[Meta], key: str) -> object:
    return next((entry.value for entry in meta if entry.key == key), None)


# the same, or not


def test_the_same_seed_and_date_make_the_same_shop_at_any_hour() -> None:
    morning = open_shop(NOW)
    evening = open_shop(NOW + timedelta(hours=13))
    assert everything(morning.shop) == everything(evening.shop)
    assert [p.said for p in morning.town.people] == [p.said for p in evening.town.people]


def test_another_seed_makes_another_shop() -> None:
    assert everything(open_shop(seed=1).shop) != everything(open_shop(seed=2).shop)


def test_another_date_moves_the_whole_history() -> None:
    earlier, later = open_shop(NOW), open_shop(NOW + timedelta(days=1))
    first, last = next(iter(earlier.shop.orders)), next(iter(later.shop.orders))
    assert earlier.town.opened + timedelta(days=1) == later.town.opened
    assert first.created != last.created


# how many


def test_there_are_as_many_of_everything_as_asked_for(world: Furnished) -> None:
    shop, town = world.shop, world.town
    accounts = [row for row in shop.customers if row.role == "customer"]
    assert len(accounts) == town.customers == 3000
    assert len(shop.products) == town.products == 300
    assert len(shop.orders) == town.orders == 7500
    assert len(shop.variations) == town.variations
    assert 14 <= len(shop.categories) == town.categories <= 18
    assert any(category.parent for category in shop.categories)


def test_every_order_and_account_belongs_to_exactly_one_person(world: Furnished) -> None:
    orders = Counter(number for person in world.town.people for number in person.orders)
    accounts = Counter(p.customer_id for p in world.town.people if p.registered)
    assert set(orders.values()) == set(accounts.values()) == {1}
    for person in world.town.people:
        for order in world.orders_of(person):
            assert order.billing["email"] == person.email
            assert order.customer_id in {0, person.customer_id}


def test_about_three_orders_in_ten_are_by_guests(world: Furnished) -> None:
    guests = sum(order.customer_id == 0 for order in world.shop.orders)
    assert 0.27 < guests / len(world.shop.orders) < 0.34


def test_most_buy_once_and_a_few_buy_often(world: Furnished) -> None:
    counts = sorted((len(p.orders) for p in world.town.people if p.orders), reverse=True)
    assert sum(count == 1 for count in counts) > 0.5 * len(counts)
    assert sum(counts[: len(counts) // 10]) > 0.25 * sum(counts)
    assert counts[0] >= 8


@pytest.mark.parametrize(("products", "customers"), [(1, 1), (1, 40), (20, 3), (2, 900)])
def test_small_shops_work_too(products: int, customers: int) -> None:
    small = open_shop(products=products, customers=customers, years=1)
    assert len(small.shop.products) == products
    assert small.town.customers == customers
    assert small.town.orders == round(customers * 2.5)


@pytest.mark.parametrize("size", [{"products": 0}, {"customers": 0}, {"years": 0}])
def test_a_shop_of_nothing_is_refused(size: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        open_shop(**size)


# the shelf


def test_about_one_product_in_seven_has_variations(world: Furnished) -> None:
    variable = [row for row in world.shop.products if row.type == "variable"]
    assert 0.09 < len(variable) / 300 < 0.21
    assert {len(row.variations) for row in variable} <= set(range(2, 7))
    keys = {key for row in world.shop.variations for key in row.attributes}
    assert keys == {"Tamanho", "Cor"}


def test_products_come_in_every_state(world: Furnished) -> None:
    rows = list(world.shop.products)
    assert {row.status for row in rows} == {"publish", "draft", "trash", "private"}
    assert {row.catalog_visibility for row in rows} == {"visible", "hidden"}
    assert 10 < sum(bool(row.sale_price) for row in rows) < 60
    assert 8 < sum(row.stock_status == "outofstock" for row in rows) < 60
    assert any(row.stock is None and row.type == "simple" for row in rows)
    assert len({row.name for row in rows}) == 300


def test_prices_are_stored_in_the_ways_that_shops_have(world: Furnished) -> None:
    prices = [row.price for row in world.shop.products]
    assert all(Decimal(price) > 0 for price in prices)
    assert {len(price.partition(".")[2]) for price in prices} == {0, 1, 2}
    for row in world.shop.products:
        assert not row.sale_price or Decimal(row.sale_price) < Decimal(row.regular_price)


def test_what_was_sold_came_off_the_planned_stock(world: Furnished) -> None:
    for good in world.town.goods:
        left = world.shop.product(good.id).stock
        assert left == good.left
        assert [world.shop.product(o.id).stock for o in good.options] == [
            o.left for o in good.options
        ]


# the orders


def test_orders_lie_between_the_opening_and_the_last_midnight_in_the_order_of_their_ids(
    world: Furnished,
) -> None:
    moments = [order.created for order in world.shop.orders]
    assert moments == sorted(moments)
    assert moments[-1] < MIDNIGHT
    assert moments[0].astimezone(world.shop.zone).date() >= world.town.opened
    assert all(row.created < MIDNIGHT for row in world.shop.refunds)
    assert all(order.modified <= MIDNIGHT for order in world.shop.orders)


def test_an_account_is_older_than_its_first_order(world: Furnished) -> None:
    for order in world.shop.orders:
        if order.customer_id:
            assert world.shop.customer(order.customer_id).created < order.created


def test_hardly_anything_is_bought_before_it_exists(world: Furnished) -> None:
    early = [
        line
        for order in world.shop.orders
        for line in order.lines
        if world.shop.product(line.product_id).created > order.created
    ]
    assert early == []


def test_orders_have_every_status_and_most_are_paid(world: Furnished) -> None:
    shares = Counter(order.status for order in world.shop.orders)
    assert set(shares) == {
        "completed",
        "processing",
        "on-hold",
        "pending",
        "failed",
        "cancelled",
        "refunded",
        "checkout-draft",
        "trash",
    }
    assert shares["completed"] + shares["processing"] > 0.82 * 7500
    for order in world.shop.orders:
        if order.status in BOUGHT | {"refunded"}:
            assert order.paid == order.created


def test_about_three_orders_in_a_hundred_have_money_given_back(world: Furnished) -> None:
    shop = world.shop
    given_back = [order for order in shop.orders if order.refunds]
    full = [order for order in given_back if order.status == "refunded"]
    assert 0.02 < len(given_back) / 7500 < 0.04
    assert 0.3 < len(full) / len(given_back) < 0.7
    for order in given_back:
        amount = sum(shop.refunds[number].amount for number in order.refunds)
        assert (amount == order.total) == (order.status == "refunded")
        assert 0 < amount <= order.total
        assert all(shop.refunds[number].created > order.created for number in order.refunds)


def test_the_sums_of_an_order_agree(world: Furnished) -> None:
    for order in world.shop.orders:
        subtotal = sum((line.subtotal for line in order.lines), Decimal(0))
        assert order.lines
        assert order.total == sum((line.total for line in order.lines), Decimal(0))
        assert order.total == subtotal - order.discount_total
        assert order.total == order.total.quantize(Decimal("0.01"))


def test_some_orders_use_a_coupon_and_none_an_expired_one(world: Furnished) -> None:
    used = Counter(line.code for order in world.shop.orders for line in order.coupon_lines)
    assert set(used) == set(world.town.coupons) == {"BEMVINDO10", "VOLTE15", "DEZREAIS"}
    assert 0.02 < used.total() / 7500 < 0.1
    christmas = world.shop.coupon_by_code("NATAL2025")
    assert christmas is not None
    assert christmas.expires is not None
    assert christmas.expires < NOW


def test_more_is_bought_before_christmas_and_in_the_evening(world: Furnished) -> None:
    # The last year is denser, because everybody's last order lies after their first: look before.
    local = [order.created.astimezone(world.shop.zone) for order in world.shop.orders]
    months = Counter(moment.month for moment in local if moment.year == 2024 or moment.month < 3)
    hours = Counter(moment.hour for moment in local)
    assert months[11] + months[12] > 1.2 * (months[8] + months[9])
    assert sum(hours[hour] for hour in range(18, 23)) > 8 * sum(hours[hour] for hour in range(6))
    assert hours[12] > hours[9]


# the people


def test_most_who_bought_have_been_quiet_for_more_than_sixty_days(world: Furnished) -> None:
    days = [quiet for p in world.town.people if (quiet := world.quiet_days(p)) is not None]
    quiet = sum(count > 60 for count in days) / len(days)
    assert 0.55 < quiet < 0.85


def test_somebody_crosses_the_sixty_days_each_day(world: Furnished) -> None:
    agreed = [person for person in world.town.people if person.said and person.reachable]
    days = Counter(world.quiet_days(person) for person in agreed)
    assert all(days[day] for day in range(54, 71))
    assert 3 <= sum(days[day] for day in range(54, 71)) / 17 <= 25


def test_a_dozen_or_two_good_customers_have_gone_quiet(world: Furnished) -> None:
    lapsed = [
        person
        for person in world.town.people
        if person.said
        and person.reachable
        and (world.quiet_days(person) or 0) > 60
        and world.spent(person) >= 500
    ]
    assert 12 <= len(lapsed) <= 36


def test_somebody_quiet_has_an_order_on_hold(world: Furnished) -> None:
    held = {
        person
        for person in world.town.people
        for o in world.orders_of(person)
        if o.status == "on-hold"
    }
    assert len(held) > 10


@pytest.mark.parametrize(
    ("of", "on_orders", "on_accounts"),
    [
        ("said", ORDER_CONSENT, CUSTOMER_CONSENT),
        ("said_of_news", NEWS_ORDER_CONSENT, NEWS_CUSTOMER_CONSENT),
    ],
)
def test_the_towns_truth_about_consent_is_what_the_shop_holds(
    world: Furnished, of: str, on_orders: str, on_accounts: str
) -> None:
    shop = world.shop
    for person in world.town.people:
        statements = [said(o.meta, on_orders) for o in world.orders_of(person)]
        if person.registered:
            account = said(shop.customer(person.customer_id).meta, on_accounts)
            statements.insert(0, account)
        explicit = [word == "yes" for word in statements if word in {"yes", "refused"}]
        assert getattr(person, of) == (explicit[-1] if explicit else None)


def test_more_want_news_of_their_orders_and_not_the_same_people(world: Furnished) -> None:
    people = world.town.people
    news = {person for person in people if person.said_of_news}
    offers = {person for person in people if person.said}
    assert 0.55 < len(news) / len(people) < 0.68
    assert min(len(news & offers), len(news - offers), len(offers - news)) > len(people) // 10
    assert sum(person.said_of_news is False for person in people) > 5
    reachable = [person for person in news if person.reachable]
    assert len(reachable) > len(people) // 3


def test_somewhat_under_half_agree_and_a_few_have_refused(world: Furnished) -> None:
    people = world.town.people
    words = {said(order.meta, ORDER_CONSENT) for order in world.shop.orders}
    accounts = {said(row.meta, CUSTOMER_CONSENT) for row in world.shop.customers}
    changed = [
        person
        for person in people
        if {"yes", "refused"} <= {said(o.meta, ORDER_CONSENT) for o in world.orders_of(person)}
    ]
    assert 0.40 < world.town.consented / len(people) < 0.50
    assert 0.30 < world.town.reachable / len(people) < world.town.consented / len(people)
    assert sum(person.said is False for person in people) > 30
    assert words == {"yes", "no", "", "refused", None}
    assert accounts == {"yes", "no", "", None}
    assert changed


def test_nobody_could_be_mistaken_for_a_real_person(world: Furnished) -> None:
    domains = {person.email.partition("@")[2] for person in world.town.people}
    assert domains == {"example.com", "example.org", "example.net"}
    assert len({person.email for person in world.town.people}) == len(world.town.people)
    assert all(person.email.isascii() for person in world.town.people)
