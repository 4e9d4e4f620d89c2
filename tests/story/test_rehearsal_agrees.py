"""What a rehearsal says of some days is what the real daemon did in them, message by message."""

from datetime import date
from pathlib import Path

import pytest
from story_config import Terms
from story_rehearsal import QuietStory, differences, midnight, really_sent, rehearsed
from story_telling import told

from agent.rehearse.simulation import rehearsed as rehearsal


def live_and_compare(story: QuietStory, days: int, hourly_every: int = 1) -> int:
    """Returns how many messages both sides have."""
    began = midnight(story, 1)
    story.live(days, hourly_every=hourly_every)
    real = really_sent(began)
    until = story.world.clock.now()
    wakes = [wake for wake in story.wakes if wake > began]
    with rehearsal(story.agent.settings, began=began, until=until, wakes=wakes) as simulation:
        found = rehearsed(simulation)
    wrong = differences(real, found)
    assert not wrong, f"{len(wrong)} of {len(real)} differ:\n" + "\n".join(wrong[:20])
    return len(real)


def test_four_days(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=11,
        first_day=date(2026, 3, 27),  # Europe's clocks change on the 29th
        zone="Europe/Lisbon",
        customers=120,
        products=50,
        terms=Terms(per_7_days=2, per_30_days=6, backlog=8),
        bustle=3.0,
        troubled=False,
        kind=QuietStory,
    ) as story:
        assert isinstance(story, QuietStory)
        sent = live_and_compare(story, 4)
        assert sent > 20, story.sent


@pytest.mark.long
def test_thirty_days(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=12,
        first_day=date(2026, 3, 10),
        zone="Europe/Lisbon",
        customers=600,
        products=100,
        terms=Terms(per_7_days=2, per_30_days=6, backlog=15),
        bustle=1.5,
        troubled=False,
        kind=QuietStory,
    ) as story:
        assert isinstance(story, QuietStory)
        sent = live_and_compare(story, 31)
        assert sent > 300, story.sent
