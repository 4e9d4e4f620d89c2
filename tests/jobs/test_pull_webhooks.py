"""The look at the shop's webhooks: what is kept of it, and that only news is told."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sending_world import World

from agent.clients.shop import Shop
from agent.config import Settings
from agent.jobs.pull.webhooks import look_at_webhooks
from agent.rules.shop_webhooks import TOPICS
from agent.sandbox.clock import WallClock
from models import ShopFact

PUBLIC = "http://127.0.0.1:9"  # nobody is there
URL = f"{PUBLIC}/webhooks/shop"
SECRET = "example-shop-webhook-secret"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, WallClock()) as world:
        yield world


@pytest.fixture
def installed(world: World) -> dict[str, int]:
    """Topic -> id."""
    return {
        topic: world.shop.add_webhook(topic, URL, secret=SECRET, name=f"winback: {topic}")
        for topic in TOPICS
    }


@pytest.fixture
def look(database: Path, world: World) -> Callable[..., str]:
    """Look, and give the fact that is kept; with other keys than usual if some are given."""

    def client(settings: Settings) -> Shop:
        shop = settings.shop
        return Shop(shop.url, shop.key, shop.secret, sleep=lambda _: None, user_agent="test")

    def look(url: str = PUBLIC, secret: str = SECRET) -> str:
        settings = world.settings(web__public_url=url, web__shop_webhook_secret=secret)
        with closing(client(settings)) as shop:
            assert look_at_webhooks(shop, settings) == {}
        return ShopFact.all().get("webhooks", "no fact")

    return look


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, str]]]:
    return [(one.getMessage(), vars(one)["fields"]) for one in caplog.records]


def test_where_all_are_on_all_is_ok(look: Callable[..., str], installed: dict[str, int]) -> None:
    assert look() == "ok"


def test_one_request_is_made_and_none_without_the_keys(
    world: World, look: Callable[..., str], installed: dict[str, int]
) -> None:
    look()
    assert len(world.shop.asked) == 1
    assert world.shop.asked[0].params["per_page"] == "100"
    look(url="")
    look(secret="")
    assert len(world.shop.asked) == 1


def test_none_of_ours_is_no_trouble(
    world: World, look: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    world.shop.add_webhook("order.updated", "https://erp.example/hook")
    assert look() == "no fact"  # which is what it is without any
    assert told(caplog) == []


def test_a_disabled_one_is_told_once_and_so_is_its_recovery(
    world: World,
    look: Callable[..., str],
    installed: dict[str, int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "agent.jobs.pull.webhooks")
    look()
    caplog.clear()
    # when the shop switches two off
    for topic in ("order.updated", "product.updated"):
        world.shop.webhook(installed[topic]).status = "disabled"
    said = look()
    assert said == "switched off by the shop after failures: order.updated, product.updated"
    look()
    [(event, fields)] = told(caplog)
    assert event == "shop.webhook_disabled"
    assert fields["topics"] == "order.updated,product.updated"
    assert "winback shop-webhooks install" in fields["fix"]
    # when a third follows, that is news
    world.shop.webhook(installed["order.created"]).status = "disabled"
    look()
    assert told(caplog)[1][1]["topics"] == "order.created,order.updated,product.updated"
    # and when all are on again, that is told too
    for number in installed.values():
        world.shop.webhook(number).status = "active"
    assert look() == "ok"
    assert [event for event, _ in told(caplog)][2:] == ["shop.webhooks"]


def test_a_missing_one_is_trouble(
    world: World, look: Callable[..., str], installed: dict[str, int]
) -> None:
    world.shop.delete_webhook(installed["order.deleted"])
    assert look() == "not there: order.deleted"


def test_seven_failed_deliveries_and_it_is_seen(
    world: World, look: Callable[..., str], installed: dict[str, int]
) -> None:
    shirt = world.shop.add_product(name="Shirt", price="40")
    for _ in range(7):
        world.shop.place_order([(shirt, 0, 1)], billing={})
        world.shop.deliver_webhooks()
    assert "switched off by the shop after failures: order.created" in look()


def test_ours_that_were_taken_away_or_are_not_wanted_any_more_leave_no_trouble(
    world: World, look: Callable[..., str], installed: dict[str, int]
) -> None:
    world.shop.webhook(installed["order.deleted"]).status = "disabled"
    assert look().startswith("switched off")
    assert look(secret="") == "not installed"
    assert look().startswith("switched off")
    for number in installed.values():
        world.shop.delete_webhook(number)
    assert look() == "not installed"


def test_among_more_than_one_page_only_what_is_seen_is_judged(
    world: World, look: Callable[..., str]
) -> None:
    """The rest of ours may be on the next page, and one request is made."""
    for number in range(95):
        world.shop.add_webhook("order.updated", f"https://erp.example/{number}")
    ids = [
        world.shop.add_webhook(topic, URL, secret=SECRET, name=f"winback: {topic}")
        for topic in TOPICS
    ]
    assert look() == "ok"
    world.shop.webhook(ids[0]).status = "disabled"
    assert look() == "switched off by the shop after failures: order.created"
