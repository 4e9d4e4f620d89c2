"""What a message counts as, what it costs, and what a share is."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from agent.rules.budget import Prices, Rate
from agent.rules.figures import (
    Cell,
    Counted,
    Earned,
    Figures,
    average_order,
    is_news,
    rate,
    return_on_cost,
    tally,
)
from agent.rules.states import State
from agent.rules.whatsapp_codes import meaning

CELL = Cell("2026-03-02", "we_miss_you", "hello", "en")
PRICES = Prices([Rate(date(2026, 1, 1), "*", "marketing", Decimal("0.05"))])


def counted(state: str, messages: int = 1, **more: object) -> Counted:
    values = {"country": "BR", "charged": "", "clicked": 0, "replied": 0, "stopped": 0}
    return Counted(cell=CELL, state=state, messages=messages, **values | more)  # type: ignore[arg-type]  # as the test says


def figures(*rows: Counted, prices: Prices = PRICES) -> Figures:
    return tally(rows, (), {}, prices)[CELL]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_place(state: State) -> None:
    one = figures(counted(state, 3))
    assert one.chosen == 3
    places = (one.waiting, one.sent, one.failed, one.dropped, one.unknown, one.withheld)
    assert sum(places) == (6 if state is State.UNDELIVERED else 3)
    assert one.opened <= one.delivered <= one.sent


def test_a_message_that_was_paid_for_costs_what_one_costs() -> None:
    assert figures(counted("read", 4), counted("failed", 2)).cost == Decimal("0.20")
    assert figures(counted("read", 4, charged="free")).cost == 0
    assert figures(counted("read", 4, charged="service")).unpriced == 4
    assert figures(counted("read", 4), prices=Prices()).unpriced == 4
    assert figures(counted("held", 4), prices=Prices()).unpriced == 0


def test_orders_of_messages_that_nobody_counts_are_counted() -> None:
    """The message of a cell is gone from the outbox, and its order is not."""
    found = tally((), [Earned(CELL, "BRL", 2, 300)], {CELL: 1}, PRICES)
    assert found[CELL] == Figures(orders=Counter(BRL=2), revenue=Counter(BRL=300), converted=1)


def test_figures_add_up() -> None:
    whole = Figures()
    for _ in range(2):
        whole.add(
            Figures(chosen=3, sent=2, cost=Decimal("0.10"), orders=Counter(BRL=1), revenue=Counter(BRL=5))
        )  # fmt: skip
    assert (whole.chosen, whole.sent, whole.cost) == (6, 4, Decimal("0.20"))
    assert (whole.orders, whole.revenue) == ({"BRL": 2}, {"BRL": 10})


def test_a_share_of_nothing_is_none_and_none_is_above_one() -> None:
    assert rate(0, 0) is None
    assert rate(81, 263) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=0.00005)
    assert rate(5, 3) == rate(3, 3)
    rates = Figures(sent=10, delivered=5, opened=4, clicked=7, converted=1).rates
    assert {name: one and one.value for name, one in rates.items()} == {
        "delivered": 0.5, "opened": 0.8, "clicked": 1.0, "replied": 0.0, "converted": 0.1,
        "opt_outs": 0.0,
    }  # fmt: skip


def test_an_average_order_is_one_of_the_shops_own_money() -> None:
    one = Figures(orders=Counter(BRL=2, USD=9), revenue=Counter(BRL=101, USD=5))
    assert average_order(one, "BRL") == 51
    assert average_order(one, "EUR") is None


def test_what_came_back_of_what_was_spent() -> None:
    one = Figures(revenue=Counter(BRL=1_000), cost=Decimal("3.00"))
    assert return_on_cost(one, "BRL", "BRL") == Decimal("3.33")
    assert return_on_cost(one, "BRL", "USD") is None
    assert return_on_cost(Figures(revenue=Counter(BRL=1_000)), "BRL", "BRL") is None
    unknown = Figures(revenue=Counter(BRL=1_000), cost=Decimal("3.00"), unpriced=1)
    assert return_on_cost(unknown, "BRL", "BRL") is None


@pytest.mark.parametrize(
    ("campaign", "news"),
    [("we_miss_you", False), ("order_completed", True), ("statuses.ready", True), ("old", False)],
)
def test_news_of_orders_go_by_their_names(campaign: str, news: bool) -> None:
    assert is_news(campaign) is news


def test_codes_mean_something() -> None:
    assert "not on WhatsApp" in meaning(131026)
    assert meaning(424242) == "see WhatsApp's list of error codes"
    assert meaning(None) == "no reason was told"
