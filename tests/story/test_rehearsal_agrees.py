"""What a rehearsal says of some days is what the real daemon did in them, message by message."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from story_config import Terms
from story_rehearsal import (
    QuietStory,
    differences,
    midnight,
    really_sent,
    rehearsed,
    snapshot,
    unlike,
)
from story_telling import told

from agent.rehearse.rewind import as_of
from agent.rehearse.simulation import rehearsed as rehearsal


def live_and_compare(
    story: QuietStory, days: int, *, hourly_every: int = 1, every_run: bool = False
) -> int:
    """Returns how many messages both sides have."""
    began = midnight(story, 1)
    first = story.world.clock.now().astimezone(story.world.zone).date()
    evenings = []
    for day in range(days):
        story.live_day(first + timedelta(days=day), quick=day % hourly_every > 0)
        evening = story.world.clock.now()
        evenings.append((evening, snapshot(evening)))
    real = really_sent(began)
    until, settings = story.world.clock.now(), story.agent.settings
    wakes = [wake for wake in story.wakes if wake > began]
    with rehearsal(settings, began=began, until=until, wakes=wakes) as simulation:
        found = rehearsed(simulation)
    if every_run:
        with rehearsal(
            settings, began=began, until=until, wakes=wakes, every_run=True
        ) as simulation:
            assert rehearsed(simulation) == found, (
                "a run was left out that would have chosen somebody"
            )
    wrong = differences(real, found)
    assert not wrong, f"{len(wrong)} of {len(real)} differ:\n" + "\n".join(wrong[:20])
    for evening, was in evenings[:: max(1, days // 4)]:
        with as_of(settings, evening):
            strange = unlike(was, snapshot(evening))
        assert not strange, f"{len(strange)} rows of {evening}:\n" + "\n".join(strange[:30])
    return len(real)


@pytest.mark.long
def test_three_days_and_the_change_of_the_clocks(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=11,
        first_day=date(2026, 3, 27),  # Europe's clocks change on the 29th
        zone="Europe/Lisbon",
        customers=100,
        products=40,
        terms=Terms(per_7_days=2, per_30_days=6, backlog=8),
        bustle=3.0,
        troubled=False,
        kind=QuietStory,
    ) as story:
        assert isinstance(story, QuietStory)
        sent = live_and_compare(story, 3, hourly_every=2, every_run=True)
        assert sent > 15, story.sent


@pytest.mark.long
def test_thirty_days(tmp_path: Path) -> None:
    with told(
        tmp_path,
        seed=12,
        first_day=date(2026, 3, 10),
        zone="Europe/Lisbon",
        customers=300,
        products=80,
        terms=Terms(per_7_days=2, per_30_days=6, backlog=15),
        bustle=1.5,
        troubled=False,
        kind=QuietStory,
    ) as story:
        assert isinstance(story, QuietStory)
        sent = live_and_compare(story, 31, hourly_every=3, every_run=True)
        assert sent > 150, story.sent
