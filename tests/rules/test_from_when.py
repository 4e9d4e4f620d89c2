"""From which day on somebody fits a campaign: looked for day by day, and worked out at once."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.audience import Audience, Person
from agent.rules.caps import Caps
from agent.rules.conditions import Condition, first_unmet
from agent.rules.from_when import from_when
from agent.rules.reasons import Why
from agent.rules.selection import Offer, Tier, everything_asked

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
NINE = time(9)
NOW = datetime(2026, 3, 2, 15, 30, tzinfo=NEW_YORK).astimezone(UTC)
TODAY = date(2026, 3, 2)
CAPS = Caps(1, 2)
OFFER = Offer(name="loyalty_reward", cooldown=40 * DAY, tiers=(Tier(100, 10),))


def asked(person: Person, now: datetime) -> tuple[Condition, ...]:
    return everything_asked(
        person,
        OFFER,
        audience=Audience(inactive_after=60 * DAY, attempts=3),
        caps=CAPS,
        now=now,
        today=now.astimezone(NEW_YORK).date(),
    )


def the_run_of(day: date) -> datetime:
    return datetime.combine(day, NINE, NEW_YORK).astimezone(UTC)


def found(person: Person, now: datetime = NOW) -> date | None:
    return from_when(
        asked(person, now),
        counted_days=person.counted_days,
        now=now,
        zone=NEW_YORK,
        runs_at=NINE,
    )


def somebody(**more: Any) -> Person:
    known = {
        "contact_id": 1,
        "consent": "yes",
        "bought": 1,
        "spent": 500,
        "last_order_at": NOW - 100 * DAY,
        "emails": frozenset({"ana@shop.example"}),
    }
    return Person(**{**known, **more})


PEOPLE = st.builds(
    lambda order, counted, cooldown, failed: somebody(
        last_order_at=NOW - order,
        counted_days=tuple(TODAY - days * DAY for days in counted),
        last_by_campaign=() if cooldown is None else (("loyalty_reward", TODAY - cooldown * DAY),),
        failed_on=None if failed is None else TODAY - failed * DAY,
    ),
    st.timedeltas(timedelta(0), 70 * DAY),
    st.lists(st.integers(0, 35), max_size=4),
    st.none() | st.integers(0, 45),
    st.none() | st.integers(0, 9),
)


@given(PEOPLE)
def test_it_is_the_first_day_whose_run_finds_all_met(person: Person) -> None:
    if first_unmet(asked(person, NOW)) is None:
        assert found(person) is None
        return
    day = TODAY + DAY  # the run of today is over
    while first_unmet(asked(person, the_run_of(day))) is not None:
        day += DAY
    assert found(person) == day


def test_who_is_quiet_before_todays_run_is_in_it() -> None:
    early = datetime(2026, 3, 2, 3, 0, tzinfo=NEW_YORK)
    for hour, day in ((8, TODAY), (9, TODAY), (10, TODAY + DAY)):
        person = somebody(last_order_at=early.replace(hour=hour) - 60 * DAY)
        assert found(person, early) == day


@pytest.mark.parametrize(
    "more",
    [
        {"consent": "no"},
        {"attempts": 3},
        {"spent": 1},
        {"unreachable": True},
        {"last_order_at": None, "bought": 0},
    ],
)
def test_what_time_does_not_mend_has_no_day(more: dict[str, Any]) -> None:
    assert found(somebody(counted_days=(TODAY,), **more)) is None


def test_a_cap_of_none_is_never_free() -> None:
    never = Condition("cap_7_days", False, Why.CAPPED, 0, 0)
    day = from_when([never], counted_days=(), now=NOW, zone=NEW_YORK, runs_at=NINE)
    assert day is None
