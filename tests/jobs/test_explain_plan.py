"""The plan before it is made: the same people and texts as the run at that moment, and nothing changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jobs_stage import (
    DAY,
    approve_templates,
    contact_at,
    file_orders,
    nothing,
    open_shop,
    order_json,
    settings_from,
)

from agent.backups import on_a_copy
from agent.config import Settings
from agent.errors import BadInput
from agent.explain import PlanShown, next_run, plan_ahead
from agent.explain.plan_ahead import read_as
from agent.jobs.decide import decide
from agent.rules.composing import Composed
from agent.rules.reasons import Why
from agent.rules.shipped import approved
from models import Cursor, Interest, JobRun, Message, Pause, Product, ShopFact
from models.base import database as handle

NEW_YORK = ZoneInfo("America/New_York")
PRICES = """\
[budget]
currency = "USD"
prices = [{since = "2026-01-01", country = "US", category = "marketing", price = "0.025"}]
"""
ALL_ON = "\n\n".join(
    f"[campaigns.{name}]\nenabled = true"
    for name in ("back_in_stock", "price_drop", "loyalty_reward", "we_miss_you")
)


@pytest.fixture
def now() -> datetime:
    """09:00 of a Monday in New York, where the shop is: when campaigns run."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture
def settings(database: Path, tmp_path: Path, now: datetime) -> Settings:
    """Four campaigns on, a share held out, and a price for the people of one country."""
    found = settings_from(
        tmp_path, f"{ALL_ON}\n\n{PRICES}\n\n[holdout]\neverything = 0\nshare = 30"
    )
    open_shop(country="US", zone="America/New_York", currency="USD")
    approve_templates(found, now)
    Cursor.insert(name="orders", since=now, polled_at=now).execute()
    return found


def fill(settings: Settings, now: datetime) -> None:
    """Forty people who were quiet for long, the first three of them for a coupon; one who waits for a
    shirt that is back; one who never agreed."""
    people = [
        order_json(
            number + 1, now - 200 * DAY - timedelta(hours=number), f"202-555-01{number:02}",
            consent="yes", currency="USD", email=f"e{number}@example.com",
            total="900.00" if number < 3 else "80.00", first_name=f"Ana {number}",
        )
        for number in range(40)
    ]  # fmt: skip
    silent = order_json(99, now - 200 * DAY, "202-555-0199", currency="USD")
    file_orders(settings, now, *people, silent)
    Product.insert(
        woo_id=42, name="Linen Shirt", status="publish", stock_status="instock", price=1990,
        stock_quantity=3, permalink="https://shop.example/shirt", read_at=now,
    ).execute()  # fmt: skip
    seen = now - 3 * DAY
    saw = {
        "contact_id": contact_at("+12025550105").id, "product_id": 42, "kind": "view", "price": 1990,
        "stock_status": "outofstock", "first_at": seen, "seen_at": seen, "source": "events",
    }  # fmt: skip
    Interest.write_each([saw], lambda insert: insert)


def look(settings: Settings, now: datetime, **more: Any) -> PlanShown:
    with on_a_copy(settings.database.path):
        return plan_ahead(settings, now=now, at=now, samples=1000, **more)


def test_it_is_what_the_run_then_does_and_changes_nothing(
    settings: Settings, database: Path, now: datetime
) -> None:
    fill(settings, now)
    ShopFact.put({"person_key": "ab" * 32})
    handle.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    before = sha256(database.read_bytes()).hexdigest()
    plan = look(settings, now)
    handle.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sha256(database.read_bytes()).hexdigest() == before
    assert not Message.select().exists()

    counts = decide(settings, now=now, beat=nothing)
    known = {**approved(settings.shop.url)}
    done = {
        (one.contact_id, one.campaign): one for one in Message.select() if one.state == "queued"
    }
    planned = {
        (sample.contact_id, campaign.name): sample
        for campaign in plan.campaigns
        for sample in campaign.samples
    }
    assert planned.keys() == done.keys()
    for key, message in done.items():
        sample = planned[key]
        assert (sample.reason, sample.template, sample.language, sample.leaves_at) == (
            message.reason, message.template, message.language, message.not_before,
        )  # fmt: skip
        values = dict(message.variables)
        if "coupon_code" in values:  # its letters are drawn when it is reserved
            values["coupon_code"] = f"{values['coupon_code'][:-9]}EXAMPLE23"
        composed = Composed(template=message.template, language=message.language, values=values)
        assert sample.lines == read_as(settings, key[1], composed, known)
        assert sample.lines
    told = {one.name: (one.told, one.held_out) for one in plan.campaigns}
    for name, (people, held_out) in told.items():
        written = Message.select().where(Message.campaign == name)
        assert people == written.where(Message.state == "queued").count()
        assert held_out == written.where(Message.state == "withheld").count()
    assert {name for name, (people, _) in told.items() if people} >= {
        "loyalty_reward",
        "we_miss_you",
    }
    left = {why.name.lower(): count for why, count in plan.left_alone}
    assert left == {k: v for k, v in counts.items() if k not in {"chosen", "held_out"}}
    assert dict(plan.left_alone)[Why.NO_CONSENT] == 1


def test_what_it_would_cost(settings: Settings, now: datetime) -> None:
    fill(settings, now)
    for one in look(settings, now).campaigns:
        assert one.cost == one.told * Decimal("0.025")
        assert one.unpriced == 0


def test_one_that_is_off_and_held_is_rehearsed(settings: Settings, now: datetime) -> None:
    fill(settings, now)
    Product.update(created_at=now - DAY, categories=[7]).execute()
    campaigns = {
        name: replace(one, enabled=False) if name == "we_miss_you" else one
        for name, one in settings.campaigns.items()
    }
    settings = replace(settings, campaigns=campaigns)
    Pause.put("*", "operator", "stocktaking", now=now)
    assert all(one.told == 0 for one in look(settings, now).campaigns)
    plan = look(settings, now, rehearse="we_miss_you")
    told = {one.name: one.told + one.held_out for one in plan.campaigns}
    assert told["we_miss_you"] >= 30
    assert "paused by you: stocktaking" in [one.what for one in plan.holds]
    assert Pause.select().count() == 1  # nothing of the real database was lifted


def test_with_prices_missing_it_is_planned_and_the_hold_is_told(
    settings: Settings, now: datetime
) -> None:
    fill(settings, now)
    limited = replace(
        settings, budget=replace(settings.budget, money_per_month=Decimal(50), prices=())
    )
    plan = look(limited, now)
    assert sum(one.told for one in plan.campaigns) > 20
    assert all(one.unpriced == one.told for one in plan.campaigns)
    assert any("money_per_month" in one.what for one in plan.holds)


def test_the_next_run_is_today_until_it_ran_and_then_tomorrow(
    settings: Settings, now: datetime
) -> None:
    assert next_run(settings, now - timedelta(hours=3)) == now
    assert next_run(settings, now + timedelta(hours=3)) == now + timedelta(hours=3)
    JobRun.write("campaigns", started_at=now, ended_at=now, outcome="ok", result={}, trouble="")
    assert next_run(settings, now + timedelta(hours=3)) == now + DAY


def test_before_the_shop_was_read_it_says_so(database: Path, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(BadInput) as raised:
        next_run(settings_from(tmp_path), now)
    assert "winback sync" in raised.value.fix
