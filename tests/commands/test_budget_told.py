"""What is spent and left of the month, what the account may do, and the coupons: as people see them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_world import FACTS, World
from typing_in import typed

from agent.database import owned
from agent.room import LIMIT
from models import Contact, Coupon, Message, ShopCoupon, ShopFact

LIMITED = {"budget__messages_per_month": 10_000, "budget__money_per_month": "250"}


def now() -> datetime:
    """The commands read the real clock."""
    return datetime.now(UTC)


@contextmanager
def opened(world: World) -> Iterator[None]:
    with owned(world.folder / "winback.db"):
        yield


@pytest.fixture
def world(world: World) -> World:
    """Three messages of this month to people in Britain."""
    with opened(world):
        ShopFact.put(FACTS)
        world.queue(3, state="read", cap_day=_today(), claimed_at=now())
        Contact.update(region="GB").execute()
    return world


def _today() -> str:
    return now().date().isoformat()


def config(world: World, country: str = "GB", **changes: object) -> str:
    """With a price for one country, where there is a budget."""
    path = world.write_config(**changes)
    if any(name.startswith("budget") for name in changes):
        price = (
            f'\n[[budget.prices]]\nsince = 2026-01-01\ncountry = "{country}"\nprice = "0.0382"\n'
        )
        path.write_text(path.read_text(encoding="utf-8") + price, encoding="utf-8")
    return str(path)


def told(command: str, path: str, code: int = 0) -> str:
    ended = typed(command, "--config", path)
    # of `status` it is 1 here: no daemon runs
    assert ended.exit_code == (1 if command == "status" else code), ended.output
    return " ".join(ended.output.split())


# status


def test_status_tells_what_is_spent_and_left(world: World) -> None:
    said = told("status", config(world, **LIMITED))
    assert "budget 3 of 10,000 messages, 0.11 of 250.00 USD this month" in said


def test_status_without_a_budget_tells_what_was_sent(world: World) -> None:
    assert "budget 3 messages this month" in told("status", config(world))


def test_status_says_that_no_campaign_runs(world: World) -> None:
    said = told("status", config(world, "BR", **LIMITED))
    assert "budget NO CAMPAIGN RUNS: money_per_month of [budget] is set" in said
    assert 'country = "GB"' in said


def test_status_before_anything_is_known(world: World, tmp_path: Path) -> None:
    path = config(world, database__path=str(tmp_path / "new.db"))
    with owned(tmp_path / "new.db"):
        pass
    said = told("status", path)
    assert "budget 0 messages this month" in said
    assert "account no limit of people a day is known" in said
    assert "coupons" not in said


def test_status_tells_what_the_account_may_do(world: World) -> None:
    with opened(world):
        ShopFact.put({LIMIT: "TIER_2K"})
    said = told("status", config(world))
    # a tenth is kept for order news
    assert "account marketing may go to 1,800 people in 24 hours, 3 in the last ones" in said


def test_status_counts_the_coupons(world: World) -> None:
    ends = {"usable": 1, "used": 1, "usable-too": 1, "over": -1, "removed": -3, "never-made": -1}
    with opened(world):
        for number, (code, days) in enumerate(ends.items(), start=1):
            Coupon.insert(
                code=code, message_uid=code, email="ana@example.com", percent=15,
                expires_at=now() + timedelta(days=days),
                woo_id=None if code == "never-made" else number,
                removed_at=now() if code == "removed" else None,
            ).execute()  # fmt: skip
        ShopCoupon.insert(woo_id=2, usage_count=1, read_at=now()).execute()
        ShopCoupon.insert(woo_id=1, usage_count=0, read_at=now()).execute()
    said = told("status", config(world))
    assert "coupons 2 can be used, 1 used, 1 over, 1 removed" in said


# report


def test_the_report_tells_what_is_spent(world: World) -> None:
    said = told("report", config(world, **LIMITED))
    assert said.endswith("budget: 3 of 10,000 messages, 0.11 of 250.00 USD this month")


def test_the_report_is_silent_without_a_budget(world: World) -> None:
    assert "budget" not in told("report", config(world))


# check


def test_a_missing_price_is_something_to_correct(world: World) -> None:
    said = told("check", config(world, "BR", **LIMITED), code=1)
    assert (
        "FAIL database money_per_month of [budget] is set, and what a message costs is not" in said
    )
    assert '-> add to prices of [budget]: {since = "' in said
    assert 'country = "GB", category = "marketing", price = "..."}' in said


def test_it_is_a_note_while_no_campaign_is_on(world: World) -> None:
    path = config(world, "BR", campaigns__we_miss_you__enabled=False, **LIMITED)
    assert "note database money_per_month" in told("check", path)


def test_prices_that_are_known_are_well(world: World) -> None:
    with opened(world):
        Message.delete().execute()
    said = told("check", config(world, **LIMITED))
    assert "ok database the budget knows its prices: 0 of 10,000 messages, 0.00 of 250.00" in said


def test_without_a_limit_in_money_there_is_nothing_to_check(world: World) -> None:
    assert "budget" not in told("check", config(world, budget__messages_per_month=5))


def test_while_a_daemon_works_it_is_checked_as_well(world: World) -> None:
    path = config(world, "BR", **LIMITED)
    with opened(world):  # as a daemon does
        said = told("check", path, code=1)
    assert "FAIL database money_per_month of [budget]" in said
