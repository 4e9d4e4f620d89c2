"""The play of a demo: each scene once, and a plugin that tells only what a shop's own may tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hearing import hearing

from agent.sandbox.clock import MovedClock
from agent.sandbox.shop.shop import Shop
from agent.sandbox.town.believable import Town, furnish
from agent.sandbox.town.life import Life
from agent.sandbox.town.plugin import Plugin
from agent.sandbox.town.showcase import FEW, LEFT, MORE, NEW, Showcase
from agent.sandbox.whatsapp.whatsapp import WhatsApp

if TYPE_CHECKING:
    from agent.sandbox.shop.rows import Product

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # 09:00 in São Paulo
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Stage:
    clock: MovedClock
    shop: Shop
    town: Town
    showcase: Showcase

    def live(self, span: timedelta) -> None:
        end = self.clock.now() + span
        while self.clock.now() < end:
            self.clock.advance(min(HOUR, end - self.clock.now()))
            self.showcase.advance_to(self.clock.now())

    def news(self, words: str) -> list[str]:
        return [news for _, news in self.showcase.news if words in news]

    def named_in(self, news: str) -> Product:
        [good] = [one for one in self.town.goods if one.name in news]
        return self.shop.product(good.id)


@pytest.fixture
def stage() -> Stage:
    return open_stage()


def open_stage(products: int = 60, customers: int = 400) -> Stage:
    clock = MovedClock(NOW)
    shop = Shop(clock)
    town = furnish(shop, seed=5, now=NOW, products=products, customers=customers)
    return Stage(clock, shop, town, Showcase(shop, town, seed=5))


def test_people_looked_around_before_it_begins(stage: Stage) -> None:
    looks = stage.showcase.looks
    assert len(looks) > 50
    assert all(NOW - 15 * DAY < look.at <= NOW for look in looks)
    assert {look.kind for look in looks} == {"view", "wishlist_add", "cart"}
    assert stage.showcase.news == []


def test_what_was_asked_for_in_vain_comes_back_on_the_first_day(stage: Stage) -> None:
    [(missed, asked)] = Counter(
        look.number for look in stage.showcase.looks if look.stock_status == "outofstock"
    ).most_common(1)
    assert stage.shop.product(missed).stock == 0
    stage.live(6 * HOUR)
    [back] = stage.news(f"{FEW} of ")
    assert stage.named_in(back).id == missed
    assert stage.shop.product(missed).stock == FEW
    told = [
        look.person.customer_id
        for look in stage.showcase.looks
        if look.number == missed and look.person.said and look.person.customer_id
    ]
    assert f"{len(set(told))} people" in back
    assert len(told) < asked + 5  # not everybody who looked may be told of


def test_the_shopkeeper_leaves_alone_what_has_a_scene_of_its_own() -> None:
    stage = open_stage(products=20, customers=100)
    life = Life(stage.shop, WhatsApp(stage.clock), stage.town, seed=5)
    spoken_for = stage.town.spoken_for
    assert len(spoken_for) == 5
    before = [(number, stage.shop.product(number).price) for number in sorted(spoken_for)]
    stage.clock.advance(60 * DAY)
    life.advance_to(stage.clock.now())
    assert life.happened["price changes"] > 30
    assert before == [(number, stage.shop.product(number).price) for number in sorted(spoken_for)]


def test_prices_fall_after_people_saw_them(stage: Stage) -> None:
    stage.live(DAY + 2 * HOUR)
    [news] = stage.news("% off")
    dear = [good for good in stage.town.goods if good.name in news]
    assert len(dear) == 3
    for good in dear:
        now = Decimal(stage.shop.product(good.id).price)
        assert now == stage.shop.money(Decimal(good.price) * LEFT)
        assert any(
            Decimal(one.price) > now for one in stage.showcase.looks if one.number == good.id
        )


def test_something_sells_out_is_looked_for_and_comes_back(stage: Stage) -> None:
    stage.live(DAY + 8 * HOUR)
    [gone] = stage.news("sold out")
    row = stage.named_in(gone)
    assert row.stock == 0
    stage.live(2 * DAY)
    of_it = [look for look in stage.showcase.looks if look.number == row.id]
    assert {look.stock_status for look in of_it} == {"instock", "outofstock"}
    [back] = stage.news(f"{MORE} of ")
    assert (stage.named_in(back).id, row.stock) == (row.id, MORE)


def test_new_things_lie_on_shelves_where_people_buy(stage: Stage) -> None:
    before = len(stage.town.goods)
    stage.live(2 * DAY)
    new = stage.town.goods[before:]
    assert 0 < len(new) <= len(NEW)
    for good in new:
        row = stage.shop.product(good.id)
        others = (one for one in stage.town.goods[:before] if one.shelf is good.shelf)
        assert row.categories == stage.shop.product(next(others).id).categories
        assert (row.status, row.stock_status) == ("publish", "instock")


def test_the_same_seed_makes_the_same_play() -> None:
    plays = [open_stage(), open_stage()]
    for play in plays:
        play.live(4 * DAY)
    first, second = (
        ([(look.at, look.number, look.kind) for look in play.showcase.looks], play.showcase.news)
        for play in plays
    )
    assert first == second


def test_the_smallest_shop_of_a_demo_has_enough_to_show() -> None:
    stage = open_stage(products=20, customers=100)
    stage.live(4 * DAY)
    assert len(stage.showcase.news) >= 5


# the plugin


def test_it_tells_of_those_who_agreed_and_have_an_account(stage: Stage) -> None:
    with hearing() as agent:
        agent.status = 202
        plugin = Plugin(f"{agent.url}/events", "a token")
        plugin.tell(stage.showcase.looks)
        [request] = agent.take()
        plugin.tell(stage.showcase.looks)
        assert agent.take() == []  # nothing new
    assert request.path == "/events"
    assert request.headers["AUTHORIZATION"] == "Bearer a token"
    events = request.json["events"]
    assert len(events) == plugin.told < len(stage.showcase.looks)
    people = {person.customer_id: person for person in stage.town.people if person.customer_id}
    assert all(people[event["customer_id"]].said for event in events)
    assert {event["kind"] for event in events} == {"product_view", "wishlist_add", "cart"}
    look = next(one for one in stage.showcase.looks if one.person.customer_id and one.person.said)
    assert events[0] == {
        "kind": "product_view" if look.kind == "view" else look.kind,
        "customer_id": look.person.customer_id,
        "product_id": look.product_id,
        "variation_id": look.variation_id,
        "price": look.price,
        "stock_status": look.stock_status,
        "at": look.at.isoformat(),
    }


def test_what_was_not_taken_is_told_again(stage: Stage) -> None:
    with hearing() as agent:
        plugin = Plugin(f"{agent.url}/events", "a token")
        agent.status = 503
        plugin.tell(stage.showcase.looks)
        assert (len(agent.take()), plugin.told) == (1, 0)
        agent.status = 202
        plugin.tell(stage.showcase.looks)
        assert len(agent.take()) == 1
        assert plugin.told > 0


def test_nobody_who_listens_is_no_trouble_of_the_shop(stage: Stage) -> None:
    plugin = Plugin("http://127.0.0.1:9/events", "a token")
    plugin.tell(stage.showcase.looks)
    assert plugin.told == 0
