"""What is worked out from the orders follows the shop: polls, sweeps, deletions, accounts."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from jobs_stage import DAY, Counter, contact_at, nothing
from vandal import Vandal

from agent.jobs.insight import keep_current
from agent.jobs.pull.kinds import ORDERS
from models import Basis, History, Order, Stale, Taste

ANA = "+5511987654321"
MODELS = (History, Taste)


def keep(counter: Counter) -> dict[str, int]:
    return keep_current(counter.settings, beat=nothing)


def worked_out() -> list[Any]:
    rows = [sorted(map(str, table.select().tuples())) for table in MODELS]
    return [*rows, sorted(Order.select(Order.woo_id, Order.holder_id).tuples())]


def test_nothing_is_worked_out_before_all_orders_are_in(counter: Counter) -> None:
    counter.order("11 98765-4321")
    assert keep(counter) == {}
    counter.pull_all()
    assert keep(counter) == {"histories": 1}
    assert keep(counter) == {}


def test_a_change_of_the_shop_is_in_the_histories_after_the_next_poll(counter: Counter) -> None:
    number = counter.order("11 98765-4321", status="completed")
    counter.pull_all()
    keep(counter)
    ana = contact_at(ANA)
    assert (History.get_by_id(ana.id).bought, History.get_by_id(ana.id).spent) == (1, 4_000)
    counter.later(minutes=5)
    counter.shop.refund(number, "15")
    counter.cycle()
    assert keep(counter) == {"histories": 1}
    assert History.get_by_id(ana.id).spent == 2_500
    counter.later(minutes=5)
    counter.shop.set_status(number, "cancelled")
    counter.cycle()
    keep(counter)
    assert History.get_or_none(History.contact_id == ana.id) is None


def test_an_order_that_the_shop_deleted_is_forgotten(counter: Counter) -> None:
    counter.order("11 98765-4321", status="completed", created=counter.now - 90 * DAY)
    lately = counter.order("11 98765-4321", status="completed")
    counter.pull_all()
    keep(counter)
    counter.shop.delete_order(lately)
    counter.sweep(ORDERS)
    keep(counter)
    history = History.get_by_id(contact_at(ANA).id)
    assert (history.bought, history.last_order_at) == (1, counter.now - 90 * DAY)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_the_shop_nothing_is_stale(
    open_counter: Callable[..., Counter], seed: int
) -> None:
    """Kept through the deeds of everybody, it is as if it had been worked out from the mirror at the end."""
    counter = open_counter()
    vandal = Vandal(counter.shop, seed)
    vandal.furnish()
    counter.page_size(20)
    counter.pull_all()
    random = Random(seed)
    for _ in range(8):
        vandal.act((*vandal.dated, *vandal.hidden), 12)
        counter.later(minutes=random.choice((1, 10, 600)))
        counter.cycle()
        if random.random() < 0.6:
            keep(counter)
    keep(counter)
    kept = worked_out()
    assert not Stale.select().where(Stale.kind != "product").exists()
    Basis.delete().execute()
    keep(counter)
    assert worked_out() == kept
