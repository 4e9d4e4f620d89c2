"""shop -> mirror: what the shop says of itself for the words of the order news."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import responses
from jobs_stage import Counter

from agent.clients.shop import Shop as Client
from agent.config import Settings
from agent.jobs.pull.facts import read_fact
from agent.sandbox.shop.trouble import Page, Trouble
from models import ShopFact

RECORDINGS = Path(__file__).parents[1] / "recordings"
NEWS = "[order_news.order_on_hold]\nenabled = true"
CASH = "Pay with cash upon delivery."
HOUR = 60  # cycles of a minute


@pytest.fixture
def telling(counter: Counter, write_settings: Callable[..., Settings]) -> Counter:
    """A shop whose agent has news of orders to tell."""
    counter.settings = replace(counter.settings, news=write_settings(NEWS).news)
    counter.order()
    counter.page_size(100)
    return counter


@dataclass
class Locked(Trouble):
    """The key's person may not see this part of the shop."""

    path: str

    def instead(self, home: str, address: str) -> Page | None:
        body = {
            "code": "woocommerce_rest_cannot_view",
            "message": "Sorry.",
            "data": {"status": 403},
        }
        json_type = "application/json; charset=UTF-8"
        return Page(403, json.dumps(body), type=json_type) if self.path in address else None


def fact(name: str) -> Any:
    told = ShopFact.all().get(name)
    return None if told is None else json.loads(told)


def cycles(counter: Counter, count: int = HOUR + 20) -> None:
    for _ in range(count):
        counter.later(minutes=1)
        counter.cycle()


def test_the_shops_own_names_of_its_statuses_are_kept(counter: Counter) -> None:
    counter.shop.add_order_status("shipped", "<i>Shipped</i> &amp; on its way")
    read_fact(counter.client, counter.settings, "statuses")
    names = fact("status_names")
    assert names["on-hold"] == "On hold"
    assert names["shipped"] == "Shipped & on its way"
    assert list(names) == ShopFact.all()["order_statuses"].split()


@pytest.mark.long
def test_instructions_for_payment_are_read_and_read_again(telling: Counter) -> None:
    telling.shop.gateways["bacs"].instructions = "To <b>our</b> account,\r\nIBAN &quot;PT50&quot;"
    cycles(telling)
    assert fact("payment_instructions") == {"bacs": 'To our account, IBAN "PT50"', "cod": CASH}
    asked = telling.asked("wc/v3/payment_gateways")
    assert 1 <= len(asked) <= 2
    assert asked[0] == {"_fields": "id,settings"}
    telling.shop.gateways["bacs"].instructions = ""
    cycles(telling)
    assert fact("payment_instructions") == {"cod": CASH}


@pytest.mark.long
def test_nobody_is_asked_for_them_where_no_news_is_told(counter: Counter) -> None:
    counter.order()
    cycles(counter)
    assert counter.asked("wc/v3/payment_gateways") == []
    assert fact("payment_instructions") is None


@pytest.mark.long
def test_a_key_that_may_not_read_them_is_told_once_and_the_rest_goes_on(
    telling: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    cycles(telling)
    assert fact("payment_instructions") == {
        "bacs": "Please transfer the total and name the number of your order.", "cod": CASH,
    }  # fmt: skip
    telling.shop.trouble = Locked("payment_gateways")
    with caplog.at_level(logging.WARNING):
        cycles(telling, 4 * HOUR)
    told = [one for one in caplog.records if "payment" in json.dumps(vars(one)["fields"])]
    assert [one.getMessage() for one in told] == ["shop.no_payment_instructions"]
    assert len(telling.asked("wc/v3/payment_gateways")) > 3
    assert fact("payment_instructions") is None
    assert fact("status_names") is not None
    # and back
    telling.shop.trouble = None
    cycles(telling)
    assert fact("payment_instructions") is not None


@pytest.mark.long
def test_a_gateway_whose_code_breaks_the_list_hides_only_the_instructions(
    telling: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    telling.shop.trouble = _Broken("payment_gateways")
    with caplog.at_level(logging.WARNING):
        cycles(telling)
    assert fact("payment_instructions") is None
    telling.order()
    telling.later(minutes=1)
    assert telling.cycle()["orders"] == 1
    [told] = {vars(one)["fields"]["list"] for one in caplog.records}
    assert told == "fact payments"


class _Broken(Locked):
    def instead(self, home: str, address: str) -> Page | None:
        return Page(200, "<br />Notice") if self.path in address else None


@pytest.mark.usefixtures("database")
@responses.activate
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("recorded", {"cod": CASH}),
        ([{"id": "a", "settings": []}, {"id": "b"}, {"id": "c", "settings": {"instructions": 7}}], {}),
        ([{"id": "a", "settings": {"instructions": {"value": None}}}], {}),
        ([{"id": "a", "settings": {"instructions": {"value": " x "}}}], {"a": "x"}),
        ([], {}),
    ],
)  # fmt: skip
def test_gateways_as_woocommerce_and_its_plugins_give_them(
    rows: Iterable[Any], told: dict[str, str], settings: Settings
) -> None:
    recorded = json.loads((RECORDINGS / "q01_payment_gateways.json").read_text(encoding="utf-8"))
    responses.get(
        "https://shop.example/wp-json/wc/v3/payment_gateways",
        json=recorded["body"] if rows == "recorded" else rows,
        headers={"Date": "Sun, 22 Nov 2026 12:46:10 GMT"},
    )
    client = Client(
        "https://shop.example", "ck_x", "cs_x", sleep=lambda _: None, user_agent="winback/0"
    )
    read_fact(client, settings, "payments")
    client.close()
    assert fact("payment_instructions") == told
