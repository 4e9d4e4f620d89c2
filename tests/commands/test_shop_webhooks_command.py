"""winback shop-webhooks: put in, looked at and taken out, with nobody else's touched."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sending_world import World
from typing_in import typed

from agent.config import load
from agent.errors import ConfigError, Unauthorized
from agent.rules.shop_webhooks import TOPICS
from agent.sandbox.shop.rows import Webhook
from agent.web import Listener, intake
from models import Hint

SECRET = "example-shop-webhook-secret"
PUBLIC = "http://127.0.0.1:9"  # nobody is there: the ping fails, and nobody hears of it
URL = f"{PUBLIC}/webhooks/shop"


@pytest.fixture
def config(world: World) -> Path:
    return world.write_config(web__public_url=PUBLIC, web__shop_webhook_secret=SECRET)


def run(config: Path, verb: str) -> Result:
    """Whatever happens, the secret is not shown."""
    ended = typed("shop-webhooks", verb, "--config", str(config))
    assert SECRET not in ended.output
    assert SECRET not in str(ended.exception)
    return ended


def hooks(world: World) -> list[Webhook]:
    return list(world.shop.webhooks)


def ours(world: World) -> dict[str, Webhook]:
    return {one.topic: one for one in hooks(world) if one.name.startswith("winback: ")}


def test_install_makes_all_and_says_what_to_expect(world: World, config: Path) -> None:
    ended = run(config, "install")
    assert ended.exit_code == 0, ended.output
    assert list(ours(world)) == list(TOPICS)
    for topic, hook in ours(world).items():
        assert (hook.name, hook.delivery_url) == (f"winback: {topic}", URL)
        assert (hook.secret, hook.status) == (SECRET, "active")
    assert "11 made" in ended.output
    assert "WP-Cron" in ended.output
    assert "80, 443 and 8080" in ended.output


def test_done_twice_nothing_more_is_there(world: World, config: Path) -> None:
    run(config, "install")
    before = [(one.id, one.topic) for one in hooks(world)]
    ended = run(config, "install")
    assert ended.exit_code == 0
    assert [(one.id, one.topic) for one in hooks(world)] == before
    assert "11 there already" in ended.output


def test_a_new_secret_is_given_to_all_as_the_old_cannot_be_read(world: World, config: Path) -> None:
    run(config, "install")
    world.write_config(web__public_url=PUBLIC, web__shop_webhook_secret=SECRET + "-2")
    assert run(config, "install").exit_code == 0
    assert {one.secret for one in hooks(world)} == {SECRET + "-2"}


def test_what_is_wrong_is_put_right_and_what_is_others_left_alone(
    world: World, config: Path
) -> None:
    run(config, "install")
    mine = ours(world)
    disabled, paused, moved = (
        mine[t] for t in ("order.updated", "order.created", "product.updated")
    )
    disabled.status, disabled.failures = "disabled", 6
    paused.status = "paused"
    moved.delivery_url = "https://old.example/webhooks/shop"
    world.shop.delete_webhook(mine["customer.deleted"].id)
    doubled = world.shop.add_webhook("order.deleted", URL, name="by hand", secret="x")
    foreign = world.shop.add_webhook("order.updated", "https://erp.example/hook", secret="theirs")

    ended = run(config, "install")

    assert ended.exit_code == 0, ended.output
    by_topic = ours(world)
    assert set(by_topic) == set(TOPICS)
    assert len(hooks(world)) == len(TOPICS) + 1
    for hook in by_topic.values():
        assert (hook.delivery_url, hook.status, hook.secret) == (URL, "active", SECRET)
    # one that the shop switched off is a new one: the old would keep its count of failures
    assert by_topic["order.updated"].id != disabled.id
    assert by_topic["order.updated"].failures == 0
    assert by_topic["order.created"].id == paused.id
    assert doubled not in [one.id for one in hooks(world)]
    theirs = world.shop.webhook(foreign)
    assert (theirs.delivery_url, theirs.secret) == ("https://erp.example/hook", "theirs")
    [summary] = [line for line in ended.output.splitlines() if line[0].isdecimal()]
    for told in ("1 made", "1 made anew", "2 put right", "1 removed, as it was there twice"):
        assert told in summary
    assert "7 there already" in summary
    assert "it was: switched off by the shop after failures" in ended.output


def test_among_more_webhooks_than_fit_a_page_ours_are_found(world: World, config: Path) -> None:
    for number in range(130):
        world.shop.add_webhook("order.updated", f"https://erp.example/{number}")
    run(config, "install")
    assert "11 there already" in run(config, "install").output
    assert len(hooks(world)) == 141


def test_status_before_and_after(world: World, config: Path) -> None:
    ended = run(config, "status")
    assert (ended.exit_code, ended.output) == (0, "not installed; winback works without them\n")
    run(config, "install")
    ended = run(config, "status")
    assert ended.exit_code == 0
    assert all(topic in ended.output for topic in TOPICS)
    assert "all well" in ended.output


@pytest.mark.parametrize(
    ("status", "url", "told"),
    [
        ("disabled", URL, "switched off by"),
        ("paused", URL, "paused"),
        ("active", "https://old.example/x", "goes to"),
    ],
)
def test_status_tells_what_is_wrong(
    world: World, config: Path, monkeypatch: pytest.MonkeyPatch, status: str, url: str, told: str
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run(config, "install")
    hook = ours(world)["order.updated"]
    hook.status, hook.delivery_url = status, url
    ended = run(config, "status")
    assert ended.exit_code == 1
    [line] = [one for one in ended.output.splitlines() if "order.updated" in one]
    assert str(hook.id) in line
    assert told in line
    assert line.rstrip().endswith("winback shop-webhooks install")
    assert "7 failures in a row" in ended.output


def test_status_names_what_is_missing(world: World, config: Path) -> None:
    run(config, "install")
    world.shop.delete_webhook(ours(world)["customer.deleted"].id)
    ended = run(config, "status")
    assert ended.exit_code == 1
    assert "not there" in ended.output


def test_status_fits_the_terminal(world: World, config: Path) -> None:
    run(config, "install")
    for hook in ours(world).values():
        hook.status, hook.delivery_url = "paused", "https://old.example/x"
    table = run(config, "status").output.partition("The shop switches")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert all(topic in table for topic in TOPICS)


def test_remove_takes_ours_and_no_others(world: World, config: Path) -> None:
    foreign = world.shop.add_webhook("order.updated", "https://erp.example/hook")
    run(config, "install")
    # also one that somebody made by hand to our address
    world.shop.add_webhook("coupon.updated", URL, name="by hand")
    ended = run(config, "remove")
    assert ended.exit_code == 0
    assert [one.id for one in hooks(world)] == [foreign]
    assert "12 removed; winback works without them" in ended.output
    assert "none was installed" in run(config, "remove").output


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({}, "[web] public_url and [web] shop_webhook_secret"),
        ({"web__public_url": PUBLIC}, "without [web] shop_webhook_secret"),
        ({"web__shop_webhook_secret": SECRET}, "without [web] public_url"),
    ],
)
def test_without_its_keys_install_says_which(
    world: World, keys: dict[str, object], named: str
) -> None:
    ended = run(world.write_config(**keys), "install")
    assert isinstance(ended.exception, ConfigError)
    assert named in str(ended.exception)
    assert hooks(world) == []


def test_without_its_keys_those_that_are_there_are_told_and_can_be_removed(
    world: World, config: Path
) -> None:
    assert run(world.write_config(), "status").output.startswith("not installed")
    world.write_config(web__public_url=PUBLIC, web__shop_webhook_secret=SECRET)
    run(config, "install")
    bare = world.write_config()
    # the shop goes on delivering to a winback that has no secret for it
    assert isinstance(run(bare, "status").exception, ConfigError)
    assert run(bare, "remove").exit_code == 0
    assert hooks(world) == []


def test_a_port_that_no_shop_delivers_to_is_refused_before_anything_is_made(
    world: World,
) -> None:
    config = world.write_config(
        web__public_url="https://shop.example:9443", web__shop_webhook_secret=SECRET
    )
    ended = run(config, "install")
    assert isinstance(ended.exception, ConfigError)
    assert "port 9443" in str(ended.exception)
    assert hooks(world) == []


def test_a_key_that_may_only_read_is_refused_with_what_to_do(world: World, config: Path) -> None:
    world.shop.permissions = "read"
    ended = run(config, "install")
    assert isinstance(ended.exception, Unauthorized)
    assert "write" in str(ended.exception)


# from the change in the shop to the hint


@pytest.fixture
def listening(database: Path, world: World) -> Iterator[Path]:
    """The config of a winback whose intake takes what the shop delivers."""
    settings = load(world.write_config(web__shop_webhook_secret=SECRET), environ={})
    app = intake(lambda: settings, lambda: datetime.now(UTC))
    listener = Listener(app, host="127.0.0.1", port=0, threads=2)
    yield world.write_config(
        web__public_url=f"http://127.0.0.1:{listener.port}", web__shop_webhook_secret=SECRET
    )
    listener.close()


def test_once_installed_changes_in_the_shop_become_hints(
    world: World, listening: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = world.shop
    shirt = shop.add_product(name="Shirt", price="40")
    first = shop.place_order([(shirt, 0, 1)], billing={"phone": "+15125550111", "country": "US"})
    assert run(listening, "install").exit_code == 0  # its pings come in here
    shop.deliver_webhooks()
    assert Hint.select().count() == 0

    second = shop.place_order([(shirt, 0, 1)], billing={"phone": "+15125550112", "country": "US"})
    shop.set_status(first, "completed")
    delivered = shop.deliver_webhooks()

    assert delivered
    assert all(one.taken for one in delivered)
    found = {(hint.kind, hint.woo_id) for hint in Hint.select()}
    assert {("orders", first), ("orders", second)} <= found
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == []
