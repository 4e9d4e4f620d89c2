"""Months of a shop's life, with every message checked against the promises on the box."""

from datetime import date
from pathlib import Path

import pytest
from story_config import Terms
from story_telling import Story, told

BUILT = {"we_miss_you", "loyalty_reward", "new_arrivals", "back_in_stock", "price_drop"}
SCENES = {"sells out", "bargain", "false bargain", "launch", "looks around", "bought after a look"}


def nothing_was_left_out(story: Story, *happened: str) -> None:
    """A story in which something never happened proves nothing about it."""
    world = story.world
    everything = story.happened + world.told + world.bustle.happened + world.life.happened
    missing = [what for what in sorted(SCENES | set(happened)) if not everything[what]]
    assert not missing, f"seed {world.seed}: {missing} never happened in {everything}"
    silent = sorted(name for name in BUILT if not story.sent[name])
    assert not silent, f"seed {world.seed}: {silent} wrote to nobody: {story.sent}"


@pytest.mark.parametrize("together", [False, True])
def test_a_week_with_a_leap_day(tmp_path: Path, together: bool) -> None:
    with told(
        tmp_path,
        seed=1,
        first_day=date(2024, 2, 26),
        zone="Europe/Lisbon",
        customers=150,
        products=60,
        terms=Terms(backlog=15),
        bustle=1.5,
        together=together,
    ) as story:
        story.live(6)
        story.end()
        nothing_was_left_out(story, "stops")
