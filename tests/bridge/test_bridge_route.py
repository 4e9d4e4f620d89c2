"""From the shop's page to winback's route: PHP posts, the listener of the daemon takes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import World
from shop_page import TOKEN, VIEW, Page, Shop

from agent.rules.events import Event, What, Who, reread
from agent.sandbox.clock import MovedClock
from agent.web import Listener, intake
from models import Hint, ShopFact, UnsettledEvent


@pytest.fixture
def url(database: Path, tmp_path: Path) -> Iterator[str]:
    """The route of a running winback whose clock is right: the page's is this machine's."""
    ShopFact.put({"country": "GB"})
    with World(tmp_path, MovedClock(datetime.now(UTC))) as world:
        settings = world.settings(web__events_token=TOKEN)
        app = intake(lambda: settings, lambda: datetime.now(UTC))
        listener = Listener(app, host="127.0.0.1", port=0, threads=2)
        yield f"http://127.0.0.1:{listener.port}/events"
        listener.close()


def visit(shop: Shop, url: str, token: str = TOKEN) -> Page:
    constants = {"WINBACK_EVENTS_URL": url, "WINBACK_EVENTS_TOKEN": token}
    page = shop.page(*VIEW, network=True, constants=constants)
    assert page.printed == ""
    return page


def test_winback_takes_what_the_bridge_tells(shop: Shop, url: str) -> None:
    page = visit(shop, url)

    [row] = UnsettledEvent.select()
    told = reread(row.said)
    assert page.answers == [{"taken": 1, "refused": []}]
    assert row.source == "bridge"
    assert told == Event(
        kind="product_view",
        who=Who(customer_id=12),
        what=What(product_id=34),
        at=told.at,
        price="19.90",
        currency="EUR",
        stock_status="instock",
    )
    assert abs(told.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_wrong_token_harms_nobody(shop: Shop, url: str) -> None:
    page = visit(shop, url, token="another-token-than-ours")
    assert page.answers == ["wrong or missing bearer token"]
    assert list(UnsettledEvent.select()) == []


def test_a_winback_that_is_not_there_harms_nobody(shop: Shop) -> None:
    assert visit(shop, "http://127.0.0.1:9/events").answers == [None]


def test_a_withdrawal_on_the_account_page_is_read_at_once(shop: Shop, url: str) -> None:
    constants = {"WINBACK_EVENTS_URL": url, "WINBACK_EVENTS_TOKEN": TOKEN}
    post = {"winback_marketing_asked": "1"}
    page = shop.page(
        ["woocommerce_save_account_details", 12],
        ["shutdown"],
        network=True,
        constants=constants,
        post=post,
    )
    assert page.answers == [{"taken": 0, "refused": []}]
    assert [(hint.kind, hint.woo_id, hint.means) for hint in Hint.select()] == [
        ("customers", 12, "bridge")
    ]
