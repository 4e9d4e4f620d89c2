"""Does the checker of the stories see anything? Each promise is broken once, and that is noticed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from story_breaches import BREACHES
from story_config import Terms
from story_promises import Broken
from story_telling import Story, told

ZONE = "America/Sao_Paulo"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Three in the afternoon of a first day; the agent has done all that it wanted."""
    with told(
        tmp_path_factory.mktemp("story"),
        seed=5,
        first_day=date(2026, 3, 2),
        zone=ZONE,
        customers=120,
        products=40,
        terms=Terms(backlog=10),
        bustle=0.1,
        troubled=False,
    ) as begun:
        for hour in (6, 7, 8, 9, 10, 15):
            begun.move_to(datetime(2026, 3, 2, hour, tzinfo=ZoneInfo(ZONE)))
        begun.settle_down()
        yield begun


@pytest.mark.parametrize("breach", BREACHES, ids=lambda one: one.__name__)
def test_who_breaks_a_promise_is_caught(story: Story, breach: Callable[[Story], None]) -> None:
    with story.agent.undone(), pytest.raises(Broken, match=BREACHES[breach]):
        breach(story)
