"""Months of a shop's life, with every message checked against the promises on the box."""

from datetime import date
from pathlib import Path

import pytest
from story_config import Terms
from story_telling import Story, told

BUILT = {"we_miss_you", "loyalty_reward", "new_arrivals", "back_in_stock", "price_drop"}
SCENES = {"sells out", "bargain", "launch", "looks around", "bought after a look"}
EVERYTHING = (
    *("false bargain", "sale by date", "off the shelf", "orders", "cancelled", "refunded"),
    *("new customers", "orders after a message", "coupons used"),
    *("stock past WooCommerce", "price past WooCommerce"),
    *("stops", "stops of people who were chosen", "alerts that came too late"),
    *("kills", "restarts", "outages", "shop down"),
)


def nothing_was_left_out(story: Story, *happened: str) -> None:
    """A story in which something never happened proves nothing about it."""
    world = story.world
    everything = story.happened + world.told + world.bustle.happened + world.life.happened
    missing = [what for what in sorted(SCENES | set(happened)) if not everything[what]]
    assert not missing, f"seed {world.seed}: {missing} never happened in {everything}"
    silent = sorted(name for name in BUILT if not story.sent[name])
    assert not silent, f"seed {world.seed}: {silent} wrote to nobody: {story.sent}"


@pytest.mark.long
def test_a_week_with_a_leap_day(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=1,
        first_day=date(2024, 2, 26),
        zone="Europe/Lisbon",
        customers=150,
        products=60,
        terms=Terms(per_7_days=3, per_30_days=8, backlog=5),
        bustle=4.0,
    ) as story:
        story.live(6, hourly_every=2)
        story.end()
        nothing_was_left_out(story, "stops", "alerts that came too late")


@pytest.mark.long
def test_the_jobs_run_together_while_the_clocks_change(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=2,
        first_day=date(2026, 3, 28),
        zone="Europe/Lisbon",
        customers=150,
        products=60,
        terms=Terms(backlog=15, workers=4),
        bustle=1.5,
        together=True,
    ) as story:
        story.live(2)
        story.end()
        assert story.sent.total() > 20, story.sent


@pytest.mark.long
def test_ninety_days_of_a_shop_with_two_thousand_customers(tmp_path: Path) -> None:
    """With a leap day, and both days on which America and Europe go over to summer time."""
    with told(
        tmp_path,
        seed=1,
        first_day=date(2024, 2, 10),
        zone="Europe/Lisbon",
        customers=2000,
        products=120,
        terms=Terms(backlog=20),
        bustle=1.2,
    ) as story:
        story.live(90, hourly_every=4)
        story.end()
        nothing_was_left_out(story, *EVERYTHING)


@pytest.mark.long
def test_an_autumn_with_a_budget(tmp_path: Path) -> None:
    """Europe and America go back to winter time; two messages a week, and a budget that is too small."""
    with told(
        tmp_path,
        seed=3,
        first_day=date(2026, 10, 12),
        zone="America/New_York",
        customers=250,
        products=80,
        terms=Terms(per_7_days=2, per_30_days=6, backlog=15, budget=120, people_per_unit=5),
        bustle=1.5,
    ) as story:
        story.live(30, hourly_every=3)
        story.end()
        nothing_was_left_out(story, "stops", "budget spent")
