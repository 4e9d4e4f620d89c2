"""New products are read no further back than somebody asks, and none is missing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.jobs.decide.arrivals import NewProducts
from agent.rules.selection import Arrivals
from models import Product

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
DAYS = st.integers(min_value=0, max_value=9_000)


@pytest.fixture(autouse=True)
def _opened(database: Path) -> None:
    pass


def publish(*days_ago: int) -> None:
    for number, days in enumerate(days_ago, 1):
        Product.insert(
            woo_id=number, name=f"Thing {number}", status="publish", visibility="visible",
            stock_status="instock", price=500, categories=[number % 3, 7],
            created_at=NOW - timedelta(days=days), read_at=NOW,
        ).execute()  # fmt: skip


def after(moment: datetime, arrivals: Arrivals) -> dict[int, list[int]]:
    """Category -> those that were published after `moment`, in their order."""
    newer = {
        category: [one.product_id for one in own if one.published_at > moment]
        for category, own in arrivals.items()
    }
    return {category: own for category, own in newer.items() if own}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(published=st.lists(DAYS, max_size=12), asked=st.lists(DAYS, min_size=1, max_size=5))
def test_whoever_asks_gets_all_that_came_since(published: list[int], asked: list[int]) -> None:
    Product.delete().execute()
    publish(*published)
    everything = NewProducts(NOW).since(None)
    assert sum(map(len, everything.values())) == 2 * len(published)
    new = NewProducts(NOW)
    for days in asked:
        moment = NOW - timedelta(days=days)
        assert after(moment, new.since(moment)) == after(moment, everything)
    assert new.since(None) == everything


def test_what_is_older_than_anybody_asks_is_not_read() -> None:
    publish(10, 100, 1000)
    new = NewProducts(NOW)
    assert new.by_category == {}
    assert sorted(after(NOW - timedelta(days=9_000), new.since(NOW - timedelta(days=60)))[7]) == [1]


@pytest.mark.parametrize("year", [1, 999, 1970])
def test_an_order_with_a_senseless_date_asks_for_all(year: int) -> None:
    publish(10, 100, 1000)
    new = NewProducts(NOW)
    for moment in (datetime(year, 1, 2, tzinfo=UTC), datetime(year, 1, 1, tzinfo=UTC)):
        assert [one.product_id for one in new.since(moment)[7]] == [1, 2, 3]
