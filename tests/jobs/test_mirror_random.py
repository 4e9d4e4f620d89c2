"""Thousands of mixed changes, requests that fail, an agent that is killed: the mirror ends exact.

Seeds are printed with a failure. A short budget runs always, a longer one with the marker `long`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from jobs_stage import Counter, Killed
from mirror_compare import differences
from vandal import Vandal

from agent.clients.shop import Shop as ShopClient
from agent.errors import WinbackError
from agent.sandbox.shop.trouble import Failing
from models.base import close_database, open_database
from models.base import database as handle

SWEEP_HOURS = 1


class Agent:
    """The agent's side: cycles, in a time that is moved, until it is killed."""

    def __init__(self, counter: Counter, database: Path, seed: int) -> None:
        self.counter, self.database = counter, database
        self.random = Random(seed)
        self.passed = 0.0
        counter.client.close()
        counter.client = ShopClient(
            counter.url,
            "ck_sandbox",
            "cs_sandbox",
            sleep=self.sleep,
            monotonic=lambda: self.passed,
            user_agent="winback/0",
        )
        settings = counter.settings
        mirror = replace(
            settings.mirror, sweep_hours=SWEEP_HOURS, lines_sweep=timedelta(hours=SWEEP_HOURS)
        )
        counter.settings = replace(settings, mirror=mirror)
        counter.page_size(7)

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def minute(self, *, dies: float = 0.0) -> None:
        """A minute passes, then a cycle. With a chance of `dies` before each request it is the last
        of this process."""

        def beat() -> None:
            if self.random.random() < dies:
                raise Killed

        self.counter.later(seconds=60)
        self.passed += 60
        try:
            self.counter.cycle(beat)
        except WinbackError:
            if self.counter.shop.trouble is None:
                raise
        except Killed:
            while not handle.is_closed():
                handle.close()
            close_database()
            open_database(self.database)

    def sweep_interval(self) -> None:
        """All that has to pass before the mirror must be exact, and what one cycle may be late."""
        for _ in range(SWEEP_HOURS * 60 + 15):
            self.minute()


@pytest.fixture
def play(
    open_counter: Callable[..., Counter], database: Path, request: pytest.FixtureRequest
) -> Callable[..., tuple[Counter, Agent, Vandal]]:
    """A furnished shop that was pulled in full."""

    def begin(seed: int, **shop: str) -> tuple[Counter, Agent, Vandal]:
        counter = open_counter(**shop)
        vandal, agent = Vandal(counter.shop, seed), Agent(counter, database, seed)
        vandal.furnish()
        counter.later(minutes=1)
        counter.pull_all()
        assert differences(counter.shop) == []
        return counter, agent, vandal

    return begin


def check_dated(play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int, rounds: int) -> None:
    """After each poll the mirror equals the shop in all that a date tells."""
    counter, agent, vandal = play(seed)
    for number in range(rounds):
        vandal.act(vandal.dated, vandal.random.randint(0, 12))
        agent.minute()
        found = differences(counter.shop)
        assert found == [], f"seed {seed}, round {number}: {vandal.did[-12:]}"


def check_everything(
    play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int, minutes: int, **shop: str
) -> None:
    """However it was treated, within one sweep interval the mirror equals the shop."""
    counter, agent, vandal = play(seed, **shop)
    deeds = vandal.dated + vandal.hidden
    counter.shop.trouble = Failing(0.05, seed)
    for _ in range(minutes):
        vandal.act(deeds, vandal.random.randint(0, 20))
        with vandal.between_requests(deeds, 0.1):
            agent.minute(dies=0.02)
    counter.shop.trouble = None
    agent.sweep_interval()
    # a sale may begin or end in the very minute of the last cycle
    for _ in range(3):
        if not differences(counter.shop):
            break
        agent.minute()
    assert differences(counter.shop) == [], f"seed {seed}: {len(vandal.did)} changes"


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_after_one_poll_all_that_is_dated_is_exact(
    play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int
) -> None:
    check_dated(play, seed, rounds=25)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
def test_within_a_sweep_interval_all_is_exact(
    play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int
) -> None:
    check_everything(play, seed, minutes=30)


@pytest.mark.long
def test_where_variations_are_listed_per_product_too(
    play: Callable[..., tuple[Counter, Agent, Vandal]],
) -> None:
    check_everything(play, 4, minutes=20, version="10.3.0")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 112))
def test_for_long_all_that_is_dated_is_exact(
    play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int
) -> None:
    check_dated(play, seed, rounds=200)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 212))
def test_for_long_all_is_exact_within_a_sweep_interval(
    play: Callable[..., tuple[Counter, Agent, Vandal]], seed: int
) -> None:
    check_everything(play, seed, minutes=150)
